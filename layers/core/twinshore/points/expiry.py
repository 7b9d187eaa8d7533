"""Points past their time. An account waits for the first of its lots to expire; from then on the store refuses to spend
from it (`Increment.unless_due_by`) until what has expired is written off: by the timer, or by whoever comes first."""

from __future__ import annotations

from twinshore.cells import Residency
from twinshore.errors import BrokenInvariant
from twinshore.events import Event
from twinshore.points.book import (
    EXPIRE,
    EXPIRED,
    EXPIRY,
    MEMBER,
    Entry,
    Ledger,
    all_entries,
    balance_of,
    entry_fields,
    entry_id,
    ledger_of_item,
)
from twinshore.points.lots import Lot, replay
from twinshore.points.sweeping import SWEEP_LIMIT, Swept, sweep
from twinshore.points.tries import tries
from twinshore.store.port import CommitConflict, Create, Due, Item, Replace, Store


def expire(ledger: Ledger, now: int) -> int:
    """Write off what has expired by `now`, an entry for each time; gives the points. Safe beside anything else."""
    gone = 0
    for _ in tries():
        account = ledger.store.get(ledger.account)
        if account is None or account.due is None or account.due.at > now:
            return gone
        try:
            gone += _write_off(ledger, account, account.due.at)
        except CommitConflict:
            continue  # something moved since we looked
    return gone


def expire_due(store: Store, residency: Residency, now: int, limit: int = SWEEP_LIMIT) -> Swept:
    """The job `points-expiry`."""
    return sweep(store, EXPIRY, now, lambda item: expire(ledger_of_item(store, residency, item), now), limit)


def next_expiry(lots: list[Lot]) -> Due | None:
    return Due(EXPIRY, lots[0].expires_at) if lots else None


def earlier(due: Due | None, lots: tuple[tuple[int, int], ...]) -> Due | None:
    """When an account is due to which these lots are added."""
    times = [expires_at for _, expires_at in lots] + ([due.at] if due else [])
    return Due(EXPIRY, min(times)) if times else None


def _write_off(ledger: Ledger, account: Item, moment: int) -> int:
    """One entry for all that expires at `moment`. The balance may be due too early (what was to expire has been spent):
    then only its time moves. Raises CommitConflict if anything moved since `account` was read."""
    lots = replay(all_entries(ledger)).lots
    balance = balance_of(account)
    if sum(lot.points for lot in lots) != balance:
        if ledger.store.get(ledger.account) == account:
            raise BrokenInvariant("live lots add up to the balance")
        raise CommitConflict(account.key, None)
    points = sum(lot.points for lot in lots if lot.expires_at <= moment)
    rest = [lot for lot in lots if lot.expires_at > moment]
    fields = {**account.fields, "balance": balance - points}
    change = Replace(account.key, fields, account.version, next_expiry(rest))
    if not points:
        ledger.store.commit(change)
        return 0
    # By the account's version: points may come to an account with a time at which others have expired before.
    entry = Entry(entry_id(EXPIRE, f"{moment}:{account.version}"), EXPIRE, -points, "expired", moment,
                  (ledger.line(MEMBER, -points), (EXPIRED, points)))  # fmt: skip
    told = Event(f"points.expired:{ledger.member_id}:{ledger.terms.name}:{entry.id}", "points.expired", moment,
                 {"member_id": ledger.member_id, "points": points, "entry_id": entry.id})  # fmt: skip
    ledger.store.commit(Create(ledger.entry(entry.id), entry_fields(ledger, entry)), change, events=(told,))
    return points
