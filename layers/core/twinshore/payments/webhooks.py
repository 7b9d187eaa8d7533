"""A provider's webhook: verify, remember, answer. The rest happens where the events are consumed."""

from __future__ import annotations

from typing import Mapping

from twinshore import log
from twinshore.payments.completion import apply
from twinshore.payments.locks import is_over
from twinshore.payments.order import load, order_id_of
from twinshore.payments.port import AUTHORISED, CAPTURED, Acknowledgement, Notice, PaymentProvider, ProviderRefused
from twinshore.store.port import Store

WEBHOOK_LIMIT_BYTES = 256 * 1024


def with_query(headers: Mapping[str, str], query: Mapping[str, list[str]]) -> dict[str, str]:
    """Headers, and each parameter of the query (its last value) as `?name`, which no header can be called (RFC 9110,
    5.6.2): some providers sign a part of their webhook's address."""
    return {**headers, **{f"?{name}": values[-1] for name, values in query.items()}}


def receive(
    store: Store, name: str, provider: PaymentProvider, headers: Mapping[str, str], body: bytes, now: int
) -> Acknowledgement:
    """The provider's own acknowledgement, after every notice in the body is durable.

    Raises SignatureRefused, BadRequest; StoreUnavailable, OutcomeUnknown: the provider will send it again.
    """
    notices, acknowledgement = provider.read_webhook(headers, body, now)
    for notice in notices:
        outcome = apply(store, name, _timed(store, provider, _whole(provider, notice, now), now), now)
        log.line("info", "payment notice", provider=name, notice=notice.id, state=notice.state, result=outcome.what)
    return acknowledgement


def _whole(provider: PaymentProvider, notice: Notice, now: int) -> Notice:
    """A capture whose signature does not cover the amount is fetched before money state moves."""
    if notice.state == CAPTURED and notice.amount is None and not notice.refund_reference:
        return provider.query(notice.reference, notice.provider_id, now)
    return notice


def _timed(store: Store, provider: PaymentProvider, notice: Notice, now: int) -> Notice:
    """Only where it decides over a rate lock is the time of a payment worth a question, if the notice does not say."""
    if notice.state not in (AUTHORISED, CAPTURED) or notice.occurred_at or notice.refund_reference:
        return notice
    order = load(store, order_id_of(notice.reference))
    if order is None or order.paid_by or not is_over(order, now):
        return notice
    try:
        fetched = provider.query(notice.reference, notice.provider_id, now)
    except ProviderRefused:
        return notice  # it cannot be asked: the time of hearing counts
    return notice._replace(occurred_at=fetched.occurred_at) if fetched.state == notice.state else notice
