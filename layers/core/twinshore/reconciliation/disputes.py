"""Disputes in a bill: the money goes when the payer's bank asks for it, and comes back if we win, weeks later.

A lost dispute moves nothing on the day on which it is lost. So a bill's line is judged by the word that the order has,
and our own news of an end by the lines that bills have had by then.
"""

from twinshore.money import Money
from twinshore.payments.completion import reference_of
from twinshore.payments.order import Order, OrderAttempt
from twinshore.payments.port import DISPUTE_LOST, DISPUTE_WON
from twinshore.reconciliation import differences as d
from twinshore.reconciliation.daybook import Entry
from twinshore.reconciliation.differences import Difference
from twinshore.reconciliation.judging import BILLED_LIMIT_ITEMS, amounts
from twinshore.reconciliation.port import DISPUTE, DISPUTE_REVERSAL, DISPUTES, BillLine
from twinshore.store.port import Store


def with_reference(store: Store, provider: str, line: BillLine) -> BillLine:
    """A dispute has no metadata of ours: the party's id of the payment says whose it is."""
    if line.kind not in DISPUTES or line.reference:
        return line
    return line._replace(reference=reference_of(store, provider, line.provider_id))


def judge_dispute(line: BillLine, order: Order, attempt: OrderAttempt) -> Difference | None:
    if line.kind == DISPUTE:
        if not attempt.dispute:
            return d.of_line(d.DISPUTE_UNKNOWN, line)
        lost = attempt.dispute == DISPUTE_LOST and attempt.lost_minor
        return amounts(line, Money(attempt.lost_minor, order.amount.currency)) if lost else None
    if attempt.dispute == DISPUTE_WON:
        return None
    return d.of_line(d.DISPUTE_DIFFERS if attempt.dispute == DISPUTE_LOST else d.DISPUTE_UNKNOWN, line)


def was_disputed_in_a_bill(store: Store, provider: str, entry: Entry, disputed: list[BillLine]) -> bool:
    """Lost: a bill has taken it. Won: a bill has given it back, or none has ever taken it (an inquiry takes nothing).
    `disputed`: the lines of this bill, which are not remembered yet."""

    def had(kind: str) -> bool:
        page = store.query(d.billed_partition(provider, entry.reference), f"{kind}#", limit=BILLED_LIMIT_ITEMS)
        return bool(page.items) or any((one.kind, one.reference) == (kind, entry.reference) for one in disputed)

    return had(DISPUTE) if entry.kind == DISPUTE else had(DISPUTE_REVERSAL) or not had(DISPUTE)
