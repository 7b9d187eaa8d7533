"""Money that a person has found to be gone for good, where no notice will ever say so: of a dispute whose party does
not tell of its end, and of a capture that was told and could not be collected."""

from twinshore.payments import told
from twinshore.payments.advance import Advance, Resolution, advance, resolve_flag
from twinshore.payments.order import Flag, Order
from twinshore.payments.port import DISPUTE_LOST, DISPUTED, Notice


def lose(order: Order, flag: Flag, done: Resolution) -> Advance | None:
    """The order without what `flag` is about, with news for those who have counted it; None where nothing was."""
    attempt = next(one for one in order.attempts if one.number == flag.attempt)
    if flag.reason == DISPUTED:
        found = Notice(f"desk.{done.by}", order.reference(attempt), "", DISPUTE_LOST, None, done.at)
        so_far = advance(order, attempt, found, done.at)
        for raised in so_far.order.open_flags:  # the news itself calls nobody: somebody has come with it
            if (raised.reason, raised.attempt) in ((DISPUTED, attempt.number), (DISPUTE_LOST, attempt.number)):
                so_far = resolve_flag(so_far, raised, done)
        return so_far
    lost_minor = order.amount.amount_minor - attempt.refunded_minor
    if attempt.lost_minor or lost_minor <= 0 or not (order.credited and order.paid_by == attempt.number):
        return None
    attempt = attempt._replace(lost_minor=lost_minor)
    order = order.with_attempt(attempt)
    return resolve_flag(Advance(order, (told.lost(order, attempt, done.at),)), flag, done)
