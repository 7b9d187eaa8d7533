"""The day-book: what we believe has moved, one line per movement, by provider and day of its bill.

Written by consumers of the payments room's events, so that a webhook's own commit stays one write. A line is keyed by
our reference: an event that is told again finds its line.
"""

from typing import Iterator, NamedTuple
from zlib import crc32

from twinshore.events import Event
from twinshore.money import Money
from twinshore.payments.order import Order, OrderRefund, load
from twinshore.payments.port import FAILED, REFUNDED
from twinshore.reconciliation.days import day_of
from twinshore.reconciliation.port import DISPUTE, DISPUTE_REVERSAL, LINES_LIMIT, PAYMENT, REFUND, BillTooLarge
from twinshore.store.port import Change, CommitConflict, Create, Item, Key, Replace, Store, StoreUnavailable

SHARDS = 8
"""Partitions of one provider's day: 8,000 lines a second on DynamoDB."""
KEEP_SECONDS = 400 * 86_400
"""Bills can be had for three months, and accounts are closed within a year."""
PAGE_LIMIT_ITEMS = 1000
ENTER_TRIES = 5


class Entry(NamedTuple):
    """A line of the day-book."""

    kind: str
    name: str
    """Our reference of the payment or of the refund; for a refund made elsewhere, one made of the payment's."""
    amount: Money
    reference: str
    """Our reference of the payment."""
    at: int


def enter_capture(event: Event, store: Store, zone: str) -> None:
    """`payment.captured`: under the day of the provider's own capture time."""
    data = event.data
    amount = Money(int(data["amount_minor"]), str(data["currency"]))
    at = int(data["captured_at"])
    entry = Entry(PAYMENT, data["reference"], amount, data["reference"], at)
    _commit_once(store, _line(entry, data["provider"], day_of(at, zone), at))


def enter_refund(event: Event, store: Store, zone: str) -> None:
    """`payment.refunded`: a line for the refund that it names, or else for each of ours that is not entered yet, and
    one for what is left of the total (a refund made at the provider). Under the day of the provider's own time."""
    data = event.data
    for _ in range(ENTER_TRIES):
        order = load(store, data["order_id"])
        if order is None:
            return
        item = store.get(refunds_key(data["reference"]))
        entered: dict[str, list[object]] = dict(item.fields["entered"]) if item else {}
        at = int(data.get("refunded_at") or event.at)
        entries = list(_new_refunds(event, order, entered, at))
        if not entries:
            return
        day = day_of(at, zone)
        for entry in entries:
            entered[entry.name] = [day, entry.amount.amount_minor]
        lines = [_line(entry, data["provider"], day, at) for entry in entries]
        try:
            store.commit(*lines, _counted(data["reference"], entered, item, event.at))
        except CommitConflict:
            continue  # another refund of the same payment at this moment
        return
    raise StoreUnavailable("the refunds of a payment are contended")


def refunds_key(reference: str) -> Key:
    """All refunds of one payment that are entered: name → [day, amount_minor]."""
    return Key(f"daybook-refunds#{reference}", "refunds")


def partition_of(provider: str, day: str, shard: int) -> str:
    return f"daybook#{provider}#{day}#{shard}"


def enter_dispute(event: Event, store: Store, zone: str) -> None:
    """`dispute.lost`, `dispute.won`: under the day on which we heard. What is given back of a won one is the bill's to
    say; here stands the order's amount, the most that it can be."""
    data = event.data
    if event.name == "dispute.lost":
        entry = Entry(DISPUTE, data["reference"], Money(int(data["amount_minor"]), str(data["currency"])),
                      data["reference"], event.at)  # fmt: skip
    else:
        order = load(store, data["order_id"])
        if order is None:
            return
        entry = Entry(DISPUTE_REVERSAL, data["reference"], order.amount, data["reference"], event.at)
    _commit_once(store, _line(entry, data["provider"], day_of(event.at, zone), event.at))


def shard_of(name: str) -> int:
    """A payment's reference (or what stands for it) → the shard of the day that all its movements are in."""
    return crc32(name.encode()) % SHARDS


def read_day(store: Store, provider: str, day: str) -> dict[tuple[str, str], Entry]:
    """By (kind, name): all the shards. Raises BillTooLarge."""
    found: dict[tuple[str, str], Entry] = {}
    for shard in range(SHARDS):
        found.update(read_shard(store, provider, day, shard))
    return found


def read_shard(store: Store, provider: str, day: str, shard: int) -> dict[tuple[str, str], Entry]:
    """By (kind, name). Raises BillTooLarge."""
    found: dict[tuple[str, str], Entry] = {}
    for item in _items(store, partition_of(provider, day, shard)):
        if len(found) >= LINES_LIMIT:
            raise BillTooLarge("The day-book has too many lines for one run.")
        entry = _entry(item)
        found[entry.kind, entry.name] = entry
    return found


def _items(store: Store, partition: str) -> Iterator[Item]:
    after = None
    while True:  # ends with the partition, or with the limit of who reads
        page = store.query(partition, after=after, limit=PAGE_LIMIT_ITEMS)
        yield from page.items
        if page.next is None:
            return
        after = page.next


def _new_refunds(event: Event, order: Order, entered: dict[str, list[object]], at: int) -> Iterator[Entry]:
    reference, currency = event.data["reference"], event.data["currency"]
    total_minor = int(event.data["refunded_minor"])
    left_minor = total_minor - sum(int(str(minor)) for _, minor in entered.values())
    for refund in _own(order, reference, event.data.get("refund_reference", "")):
        name = order.refund_reference(refund)
        # A total may come before the word about its refund: then one that is only asked for is meant. What is beyond
        # this event's total is a later event's.
        if name in entered or refund.amount_minor > left_minor:
            continue
        left_minor -= refund.amount_minor
        yield Entry(REFUND, name, Money(refund.amount_minor, currency), reference, at)
    if left_minor > 0:
        yield Entry(REFUND, f"{reference}.x{total_minor}", Money(left_minor, currency), reference, at)


def _own(order: Order, reference: str, named: str) -> list[OrderRefund]:
    """Those of this payment that have not failed: the one that is named, then the settled ones."""
    numbers = {one.number for one in order.attempts if order.reference(one) == reference}
    own = [one for one in order.refunds if one.attempt in numbers and one.state != FAILED]
    return sorted(own, key=lambda one: (order.refund_reference(one) != named, one.state != REFUNDED, one.number))


def _line(entry: Entry, provider: str, day: str, at: int) -> Create:
    key = Key(partition_of(provider, day, shard_of(entry.reference)), f"{entry.kind}#{entry.name}")
    fields = {"amount": list(entry.amount), "reference": entry.reference, "at": entry.at}
    return Create(key, fields, expires_at=at + KEEP_SECONDS)


def _entry(item: Item) -> Entry:
    kind, _, name = item.key.sort.partition("#")
    return Entry(kind, name, Money(*item.fields["amount"]), item.fields["reference"], item.fields["at"])


def _counted(reference: str, entered: dict[str, list[object]], item: Item | None, at: int) -> Change:
    fields = {**(item.fields if item else {}), "entered": entered}
    if item is None:
        return Create(refunds_key(reference), fields, expires_at=at + KEEP_SECONDS)
    return Replace(item.key, fields, item.version, expires_at=at + KEEP_SECONDS)


def _commit_once(store: Store, line: Create) -> None:
    try:
        store.commit(line)
    except CommitConflict:
        pass  # the event is told again
