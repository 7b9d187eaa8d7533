"""The daily comparison: read the whole bill, compare, keep every difference, act on what can be acted on.

Each step is idempotent by day and reference: a run that died is simply run again.
"""

from typing import Callable, Iterable, NamedTuple

from twinshore import log
from twinshore.errors import Problem, Unavailable
from twinshore.payments.completion import apply
from twinshore.payments.order import load, number_in, order_id_of
from twinshore.payments.port import CAPTURED, REFUNDED, Notice, PaymentProvider
from twinshore.reconciliation import differences as d
from twinshore.reconciliation.compare import Bill, Comparison, Found, compare, judge, name_of
from twinshore.reconciliation.daybook import read_day
from twinshore.reconciliation.days import day_of, days_later
from twinshore.reconciliation.differences import Difference
from twinshore.reconciliation.port import PAYMENT, REFUND, BillLine, BillNotDue, Bills
from twinshore.store.port import CommitConflict, Create, Key, Replace, Store

FINDINGS_LIMIT = 1000
"""Kept in one run; the rest is counted. More than these have one cause, which a person finds in the first of them."""
CATCH_UP_DAYS = 3
"""A day whose bill could not be had is tried again on as many days; WeChat Pay keeps bills for three months."""


class Party(NamedTuple):
    """One provider, as reconciliation needs it."""

    name: str
    provider: PaymentProvider
    bills: Bills
    utc_offset_seconds: int


class Reconciled(NamedTuple):
    matched: int
    new: int
    """Differences that no run before this one had found."""
    open: int
    """Of this day, after the run."""


class BillsMissing(Unavailable):
    """At least one bill could not be compared: the timer's platform runs the job again, then calls a person."""


def reconcile(store: Store, party: Party, day: str, now: int) -> Reconciled:
    """Compare `day` (in the provider's zone). Raises what `Bills.lines` raises, having written nothing."""
    bill = Bill(party.name, day, party.utc_offset_seconds)
    comparison = compare(store, bill, party.bills.lines(day, now), read_day(store, party.name, day))
    kept = comparison.found[:FINDINGS_LIMIT]
    new = sum(_keep(store, bill, found, now) for found in kept)
    lines = {(one.line.kind, name_of(one.line)): one.line for one in kept if one.line is not None}
    _settle_what_is_gone(store, bill, {one.difference.sort for one in kept}, now)
    _act(store, party, bill, lines, now)
    _review(store, party, days_later(day, -1), now)
    still_open = sum(1 for one in d.read(store, party.name, day) if one.state == d.OPEN)
    _sum_up(store, bill, comparison, now)
    return Reconciled(comparison.matched, new, still_open)


def reconcile_all(store: Store, parties: Iterable[Callable[[], Party | None]], now: int) -> dict[str, str]:
    """Yesterday in each provider's zone, and the days before it that are not compared yet. What came of each.

    Providers whose bills come by hand are left out; a bill whose time has not come is left to the next run. One's
    trouble does not hold up the others: BillsMissing is raised after all of them."""
    said: dict[str, str] = {}
    failed = False
    for make in parties:
        try:
            party = make()
        except Problem as err:
            log.line("error", "no bills to reconcile with", problem=err.slug)
            failed = True
            continue
        if party is None:
            continue
        today = day_of(now, party.utc_offset_seconds)
        for days in range(CATCH_UP_DAYS, 0, -1):
            day = days_later(today, -days)
            if read_summary(store, party.name, day) is None:
                said[f"{party.name} {day}"] = outcome = _try(store, party, day, now)
                failed = failed or not outcome.startswith(("matched", BillNotDue.slug))
    if failed:
        raise BillsMissing(f"Not every bill was compared: {len(said)} tried.")
    return said


def read_summary(store: Store, provider: str, day: str) -> dict[str, object] | None:
    item = store.get(_summary_key(provider, day))
    return None if item is None else item.fields


def _try(store: Store, party: Party, day: str, now: int) -> str:
    try:
        done = reconcile(store, party, day, now)
    except BillNotDue as err:  # a timer at another hour than the product's: a new deployment, or the box
        return err.slug
    except Problem as err:
        log.line("error", "bill not compared", provider=party.name, day=day, problem=err.slug)
        return err.slug
    log.line("warning" if done.open else "info", "bill compared", provider=party.name, day=day, **done._asdict())
    return f"matched {done.matched}, new {done.new}, open {done.open}"


def _keep(store: Store, bill: Bill, found: Found, now: int) -> bool:
    difference = found.difference._replace(found_at=now)
    if difference.kind == d.DAY_DIFFERS:
        difference = difference._replace(settled_at=now)
        _settle_missing_there(store, bill, difference, now)
    return d.keep(store, bill.provider, bill.day, difference, found.line)


