"""One bill against one day of our day-book. Writes nothing: what it found is acted on once the whole bill is read.

Most lines meet their entry in memory. The others are judged by the order itself, which is the authority: the day-book
may lag behind, and a movement near midnight stands on the day before or after.
"""

from typing import Iterable, Iterator, NamedTuple

from twinshore.money import Money
from twinshore.payments.order import Order, OrderRefund, load, number_in, order_id_of
from twinshore.payments.port import FAILED, REFUNDED
from twinshore.reconciliation import differences as d
from twinshore.reconciliation.daybook import Entry, refunds_key
from twinshore.reconciliation.days import day_of
from twinshore.reconciliation.differences import Difference
from twinshore.reconciliation.port import LINES_LIMIT, PAYMENT, REFUND, REFUND_UNDONE, BillLine, BillTooLarge
from twinshore.store.port import Store

Book = dict[tuple[str, str], Entry]
BILLED_LIMIT_ITEMS = 100


class Bill(NamedTuple):
    """Whose bill it is, and of which day."""

    provider: str
    day: str
    utc_offset_seconds: int


class Found(NamedTuple):
    difference: Difference
    line: BillLine | None


class Totals:
    """Counts and sums of a bill or a book, by kind and currency."""

    def __init__(self) -> None:
        self.counts: dict[str, dict[str, int]] = {}
        self.sums_minor: dict[str, dict[str, int]] = {}

    def add(self, kind: str, money: Money, count: int = 1) -> None:
        for table, by in ((self.counts, count), (self.sums_minor, money.amount_minor)):
            row = table.setdefault(kind, {})
            row[money.currency] = row.get(money.currency, 0) + by


class Comparison(NamedTuple):
    found: list[Found]
    matched: int
    theirs: Totals
    ours: Totals


def compare(store: Store, bill: Bill, lines: Iterable[BillLine], book: Book) -> Comparison:
    """`book` (as `daybook.read_day` gives it) is used up. Raises BillTooLarge, and whatever `lines` raises."""
    theirs, ours = Totals(), Totals()
    for entry in book.values():
        ours.add(entry.kind, entry.amount)
    odd: list[BillLine] = []
    seen: set[tuple[str, str]] = set()
    found: list[Found] = []
    matched = 0
    for line in lines:
        if len(seen) + len(found) >= LINES_LIMIT:
            raise BillTooLarge("The bill has too many lines for one run.")
        _add_up(theirs, line)
        key = (line.kind, name_of(line))
        if key in seen:
            found.append(_found(d.TWICE_IN_BILL, line, None))
            continue
        seen.add(key)
        if key in book and book[key].amount == line.amount:
            del book[key]
            matched += 1
        else:
            odd.append(line)
    for line in odd:
        verdict = judge(store, bill, line)
        book.pop((line.kind, name_of(line)), None)
        if verdict is None:
            matched += 1
        else:
            found.append(Found(verdict, line))
    found += [Found(one, None) for one in _only_ours(store, bill, book)]
    return Comparison(found, matched, theirs, ours)


def name_of(line: BillLine) -> str:
    if line.kind == PAYMENT:
        return line.reference or line.provider_id
    return line.refund_reference or line.line_id or f"{line.reference}.{line.provider_id}"


def judge(store: Store, bill: Bill, line: BillLine) -> Difference | None:
    """What is wrong with this line, by the order itself; None if nothing is."""
    if line.kind == REFUND_UNDONE:
        return _found(d.REFUND_UNDONE, line, None).difference
    order = load(store, order_id_of(line.reference)) if line.reference else None
    attempt = None if order is None else order.attempt(number_in(line.reference))
    if order is None or attempt is None or attempt.provider != bill.provider:
        kind = d.ORDER_UNKNOWN if line.kind == PAYMENT else d.REFUND_UNKNOWN
        return _found(kind, line, None).difference._replace(action=d.PERSON)
    if line.kind == REFUND:
        return _judge_refund(store, bill, line, order)
    differs = _amounts(line, order.amount)
    if differs or order.paid_by != attempt.number or not order.credited:
        return differs or _found(d.MISSING_HERE, line, None).difference
    return _judge_day(bill, line, order.amount, day_of(attempt.captured_at, bill.utc_offset_seconds))


def _judge_refund(store: Store, bill: Bill, line: BillLine, order: Order) -> Difference | None:
    asked = [one for one in order.refunds if order.refund_reference(one) == line.refund_reference]
    if not asked:
        return _judge_foreign_refund(store, bill, line)
    refund: OrderRefund = asked[0]
    ours = Money(refund.amount_minor, order.amount.currency)
    differs = _amounts(line, ours)
    if differs:
        return differs
    if refund.state != REFUNDED:
        if line.pending and refund.state != FAILED:
            return None
        missing = _found(d.MISSING_HERE, line, None).difference
        return missing._replace(action=d.PERSON) if line.pending else missing
    return _judge_day(bill, line, ours, _entered(store, line.reference).get(line.refund_reference, ("", 0))[0])


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
        return _found(d.REFUND_UNKNOWN, line, None).difference
    return _judge_day(bill, line, line.amount, known[taken][1])


def _judge_day(bill: Bill, line: BillLine, ours: Money, our_day: str) -> Difference | None:
    """A bill of the day itself has nothing to tell."""
    if our_day in ("", bill.day):
        return None
    found = _found(d.DAY_DIFFERS, line, ours).difference
    return found._replace(our_day=our_day, state=d.SETTLED, outcome="matched")


def _only_ours(store: Store, bill: Bill, book: Book) -> Iterator[Difference]:
    for entry in book.values():
        if not _was_billed(store, bill.provider, entry):
            yield Difference(
                d.MISSING_THERE, entry.kind, entry.name, entry.reference, ours=entry.amount, our_day=bill.day,
                occurred_at=entry.at, action=d.ACTION[d.MISSING_THERE],
            )  # fmt: skip


def _was_billed(store: Store, provider: str, entry: Entry) -> bool:
    """Another day's bill has had it. A refund made at the provider has no name that both know, so its amount counts."""
    page = store.query(d.billed_partition(provider, entry.reference), f"{entry.kind}#", limit=BILLED_LIMIT_ITEMS)
    if entry.name.startswith(f"{entry.reference}.x"):
        return any(Money(*item.fields["amount"]) == entry.amount for item in page.items)
    return any(item.key.sort == f"{entry.kind}#{entry.name}" for item in page.items)


def _entered(store: Store, reference: str) -> dict[str, tuple[str, int]]:
    item = store.get(refunds_key(reference))
    return {} if item is None else {name: (day, minor) for name, (day, minor) in item.fields["entered"].items()}


def _amounts(line: BillLine, ours: Money) -> Difference | None:
    if line.amount == ours:
        return None
    kind = d.AMOUNT_DIFFERS if line.amount.currency == ours.currency else d.CURRENCY_DIFFERS
    return _found(kind, line, ours).difference


def _found(kind: str, line: BillLine, ours: Money | None) -> Found:
    difference = Difference(
        kind, line.kind, name_of(line), line.reference, line.provider_id, ours, line.amount,
        occurred_at=line.occurred_at, action=d.ACTION[kind],
    )  # fmt: skip
    return Found(difference, line)


def _add_up(totals: Totals, line: BillLine) -> None:
    totals.add(line.kind, line.amount)
    if line.fee is not None:
        totals.add("fee", line.fee)
