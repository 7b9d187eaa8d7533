"""What one piece of news makes of an order: a pure function, so that every interleaving can be tried.

News that changes nothing gives back an equal order: that is how a duplicate is known.
"""

from typing import NamedTuple

from twinshore.cells import BY_HAND, INSTALMENTS
from twinshore.events import Event
from twinshore.payments import told
from twinshore.payments.locks import believed, held
from twinshore.payments.order import AMOUNT_DIFFERS, DISPUTES, HOUSE, SETTLED, Flag, Order, OrderAttempt, OrderRefund
from twinshore.payments.port import (
    AUTHORISED,
    CAPTURED,
    CREATED,
    DISPUTE_LOST,
    DISPUTE_WON,
    DISPUTED,
    FAILED,
    PART_REFUNDED,
    PENDING,
    REFUNDED,
    Notice,
)
from twinshore.payments.states import TABLE

LOCK_EXPIRED = "lock_expired"
AMOUNT_UNKNOWN = "amount_unknown"
CAPTURE_FAILED = "capture_failed"
"""The money that was ours is not: the provider could not collect it after all."""
NOTICE_MISSING = "notice_missing"
NOTICE_WAIT_SECONDS = 86_400
"""After the attempt's end: a notice that the provider owes us is this late before a person looks into it there."""
PAID_TWICE = "paid_twice"
UNRESOLVED = "unresolved"
REFUND_NOT_OURS = "refund_not_ours"
REFUND_UNDONE = "refund_undone"
REFUND_UNKNOWN = "refund_unknown"
"""Some of it went back before we heard of the payment, and the provider does not say how much."""
_REFUND_NEWS = (PART_REFUNDED, REFUNDED)


class Advance(NamedTuple):
    order: Order
    events: tuple[Event, ...] = ()

    def then(self, order: Order, *events: Event) -> "Advance":
        return Advance(order, self.events + events)


class Resolution(NamedTuple):
    """What was done about a flag, by whom, when, and why."""

    action: str
    by: str
    at: int
    note: str = ""


def advance(order: Order, attempt: OrderAttempt, notice: Notice, now: int) -> Advance:
    """The order after `notice` about `attempt` (one of its own), and what there is to tell."""
    so_far = Advance(order)
    if notice.provider_id and not attempt.provider_id:
        so_far = Advance(order.with_attempt(attempt._replace(provider_id=notice.provider_id)))
    if notice.captured is not None and notice.state in (*_REFUND_NEWS, *DISPUTES):
        first = notice._replace(state=CAPTURED, amount=notice.captured, occurred_at=notice.captured_at)
        so_far = _payment_news(so_far, attempt.number, first, now)
    if notice.awaits_notice and now >= attempt.expires_at + NOTICE_WAIT_SECONDS and attempt.state not in SETTLED:
        so_far = raise_flag(so_far, attempt.number, NOTICE_MISSING, now)
    if notice.refund_reference:
        so_far = _refund_news(so_far, attempt.number, notice, now)
    elif notice.state in DISPUTES:
        so_far = _dispute_news(so_far, attempt.number, notice, now)
    elif notice.state not in _REFUND_NEWS:
        so_far = _payment_news(so_far, attempt.number, notice, now)
    if notice.state in _REFUND_NEWS:
        so_far = _note_total(so_far, attempt.number, notice, now)
    return _settle_loss(_settle_refunds(so_far, order, attempt, now), attempt, notice, now)


def raise_flag(so_far: Advance, number: int, reason: str, now: int, notice: Notice | None = None) -> Advance:
    """Once per reason and attempt: repeated news does not call the same person twice."""
    raised = Flag(reason, number, now)
    if notice is not None and notice.amount is not None:
        raised = raised._replace(amount_minor=notice.amount.amount_minor, currency=notice.amount.currency)
    if notice is not None and reason in (REFUND_NOT_OURS, REFUND_UNDONE):
        raised = raised._replace(about=notice.refund_reference)
    return put_flag(so_far, raised)


def put_flag(so_far: Advance, raised: Flag) -> Advance:
    order = so_far.order
    if any(one.what == raised.what for one in order.flags):
        return so_far
    return so_far.then(order._replace(flags=(*order.flags, raised)), told.flagged(order, raised))


def resolve_flag(so_far: Advance, flag: Flag, done: Resolution) -> Advance:
    """It stays, as history: news that raised it raises it no more."""
    resolved = flag._replace(action=done.action, by=done.by, resolved_at=done.at, note=done.note)
    return so_far.then(so_far.order.with_flag(resolved), told.flag_resolved(so_far.order, resolved))


