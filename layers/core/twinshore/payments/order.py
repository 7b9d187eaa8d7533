"""The order: what it is, and how it is kept. One item holds all that a payment notice may move, so that a notice is one
conditional write; it stays below 1 kB for an ordinary order (one write unit on DynamoDB)."""

from typing import Any, NamedTuple
from zlib import crc32

from twinshore.cells import CELL_LABEL
from twinshore.errors import NotFound, must
from twinshore.money import Money
from twinshore.payments import port
from twinshore.store.port import Fields, Item, Key, Replace, Store
from twinshore.store.rows import record_of, row_of

REFUNDABLE = (port.CAPTURED, port.PART_REFUNDED, port.DISPUTE_WON)
DISPUTES = (port.DISPUTED, port.DISPUTE_WON, port.DISPUTE_LOST)
SETTLED = (port.CAPTURED, port.PART_REFUNDED, port.REFUNDED, *DISPUTES)
"""The capture is known."""
OPEN = (port.CREATED, port.PENDING, port.AUTHORISED)
"""It may still be paid."""
ORDER_ID_LENGTH = 26
AMOUNT_DIFFERS = "amount_differs"
"""Captured, but not what was ordered."""
REQUESTED = "requested"
"""A refund that waits for a person's yes. It is promised already: nothing else may use it up."""
REFUND_REQUESTED = "refund_requested"
"""The flag that asks for it."""
HOUSE = "house"
"""Who resolves a flag by a rule."""


class OrderNotFound(NotFound):
    """Also for another member's order: whether it exists is nobody else's business."""

    slug = "order-not-found"
    title_en = "There is no such order"
    title_zh = "订单不存在"


class OrderAttempt(NamedTuple):
    """One try to pay, as we know it. `captured_at` and `closed_at` are 0 until they happen."""

    number: int
    provider: str
    method: str
    expires_at: int
    state: str = port.CREATED
    provider_id: str = ""
    captured_at: int = 0
    refunded_minor: int = 0
    """The total refunded, by the newest news: it only grows."""
    authorised_at: int = 0
    """When the payer agreed, where the money is set aside first."""
    dispute: str = ""
    """The newest word of a dispute, also while the capture is not known."""
    lost_minor: int = 0
    """What a lost dispute took, beside what was refunded."""
    return_url: str = ""
    country: str = ""
    language: str = ""
    """What the provider was told of the payer: the same when the attempt is sent again."""
    refunded_at: int = 0
    """When the newest refund was, by the provider."""
    more: tuple[Any, ...] = ()
    """What newer code has put behind these."""


class OrderRefund(NamedTuple):
    """A refund that we asked for. `state` is REQUESTED, PENDING, REFUNDED or FAILED."""

    number: int
    attempt: int
    amount_minor: int
    at: int
    request: str
    """Names the request that asked for it, so that a repeated request finds it."""
    state: str = port.PENDING
    reason: str = ""
    more: tuple[Any, ...] = ()


class Flag(NamedTuple):
    """Why a person must look. Amount and currency as the provider said them, where that is the trouble. It stays with
    the order when it is resolved: the same news calls nobody twice."""

    reason: str
    attempt: int
    at: int
    amount_minor: int = 0
    currency: str = ""
    about: str = ""
    """The reference of the refund that is meant, where it is one."""
    action: str = ""
    """What was done about it; "" while somebody must look."""
    by: str = ""
    """Who did it: a service's name, or HOUSE for a rule of ours."""
    resolved_at: int = 0
    note: str = ""
    more: tuple[Any, ...] = ()

    @property
    def what(self) -> tuple[str, int, str]:
        """Two flags of the same are one."""
        return self.reason, self.attempt, self.about


