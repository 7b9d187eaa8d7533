"""The events that orders tell. Each id names the transition, so that the same transition, however it was learnt of, is
the same event. Data: ids and numbers, no personal data beyond the member id.

    payment.authorised  order_id, member_id, provider, reference: approved by the payer, and to be captured by us
    payment.promised    order_id, member_id, amount_minor, currency, provider, reference: to be paid at the door
    payment.captured    order_id, member_id, amount_minor, currency, provider, reference, captured_at, and for an
                        instalment part_of: the order that was divided
    plan.completed      order_id, member_id, provider, reference: the last instalment of this order is paid
    payment.refunded    order_id, member_id, amount_minor (this step), refunded_minor (all steps), captured_minor,
                        taken_back_minor (all steps and a loss), currency, provider, reference, refund_reference
                        (ours; "" for what was refunded at the provider, or for several at once), refunded_at (by the
                        provider; when we heard, where it does not say)
    payment.disputed    order_id, member_id, amount_minor (in dispute), currency, provider, reference
    dispute.won         order_id, member_id, provider, reference
    dispute.lost        order_id, member_id, amount_minor (what the bank took back), taken_back_minor,
                        captured_minor, currency, provider, reference
    payment.lost        the same: a person has found that what was told as captured will never come
    payment.flagged     order_id, member_id, reason, provider, reference, amount_minor, currency (as the provider said)
    flag.resolved       order_id, member_id, reason, provider, reference, flag_id, action, by
    refund.requested    order_id, member_id, amount_minor, currency, refund_reference: it waits for a person
    refund.declined     the same: a person has said no
    refund.failed       order_id, member_id, amount_minor, currency, refund_reference
"""

from typing import Any, NamedTuple
from zlib import crc32

from twinshore.events import Event
from twinshore.payments.order import Flag, Order, OrderAttempt, OrderRefund
from twinshore.payments.port import Notice


def authorised(order: Order, attempt: OrderAttempt, now: int) -> Event:
    # A card may be declined after it was authorised, and another one authorised: each time is to be captured.
    return Event(f"{order.id}.authorised.{attempt.number}.{order.version}", "payment.authorised", now,
                 _about(order, attempt))  # fmt: skip


def captured(order: Order, attempt: OrderAttempt, now: int) -> Event:
    data = {**_about(order, attempt), **order.amount._asdict(), "captured_at": attempt.captured_at}
    if order.part_of:
        data["part_of"] = order.part_of
    return Event(f"{order.id}.captured", "payment.captured", now, data)


def promised(order: Order, attempt: OrderAttempt, now: int) -> Event:
    data = {**_about(order, attempt), **order.amount._asdict()}
    return Event(f"{order.id}.promised.{attempt.number}", "payment.promised", now, data)


def plan_completed(order: Order, attempt: OrderAttempt, now: int) -> Event:
    return Event(f"{order.id}.plan-completed", "plan.completed", now, _about(order, attempt))


class Step(NamedTuple):
    """What went back of one attempt, in one step."""

    number: int
    amount_minor: int
    refund_reference: str


def refunded(order: Order, step: Step, now: int) -> Event:
    attempt = next(one for one in order.attempts if one.number == step.number)
    data = {
        **_about(order, attempt),
        "amount_minor": step.amount_minor,
        "refund_reference": step.refund_reference,
        "refunded_at": attempt.refunded_at or now,
        "refunded_minor": attempt.refunded_minor,
        "taken_back_minor": min(attempt.refunded_minor + attempt.lost_minor, order.amount.amount_minor),
        "captured_minor": order.amount.amount_minor,
        "currency": order.amount.currency,
    }
    return Event(f"{order.id}.refunded.{attempt.refunded_minor}", "payment.refunded", now, data)


def disputed(order: Order, attempt: OrderAttempt, notice: Notice, now: int) -> Event:
    data = {**_about(order, attempt), **(notice.amount or order.amount)._asdict()}
    return Event(f"{order.id}.disputed.{attempt.number}", "payment.disputed", now, data)


def dispute_won(order: Order, attempt: OrderAttempt, now: int) -> Event:
    return Event(f"{order.id}.dispute-won.{attempt.number}", "dispute.won", now, _about(order, attempt))


def dispute_lost(order: Order, attempt: OrderAttempt, now: int) -> Event:
    return Event(f"{order.id}.dispute-lost.{attempt.number}", "dispute.lost", now, _loss(order, attempt))


def lost(order: Order, attempt: OrderAttempt, now: int) -> Event:
    return Event(f"{order.id}.lost.{attempt.number}", "payment.lost", now, _loss(order, attempt))


def _loss(order: Order, attempt: OrderAttempt) -> dict[str, Any]:
    return {
        **_about(order, attempt),
        "amount_minor": attempt.lost_minor,
        "taken_back_minor": attempt.refunded_minor + attempt.lost_minor,
        "captured_minor": order.amount.amount_minor,
        "currency": order.amount.currency,
    }


def flagged(order: Order, flag: Flag, again: int = 0) -> Event:
    """again: the number of the refund that has failed, for a flag that was resolved by it."""
    attempt = next(one for one in order.attempts if one.number == flag.attempt)
    data = {
        **_about(order, attempt),
        "reason": flag.reason,
        "amount_minor": flag.amount_minor,
        "currency": flag.currency,
    }
    name = f"{flag_name(flag)}.{again}" if again else flag_name(flag)
    return Event(f"{order.id}.flagged.{name}", "payment.flagged", flag.at, data)


def flag_resolved(order: Order, flag: Flag) -> Event:
    attempt = next(one for one in order.attempts if one.number == flag.attempt)
    data = {**_about(order, attempt), "reason": flag.reason, "flag_id": order.flag_id(flag), "action": flag.action,
            "by": flag.by}  # fmt: skip
    return Event(f"{order.id}.resolved.{flag_name(flag)}.{flag.resolved_at}", "flag.resolved", flag.resolved_at, data)


def flag_name(flag: Flag) -> str:
    name = f"{flag.attempt}.{flag.reason}"
    return f"{name}.{crc32(flag.about.encode()):08x}" if flag.about else name


def refund_failed(order: Order, refund: OrderRefund, now: int) -> Event:
    return _event(order, "refund.failed", refund, now)


def refund_requested(order: Order, refund: OrderRefund, now: int) -> Event:
    return _event(order, "refund.requested", refund, now)


def refund_declined(order: Order, refund: OrderRefund, now: int) -> Event:
    return _event(order, "refund.declined", refund, now)


def _event(order: Order, name: str, refund: OrderRefund, now: int) -> Event:
    data = {
        "order_id": order.id,
        "member_id": order.member_id,
        "amount_minor": refund.amount_minor,
        "currency": order.amount.currency,
        "refund_reference": order.refund_reference(refund),
    }
    return Event(f"{order.id}.{name.replace('.', '-')}.{refund.number}", name, now, data)


def _about(order: Order, attempt: OrderAttempt) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "member_id": order.member_id,
        "provider": attempt.provider,
        "reference": order.reference(attempt),
    }
