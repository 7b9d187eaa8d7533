"""A bill's payment or refund, judged by the order itself."""

from typing import NamedTuple

from twinshore.money import Money
from twinshore.payments.order import Order, OrderAttempt, OrderRefund
from twinshore.payments.port import FAILED, REFUNDED
from twinshore.reconciliation import differences as d
from twinshore.reconciliation.daybook import refunds_key
from twinshore.reconciliation.days import day_of
from twinshore.reconciliation.differences import Difference
from twinshore.reconciliation.port import REFUND, BillLine
from twinshore.store.port import Store

BILLED_LIMIT_ITEMS = 100


class Bill(NamedTuple):
    """Whose bill it is, and of which day."""

    provider: str
    day: str
    zone: str
    tells_disputes: bool = False


def judge_payment(bill: Bill, line: BillLine, order: Order, attempt: OrderAttempt) -> Difference | None:
    differs = amounts(line, order.amount)
    if differs or order.paid_by != attempt.number or not order.credited:
        return differs or d.of_line(d.MISSING_HERE, line)
    return _judge_day(bill, line, order.amount, day_of(attempt.captured_at, bill.zone))


def judge_refund(store: Store, bill: Bill, line: BillLine, order: Order) -> Difference | None:
    asked = [one for one in order.refunds if order.refund_reference(one) == line.refund_reference]
    if not asked:
        return _judge_foreign_refund(store, bill, line)
    refund: OrderRefund = asked[0]
    ours = Money(refund.amount_minor, order.amount.currency)
    differs = amounts(line, ours)
    if differs:
        return differs
    if refund.state != REFUNDED:
        if line.pending and refund.state != FAILED:
            return None
        missing = d.of_line(d.MISSING_HERE, line)
        return missing._replace(action=d.PERSON) if line.pending else missing
    return _judge_day(bill, line, ours, _entered(store, line.reference).get(line.refund_reference, ("", 0))[0])


def amounts(line: BillLine, ours: Money) -> Difference | None:
    if line.amount == ours:
        return None
    kind = d.AMOUNT_DIFFERS if line.amount.currency == ours.currency else d.CURRENCY_DIFFERS
    return d.of_line(kind, line, ours)


def _judge_foreign_refund(store: Store, bill: Bill, line: BillLine) -> Difference | None:
    """Made at the provider: we know it if its total was told to us."""
    page = store.query(d.billed_partition(bill.provider, line.reference), f"{REFUND}#", limit=BILLED_LIMIT_ITEMS)
    taken = sum(1 for one in page.items if Money(*one.fields["amount"]) == line.amount and one.fields["day"] < bill.day)
    known = [
        (name, day)
        for name, (day, minor) in _entered(store, line.reference).items()
        if name.startswith(f"{line.reference}.x") and minor == line.amount.amount_minor
    ]
    if len(known) <= taken:
        return d.of_line(d.REFUND_UNKNOWN, line)
    return _judge_day(bill, line, line.amount, known[taken][1])


def _judge_day(bill: Bill, line: BillLine, ours: Money, our_day: str) -> Difference | None:
    """A bill of the day itself has nothing to tell."""
    if our_day in ("", bill.day):
        return None
    found = d.of_line(d.DAY_DIFFERS, line, ours)
    return found._replace(our_day=our_day, state=d.SETTLED, outcome="matched")


def _entered(store: Store, reference: str) -> dict[str, tuple[str, int]]:
    item = store.get(refunds_key(reference))
    return {} if item is None else {name: (day, minor) for name, (day, minor) in item.fields["entered"].items()}