class Order(NamedTuple):
    id: str
    cell: str
    """The member's home cell, where this order is kept."""
    member_id: str
    amount: Money
    description: str
    created_at: int
    expires_at: int
    quoted: Money | None = None
    """The price that a locked quote turned into `amount`: refunds go back through the same pair of numbers."""
    attempts: tuple[OrderAttempt, ...] = ()
    refunds: tuple[OrderRefund, ...] = ()
    flags: tuple[Flag, ...] = ()
    paid_by: int = 0
    """Number of the attempt that paid, 0 before."""
    credited: bool = False
    """`payment.captured` was told for this order: once, and only for the right amount on an order that was open."""
    lock_ends_at: int = 0
    """End of the rate lock that made `amount` of `quoted`; 0 without one."""
    requoted_minor: int = 0
    """What the price would have cost at the rate of the day, for a payment after the end of the lock."""
    part_of: str = ""
    """The order that this one is an instalment of."""
    version: int = 0
    held: Fields = {}
    """The item's fields as they were read: what newer code has added is written back with them."""

    @property
    def key(self) -> Key:
        return order_key(self.id)

    @property
    def open_attempts(self) -> tuple[OrderAttempt, ...]:
        return tuple(one for one in self.attempts if one.state in OPEN)

    def attempt(self, number: int) -> OrderAttempt | None:
        return next((one for one in self.attempts if one.number == number), None)

    @property
    def open_flags(self) -> tuple[Flag, ...]:
        return tuple(one for one in self.flags if not one.action)

    def flag_id(self, flag: Flag) -> str:
        name = f"{self.id}-{flag.attempt}-{flag.reason}"
        return f"{name}-{crc32(flag.about.encode()):08x}" if flag.about else name

    def with_flag(self, changed: Flag) -> "Order":
        return self._replace(flags=tuple(changed if one.what == changed.what else one for one in self.flags))

    def taken(self, number: int) -> Money:
        """What the provider took by this attempt: what was ordered, unless it said something else."""
        for flag in self.flags:
            if flag.reason == AMOUNT_DIFFERS and flag.attempt == number and flag.currency == self.amount.currency:
                return Money(flag.amount_minor, flag.currency)
        return self.amount

    def with_attempt(self, changed: OrderAttempt) -> "Order":
        kept = tuple(changed if one.number == changed.number else one for one in self.attempts)
        return self._replace(attempts=kept)

    def reference(self, attempt: OrderAttempt) -> str:
        return f"{self.id}-{attempt.number}"

    def refund_reference(self, refund: OrderRefund) -> str:
        return f"{self.id}-r{refund.number}"

    def state(self, now: int) -> str:
        """What has been paid leads; then what may still be paid; then how the last attempt ended."""
        paid = self.attempt(self.paid_by)
        if paid is not None:
            return paid.state
        if self.open_attempts:
            agreed = any(one.state == port.AUTHORISED for one in self.open_attempts)
            return port.AUTHORISED if agreed else port.PENDING
        if now >= self.expires_at:
            return port.CLOSED
        return self.attempts[-1].state if self.attempts else port.CREATED

    def promised_refunds_minor(self) -> int:
        """Refunded, or asked to be: never more than was captured."""
        asked = sum(
            one.amount_minor for one in self.refunds if one.state != port.FAILED and one.attempt == self.paid_by
        )
        paid = self.attempt(self.paid_by)
        return max(asked, paid.refunded_minor if paid else 0)


def order_key(order_id: str) -> Key:
    return Key(f"order#{order_id}", "order")


def quote_key(order_id: str) -> Key:
    """Where the rate lock of an order is kept, whole."""
    return Key(order_key(order_id).partition, "quote")


def order_id_of(reference: str) -> str:
    """The order of one of our references (`<order id>-<n>`, `<order id>-r<n>`)."""
    return reference[:ORDER_ID_LENGTH]


def number_in(reference: str) -> int:
    """The attempt's number, or 0 if this is not a reference of ours."""
    number = reference[ORDER_ID_LENGTH + 1 :]
    ours = reference[ORDER_ID_LENGTH : ORDER_ID_LENGTH + 1] == "-" and number.isascii() and number.isdigit()
    return int(number) if ours and len(number) <= 3 else 0


def replace(order: Order) -> Replace:
    """Every write of an order is conditional on the version that was read."""
    return Replace(order.key, as_fields(order), order.version)


def load(store: Store, order_id: str) -> Order | None:
    if len(order_id) != ORDER_ID_LENGTH or not order_id.isascii() or not order_id.isalnum():
        return None
    item = store.get(order_key(order_id))
    return None if item is None else from_item(item)


def load_own(store: Store, order_id: str, member_id: str) -> Order:
    """Raises OrderNotFound."""
    order = load(store, order_id)
    if order is None or order.member_id != member_id:
        raise OrderNotFound
    return order


def as_fields(order: Order) -> Fields:
    """Tuples without names inside: the item is small, and these records only ever grow at the end, before `more`."""
    locked = {"lock_ends_at": order.lock_ends_at, "requoted": order.requoted_minor} if order.lock_ends_at else {}
    part = {"part_of": order.part_of} if order.part_of else {}
    return {
        **order.held,
        **locked,
        **part,
        CELL_LABEL: order.cell,
        "member": order.member_id,
        "amount": list(order.amount),
        "description": order.description,
        "created_at": order.created_at,
        "expires_at": order.expires_at,
        "quoted": None if order.quoted is None else list(order.quoted),
        "attempts": [row_of(one) for one in order.attempts],
        "refunds": [row_of(one) for one in order.refunds],
        "flags": [row_of(one) for one in order.flags],
        "paid_by": order.paid_by,
        "credited": order.credited,
    }


def from_item(item: Item) -> Order:
    fields = item.fields
    must(item.key.sort == "order", "an order is read from an order's item")
    quoted = fields["quoted"]
    return Order(
        id=item.key.partition.partition("#")[2],
        cell=fields[CELL_LABEL],
        member_id=fields["member"],
        amount=Money(*fields["amount"]),
        description=fields["description"],
        created_at=fields["created_at"],
        expires_at=fields["expires_at"],
        quoted=None if quoted is None else Money(*quoted),
        attempts=tuple(record_of(OrderAttempt, one) for one in fields["attempts"]),
        refunds=tuple(record_of(OrderRefund, one) for one in fields["refunds"]),
        flags=tuple(record_of(Flag, one) for one in fields["flags"]),
        paid_by=fields["paid_by"],
        credited=fields["credited"],
        lock_ends_at=fields.get("lock_ends_at", 0),
        requoted_minor=fields.get("requoted", 0),
        part_of=fields.get("part_of", ""),
        version=item.version,
        held=fields,
    )
