"""The points ledger: double entry, append only, idempotent by cause, never below zero.

Each function writes one entry and its effect in one commit. `also` and `events` are further changes and news of that
same commit (a voucher, a receipt): the points move if and only if they hold. Points set aside are in `holds`, what
there was at some time in `standing`.
"""

from __future__ import annotations

from twinshore.events import Event
from twinshore.idempotency import IdempotencyKey
from twinshore.points.book import (
    EARN,
    ISSUED,
    PENDING,
    REDEEM,
    REDEEMED,
    REFUND,
    TAKE_BACK,
    Entry,
    Ledger,
    all_entries,
    balance_of,
    entry_id,
    find_entry,
)
from twinshore.points.lots import cut, given_back, replay
from twinshore.points.pending import cancel_pending, pending_item
from twinshore.points.posting import Posting, check_points, credit, debit, lines
from twinshore.points.problems import InsufficientPoints, PointsOutOfRange, RedemptionNotFound, refused
from twinshore.points.programmes import OWN_LOT, activation_of, expiry_of
from twinshore.points.tries import tries
from twinshore.store.port import Change


def balance(ledger: Ledger) -> int:
    """What the account holds. What has expired since it was last touched is still in it: see `standing`."""
    return balance_of(ledger.store.get(ledger.account))


def earn(
    ledger: Ledger, points: int, cause: str, reason: str, now: int,
    *, kind: str = EARN, house: str = ISSUED, expires_at: int | None = None, active_at: int | None = None,
    also: tuple[Change, ...] = (), events: tuple[Event, ...] = (),
) -> Entry:  # fmt: skip
    """Credit `points` once per `cause` (an event's id) and kind; the same cause again answers with the first entry.

    expires_at, active_at: seconds since the epoch; by default as the programme says. Points that become active later
    wait (see `pending`). Raises PointsOutOfRange, UnknownProgramme; CommitConflict for one of `also`.
    """
    check_points(ledger, points)
    terms, identity = ledger.terms, entry_id(kind, cause)
    active_at = activation_of(terms, now) if active_at is None else active_at
    if active_at is not None and active_at > now:
        entry = Entry(identity, kind, 0, reason, now, (ledger.line(PENDING, points), (house, -points)))
        waiting = pending_item(ledger, entry, active_at, expires_at)
        return credit(ledger, lambda: Posting(entry, events), True, (waiting, *also))
    expires_at = expiry_of(terms, now) if expires_at is None else expires_at
    if expires_at <= now:
        first = find_entry(ledger, identity)
        if first is not None:
            return first
        raise refused(PointsOutOfRange("these points have expired already"), points=points)
    entry = Entry(identity, kind, points, reason, now, lines(ledger, points, house), ((points, expires_at),))
    told = _event(ledger, "points.earned", entry, points, reason=reason)
    return credit(ledger, lambda: Posting(entry, (told, *events)), True, also)


def redeem(
    ledger: Ledger, points: int, name: str, idempotency: IdempotencyKey, now: int,
    *, category: str = "", also: tuple[Change, ...] = (), events: tuple[Event, ...] = (),
) -> Entry:  # fmt: skip
    """Spend `points` on the reward `name`; what kind of thing it is, `category`, is told with it.

    Raises InsufficientPoints; IdempotencyKeyReused for the key with other content; PointsOutOfRange, UnknownProgramme;
    CommitConflict for one of `also`.
    """
    check_points(ledger, points)
    entry = Entry(entry_id(REDEEM, idempotency.key), REDEEM, -points, name, now, lines(ledger, -points, REDEEMED))
    told = _event(ledger, "points.redeemed", entry, points, reward=name, **({"category": category} if category else {}))
    return debit(ledger, entry, idempotency.fingerprint, also=also, events=(told, *events))


