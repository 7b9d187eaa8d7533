"""What a member has: now, and at any past time; and what all of some members have, by account, for proofs."""

from __future__ import annotations

from typing import Iterable, NamedTuple

from twinshore.points.book import HELD, HOLD, PENDING, Ledger, all_entries, balance_of
from twinshore.points.lots import Lot, replay


class Standing(NamedTuple):
    spendable: int
    held: int
    pending: int
    lots: tuple[Lot, ...] = ()
    """First to expire first; together what is spendable."""


class Present(NamedTuple):
    spendable: int
    held: int
    pending: int
    next_expiry: int | None = None
    """When some of it may expire, if nothing is spent before."""


def standing(ledger: Ledger, at: int | None = None) -> Standing:
    """From the entries alone, as of `at` (seconds since the epoch), or all of them. Points whose time was over by then
    are not there, written off or not."""
    found = [entry for entry in all_entries(ledger) if at is None or entry.at <= at]
    lots = tuple(lot for lot in replay(found).lots if at is None or lot.expires_at > at)
    sums = {HELD: 0, PENDING: 0}
    for entry in found:
        for account, points in entry.lines:
            kind = account.partition(":")[0]
            if kind in sums:
                sums[kind] += points
    return Standing(sum(lot.points for lot in lots), sums[HELD], sums[PENDING], lots)


def present(ledger: Ledger, now: int) -> Present:
    """What the account, the open holds and the waiting points say: one read, however many entries there are, unless
    something has just expired."""
    prefix = f"account#{ledger.terms.name}#"
    sums = {HOLD: 0, PENDING: 0}
    account, cursor = None, None
    while True:
        page = ledger.store.query(ledger.partition, prefix, cursor)
        for item in page.items:
            kind = item.key.sort.split("#")[2]
            if kind not in sums:
                account = item
            elif item.fields.get("state", "open") == "open":
                sums[kind] += int(item.fields["points"])
        cursor = page.next
        if cursor is None:
            break
    due = account.due.at if account and account.due else None
    if due is None or due > now:
        return Present(balance_of(account), sums[HOLD], sums[PENDING], due)
    then = standing(ledger, now)
    return Present(then.spendable, then.held, then.pending, then.lots[0].expires_at if then.lots else None)


def totals(ledgers: Iterable[Ledger], at: int | None = None) -> dict[str, int]:
    """The sums of all lines of these ledgers up to `at`, by account: "member", "held", "pending" and each "house:...".
    They come to nothing; what was issued is `-totals["house:issued"]`, what was redeemed `totals["house:redeemed"]`."""
    sums: dict[str, int] = {}
    for ledger in ledgers:
        for entry in all_entries(ledger):
            if at is None or entry.at <= at:
                for account, points in entry.lines:
                    name = account if account.startswith("house:") else account.partition(":")[0]
                    sums[name] = sums.get(name, 0) + points
    return sums
