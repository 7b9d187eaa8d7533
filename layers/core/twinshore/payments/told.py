"""The events that orders tell. Each id names the transition, so that the same transition, however it was learnt of, is
the same event. Data: ids and numbers, no personal data beyond the member id.

    payment.captured  order_id, member_id, amount_minor, currency, provider, reference, captured_at
    payment.refunded  order_id, member_id, amount_minor (this step), refunded_minor (all steps), captured_minor,
                      currency, provider, reference
    payment.flagged   order_id, member_id, reason, provider, reference, amount_minor, currency (as the provider said)
    refund.failed     order_id, member_id, amount_minor, currency, refund_reference
"""

from __future__ import annotations

from twinshore.events import Event
from twinshore.payments.order import Flag, Order, OrderAttempt, OrderRefund


def captured(order: Order, attempt: OrderAttempt, now: int) -> Event:
    data = {
        "order_id": order.id,
        "member_id": order.member_id,
        "amount_minor": order.amount.amount_minor,
        "currency": order.amount.currency,
        "provider": attempt.provider,
        "reference": order.reference(attempt),
        "captured_at": attempt.captured_at,
    }
    return Event(f"{order.id}.captured", "payment.captured", now, data)


def refunded(order: Order, number: int, told_minor: int, now: int) -> Event:
    attempt = next(one for one in order.attempts if one.number == number)
    data = {
        "order_id": order.id,
        "member_id": order.member_id,
        "amount_minor": attempt.refunded_minor - told_minor,
        "refunded_minor": attempt.refunded_minor,
        "captured_minor": order.amount.amount_minor,
        "currency": order.amount.currency,
        "provider": attempt.provider,
        "reference": order.reference(attempt),
    }
    return Event(f"{order.id}.refunded.{attempt.refunded_minor}", "payment.refunded", now, data)


def flagged(order: Order, flag: Flag) -> Event:
    attempt = next(one for one in order.attempts if one.number == flag.attempt)
    data = {
        "order_id": order.id,
        "member_id": order.member_id,
        "reason": flag.reason,
        "provider": attempt.provider,
        "reference": order.reference(attempt),
        "amount_minor": flag.amount_minor,
        "currency": flag.currency,
    }
    return Event(f"{order.id}.flagged.{flag.attempt}.{flag.reason}", "payment.flagged", flag.at, data)


def refund_failed(order: Order, refund: OrderRefund, now: int) -> Event:
    data = {
        "order_id": order.id,
        "member_id": order.member_id,
        "amount_minor": refund.amount_minor,
        "currency": order.amount.currency,
        "refund_reference": order.refund_reference(refund),
    }
    return Event(f"{order.id}.refund-failed.{refund.number}", "refund.failed", now, data)