def refund(ledger: Ledger, redemption_id: str, now: int, *, points: int | None = None) -> Entry:
    """Give a redemption's points back, by a reversed entry, with the time that they had left (or the programme's grace,
    if they would have expired meanwhile).

    points: how much of it is to have been given back in all, so that a repeat gives nothing twice; None for the whole.
    What it took last comes back first. Raises RedemptionNotFound, PointsOutOfRange.
    """
    spent = find_entry(ledger, redemption_id)
    if spent is None or spent.kind != REDEEM:
        raise refused(RedemptionNotFound("only a redemption of this member can be refunded"))
    total = -spent.points if points is None else points
    if not 0 < total <= -spent.points:
        raise refused(PointsOutOfRange("no more than was redeemed", limit=-spent.points), points=total)
    identity = entry_id(REFUND, redemption_id if total == -spent.points else f"{redemption_id}:{total}")
    first = find_entry(ledger, identity)
    if first is not None:
        return first

    def returned() -> Posting:
        entry = _returned(ledger, spent, total, identity, max(now, spent.at))
        return Posting(entry, (_event(ledger, "points.refunded", entry, entry.points),))

    try:
        return credit(ledger, returned)
    except _GivenBack as already:
        return already.by


def take_back(ledger: Ledger, points: int, cause: str, reason: str, now: int, *, of: str = "") -> Entry:
    """Withdraw points whose purchase was refunded, once per cause, as far as they are there.

    of: the entry that credited them: while they wait, they are cancelled; later its own lot is taken first, where the
    programme says so. What has been spent already is not owed: the entry's `shortfall` says how much, and the balance
    stays at zero.
    """
    check_points(ledger, points)
    cancelled = cancel_pending(ledger, of, points, cause, reason, now) if of else None
    rest = points - (cancelled.amount if cancelled else 0)
    if cancelled and not rest:
        return cancelled
    own = of if ledger.terms.taken_from == OWN_LOT else ""
    for _ in tries():
        take = min(rest, balance(ledger))
        entry = Entry(entry_id(TAKE_BACK, cause), TAKE_BACK, -take, reason, now, lines(ledger, -take, ISSUED), of=own)
        try:
            return debit(ledger, entry, shortfall=rest - take)
        except InsufficientPoints:
            continue  # spent or expired between the look and the commit: look again
    return entry


def entries(ledger: Ledger, limit: int, after: str | None) -> tuple[list[Entry], str | None]:
    """Newest first, and the cursor for more. An entry's key is its cause, not its time (see docs/decisions/0090), so
    the member's entries are read and sorted."""
    found = sorted(all_entries(ledger), key=_place, reverse=True)
    rest = [each for each in found if after is None or _place(each) < after]
    return rest[:limit], _place(rest[limit - 1]) if len(rest) > limit else None


class _GivenBack(Exception):
    """As much as was asked, or more, has been given back already; `by` the last time."""

    def __init__(self, by: Entry) -> None:
        super().__init__()
        self.by = by


def _returned(ledger: Ledger, spent: Entry, total: int, identity: str, at: int) -> Entry:
    """The entry after which `total` of a redemption has been given back. Raises _GivenBack."""
    found = list(all_entries(ledger))
    refunds = [entry for entry in found if entry.kind == REFUND and entry.of == spent.id]
    given = sum(entry.points for entry in refunds)
    if given >= total:
        raise _GivenBack(max(refunds, key=_place))
    took = replay(found).taken.get(spent.id, [])[::-1]
    before, upto = ([(lot.points, lot.expires_at) for lot in cut(took, points)] for points in (given, total))
    points = total - given
    back = given_back(ledger.terms, _difference(upto, before), points, at)
    return Entry(identity, REFUND, points, spent.id, at, lines(ledger, points, REDEEMED), back, spent.id)


def _difference(whole: list[tuple[int, int]], part: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """`whole` without `part`, which is its beginning."""
    rest = list(whole)
    for points, _ in part:
        left = rest[0][0] - points
        rest[:1] = [(left, rest[0][1])] if left else []
    return rest


def _event(ledger: Ledger, name: str, entry: Entry, points: int, **more: str) -> Event:
    data = {"member_id": ledger.member_id, "points": points, "entry_id": entry.id, **more}
    return Event(f"{name}:{ledger.member_id}:{ledger.terms.name}:{entry.id}", name, entry.at, data)


def _place(entry: Entry) -> str:
    """Order by time, then by id; also the cursor."""
    return f"{entry.at:012d}-{entry.id}"
