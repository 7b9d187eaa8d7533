"""What the house's own services say of orders: cash that was taken at the door or refused, a refund paid out by hand, a
held payment that a person accepts. It goes the one completion path, so saying it twice is harmless."""

from __future__ import annotations

from typing import Any, NamedTuple

from twinshore.cells import BY_HAND
from twinshore.errors import Conflict, NotFound
from twinshore.money import Money
from twinshore.payments import port
from twinshore.payments.completion import apply
from twinshore.payments.order import Order, OrderNotFound, load
from twinshore.payments.orders import shown
from twinshore.payments.port import Notice
from twinshore.store.port import Store


class NotPaidByHand(Conflict):
    slug = "not-paid-by-hand"
    title_en = "This order is not to be paid at the door"
    title_zh = "该订单不是货到付款"


class RefundNotFound(NotFound):
    slug = "refund-not-found"
    title_en = "There is no such refund by hand of this order"
    title_zh = "该订单没有这笔人工退款"


class Delivery(NamedTuple):
    order_id: str
    collected: Money | None
    """None: the parcel was refused, or never handed over."""
    at: int
    """Seconds since the epoch; 0: now."""


def report_delivery(store: Store, delivery: Delivery, now: int) -> dict[str, Any]:
    """The order as the wire shows it. Another amount than the order's is flagged, not credited.
    Raises OrderNotFound, NotPaidByHand."""
    order = _order(store, delivery.order_id)
    attempt = next((one for one in reversed(order.attempts) if one.provider == BY_HAND), None)
    if attempt is None:
        raise NotPaidByHand
    state = port.CLOSED if delivery.collected is None else port.CAPTURED
    reference = order.reference(attempt)
    news = Notice(f"desk:{reference}:{state}", reference, "", state, delivery.collected, delivery.at or now)
    return shown(apply(store, BY_HAND, news, now).order or order, now)


class Payout(NamedTuple):
    order_id: str
    refund_reference: str
    paid: bool
    """False: it cannot be paid out; the sum is free to be refunded again."""


def report_refund(store: Store, payout: Payout, now: int) -> dict[str, Any]:
    """A refund in cash or by transfer has been paid out, or cannot be. Raises OrderNotFound, RefundNotFound."""
    order = _order(store, payout.order_id)
    refund = next((one for one in order.refunds if order.refund_reference(one) == payout.refund_reference), None)
    attempt = None if refund is None else order.attempt(refund.attempt)
    if attempt is None or attempt.provider != BY_HAND:
        raise RefundNotFound
    state = port.REFUNDED if payout.paid else port.FAILED
    news = Notice(f"desk:{payout.refund_reference}:{state}", order.reference(attempt), "", port.CAPTURED, None, now,
                  payout.refund_reference, state)  # fmt: skip
    return shown(apply(store, BY_HAND, news, now).order or order, now)


def _order(store: Store, order_id: str) -> Order:
    order = load(store, order_id)
    if order is None:
        raise OrderNotFound
    return order