def _payment_news(so_far: Advance, number: int, notice: Notice, now: int) -> Advance:
    attempt = _attempt(so_far.order, number)
    # Not every party says what is set aside; what is captured of it is compared again.
    agreed = notice.state == AUTHORISED and (notice.amount is None or attempt.captured_at != 0)
    if notice.state in (AUTHORISED, CAPTURED) and notice.amount != so_far.order.amount and not agreed:
        if notice.amount is None:
            return so_far if attempt.captured_at else raise_flag(so_far, number, AMOUNT_UNKNOWN, now)
        return raise_flag(so_far, number, AMOUNT_DIFFERS, now, notice)
    step = TABLE[attempt.state][notice.state]
    if step.state == CAPTURED and not attempt.captured_at:
        return _capture(so_far, attempt, notice, step.flag, now)
    if step.state == AUTHORISED and attempt.state != AUTHORISED:
        return _authorise(so_far, attempt, notice, now)
    if notice.undone:
        so_far = raise_flag(so_far, number, CAPTURE_FAILED, now)
    promised = (attempt.provider, attempt.state, step.state) == (BY_HAND, CREATED, PENDING)
    events = (told.promised(so_far.order, attempt, now),) if promised else ()
    so_far = so_far.then(so_far.order.with_attempt(attempt._replace(state=step.state)), *events)
    return raise_flag(so_far, number, step.flag, now, notice) if step.flag else so_far


def _authorise(so_far: Advance, attempt: OrderAttempt, notice: Notice, now: int) -> Advance:
    # The time of the first agreement is kept: it is what a rate lock is measured by.
    at = attempt.authorised_at or believed(so_far.order, notice.occurred_at, now)
    agreed = attempt._replace(state=AUTHORISED, authorised_at=at)
    return so_far.then(so_far.order.with_attempt(agreed), told.authorised(so_far.order, agreed, now))


def _capture(so_far: Advance, attempt: OrderAttempt, notice: Notice, trouble: str, now: int) -> Advance:
    captured = attempt._replace(state=CAPTURED, captured_at=believed(so_far.order, notice.occurred_at, now))
    for flag in so_far.order.open_flags:
        if (flag.reason, flag.attempt) == (NOTICE_MISSING, captured.number):
            so_far = resolve_flag(so_far, flag, Resolution("heard", HOUSE, now))
    order = so_far.order.with_attempt(captured)
    if order.paid_by:  # another attempt has paid already: the second sum is the member's, and a person returns it
        return raise_flag(so_far.then(order), captured.number, PAID_TWICE, now, notice)
    order = order._replace(paid_by=captured.number)
    trouble = trouble or ("" if held(order, captured) else LOCK_EXPIRED)
    if trouble:
        return raise_flag(so_far.then(order), captured.number, trouble, now, notice)
    if captured.provider == INSTALMENTS:  # its parts were told, and credited, each by itself
        return so_far.then(order, told.plan_completed(order, captured, now))
    order = order._replace(credited=True)
    return so_far.then(order, told.captured(order, captured, now))


def _dispute_news(so_far: Advance, number: int, notice: Notice, now: int) -> Advance:
    """The word is kept, and told once; the state follows it as soon as the capture is known."""
    attempt = _attempt(so_far.order, number)
    step = TABLE[attempt.dispute or CAPTURED][notice.state]
    if step.flag:
        return raise_flag(so_far, number, step.flag, now, notice)
    if step.state == attempt.dispute:
        return so_far
    changed = attempt._replace(dispute=step.state)
    order = so_far.order.with_attempt(changed)
    if step.state == DISPUTE_WON:  # nobody needs to look any more
        so_far = so_far.then(order, told.dispute_won(order, changed, now))
        for flag in order.open_flags:
            if (flag.reason, flag.attempt) == (DISPUTED, number):
                so_far = resolve_flag(so_far, flag, Resolution("won", HOUSE, now))
        return so_far
    if step.state == DISPUTED:
        so_far = so_far.then(order, told.disputed(order, changed, notice, now))
    return raise_flag(so_far.then(order), number, step.state, now, notice)


def _refund_news(so_far: Advance, number: int, notice: Notice, now: int) -> Advance:
    order = so_far.order
    refund = next((one for one in order.refunds if order.refund_reference(one) == notice.refund_reference), None)
    if refund is None:
        told_by_total = notice.state in _REFUND_NEWS and notice.amount is not None
        if notice.refund_state != REFUNDED or told_by_total:
            return so_far
        return raise_flag(so_far, number, REFUND_NOT_OURS, now, notice)
    if refund.state == notice.refund_state or notice.refund_state not in (REFUNDED, FAILED):
        return so_far
    if refund.state == REFUNDED:  # sent back by the bank: the member has not got the money
        return raise_flag(so_far, number, REFUND_UNDONE, now, notice)
    changed = refund._replace(state=notice.refund_state)
    order = order._replace(refunds=tuple(changed if one.number == refund.number else one for one in order.refunds))
    if notice.refund_state == FAILED:
        return _look_again(so_far.then(order, told.refund_failed(order, changed, now)), changed)
    at = believed(order, notice.occurred_at, now)
    return so_far.then(order.with_attempt(_attempt(order, number)._replace(refunded_at=at)))


