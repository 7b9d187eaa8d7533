"""Points from one member of a cell to another, in one commit of both accounts: both sides or neither.

Given points keep the time that they have: a gift never makes them younger. So the giver's lots are looked at first, and
both accounts are written at the version that was read.
"""

from __future__ import annotations

from typing import Callable

from twinshore.errors import BrokenInvariant
from twinshore.events import Event
from twinshore.idempotency import IdempotencyKey
from twinshore.points.book import (
    GIFTS,
    GIVE,
    RECEIVE,
    Entry,
    Ledger,
    all_entries,
    balance_of,
    entry_fields,
    entry_id,
    first_answer,
)
from twinshore.points.expiry import expire
from twinshore.points.lots import cut, replay
from twinshore.points.posting import account_with, check_points, lines
from twinshore.points.problems import GiftRefused, InsufficientPoints, refused
from twinshore.points.tries import tries
from twinshore.store.port import CommitConflict, Create, Item


def give(
    giver: Ledger,
    to_member_id: str,
    points: int,
    idempotency: IdempotencyKey,
    now: int,
    is_member: Callable[[str], bool],
) -> Entry:
    """Move `points` to another member of this cell; the same key again answers with the first entry.

    is_member: whether a member id is somebody's here. Raises GiftRefused, InsufficientPoints, PointsOutOfRange,
    UnknownProgramme, IdempotencyKeyReused.
    """
    check_points(giver, points)
    identity = entry_id(GIVE, idempotency.key)
    before = _own(giver, identity)
    if before is not None:  # whatever has become of the receiver since
        return first_answer(before, idempotency.fingerprint)
    if to_member_id == giver.member_id or not is_member(to_member_id):
        raise refused(GiftRefused("points can be given to another member of this cell"))
    receiver = giver._replace(member_id=to_member_id)
    accounts = (giver.account, receiver.account)
    for _ in tries():
        theirs, mine = giver.store.get(receiver.account), giver.store.get(giver.account)
        if mine is not None and mine.due is not None and mine.due.at <= now:
            expire(giver, now)
            continue
        if balance_of(mine) < points:
            return _given_before(giver, identity, idempotency, balance_of(mine))
        out, come = _entries(giver, receiver, points, identity, now)
        told = Event(f"points.given:{giver.member_id}:{giver.terms.name}:{identity}", "points.given", now,
                     {"member_id": giver.member_id, "to_member_id": to_member_id, "points": points})  # fmt: skip
        try:
            giver.store.commit(
                Create(giver.entry(identity), entry_fields(giver, out, idempotency.fingerprint)),
                account_with(giver, mine, out),
                Create(receiver.entry(come.id), entry_fields(receiver, come)),
                account_with(receiver, theirs, come, limited=True),
                events=(told,),
            )
            return out
        except CommitConflict as conflict:
            if conflict.key not in accounts:
                return first_answer(_own(giver, identity), idempotency.fingerprint)
    raise BrokenInvariant("tries have an end that is raised")


def _entries(giver: Ledger, receiver: Ledger, points: int, identity: str, now: int) -> tuple[Entry, Entry]:
    """What goes out, and what comes in with the times of what goes out."""
    took = cut(replay(all_entries(giver)).lots, points)
    lots: dict[int, int] = {}
    for lot in took:
        lots[lot.expires_at] = lots.get(lot.expires_at, 0) + lot.points
    out = Entry(identity, GIVE, -points, "gift", now, lines(giver, -points, GIFTS))
    parts = tuple((part, end) for end, part in sorted(lots.items()))
    come_id = entry_id(RECEIVE, f"{giver.member_id}:{identity}")
    return out, Entry(come_id, RECEIVE, points, "gift", now, lines(receiver, points, GIFTS), parts, identity)


def _given_before(giver: Ledger, identity: str, idempotency: IdempotencyKey, balance: int) -> Entry:
    """Raises InsufficientPoints, unless this gift has been made already."""
    item = _own(giver, identity)
    if item is None:
        raise InsufficientPoints("earn some first", balance=balance)
    return first_answer(item, idempotency.fingerprint)


def _own(giver: Ledger, identity: str) -> Item | None:
    return giver.store.get(giver.entry(identity))
