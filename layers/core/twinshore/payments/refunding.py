"""Giving money back: whole or in part, in the captured currency, never more in the sum than was captured.

The refund is promised in the order before the provider hears of it, so that two at once cannot exceed the capture; its
reference makes it the same refund however often it is sent.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from twinshore.cells import INSTALMENTS
from twinshore.errors import Conflict, Unprocessable
from twinshore.idempotency import IdempotencyKey, run_once
from twinshore.money import InexactAmount, Money
from twinshore.payments import port, told
from twinshore.payments.advance import Advance, put_flag
from twinshore.payments.completion import apply
from twinshore.payments.methods import Tills
from twinshore.payments.order import (
    REFUND_REQUESTED,
    REFUNDABLE,
    REQUESTED,
    Flag,
    Order,
    OrderAttempt,
    OrderRefund,
    load_own,
    replace,
)
from twinshore.payments.orders import shown_refund
from twinshore.payments.poll_items import REFUND, start_poll
from twinshore.payments.port import Notice, OutcomeUnknown, PaymentProvider, ProviderRefused
from twinshore.payments.refund_rules import RefundRule, waits
from twinshore.payments.states import WIRE
from twinshore.store.port import CommitConflict, Create, Store, StoreUnavailable

REFUND_LIMIT = 20
"""Per order: it keeps the order's item small; WeChat Pay would take 50."""
REFUND_TRIES = 5
RESEND_SECONDS = 20 * 3_600
"""How long a refund may be sent again: card processors forget its reference after a day (Stripe: 24 h at least), and
then it would be a second refund."""

NOT_LOOKED_AT = "configuration"
"""A reason of ProviderRefused: our key or our clock is not taken, so nothing was said of the refund, which may have
been carried out when it was sent before."""


class OrderNotPaid(Conflict):
    slug = "order-not-paid"
    title_en = "There is nothing to refund in this order"
    title_zh = "订单没有可退款金额"


class OrderDisputed(Conflict):
    """The bank holds the money until the dispute is decided: a refund now could be a second one."""

    slug = "order-disputed"
    title_en = "The payment of this order is in dispute at the bank"
    title_zh = "该订单的支付正在争议处理中"


class RefundTheParts(Conflict):
    """Each instalment went through a payment of its own, and goes back through it."""

    slug = "refund-the-parts"
    title_en = "This order was paid in instalments, please refund those"
    title_zh = "该订单为分期支付，请对各期分别退款"


class RefundTooLarge(Unprocessable):
    """`refundable_minor`: what is left, in the captured currency."""

    slug = "refund-too-large"
    title_en = "The refund is more than what is left of the payment"
    title_zh = "退款金额超过可退余额"


class TooManyRefunds(Conflict):
    slug = "too-many-refunds"
    title_en = "This order has too many refunds already"
    title_zh = "该订单退款次数过多"


class RefundWish(NamedTuple):
    order_id: str
    member_id: str
    amount_minor: int | None
    """None: all that is left."""
    request: IdempotencyKey
    reason: str


def refund_order(store: Store, tills: Tills, wish: RefundWish, now: int) -> dict[str, Any]:
    """The refund as the wire shows it; the same for the same request. Above the cell's rule it is `requested`, and
    waits for a person.

    Raises OrderNotFound, OrderNotPaid, OrderDisputed, RefundTheParts, RefundTooLarge, TooManyRefunds; ProviderRefused,
    InexactAmount (the refund failed); OutcomeUnknown, Unavailable (it is asked about later); IdempotencyKeyReused,
    IdempotencyKeyInProgress.
    """
    return run_once(store, wish.request, wish.member_id, now, lambda: _refund(store, tills, wish, now))


def _refund(store: Store, tills: Tills, wish: RefundWish, now: int) -> dict[str, Any]:
    order, refund = _promise(store, tills.refund_rule, wish, now)
    attempt = order.attempt(refund.attempt)
    if attempt is not None and refund.state == port.PENDING:
        provider = tills.provider(attempt.provider)
        order = ask_for_refund(store, provider, order, attempt, refund, now)
    return {**shown_refund(order, refund.number), "order_id": order.id, "order_status": WIRE[order.state(now)]}