def _look_again(so_far: Advance, failed: OrderRefund) -> Advance:
    """The refund was what a person had decided on, and it came to nothing: the flag is open again."""
    for flag in so_far.order.flags:
        if flag.action and failed.request == told.flag_name(flag):
            again = flag._replace(action="")
            so_far = so_far.then(so_far.order.with_flag(again), told.flagged(so_far.order, again, failed.number))
    return so_far


def _note_total(so_far: Advance, number: int, notice: Notice, now: int) -> Advance:
    """The newest total is the largest: refunds only add up."""
    order, attempt = so_far.order, _attempt(so_far.order, number)
    reported = notice.amount
    if reported is None and notice.state == REFUNDED and not notice.refund_reference:
        reported = order.amount
    if reported is None:
        explained = attempt.refunded_minor or any(one.attempt == number for one in order.refunds)
        unknown = notice.captured is not None and not notice.refund_reference and not explained
        return raise_flag(so_far, number, REFUND_UNKNOWN, now) if unknown else so_far
    if reported.currency != order.amount.currency or reported > order.taken(number):
        return raise_flag(so_far, number, "refund_differs", now, notice)
    if reported.amount_minor <= attempt.refunded_minor:
        return so_far
    at = believed(order, notice.occurred_at, now)
    return so_far.then(order.with_attempt(attempt._replace(refunded_minor=reported.amount_minor, refunded_at=at)))


def _settle_refunds(so_far: Advance, was: Order, before: OrderAttempt, now: int) -> Advance:
    """Once the capture is known, bring the state up to what the dispute and the refunds make of it, and tell what is
    new of the refunds."""
    order, attempt = so_far.order, _attempt(so_far.order, before.number)
    if attempt.state not in SETTLED:
        return so_far
    state = TABLE[attempt.state][attempt.dispute].state if attempt.dispute else attempt.state
    own_minor = sum(one.amount_minor for one in order.refunds if one.attempt == before.number and one.state == REFUNDED)
    total_minor = min(max(own_minor, attempt.refunded_minor), order.amount.amount_minor)
    if total_minor:
        news = REFUNDED if total_minor == order.amount.amount_minor else PART_REFUNDED
        state = TABLE[state][news].state
    order = order.with_attempt(attempt._replace(state=state, refunded_minor=total_minor))
    told_minor = before.refunded_minor if before.state in SETTLED else 0
    if total_minor <= told_minor or not _is_credited(order, before.number):
        return so_far.then(order)  # nothing new, or nothing was told of this money, so nothing is untold
    left_minor = order.amount.amount_minor - attempt.lost_minor
    if total_minor > left_minor:  # the bank has taken it and we have given it: the member has it twice
        so_far = raise_flag(so_far.then(order), before.number, "refunded_and_lost", now)
        order = so_far.order
    step_minor = min(total_minor, left_minor) - min(told_minor, left_minor)
    if not step_minor:
        return so_far.then(order)
    step = told.Step(before.number, step_minor, _own_refund(was, order, before.number, step_minor))
    return so_far.then(order, told.refunded(order, step, now))


def _own_refund(was: Order, order: Order, number: int, step_minor: int) -> str:
    """Our reference of the refund that this step is; "" if it was made elsewhere, or may be more than one."""
    fitting = [one for one in order.refunds if one.attempt == number and one.amount_minor == step_minor]
    settled = [one for one in fitting if one.state == REFUNDED and one not in was.refunds]
    found = settled or [one for one in fitting if one.state == PENDING]
    return order.refund_reference(found[0]) if len(found) == 1 else ""


def _settle_loss(so_far: Advance, before: OrderAttempt, notice: Notice, now: int) -> Advance:
    """A lost dispute takes what was not refunded, or the part that the party names; told once."""
    order, attempt = so_far.order, _attempt(so_far.order, before.number)
    if attempt.state != DISPUTE_LOST or attempt.lost_minor:
        return so_far
    lost_minor = order.amount.amount_minor - attempt.refunded_minor
    named = notice.amount if notice.state == DISPUTE_LOST else None
    if named is not None and named.currency == order.amount.currency and 0 < named.amount_minor < lost_minor:
        lost_minor = named.amount_minor
    if not lost_minor:
        return so_far
    attempt = attempt._replace(lost_minor=lost_minor)
    order = order.with_attempt(attempt)
    if not _is_credited(order, attempt.number):
        return so_far.then(order)
    return so_far.then(order, told.dispute_lost(order, attempt, now))


def _is_credited(order: Order, number: int) -> bool:
    return order.paid_by == number and order.credited


def _attempt(order: Order, number: int) -> OrderAttempt:
    return next(one for one in order.attempts if one.number == number)
