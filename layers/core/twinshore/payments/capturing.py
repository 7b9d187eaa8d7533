"""Taking the money of a payment that the payer has approved, where the provider leaves that to us.

Four may come to it: the consumer of `payment.authorised`, the payer's return, a client's question and the poll. The
provider captures once however often it is asked, and what it says goes the one completion path.
"""

from __future__ import annotations

from typing import Any, Callable, Mapping, NamedTuple

from twinshore.errors import NotFound, Problem
from twinshore.events import Event
from twinshore.payments import port
from twinshore.payments.completion import apply
from twinshore.payments.locks import held, is_over
from twinshore.payments.order import OPEN, Order, OrderAttempt, load, load_own, number_in, order_id_of
from twinshore.payments.orders import shown
from twinshore.payments.port import PaymentProvider, ProviderRefused
from twinshore.payments.starting import close_attempt
from twinshore.store.port import Store

Providers = Callable[[str], PaymentProvider]


class Return(NamedTuple):
    order_id: str
    member_id: str
    reference: str
    """Of the attempt."""
    returned: Mapping[str, str]
    """The query that the payer's browser brought back."""


class PaymentNotFound(NotFound):
    slug = "payment-not-found"
    title_en = "There is no such payment of this order"
    title_zh = "该订单没有这笔支付"


def capture_attempt(
    store: Store, provider: PaymentProvider, order: Order, attempt: OrderAttempt, returned: Mapping[str, str], now: int
) -> Order:
    """The order after it. Raises OutcomeUnknown and Unavailable: ask again, it will be the same capture."""
    reference = order.reference(attempt)
    if attempt.state != port.AUTHORISED and is_over(order, now):  # what cannot be honoured is better not taken
        news = provider.query(reference, attempt.provider_id, now)
        order = apply(store, attempt.provider, news, now).order or order
        attempt = order.attempt(attempt.number) or attempt
        if attempt.state != port.AUTHORISED:
            return order
    if order.paid_by or not held(order, attempt):  # a second sum, or one after the lock's end: let go of it
        close_attempt(store, provider, order, attempt, now)
        return load(store, order.id) or order
    try:
        news = provider.capture(reference, attempt.provider_id, returned, order.amount, now)
    except ProviderRefused:  # not approved, declined, or let go of: it says which
        news = provider.query(reference, attempt.provider_id, now)
        if news.state == port.CREATED and attempt.state == port.AUTHORISED:  # there was an approval, and it is gone
            news = news._replace(state=port.FAILED)
    return apply(store, attempt.provider, news, now).order or order


def capture_authorised(event: Event, store: Store, providers: Providers, now: int) -> None:
    """Consumer of `payment.authorised`. Raises Problem to be called again; the poll comes by as well."""
    reference = str(event.data["reference"])
    order = load(store, order_id_of(reference))
    attempt = None if order is None else order.attempt(number_in(reference))
    if order is not None and attempt is not None and attempt.state == port.AUTHORISED:
        capture_attempt(store, providers(attempt.provider), order, attempt, {}, now)


def on_return(store: Store, providers: Providers, back: Return, now: int) -> dict[str, Any]:
    """The payer's browser is back: the order as the wire shows it. Never raises for the provider's troubles: the order
    is shown as it is known, and the poll asks on. Raises OrderNotFound, PaymentNotFound."""
    order = load_own(store, back.order_id, back.member_id)
    attempt = order.attempt(number_in(back.reference)) if order_id_of(back.reference) == order.id else None
    if attempt is None:
        raise PaymentNotFound
    if not order.paid_by and attempt.state in (*OPEN, port.FAILED):
        try:
            order = capture_attempt(store, providers(attempt.provider), order, attempt, back.returned, now)
        except Problem:
            order = load(store, order.id) or order
    return shown(order, now)
