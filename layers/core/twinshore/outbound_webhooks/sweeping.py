"""Sending what is due, for the schedule. At least once: each try is counted, and the next one set, before it is made,
so that a function that dies on the way neither loses a delivery nor repeats it at once.
"""

from __future__ import annotations

import secrets
import time
from typing import Callable, NamedTuple

from twinshore import log, metrics, tracing
from twinshore.outbound_webhooks.deliveries import DELIVERED, DROPPED, GIVEN_UP, QUEUE
from twinshore.outbound_webhooks.port import Answer, Post, Undelivered
from twinshore.outbound_webhooks.signing import SigningKeys, WebhookKeysMissing, signed_headers
from twinshore.outbound_webhooks.subscriptions import ACTIVE, Subscription, find, went_well, went_wrong
from twinshore.store.port import CommitConflict, Due, Item, Replace, Store

RETRY_LADDER_SECONDS = (60, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)
"""Between the tries: eight in all, over 28 hours."""
JITTER_PERCENT = 20
"""Each wait is up to this much longer, by chance: what failed together does not come back together."""
LAST_LOOK_SECONDS = 600
"""After the last try: time to hear how it went, before it is given up."""
RETRY_AFTER_LIMIT_SECONDS = 24 * 3600
SEND_TIMEOUT_SECONDS = 5.0
SWEEP_LIMIT = 200
SWEEP_SECONDS = 40.0
"""Of the door's minute; what is left waits for the next one."""
GONE = 410


class Swept(NamedTuple):
    delivered: int = 0
    failed: int = 0
    ended: int = 0
    """Given up, or nobody wants it any more."""
    postponed: int = 0


def send_due(
    store: Store, post: Post, keys: Callable[[], SigningKeys], now: int, budget_seconds: float = SWEEP_SECONDS
) -> Swept:
    """Send everything whose time has come. A receiver that does not answer is left alone for the rest of the run: it
    costs the others one time-out, not one for each of its deliveries."""
    until = time.monotonic() + budget_seconds
    counts = dict.fromkeys(Swept._fields, 0)
    silent: set[str] = set()
    waiting = store.due(QUEUE, now, SWEEP_LIMIT)
    live_keys = keys() if waiting else None
    for item in waiting:
        if live_keys is None or time.monotonic() >= until:
            break
        before = log.bound()
        tracing.follow(item.fields.get("trace"))
        counts[_one(store, post, live_keys, item, silent, now)] += 1
        log.bind(*before)
    return Swept(**counts)


def _one(store: Store, post: Post, keys: SigningKeys, item: Item, silent: set[str], now: int) -> str:
    subscription, tries = find(store, item.fields["subscription"]), int(item.fields["tries"])
    if subscription is None or subscription.state != ACTIVE:
        return _end(store, item, DROPPED)
    if tries > len(RETRY_LADDER_SECONDS):
        log.line("error", "a webhook is given up", subscription=subscription.id, message_id=item.fields["message_id"])
        metrics.given_up("webhook")
        return _end(store, item, GIVEN_UP)
    if subscription.id in silent:
        _move(store, item, tries, now + jittered(RETRY_LADDER_SECONDS[0]))
        return "postponed"
    try:
        live = subscription.secrets(keys, now)
    except WebhookKeysMissing as err:  # of this one's: a key was taken out too early. No try is spent on our own fault.
        log.line("error", "a webhook cannot be signed", subscription=subscription.id, problem=err.slug)
        _move(store, item, tries, now + RETRY_LADDER_SECONDS[-1])
        return "postponed"
    wait = jittered(RETRY_LADDER_SECONDS[tries]) if tries < len(RETRY_LADDER_SECONDS) else LAST_LOOK_SECONDS
    claimed = _move(store, item, tries + 1, now + wait)
    if claimed is None:
        return "postponed"  # another run has it
    try:
        answer = _send(post, subscription.url, live, claimed, now)
    except Undelivered as err:
        silent.add(subscription.id)
        return _failed(store, subscription, claimed, err.reason, now)
    if 200 <= answer.status < 300:
        went_well(store, subscription)
        _end(store, claimed, DELIVERED)
        if not tries and item.due is not None:  # a later try is late by the receiver's own fault
            metrics.told("webhooks", [now - item.due.at])
        return "delivered"
    if answer.status == GONE:
        went_wrong(store, subscription, "gone", now, gone=True)
        return _end(store, claimed, DROPPED)
    asked = min(answer.retry_after_seconds, RETRY_AFTER_LIMIT_SECONDS)
    if asked > wait:
        _move(store, claimed, tries + 1, now + asked)
    return _failed(store, subscription, claimed, f"status-{answer.status}", now)


def jittered(seconds: int) -> int:
    return seconds + secrets.randbelow(seconds * JITTER_PERCENT // 100 + 1)


def _send(post: Post, url: str, live: list[bytes], item: Item, now: int) -> Answer:
    body = str(item.fields["body"]).encode()
    headers = signed_headers(item.fields["message_id"], now, body, live)
    headers |= {"Content-Type": "application/json", "User-Agent": "Twinshore-Webhooks/1"}
    return post(url, headers, body, SEND_TIMEOUT_SECONDS)


def _failed(store: Store, subscription: Subscription, item: Item, reason: str, now: int) -> str:
    log.line("warning", "a webhook was not taken", subscription=subscription.id, reason=reason,
             message_id=item.fields["message_id"], tries=item.fields["tries"])  # fmt: skip
    went_wrong(store, subscription, reason, now)
    return "failed"


def _move(store: Store, item: Item, tries: int, at: int) -> Item | None:
    """The item with its next time; None if somebody else has moved it."""
    after = item._replace(fields={**item.fields, "tries": tries}, due=Due(QUEUE, at), version=item.version + 1)
    try:
        store.commit(Replace(item.key, after.fields, item.version, after.due, item.expires_at))
    except CommitConflict:
        return None
    return after


def _end(store: Store, item: Item, state: str) -> str:
    """It stays as a mark, without what it said."""
    fields = {**item.fields, "state": state, "body": ""}
    try:
        store.commit(Replace(item.key, fields, item.version, None, item.expires_at))
    except CommitConflict:
        pass  # another run has ended it
    return "ended"
