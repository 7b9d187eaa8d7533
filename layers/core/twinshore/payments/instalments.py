"""Paying in parts: a plan of dated parts, each an order of its own that any provider's method can pay.

So each part has its own attempts, receipt, points, postings and refunds by the ways that orders have anyway. The order
that was divided only adds up: it is paid when all of its parts are, and tells `plan.completed` instead of
`payment.captured`, for the money was told part by part.
"""

from __future__ import annotations

import time
from typing import Any, Callable, Mapping, NamedTuple

from twinshore.cells import INSTALMENTS
from twinshore.charging import step_minor
from twinshore.events import Event
from twinshore.ids import new_id
from twinshore.money import Money, allocate
from twinshore.payments.completion import apply
from twinshore.payments.order import SETTLED, Order, as_fields, load, order_id_of, order_key, replace
from twinshore.payments.orders import listing_of
from twinshore.payments.port import (
    CAPTURED,
    CREATED,
    PENDING,
    Acknowledgement,
    Attempt,
    Notice,
    OutcomeUnknown,
    ProviderRefused,
    SignatureRefused,
    Started,
)
from twinshore.store.port import CommitConflict, Create, Key, Store

INTERVAL_SECONDS = 30 * 86_400
GRACE_SECONDS = 7 * 86_400
"""A part can be paid from the first day on, and this long after it was due."""


def life_seconds(parts: int) -> int:
    """How long a plan may run: until its last part can no longer be paid."""
    return (parts - 1) * INTERVAL_SECONDS + GRACE_SECONDS


class Part(NamedTuple):
    order_id: str
    amount_minor: int
    due_at: int


class Instalments:
    """The plan behind the port of a provider: `create` divides, `query` adds up."""

    def __init__(self, store: Store, parts_of: Callable[[str], int]) -> None:
        """`parts_of`: how many parts a method, by its name, divides into."""
        self._store = store
        self._parts_of = parts_of

    def create(self, attempt: Attempt, now: int) -> Started:
        """The same attempt again: the same plan. Raises ProviderRefused for more parts than there are units."""
        plan = self._plan(attempt.reference)
        if not plan:
            plan = self._divide(attempt, now)
        return Started("", {"parts": [_shown(part, attempt.amount.currency) for part in plan]})

    def query(self, reference: str, provider_id: str, now: int) -> Notice:
        plan = self._plan(reference)
        if not plan:
            return Notice(f"query:{reference}", reference, "", CREATED, None, 0)
        parts = self._orders(plan)
        paid = [order.attempt(order.paid_by) for order in parts]
        if not all(order.credited and one is not None and one.state in SETTLED for order, one in zip(parts, paid)):
            return Notice(f"query:{reference}:pending", reference, "", PENDING, None, 0)
        total = Money(sum(order.amount.amount_minor for order in parts), parts[0].amount.currency)
        last_at = max(one.captured_at for one in paid if one is not None)
        return Notice(f"query:{reference}:paid", reference, "", CAPTURED, total, last_at)

    def close(self, reference: str, provider_id: str, now: int) -> None:
        """Only a plan of which nothing was paid or begun. Raises ProviderRefused, OutcomeUnknown."""
        plan = self._plan(reference)
        parts = self._orders(plan)
        if any(order.paid_by or order.open_attempts for order in parts):
            raise ProviderRefused(reason="plan_running")
        if parts:
            try:
                self._store.commit(*(replace(order._replace(expires_at=min(order.expires_at, now))) for order in parts))
            except CommitConflict:
                raise OutcomeUnknown("a part of the plan is moving") from None

    def refund(
        self, reference: str, provider_id: str, refund_reference: str, amount: Money, total: Money, now: int
    ) -> str:
        raise ProviderRefused(reason="refund_the_parts")

    def capture(self, reference: str, provider_id: str, returned: Mapping[str, str], amount: Money, now: int) -> Notice:
        return self.query(reference, provider_id, now)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: int) -> tuple[list[Notice], Acknowledgement]:
        raise SignatureRefused

    def _divide(self, attempt: Attempt, now: int) -> list[Part]:
        """All in one commit: the plan and its orders. The first parts take what does not divide, in whole steps of what
        is charged, and the very first what is less than a step."""
        whole = load(self._store, attempt.order_id)
        count = self._parts_of(attempt.method)
        if whole is None or attempt.amount.amount_minor < count * step_minor(attempt.amount.currency):
            raise ProviderRefused(reason="amount")
        plan = [Part(new_id(now), amount_minor, now + number * INTERVAL_SECONDS)
                for number, amount_minor in enumerate(_shares(attempt.amount, count))]  # fmt: skip
        parts = [_part_order(whole, part, now) for part in plan]
        changes = [change for part in parts for change in (Create(part.key, as_fields(part)), listing_of(part))]
        try:
            self._store.commit(Create(_plan_key(attempt.reference), {"parts": [list(part) for part in plan]}), *changes)
        except CommitConflict:  # the same attempt at the same moment
            return self._plan(attempt.reference)
        return plan

    def _plan(self, reference: str) -> list[Part]:
        item = self._store.get(_plan_key(reference))
        return [] if item is None else [Part(*one) for one in item.fields["parts"]]

    def _orders(self, plan: list[Part]) -> list[Order]:
        found = [load(self._store, part.order_id) for part in plan]
        return [order for order in found if order is not None]


def _shares(amount: Money, count: int) -> list[int]:
    step = step_minor(amount.currency)
    steps, rest = divmod(amount.amount_minor, step)
    shares = [part.amount_minor * step for part in allocate(Money(steps, amount.currency), [1] * count)]
    return [shares[0] + rest, *shares[1:]]


def complete(event: Event, store: Store, plans: Instalments, now: int) -> None:
    """Consumer of `payment.captured`: when it was a part that was paid, see whether it was the last one. The poll and a
    client that asks find out as well."""
    order = load(store, str(event.data["order_id"]))
    whole = load(store, order.part_of) if order is not None and order.part_of else None
    if whole is None:
        return
    for attempt in whole.open_attempts:
        if attempt.provider == INSTALMENTS:
            reference = whole.reference(attempt)
            apply(store, INSTALMENTS, plans.query(reference, "", now), now)


def _part_order(whole: Order, part: Part, now: int) -> Order:
    return Order(
        id=part.order_id, cell=whole.cell, member_id=whole.member_id, description=whole.description, created_at=now,
        amount=Money(part.amount_minor, whole.amount.currency), expires_at=part.due_at + GRACE_SECONDS,
        part_of=whole.id, version=1,
    )  # fmt: skip


def _plan_key(reference: str) -> Key:
    return Key(order_key(order_id_of(reference)).partition, f"plan#{reference}")


def _shown(part: Part, currency: str) -> dict[str, Any]:
    return {
        "order_id": part.order_id,
        "amount": {"amount_minor": part.amount_minor, "currency": currency},
        "due_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(part.due_at)),
    }
