"""One part of a bill against our day-book's shard. Writes nothing: what it found is acted on once it is kept.

Most lines meet their entry in memory. The others are judged by the order itself, which is the authority: the day-book
may lag behind, and a movement near midnight stands on the day before or after.
"""

from typing import Iterable, Iterator, NamedTuple

from twinshore.money import Money
from twinshore.payments.order import load, number_in, order_id_of
from twinshore.reconciliation import differences as d
from twinshore.reconciliation.daybook import Entry
from twinshore.reconciliation.differences import Difference
from twinshore.reconciliation.disputes import judge_dispute, was_disputed_in_a_bill
from twinshore.reconciliation.judging import BILLED_LIMIT_ITEMS, Bill, judge_payment, judge_refund
from twinshore.reconciliation.port import ACCOUNT, DISPUTES, REFUND, REFUND_UNDONE, BillLine
from twinshore.reconciliation.totals import FEE, Totals
from twinshore.store.port import Store

Book = dict[tuple[str, str], Entry]


class Found(NamedTuple):
    difference: Difference
    line: BillLine | None


class Comparison(NamedTuple):
    found: list[Found]
    left_out: int
    """More that may be different: beyond `room` nothing is judged any more."""
    matched: int
    disputed: list[BillLine]
    """Every line about a dispute: what we hear of it weeks later is held against them."""
    theirs: Totals
    ours: Totals


def compare(store: Store, bill: Bill, lines: Iterable[BillLine], book: Book, room: int) -> Comparison:
    """`book` (as `daybook.read_shard` gives it) is used up. At most `room` differences are found."""
    theirs, ours = Totals(), Totals()
    for entry in book.values():
        if entry.kind not in DISPUTES:  # the bill has had that money on another day
            ours.add(entry.kind, entry.amount)
    odd, matched, disputed = _odd(lines, book, theirs)
    found: list[Found] = []
    left_out = 0
    for line, twice in odd:
        if not twice:
            book.pop((line.kind, line.name), None)
        if len(found) >= room:
            left_out += 1
            continue
        verdict = d.of_line(d.TWICE_IN_BILL, line) if twice else judge(store, bill, line)
        if verdict is None:
            matched += 1
        else:
            found.append(Found(verdict, line))
    for verdict in _only_ours(store, bill, book, disputed):
        if len(found) < room:
            found.append(Found(verdict, None))
        else:
            left_out += 1
    return Comparison(found, left_out, matched, disputed, theirs, ours)


def _odd(
    lines: Iterable[BillLine], book: Book, theirs: Totals
) -> tuple[list[tuple[BillLine, bool]], int, list[BillLine]]:
    """Lines that do not simply meet their entry, each with whether the bill has had it before; how many do; and those
    about disputes. What is met is taken out of the book."""
    odd: list[tuple[BillLine, bool]] = []
    disputed: list[BillLine] = []
    seen: set[tuple[str, str]] = set()
    matched = 0
    for line in lines:
        theirs.add(line.kind, line.amount)
        if line.fee is not None:
            theirs.add(FEE, line.fee)
        key = (line.kind, line.name)
        if key in seen:
            odd.append((line, True))
            continue
        seen.add(key)
        if line.kind in DISPUTES:
            disputed.append(line)
        if key in book and book[key].amount == line.amount and line.kind not in DISPUTES:
            del book[key]
            matched += 1
        else:
            odd.append((line, False))
    return odd, matched, disputed


def judge(store: Store, bill: Bill, line: BillLine) -> Difference | None:
    """What is wrong with this line, by the order itself; None if nothing is."""
    if line.kind in ACCOUNT:
        return d.of_line(line.kind, line)
    if line.kind == REFUND_UNDONE:
        return d.of_line(d.REFUND_UNDONE, line)
    order = load(store, order_id_of(line.reference)) if line.reference else None
    attempt = None if order is None else order.attempt(number_in(line.reference))
    if order is None or attempt is None or attempt.provider != bill.provider:
        kind = d.REFUND_UNKNOWN if line.kind == REFUND else d.ORDER_UNKNOWN
        return d.of_line(kind, line)._replace(action=d.PERSON)
    if line.kind in DISPUTES:
        return judge_dispute(line, order, attempt)
    if line.kind == REFUND:
        return judge_refund(store, bill, line, order)
    return judge_payment(bill, line, order, attempt)


def _only_ours(store: Store, bill: Bill, book: Book, disputed: list[BillLine]) -> Iterator[Difference]:
    for entry in book.values():
        if entry.kind in DISPUTES:
            had = not bill.tells_disputes or was_disputed_in_a_bill(store, bill.provider, entry, disputed)
        else:
            had = _was_billed(store, bill.provider, entry)
        if not had:
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
