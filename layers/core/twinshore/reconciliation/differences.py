"""Differences between a bill and our books: what they are called, what is to be done, and how they are kept.

One item per difference, keyed by day, kind and name, so that a second comparison of the same day finds it. It is open
until it is settled.
"""

from typing import Iterator, NamedTuple

from twinshore.money import Money
from twinshore.reconciliation.port import (
    ACCOUNT_FEE,
    OTHER_MOVEMENT,
    PAYOUT,
    PAYOUT_RETURNED,
    RESERVE,
    BillLine,
)
from twinshore.store.port import CommitConflict, Create, Fields, Item, Key, Replace, Store

MISSING_HERE = "missing_here"
MISSING_THERE = "missing_there"
AMOUNT_DIFFERS = "amount_differs"
CURRENCY_DIFFERS = "currency_differs"
TWICE_IN_BILL = "twice_in_bill"
REFUND_UNKNOWN = "refund_unknown"
DAY_DIFFERS = "day_differs"
ORDER_UNKNOWN = "order_unknown"
REFUND_UNDONE = "refund_undone"
DISPUTE_UNKNOWN = "dispute_unknown"
DISPUTE_DIFFERS = "dispute_differs"
# Movements of the account have no side of ours to differ from: they are listed by their own kind, for the accounts.

ASK_PROVIDER = "ask_provider"
"""Ask for the payment and apply the answer through the one completion path: in the same run, and the next day."""
WAIT_A_DAY = "wait_a_day"
"""The next day's bill may have it."""
CHECK_BANK = "check_bank"
BOOK = "book"
"""Enter it among the costs, or the reserves."""
PERSON = "person"
NOTHING = "nothing"

ACTION = {
    MISSING_HERE: ASK_PROVIDER,
    MISSING_THERE: WAIT_A_DAY,
    AMOUNT_DIFFERS: PERSON,
    CURRENCY_DIFFERS: PERSON,
    TWICE_IN_BILL: PERSON,
    REFUND_UNKNOWN: ASK_PROVIDER,
    DAY_DIFFERS: NOTHING,
    ORDER_UNKNOWN: PERSON,
    REFUND_UNDONE: PERSON,
    DISPUTE_UNKNOWN: ASK_PROVIDER,
    DISPUTE_DIFFERS: PERSON,
    PAYOUT: CHECK_BANK,
    PAYOUT_RETURNED: PERSON,
    ACCOUNT_FEE: BOOK,
    RESERVE: BOOK,
    OTHER_MOVEMENT: PERSON,
}
"""What is proposed for each kind when it is found."""

OPEN = "open"
SETTLED = "settled"
NOTED = "noted"
"""Nothing is wrong: it is told for the accounts."""
NOTED_KINDS = (PAYOUT, ACCOUNT_FEE, RESERVE)

KEEP_SECONDS = 400 * 86_400
PAGE_LIMIT_ITEMS = 1000


class Difference(NamedTuple):
    kind: str
    line_kind: str
    name: str
    """Unique among the lines of its kind: our reference, or the party's id where there is none."""
    reference: str
    """Of the payment."""
    provider_id: str = ""
    ours: Money | None = None
    theirs: Money | None = None
    our_day: str = ""
    occurred_at: int = 0
    """By the bill."""
    action: str = NOTHING
    state: str = OPEN
    outcome: str = ""
    """How it was settled, or why a person is asked; a word."""
    found_at: int = 0
    settled_at: int = 0
    version: int = 0
    held: Fields = {}
    """The item's fields as they were read: what newer code has added stays."""

    @property
    def sort(self) -> str:
        return f"difference#{self.kind}#{self.line_kind}#{self.name}"[:256]


def of_line(kind: str, line: BillLine, ours: Money | None = None) -> Difference:
    return Difference(
        kind, line.kind, line.name, line.reference, line.provider_id, ours, line.amount,
        occurred_at=line.occurred_at, action=ACTION[kind], state=NOTED if kind in NOTED_KINDS else OPEN,
    )  # fmt: skip


def partition_of(provider: str, day: str) -> str:
    return f"reconciliation#{provider}#{day}"


def billed_partition(provider: str, reference: str) -> str:
    """Lines of bills that were not in the day-book of their day: our own line, on another day, is not missing there."""
    return f"billed#{provider}#{reference}"


def keep(store: Store, provider: str, day: str, found: Difference, line: BillLine | None) -> bool:
    """Whether it is new. `line`: of the bill, remembered for the days around."""
    at = found.found_at
    difference = Create(Key(partition_of(provider, day), found.sort), _fields(found), expires_at=at + KEEP_SECONDS)
    changes = [difference]
    if line is not None and line.reference and found.kind != TWICE_IN_BILL:
        changes.append(_billed(provider, day, line, at))
    try:
        store.commit(*changes)
    except CommitConflict as conflict:
        if conflict.key == difference.key or len(changes) == 1:
            return False
        return keep(store, provider, day, found, None)  # a bill before this one has had the line too
    return True


def remember(store: Store, provider: str, day: str, line: BillLine, at: int) -> None:
    """That a bill has had this line, though nothing is different: for what is told to us weeks later."""
    try:
        store.commit(_billed(provider, day, line, at))
    except CommitConflict:
        pass  # this bill's run before, or another bill


def _billed(provider: str, day: str, line: BillLine, at: int) -> Create:
    key = Key(billed_partition(provider, line.reference), f"{line.kind}#{line.name}"[:256])
    return Create(key, {"amount": list(line.amount), "day": day}, expires_at=at + KEEP_SECONDS)


def change(store: Store, provider: str, day: str, before: Difference, **now: object) -> Difference:
    """Raises CommitConflict: another run has changed it."""
    after = before._replace(**now)  # type: ignore[arg-type]
    key = Key(partition_of(provider, day), before.sort)
    store.commit(Replace(key, _fields(after), before.version, expires_at=before.found_at + KEEP_SECONDS))
    return after._replace(version=before.version + 1)


def read(store: Store, provider: str, day: str) -> Iterator[Difference]:
    after = None
    while True:  # ends with the partition: a run keeps FINDINGS_LIMIT at the most
        page = store.query(partition_of(provider, day), "difference#", after=after, limit=PAGE_LIMIT_ITEMS)
        for item in page.items:
            yield _read(item)
        if page.next is None:
            return
        after = page.next


def read_one(store: Store, provider: str, day: str, sort: str) -> Difference | None:
    item = store.get(Key(partition_of(provider, day), sort))
    return None if item is None else _read(item)


_NOT_WRITTEN = ("version", "held")


def _fields(difference: Difference) -> dict[str, object]:
    fields = difference._asdict()
    for name in _NOT_WRITTEN:
        del fields[name]
    return {**difference.held, **fields, "ours": _listed(difference.ours), "theirs": _listed(difference.theirs)}


def _listed(money: Money | None) -> list[object] | None:
    return None if money is None else list(money)


def _read(item: Item) -> Difference:
    fields = {name: value for name, value in item.fields.items() if name in Difference._fields}
    for name in ("ours", "theirs"):
        fields[name] = None if fields[name] is None else Money(*fields[name])
    return Difference(**fields, version=item.version, held=item.fields)
