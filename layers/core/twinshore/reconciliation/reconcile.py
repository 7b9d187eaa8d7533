"""The comparison of one day: read the whole bill, compare part by part, keep every difference, act on what can be.

Each step is idempotent by day and reference: a run that died is simply run again, and goes on at the part it was at.
"""

from typing import Callable, NamedTuple

from twinshore.errors import Unavailable
from twinshore.payments.port import PaymentProvider
from twinshore.reconciliation import differences as d
from twinshore.reconciliation.acting import Lines, act, review, settle
from twinshore.reconciliation.compare import Comparison, Found, compare
from twinshore.reconciliation.daybook import SHARDS, read_shard
from twinshore.reconciliation.days import days_later
from twinshore.reconciliation.differences import Difference
from twinshore.reconciliation.disputes import with_reference
from twinshore.reconciliation.judging import Bill
from twinshore.reconciliation.parts import Parts, part_of_difference
from twinshore.reconciliation.port import Bills
from twinshore.reconciliation.progress import Progress
from twinshore.store.port import CommitConflict, Create, Key, Replace, Store

FINDINGS_LIMIT = 1000
"""Kept of one day; the rest is counted. More than these have one cause, which a person finds in the first of them."""


class Party(NamedTuple):
    """One provider, as reconciliation needs it."""

    name: str
    provider: PaymentProvider
    bills: Bills
    zone: str


class Reconciled(NamedTuple):
    matched: int
    new: int
    """Differences that no run before this one had found."""
    open: int
    """Of this day, after the run."""


class DayUnfinished(Unavailable):
    """The run's time is up. What is done is kept: the next run of this day goes on from there."""

    slug = "day-unfinished"
    title_en = "The day is not compared to its end yet"
    title_zh = "当日对账尚未完成"


def _never() -> bool:
    return False


def reconcile(store: Store, party: Party, day: str, now: int, time_is_up: Callable[[], bool] = _never) -> Reconciled:
    """Compare `day` (in the provider's zone). Raises what `Bills.lines` raises, having written nothing; DayUnfinished.

    time_is_up: asked before each part; reading the bill itself is not cut short."""
    bill = Bill(party.name, day, party.zone, party.bills.tells_disputes)
    mark = party.bills.mark(day, now)
    progress = Progress(store, party.name, day)
    lines: Lines = {}
    new = 0
    with Parts() as parts:
        parts.fill(with_reference(store, party.name, line) for line in party.bills.lines(day, now))
        for part in range(SHARDS):
            if progress.has(part, parts.digest(part)):
                continue
            if time_is_up():
                raise DayUnfinished
            room = FINDINGS_LIMIT - progress.kept_beside(part)
            found = compare(store, bill, parts.lines(part), read_shard(store, party.name, day, part), room)
            new += _keep_all(store, bill, part, found, now)
            lines.update({(one.line.kind, one.line.name): one.line for one in found.found if one.line is not None})
            progress.add(part, parts.digest(part), found, now)
    before = days_later(day, -1)
    if not (act(store, party, bill, lines, now, time_is_up) and review(store, party, before, now, time_is_up)):
        raise DayUnfinished
    still_open = sum(1 for one in d.read(store, party.name, day) if one.state == d.OPEN)
    summary = {"compared_at": now, "mark": mark, **progress.summary()}
    _sum_up(store, bill, summary, now)
    progress.end()
    return Reconciled(int(summary["matched"]), new, still_open)


def read_summary(store: Store, provider: str, day: str) -> dict[str, object] | None:
    item = store.get(_summary_key(provider, day))
    return None if item is None else item.fields


def _keep_all(store: Store, bill: Bill, part: int, comparison: Comparison, now: int) -> int:
    """How many are new. What an earlier run of this part had found and this one has not is settled."""
    for line in comparison.disputed:
        if line.reference:
            d.remember(store, bill.provider, bill.day, line, now)
    new = sum(_keep(store, bill, found, now) for found in comparison.found)
    if not comparison.left_out:
        found_now = {one.difference.sort for one in comparison.found}
        for one in d.read(store, bill.provider, bill.day):
            if one.state == d.OPEN and part_of_difference(one) == part and one.sort not in found_now:
                settle(store, bill, one, "not_found_again", now)
    return new


def _keep(store: Store, bill: Bill, found: Found, now: int) -> bool:
    """Whether it is a difference that no run had found."""
    difference = found.difference._replace(found_at=now)
    if difference.kind == d.DAY_DIFFERS:
        difference = difference._replace(settled_at=now)
        _settle_missing_there(store, bill, difference, now)
    kept = d.keep(store, bill.provider, bill.day, difference, found.line)
    return kept and difference.state != d.NOTED


def _settle_missing_there(store: Store, bill: Bill, other_day: Difference, now: int) -> None:
    """The day before, our entry was not in the bill: here it is."""
    missing = other_day._replace(kind=d.MISSING_THERE)
    found = d.read_one(store, bill.provider, other_day.our_day, missing.sort)
    if found is not None and found.state == d.OPEN:
        settle(store, bill._replace(day=other_day.our_day), found, "in_another_bill", now)


def _summary_key(provider: str, day: str) -> Key:
    return Key(d.partition_of(provider, day), "summary")


def _sum_up(store: Store, bill: Bill, fields: dict[str, object], now: int) -> None:
    """Last of all: a day with a summary is done."""
    key = _summary_key(bill.provider, bill.day)
    before = store.get(key)
    expires_at = now + d.KEEP_SECONDS
    try:
        if before is None:
            store.commit(Create(key, fields, expires_at=expires_at))
        else:
            store.commit(Replace(key, fields, before.version, expires_at=expires_at))
    except CommitConflict:
        pass  # another run of the same day has just summed up
