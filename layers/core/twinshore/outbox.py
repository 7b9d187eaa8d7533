"""Delivery of events to their consumers, and the outbox of the engines that have no change stream.

At least once: an event leaves the outbox after every consumer has done its work. A consumer that fails is called again
on a ladder; its fellows may be called again too, which they bear, being idempotent by event id. An event that fails on
every rung is set aside in a queue of its own, with a loud log line: it is never dropped, and never in the others' way.
"""

import time
from typing import Mapping, NamedTuple, Sequence

from twinshore import log, metrics, tracing
from twinshore.events import Consumer, Event, event_from_json
from twinshore.store.port import OUTBOX, CommitConflict, Delete, Due, Item, Key, Replace, Store

SET_ASIDE = "outbox-set-aside"
RETRY_SECONDS = (5, 30, 120, 600, 3600, 6 * 3600, 24 * 3600)
SWEEP_GRACE_SECONDS = 5
"""How long the sweep leaves a fresh event to the delivery that its commit has woken."""

Consumers = Mapping[str, Sequence[Consumer]]


class Swept(NamedTuple):
    delivered: int
    failed: int


def deliver(event: Event, consumers: Consumers) -> bool:
    """Tell every consumer of this event's name. False if any of them failed: then tell them all again later; and so
    for a name that this code does not know, which newer code has made: it is told where that code runs."""
    if event.name not in consumers:
        log.line("warning", "an event of newer code waits", event_id=event.id, event_name=event.name)
        return False
    done, before = True, log.bound()
    tracing.follow(event.trace)
    for consumer in consumers[event.name]:
        try:
            consumer(event)
        except Exception as err:  # noqa: BLE001 - one consumer's fault must not keep the news from the others
            log.line("error", "a consumer failed", event_id=event.id, event_name=event.name, error=err)
            done = False
    log.bind(*before)
    return done


def outbox_key(event_id: str) -> Key:
    return Key(f"outbox#{event_id}", "event")


def deliver_from_outbox(store: Store, events: Sequence[Event], consumers: Consumers) -> Swept:
    """Deliver events that were just committed, and take those that arrived out of the outbox."""
    delivered, ages = 0, []
    for event in events:
        item = store.get(outbox_key(event.id))
        if item is None:
            delivered += 1  # somebody was faster
        elif deliver(event, consumers):
            ages.append(age_of(event.at))
            _remove(store, item)
            delivered += 1
    metrics.told("events", ages)
    return Swept(delivered, len(events) - delivered)


def sweep(store: Store, consumers: Consumers, now: int, limit: int = 100) -> Swept:
    """Deliver what nobody delivered. For a timer: every minute is enough."""
    waiting = store.due(OUTBOX, now - SWEEP_GRACE_SECONDS, limit)
    delivered, ages = 0, []
    if waiting:
        metrics.put("waiting", {"outbox_age_seconds": max(now - int(item.fields["at"]) for item in waiting)})
    for item in waiting:
        if deliver(event_from_json(item.fields), consumers):
            ages.append(now - int(item.fields["at"]))
            _remove(store, item)
            delivered += 1
        else:
            _postpone(store, item, now)
    metrics.told("events", ages)
    return Swept(delivered, len(waiting) - delivered)


def age_of(at: int) -> int:
    """Seconds since an event was committed."""
    return max(0, int(time.time()) - at)


def _remove(store: Store, item: Item) -> None:
    try:
        store.commit(Delete(item.key, item.version))
    except CommitConflict:
        log.line("info", "an event was delivered twice at the same time", event_id=item.fields["id"])


def _postpone(store: Store, item: Item, now: int) -> None:
    tries = int(item.fields.get("tries", 0))
    if tries < len(RETRY_SECONDS):
        due = Due(OUTBOX, now + RETRY_SECONDS[tries])
    else:
        due = Due(SET_ASIDE, now)
        log.line("error", "an event is set aside", event_id=item.fields["id"], event_name=item.fields["name"])
        metrics.given_up("event")
    try:
        store.commit(Replace(item.key, {**item.fields, "tries": tries + 1}, item.version, due))
    except CommitConflict:
        log.line("info", "an event was delivered meanwhile", event_id=item.fields["id"])