def ask_for_refund(
    store: Store, provider: PaymentProvider, order: Order, attempt: OrderAttempt, refund: OrderRefund, now: int
) -> Order:
    """Send it (again: it is the same refund) and apply what comes back. The order after it."""
    in_dispute = attempt.dispute in (port.DISPUTED, port.DISPUTE_LOST)  # the bank may give it back as well
    if in_dispute or now - refund.at >= RESEND_SECONDS:
        return order
    reference, refund_reference = order.reference(attempt), order.refund_reference(refund)
    amount, taken = Money(refund.amount_minor, order.amount.currency), order.taken(attempt.number)
    try:
        state = provider.refund(reference, attempt.provider_id, refund_reference, amount, taken, now)
    except (ProviderRefused, InexactAmount) as no:  # or 0.50 of a currency that this provider sends without decimals
        if no.extensions.get("reason") == NOT_LOOKED_AT:
            raise OutcomeUnknown("the provider does not take our word at this moment") from no
        apply(store, attempt.provider, _news(reference, refund_reference, port.FAILED, now), now)
        raise
    return apply(store, attempt.provider, _news(reference, refund_reference, state, now), now).order or order


def _promise(store: Store, rule: RefundRule, wish: RefundWish, now: int) -> tuple[Order, OrderRefund]:
    request = hashlib.sha256(wish.request.key.encode()).hexdigest()[:20]
    for _ in range(REFUND_TRIES):
        order = load_own(store, wish.order_id, wish.member_id)
        for asked in order.refunds:
            if asked.request == request and asked.state != port.FAILED:
                return order, asked
        refund = _new_refund(order, wish, request, now)
        polls: tuple[Create, ...] = ()
        if waits(rule, order, refund, now):
            refund = refund._replace(state=REQUESTED)
            after = _asked_for(order._replace(refunds=(*order.refunds, refund)), refund, now)
        else:
            after = Advance(order._replace(refunds=(*order.refunds, refund)))
            polls = (start_poll(order.refund_reference(refund), REFUND, now),)
        try:
            store.commit(replace(after.order), *polls, events=after.events)
        except CommitConflict:
            continue
        return after.order._replace(version=order.version + 1), refund
    raise StoreUnavailable("an order is contended")


def _asked_for(order: Order, refund: OrderRefund, now: int) -> Advance:
    """A person is asked, by a flag that `resolving` knows how to answer."""
    about, currency = order.refund_reference(refund), order.amount.currency
    flag = Flag(REFUND_REQUESTED, refund.attempt, now, refund.amount_minor, currency, about)
    return put_flag(Advance(order, (told.refund_requested(order, refund, now),)), flag)


def _new_refund(order: Order, wish: RefundWish, request: str, now: int) -> OrderRefund:
    paid = order.attempt(order.paid_by)
    if paid is not None and paid.dispute in (port.DISPUTED, port.DISPUTE_LOST):
        raise OrderDisputed
    if paid is not None and paid.provider == INSTALMENTS:
        raise RefundTheParts
    if paid is None or paid.state not in REFUNDABLE:
        raise OrderNotPaid
    left_minor = order.amount.amount_minor - order.promised_refunds_minor()
    wanted_minor = left_minor if wish.amount_minor is None else wish.amount_minor
    if not 0 < wanted_minor <= left_minor:
        raise RefundTooLarge(refundable_minor=left_minor, currency=order.amount.currency)
    if len(order.refunds) >= REFUND_LIMIT:
        raise TooManyRefunds
    return OrderRefund(len(order.refunds) + 1, paid.number, wanted_minor, now, request, reason=wish.reason)


def _news(reference: str, refund_reference: str, state: str, now: int) -> Notice:
    # The payment itself is captured, as before: the news is the refund's.
    return Notice(f"{refund_reference}.{state}", reference, "", port.CAPTURED, None, now, refund_reference, state)
