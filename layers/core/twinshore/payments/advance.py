"""What one piece of news makes of an order: a pure function, so that every interleaving can be tried.

News that changes nothing gives back an equal order: that is how a duplicate is known.
"""

from __future__ import annotations

from typing import NamedTuple

from twinshore.events import Event
from twinshore.payments import told
from twinshore.payments.order import SETTLED, Flag, Order, OrderAttempt
from twinshore.payments.port import CAPTURED, FAILED, PART_REFUNDED, REFUNDED, Notice
from twinshore.payments.states import TABLE

_REFUND_NEWS = (PART_REFUNDED, REFUNDED)


class Advance(NamedTuple):
    order: Order
    events: tuple[Event, ...] = ()

    def then(self, order: Order, *events: Event) -> Advance:
        return Advance(order, self.events + events)


def advance(order: Order, attempt: OrderAttempt, notice: Notice, now: int) -> Advance:
    """The order after `notice` about `attempt` (one of its own), and what there is to tell."""
    so_far = Advance(order)
    if notice.provider_id and not attempt.provider_id:
        so_far = Advance(order.with_attempt(attempt._replace(provider_id=notice.provider_id)))
    if notice.refund_reference:
        so_far = _refund_news(so_far, attempt.number, notice, now)
    elif notice.state not in _REFUND_NEWS:
        so_far = _payment_news(so_far, attempt.number, notice, now)
    if notice.state in _REFUND_NEWS:
        so_far = _note_total(so_far, attempt.number, notice, now)
    return _settle_refunds(so_far, attempt, now)


def raise_flag(so_far: Advance, number: int, reason: str, now: int, notice: Notice | None = None) -> Advance:
    """Once per reason and attempt: repeated news does not call the same person twice."""
    order = so_far.order
    if any(one.reason == reason and one.attempt == number for one in order.flags):
        return so_far
    amount = notice.amount if notice is not None else None
    raised = Flag(reason, number, now)
    if amount is not None:
        raised = raised._replace(amount_minor=amount.amount_minor, currency=amount.currency)
    return so_far.then(order._replace(flags=(*order.flags, raised)), told.flagged(order, raised))


def _payment_news(so_far: Advance, number: int, notice: Notice, now: int) -> Advance:
    attempt = _attempt(so_far.order, number)
    if notice.state == CAPTURED and notice.amount != so_far.order.amount:
        if notice.amount is None:
            return so_far if attempt.captured_at else raise_flag(so_far, number, "amount_unknown", now)
        return raise_flag(so_far, number, "amount_differs", now, notice)
    step = TABLE[attempt.state][notice.state]
    if step.state == CAPTURED and not attempt.captured_at:
        return _capture(so_far, attempt, notice, step.flag, now)
    return so_far.then(so_far.order.with_attempt(attempt._replace(state=step.state)))


def _capture(so_far: Advance, attempt: OrderAttempt, notice: Notice, trouble: str, now: int) -> Advance:
    captured = attempt._replace(state=CAPTURED, captured_at=notice.occurred_at or now)
    order = so_far.order.with_attempt(captured)
    if order.paid_by:  # another attempt has paid already: the second sum is the member's, and a person returns it
        return raise_flag(so_far.then(order), captured.number, "paid_twice", now, notice)
    order = order._replace(paid_by=captured.number)
    if trouble:
        return raise_flag(so_far.then(order), captured.number, trouble, now, notice)
    order = order._replace(credited=True)
    return so_far.then(order, told.captured(order, captured, now))


def _refund_news(so_far: Advance, number: int, notice: Notice, now: int) -> Advance:
    order = so_far.order
    refund = next((one for one in order.refunds if order.refund_reference(one) == notice.refund_reference), None)
    if refund is None:
        told_by_total = notice.state in _REFUND_NEWS and notice.amount is not None
        if notice.refund_state != REFUNDED or told_by_total:
            return so_far
        return raise_flag(so_far, number, "refund_not_ours", now, notice)
    if refund.state == notice.refund_state or notice.refund_state not in (REFUNDED, FAILED):
        return so_far
    if refund.state == REFUNDED:  # sent back by the bank: the member has not got the money
        return raise_flag(so_far, number, "refund_undone", now, notice)
    changed = refund._replace(state=notice.refund_state)
    order = order._replace(refunds=tuple(changed if one.number == refund.number else one for one in order.refunds))
    if notice.refund_state == FAILED:
        return so_far.then(order, told.refund_failed(order, changed, now))
    return so_far.then(order)


def _note_total(so_far: Advance, number: int, notice: Notice, now: int) -> Advance:
    """The newest total is the largest: refunds only add up."""
    order, attempt = so_far.order, _attempt(so_far.order, number)
    reported = notice.amount
    if reported is None and notice.state == REFUNDED and not notice.refund_reference:
        reported = order.amount
    if reported is None:
        return so_far
    if reported.currency != order.amount.currency or reported > order.amount:
        return raise_flag(so_far, number, "refund_differs", now, notice)
    if reported.amount_minor <= attempt.refunded_minor:
        return so_far
    return so_far.then(order.with_attempt(attempt._replace(refunded_minor=reported.amount_minor)))


def _settle_refunds(so_far: Advance, before: OrderAttempt, now: int) -> Advance:
    """Once the capture is known, bring the state up to what the refunds add up to, and tell what is new of it."""
    order, attempt = so_far.order, _attempt(so_far.order, before.number)
    own_minor = sum(one.amount_minor for one in order.refunds if one.attempt == before.number and one.state == REFUNDED)
    total_minor = min(max(own_minor, attempt.refunded_minor), order.amount.amount_minor)
    told_minor = before.refunded_minor if before.state in SETTLED else 0
    if attempt.state not in SETTLED or total_minor <= told_minor:
        return so_far
    news = REFUNDED if total_minor == order.amount.amount_minor else PART_REFUNDED
    order = order.with_attempt(attempt._replace(state=TABLE[attempt.state][news].state, refunded_minor=total_minor))
    if order.paid_by != before.number or not order.credited:  # nothing was told of this money, so nothing is untold
        return so_far.then(order)
    return so_far.then(order, told.refunded(order, before.number, told_minor, now))


def _attempt(order: Order, number: int) -> OrderAttempt:
    return next(one for one in order.attempts if one.number == number)
