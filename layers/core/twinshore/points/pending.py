"""Points that are earned now and can be spent later; a purchase that is returned before then cancels them."""

from __future__ import annotations

from twinshore.cells import Residency
from twinshore.events import Event
from twinshore.points.book import (
    ACTIVATE,
    ACTIVATION,
    CANCEL,
    ISSUED,
    MEMBER,
    PENDING,
    Entry,
    Ledger,
    entry_fields,
    entry_id,
    find_entry,
    ledger_of_item,
)
from twinshore.points.posting import Posting, credit
from twinshore.points.programmes import expiry_of
from twinshore.points.sweeping import SWEEP_LIMIT, Swept, sweep
from twinshore.points.tries import tries
from twinshore.store.port import CommitConflict, Create, Delete, Due, Item, Replace, Store


def pending_item(ledger: Ledger, entry: Entry, active_at: int, expires_at: int | None) -> Create:
    """What waits for its day after `entry`; it goes when that has come, or when nothing of it is left."""
    fields = {"points": entry.amount, "reason": entry.reason, "expires_at": expires_at, "active_at": active_at}
    key = ledger.waiting(PENDING, entry.id)
    return Create(key, ledger.residency.label(fields, ledger.residency.here), Due(ACTIVATION, active_at))


def activate_due(store: Store, residency: Residency, now: int, limit: int = SWEEP_LIMIT) -> Swept:
    """The job `points-activation`."""
    return sweep(
        store, ACTIVATION, now, lambda item: _activate(ledger_of_item(store, residency, item), item, now), limit
    )


def cancel_pending(ledger: Ledger, earned_id: str, points: int, cause: str, reason: str, now: int) -> Entry | None:
    """Take up to `points` of what the entry `earned_id` brought, if it still waits; None if nothing of it does.
    Once per cause."""
    identity = entry_id(CANCEL, cause)
    key = ledger.waiting(PENDING, earned_id)
    for _ in tries():
        item = ledger.store.get(key)
        first = find_entry(ledger, identity)
        if first is not None or item is None:
            return first
        part = min(points, item.fields["points"])
        entry = Entry(identity, CANCEL, 0, reason, now, (ledger.line(PENDING, -part), (ISSUED, part)), of=earned_id)
        rest = {**item.fields, "points": item.fields["points"] - part}
        change = Replace(key, rest, item.version, item.due) if rest["points"] else Delete(key, item.version)
        try:
            ledger.store.commit(Create(ledger.entry(identity), entry_fields(ledger, entry)), change)
            return entry
        except CommitConflict:
            continue
    return None


def _activate(ledger: Ledger, item: Item, now: int) -> None:
    earned_id = item.key.sort.rpartition("#")[2]
    points, active_at = int(item.fields["points"]), int(item.fields["active_at"])
    expires_at = item.fields["expires_at"]
    # Never in the past, however late the timer is: the time to spend them counts from when they can be spent.
    end = max(expiry_of(ledger.terms, active_at) if expires_at is None else int(expires_at), now + 1)
    moved = (ledger.line(PENDING, -points), ledger.line(MEMBER, points))
    reason = str(item.fields["reason"])
    entry = Entry(entry_id(ACTIVATE, earned_id), ACTIVATE, points, reason, now, moved, ((points, end),), earned_id)
    told = Event(f"points.earned:{ledger.member_id}:{ledger.terms.name}:{entry.id}", "points.earned", now,
                 {"member_id": ledger.member_id, "points": points, "entry_id": entry.id,
                  "reason": entry.reason})  # fmt: skip
    credit(ledger, lambda: Posting(entry, (told,)), also=(Delete(item.key, item.version),))
