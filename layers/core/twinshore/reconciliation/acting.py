"""What is done about differences by itself: the provider is asked, and its answer goes the one completion path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Iterable

from twinshore import log
from twinshore.errors import Problem
from twinshore.payments.completion import apply
from twinshore.payments.order import load, number_in, order_id_of
from twinshore.payments.port import CAPTURED, DISPUTE_WON, DISPUTED, REFUNDED, Notice
from twinshore.reconciliation import differences as d
from twinshore.reconciliation.compare import judge
from twinshore.reconciliation.differences import Difference
from twinshore.reconciliation.judging import Bill
from twinshore.reconciliation.port import DISPUTE, DISPUTES, PAYMENT, REFUND, BillLine
from twinshore.store.port import CommitConflict, Store

if TYPE_CHECKING:
    from twinshore.reconciliation.reconcile import Party

Lines = dict[tuple[str, str], BillLine]
"""The bill's lines behind differences, by (kind, name)."""


def act(store: Store, party: Party, bill: Bill, lines: Lines, now: int, time_is_up: Callable[[], bool]) -> bool:
    """Ask about everything that is open and can be asked about. False: the time is up before the end."""
    for one in d.read(store, bill.provider, bill.day):
        if one.state == d.OPEN and one.action == d.ASK_PROVIDER:
            if time_is_up():
                return False
            line = lines.get((one.line_kind, one.name)) or _line_of(one)
            _change(store, bill, one, _ask(store, party, bill, line, now))
    return True


def review(store: Store, party: Party, day: str, now: int, time_is_up: Callable[[], bool]) -> bool:
    """The day before, once more: ask again; what no bill has had by now is a person's. False as `act`."""
    bill = Bill(party.name, day, party.zone, party.bills.tells_disputes)
    if not act(store, party, bill, {}, now, time_is_up):
        return False
    for one in d.read(store, party.name, day):
        if one.state == d.OPEN and one.action in (d.WAIT_A_DAY, d.ASK_PROVIDER):
            _change(store, bill, one, {"action": d.PERSON, "outcome": "a_day_later"})
    return True


def settle(store: Store, bill: Bill, one: Difference, outcome: str, now: int) -> None:
    _change(store, bill, one, _settled(outcome, now))


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
    """What the provider says of it. Of a single refund or a dispute the bill itself is the provider's word, if it is
    authentic: there is nothing else to ask."""
    own_word = party.bills.authentic and not line.pending
    if line.kind in DISPUTES:
        if own_word:
            state = DISPUTED if line.kind == DISPUTE else DISPUTE_WON
            yield Notice(f"bill:{bill.day}:{line.name}:{state}", line.reference, line.provider_id, state, line.amount,
                         line.occurred_at)  # fmt: skip
    elif line.kind == PAYMENT or not line.refund_reference:
        order = load(store, order_id_of(line.reference))
        attempt = None if order is None else order.attempt(number_in(line.reference))
        known_id = attempt.provider_id if attempt else ""
        yield party.provider.query(line.reference, known_id or line.provider_id, now)
    elif line.kind == REFUND and own_word:
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


def _change(store: Store, bill: Bill, one: Difference, now: dict[str, object]) -> None:
    if now:
        try:
            d.change(store, bill.provider, bill.day, one, **now)
        except CommitConflict:
            pass  # another run of the same day has done it
