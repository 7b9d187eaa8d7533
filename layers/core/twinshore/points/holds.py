"""Points set aside for something that is not decided yet: spent already for whoever asks, and not yet gone.

A hold ends once: settled (the points go to a house account) or released (they come back, with the time they had). One
without `until` is ended by its owner only: what it is for may have happened, and a clock cannot know.
"""

from __future__ import annotations

import contextlib
from typing import Any, NamedTuple

from twinshore.cells import Residency
from twinshore.errors import BrokenInvariant
from twinshore.events import Event
from twinshore.points.book import (
    EXCHANGED,
    HELD,
    HOLD,
    HOLDS,
    MEMBER,
    RELEASE,
    SETTLE,
    Entry,
    Ledger,
    all_entries,
    entry_fields,
    entry_id,
    find_entry,
    ledger_of_item,
)
from twinshore.points.lots import given_back, replay
from twinshore.points.posting import Posting, check_points, credit, debit
from twinshore.points.problems import HoldEnded, HoldNotFound, refused
from twinshore.points.sweeping import SWEEP_LIMIT, Swept, sweep
from twinshore.store.port import Change, CommitConflict, Create, Due, Item, Replace, Store

OPEN, SETTLED, RELEASED = "open", "settled", "released"
ENDED_SECONDS = 30 * 24 * 3600
"""How long a hold that has ended is listed. What became of it is in the entries for ever."""


class Hold(NamedTuple):
    id: str
    points: int
    reason: str
    state: str
    """OPEN, SETTLED or RELEASED."""
    at: int
    until: int | None = None


def hold(
    ledger: Ledger, points: int, cause: str, reason: str, now: int,
    *, until: int | None = None, also: tuple[Change, ...] = (), events: tuple[Event, ...] = (),
) -> Hold:  # fmt: skip
    """Set `points` aside, once per cause; the same cause again answers with the hold as it is now.

    until: when it is released by itself. Raises InsufficientPoints, PointsOutOfRange; CommitConflict for one of `also`.
    """
    check_points(ledger, points)
    identity = entry_id(HOLD, cause)
    entry = Entry(identity, HOLD, -points, reason, now, (ledger.line(MEMBER, -points), ledger.line(HELD, points)))
    fields = {"state": OPEN, "points": points, "reason": reason, "at": now, "until": until}
    kept = Create(
        ledger.waiting(HOLD, identity),
        ledger.residency.label(fields, ledger.residency.here),
        None if until is None else Due(HOLDS, until),
    )
    if debit(ledger, entry, also=(kept, *also), events=events) is entry:
        return Hold(identity, points, reason, OPEN, now, until)
    return find_hold(ledger, identity)


def settle(
    ledger: Ledger, hold_id: str, reason: str, now: int,
    *, house: str = EXCHANGED, also: tuple[Change, ...] = (), events: tuple[Event, ...] = (),
) -> Entry:  # fmt: skip
    """The points are gone, to `house`; a repeat answers with the first entry. Raises HoldNotFound, HoldEnded (it was
    released); CommitConflict for one of `also`."""
    while True:
        item, ended = _open_or_ended(ledger, hold_id, SETTLED)
        if item is None:
            return _must(ended)
        points = int(item.fields["points"])
        moved = (ledger.line(HELD, -points), (house, points))
        entry = Entry(entry_id(SETTLE, hold_id), SETTLE, 0, reason, max(now, item.fields["at"]), moved, of=hold_id)
        try:
            ledger.store.commit(
                Create(ledger.entry(entry.id), entry_fields(ledger, entry)), _end(item, SETTLED, now), *also,
                events=events,
            )  # fmt: skip
            return entry
        except CommitConflict as conflict:
            if conflict.key not in (ledger.entry(entry.id), item.key):
                raise  # else another has ended it meanwhile: see how


def release(
    ledger: Ledger, hold_id: str, reason: str, now: int,
    *, also: tuple[Change, ...] = (), events: tuple[Event, ...] = (),
) -> Entry:  # fmt: skip
    """The points come back to the member, those that would have expired meanwhile with the programme's grace; a repeat
    answers with the first entry. Raises HoldNotFound, HoldEnded (it was settled); CommitConflict for one of `also`."""
    while True:
        item, ended = _open_or_ended(ledger, hold_id, RELEASED)
        if item is None:
            return _must(ended)
        held: Item = item
        points, at = int(held.fields["points"]), max(now, int(held.fields["at"]))
        moved = (ledger.line(HELD, -points), ledger.line(MEMBER, points))

        def returned(at: int = at, points: int = points, moved: Any = moved) -> Posting:
            took = replay(all_entries(ledger)).taken.get(hold_id, [])
            lots = given_back(ledger.terms, [(lot.points, lot.expires_at) for lot in took], points, at)
            return Posting(Entry(entry_id(RELEASE, hold_id), RELEASE, points, reason, at, moved, lots, hold_id), events)

        try:
            return credit(ledger, returned, also=(_end(held, RELEASED, now), *also))
        except CommitConflict as conflict:
            if conflict.key != held.key:
                raise  # else another has ended it meanwhile: see how


def find_hold(ledger: Ledger, hold_id: str) -> Hold:
    """Raises HoldNotFound: there is none, or it is another member's."""
    item = ledger.store.get(ledger.waiting(HOLD, hold_id))
    if item is not None:
        fields = item.fields
        return Hold(hold_id, fields["points"], fields["reason"], fields["state"], fields["at"], fields["until"])
    entry = find_entry(ledger, hold_id)
    if entry is None or entry.kind != HOLD:
        raise refused(HoldNotFound("only a hold of this member can be ended"))
    settled = find_entry(ledger, entry_id(SETTLE, hold_id))
    return Hold(hold_id, -entry.points, entry.reason, SETTLED if settled else RELEASED, entry.at)


def release_due(store: Store, residency: Residency, now: int, limit: int = SWEEP_LIMIT) -> Swept:
    """The job `points-hold`: holds whose time is over come back."""

    def back(item: Item) -> None:
        with contextlib.suppress(HoldEnded):  # settled since we looked
            release(ledger_of_item(store, residency, item), item.key.sort.rpartition("#")[2], "timed_out", now)

    return sweep(store, HOLDS, now, back, limit)


def _open_or_ended(ledger: Ledger, hold_id: str, wanted: str) -> tuple[Item | None, Entry | None]:
    """The open hold, or the entry by which it has ended as it was `wanted` to. Raises HoldNotFound, HoldEnded."""
    item = ledger.store.get(ledger.waiting(HOLD, hold_id))
    if item is not None and item.fields["state"] == OPEN:
        return item, None
    state = item.fields["state"] if item else find_hold(ledger, hold_id).state
    if state != wanted:
        raise HoldEnded("these points are not held any more", state=state)
    return None, find_entry(ledger, entry_id(SETTLE if wanted == SETTLED else RELEASE, hold_id))


def _end(item: Item, state: str, now: int) -> Replace:
    return Replace(item.key, {**item.fields, "state": state}, item.version, expires_at=now + ENDED_SECONDS)


def _must(entry: Entry | None) -> Entry:
    if entry is None:
        raise BrokenInvariant("a hold that has ended has an entry that says so")
    return entry
