"""One event for one subscription: an item that waits for its time, and stays as a mark when it has arrived.

webhook-delivery#<hash of subscription and event>  delivery  -> subscription, message_id, body, tries, state
"""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

from twinshore import tracing
from twinshore.events import Event
from twinshore.outbound_webhooks.catalogue import OFFERED
from twinshore.outbound_webhooks.subscriptions import ACTIVE, Subscription, subscriptions
from twinshore.store.port import CommitConflict, Create, Due, Key, Store

QUEUE = "webhook-deliveries"
KEEP_SECONDS = 30 * 86_400
"""Longer than an event may come to us again: a mark that is gone would let it be sent twice."""
WAITING, DELIVERED, GIVEN_UP, DROPPED = "waiting", "delivered", "given_up", "dropped"


def fan_out(event: Event, store: Store, now: int) -> int:
    """For each subscription that asked for it, a delivery that is due; how many are new. Idempotent by event id.
    Who subscribed after the event happened is not told of it."""
    if event.name not in OFFERED:
        return 0
    made = 0
    for one in subscriptions(store):
        if one.state == ACTIVE and event.name in one.events and event.at >= one.created_at:
            made += _promise(store, one, event, now)
    return made


def delivery_key(subscription_id: str, event_id: str) -> Key:
    digest = hashlib.sha256(f"{subscription_id}\n{event_id}".encode()).hexdigest()[:40]
    return Key(f"webhook-delivery#{digest}", "delivery")


def message_id(event_id: str) -> str:
    """The event's id, which the receiver knows duplicates by, without a point: the signed text is cut at points."""
    return event_id.replace(".", "~")


def body_of(event: Event) -> str:
    """The event as JSON: `type`, `timestamp` and `data` as Standard Webhooks advises, and the event's own id."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(event.at))
    content: dict[str, Any] = {"id": event.id, "type": event.name, "timestamp": at, "data": event.data}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _promise(store: Store, one: Subscription, event: Event, now: int) -> int:
    fields = {
        "subscription": one.id,
        "message_id": message_id(event.id),
        "body": body_of(event),
        "tries": 0,
        "state": WAITING,
        "trace": tracing.current(),
    }
    try:
        store.commit(Create(delivery_key(one.id, event.id), fields, Due(QUEUE, now), now + KEEP_SECONDS))
    except CommitConflict:
        return 0
    return 1