def _settle_missing_there(store: Store, bill: Bill, other_day: Difference, now: int) -> None:
    """The day before, our entry was not in the bill: here it is."""
    missing = other_day._replace(kind=d.MISSING_THERE)
    found = d.read_one(store, bill.provider, other_day.our_day, missing.sort)
    if found is not None and found.state == d.OPEN:
        _change(store, bill.provider, other_day.our_day, found, _settled("in_another_bill", now))


def _settle_what_is_gone(store: Store, bill: Bill, found: set[str], now: int) -> None:
    """What an earlier run of the same day had found, and this one has not."""
    for one in d.read(store, bill.provider, bill.day):
        if one.state == d.OPEN and one.sort not in found:
            _change(store, bill.provider, bill.day, one, _settled("not_found_again", now))


def _act(store: Store, party: Party, bill: Bill, lines: dict[tuple[str, str], BillLine], now: int) -> None:
    for one in d.read(store, bill.provider, bill.day):
        if one.state == d.OPEN and one.action == d.ASK_PROVIDER:
            line = lines.get((one.line_kind, one.name)) or _line_of(one)
            _change(store, bill.provider, bill.day, one, _ask(store, party, bill, line, now))


def _review(store: Store, party: Party, day: str, now: int) -> None:
    """The day before, once more: ask again; what no bill has had by now is a person's."""
    bill = Bill(party.name, day, party.utc_offset_seconds)
    _act(store, party, bill, {}, now)
    for one in d.read(store, party.name, day):
        if one.state == d.OPEN and one.action in (d.WAIT_A_DAY, d.ASK_PROVIDER):
            _change(store, party.name, day, one, {"action": d.PERSON, "outcome": "a_day_later"})


def _ask(store: Store, party: Party, bill: Bill, line: BillLine, now: int) -> dict[str, object]:
    """What is to be changed in the difference, {} if the provider did not answer."""
    try:
        for notice in _news(store, party, bill, line, now):
            apply(store, party.name, notice, now)
    except Problem as err:
        log.line("warning", "difference not cleared up", reference=line.reference, problem=err.slug)
        return {}
    left = judge(store, bill, line)
    if left is None or left.state == d.SETTLED:
        return _settled("applied", now)
    order = load(store, order_id_of(line.reference))
    number = number_in(line.reference)
    flags = [one.reason for one in order.flags if one.attempt == number] if order else []
    if flags:  # the completion path has it, and would not credit it
        return {"action": d.PERSON, "outcome": flags[-1]}
    return {"action": d.PERSON, "outcome": "refund_not_ours"} if left.kind == d.REFUND_UNKNOWN else {}


def _news(store: Store, party: Party, bill: Bill, line: BillLine, now: int) -> Iterable[Notice]:
    """What the provider says of it. Of a single refund the bill itself is the provider's word, if it is authentic."""
    if line.kind == PAYMENT or not line.refund_reference:
        order = load(store, order_id_of(line.reference))
        attempt = None if order is None else order.attempt(number_in(line.reference))
        known_id = attempt.provider_id if attempt else ""
        yield party.provider.query(line.reference, known_id or line.provider_id, now)
    elif line.kind == REFUND and party.bills.authentic and not line.pending:
        yield Notice(
            f"bill:{bill.day}:{line.refund_reference}", line.reference, line.provider_id, CAPTURED, None,
            line.occurred_at, line.refund_reference, REFUNDED,
        )  # fmt: skip


def _line_of(found: Difference) -> BillLine:
    """The bill's line of a day before, as far as the difference remembers it: enough to ask by."""
    own = found.line_kind == REFUND and found.kind != d.REFUND_UNKNOWN
    amount = found.theirs or found.ours
    if amount is None:
        raise ValueError("a difference names an amount")
    return BillLine(
        found.reference, found.provider_id, found.line_kind, amount, found.name if own else "", found.occurred_at,
        line_id="" if own else found.name,
    )  # fmt: skip


def _settled(outcome: str, now: int) -> dict[str, object]:
    return {"state": d.SETTLED, "outcome": outcome, "settled_at": now}


def _change(store: Store, provider: str, day: str, one: Difference, now: dict[str, object]) -> None:
    if now:
        try:
            d.change(store, provider, day, one, **now)
        except CommitConflict:
            pass  # another run of the same day has done it


def _summary_key(provider: str, day: str) -> Key:
    return Key(d.partition_of(provider, day), "summary")


def _sum_up(store: Store, bill: Bill, comparison: Comparison, now: int) -> None:
    """Last of all: a day with a summary is done."""
    fields: dict[str, object] = {
        "compared_at": now,
        "matched": comparison.matched,
        "not_kept": max(0, len(comparison.found) - FINDINGS_LIMIT),
        "theirs": {"counts": comparison.theirs.counts, "sums_minor": comparison.theirs.sums_minor},
        "ours": {"counts": comparison.ours.counts, "sums_minor": comparison.ours.sums_minor},
    }
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
