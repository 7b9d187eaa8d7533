"""The two ways in which an entry and its effect on the balance are written, together or not at all.

Points go out by an Increment, without a read, so that many can spend from one account at the same time. Points come in
by a Replace of the account that was read: it may be due earlier for them.

The entry stands first in the commit, so that a repeated cause is seen as such even when the balance no longer suffices.
A conflict on one of `also` is raised as it is: its owner knows what it means.
"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

from twinshore.errors import must
from twinshore.events import Event
from twinshore.points.book import (
    MEMBER,
    Entry,
    Ledger,
    balance_of,
    entry_fields,
    entry_of,
    first_answer,
)
from twinshore.points.expiry import earlier, expire
from twinshore.points.problems import InsufficientPoints, PointsOutOfRange, refused
from twinshore.points.programmes import day_of
from twinshore.points.tries import tries
from twinshore.store.port import Change, CommitConflict, Create, Increment, Item, Replace


def check_points(ledger: Ledger, points: int) -> None:
    """Raises PointsOutOfRange for what no entry can be about, UnknownProgramme."""
    limit = ledger.terms.entry_limit
    if points <= 0:
        raise refused(PointsOutOfRange("points are moved by one or more"), points=points)
    if points > limit:
        raise refused(PointsOutOfRange("that is too many points for one entry", limit=limit), points=points)


def debit(
    ledger: Ledger, entry: Entry, fingerprint: str = "", shortfall: int = 0,
    *, also: tuple[Change, ...] = (), events: tuple[Event, ...] = (),
) -> Entry:  # fmt: skip
    """Take what `entry` says out of the balance. Raises InsufficientPoints, IdempotencyKeyReused."""
    must(entry.points <= 0, "a debit takes out")
    key, account = ledger.entry(entry.id), ledger.account
    written = Create(key, entry_fields(ledger, entry, fingerprint, shortfall))
    spent = Increment(account, "balance", entry.points, at_least=0, unless_due_by=entry.at)
    for _ in tries():
        try:
            ledger.store.commit(written, spent, *also, events=events)
            return entry
        except CommitConflict as conflict:
            if conflict.key == key:
                return first_answer(conflict.current, fingerprint)
            if conflict.key != account:
                raise
            item = conflict.current
        if item is None or item.due is None or item.due.at > entry.at:
            raise InsufficientPoints("earn some first", balance=balance_of(item))
        expire(ledger, entry.at)
    return entry


class Posting(NamedTuple):
    entry: Entry
    events: tuple[Event, ...] = ()


def credit(ledger: Ledger, make: Callable[[], Posting], earned: bool = False, also: tuple[Change, ...] = ()) -> Entry:
    """Add what `make()` says, which is asked again at each try, after the account has been read. earned: whether the
    programme's limits hold for it. Raises PointsOutOfRange, and what `make` raises."""
    for _ in tries():
        account = ledger.store.get(ledger.account)
        entry, events = make()
        key = ledger.entry(entry.id)
        try:
            change = account_with(ledger, account, entry, earned)
        except PointsOutOfRange:
            first = ledger.store.get(key)
            if first is not None:
                return entry_of(first)
            raise
        try:
            ledger.store.commit(Create(key, entry_fields(ledger, entry)), change, *also, events=events)
            return entry
        except CommitConflict as conflict:
            if conflict.key == key:
                return first_answer(conflict.current)
            if conflict.key != ledger.account:
                raise
    return entry


def account_with(
    ledger: Ledger, account: Item | None, entry: Entry, earned: bool = False, limited: bool = False
) -> Create | Replace:
    """The account after `entry`. limited: the programme's limit of a balance holds; earned: and that of a day. What
    comes back to a member knows no limit. Raises PointsOutOfRange."""
    terms = ledger.terms
    fields: dict[str, Any] = dict(account.fields) if account else ledger.residency.label({}, ledger.residency.here)
    fields["balance"] = balance_of(account) + entry.points
    if (earned or limited) and balance_of(account) + entry.amount > terms.balance_limit:
        problem = PointsOutOfRange("the balance would be too high", limit=terms.balance_limit)
        raise refused(problem, points=entry.amount)
    if earned:
        day = day_of(terms, entry.at)
        before = int(fields.get("day_points", 0)) if fields.get("day") == day else 0
        fields |= {"day": day, "day_points": before + entry.amount}
        if fields["day_points"] > terms.day_limit:
            raise refused(PointsOutOfRange("that is too much for one day", limit=terms.day_limit), points=entry.amount)
    due = earlier(account.due if account else None, entry.lots)
    if account is None:
        return Create(ledger.account, fields, due)
    return Replace(ledger.account, fields, account.version, due)


def lines(ledger: Ledger, points: int, house: str) -> tuple[tuple[str, int], ...]:
    """Between the member and a house account: positive to the member."""
    return ledger.line(MEMBER, points), (house, -points)
