"""Whether a payment was made while the rate lock of its order held: by the time of the payment, not by when we heard.

The time is the provider's, signed or fetched. Where the payer agreed first and we took the money after, it is the time
of the agreement: a capture that we made late is not the payer's lateness.
"""

from __future__ import annotations

from twinshore.payments.order import Order, OrderAttempt

CLOCK_SKEW_SECONDS = 60
"""The provider's clock and ours may differ by this much: a payment so shortly after the end is honoured, and a time
that is further in the future, or before the order was placed, is not believed (then the time of hearing counts)."""


def believed(order: Order, occurred_at: int, now: int) -> int:
    """The time to count with, of news that was heard at `now`."""
    plausible = order.created_at - CLOCK_SKEW_SECONDS <= occurred_at <= now + CLOCK_SKEW_SECONDS
    return occurred_at if occurred_at and plausible else now


def held(order: Order, attempt: OrderAttempt) -> bool:
    """Whether the lock, if there is one, held when the payer agreed to this attempt or paid it."""
    paid_at = attempt.authorised_at or attempt.captured_at
    return not order.lock_ends_at or paid_at < order.lock_ends_at + CLOCK_SKEW_SECONDS


def is_over(order: Order, now: int) -> bool:
    return bool(order.lock_ends_at) and now >= order.lock_ends_at + CLOCK_SKEW_SECONDS
