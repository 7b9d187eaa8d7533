"""Which refunds a member may make alone, and which wait for a person: a rule of the cell, as data.

Small sums soon after the payment go back at once; what is dearer or later is looked at first. Whoever says nothing says
that everything waits.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Mapping, NamedTuple

from twinshore.payments.order import Order, OrderRefund

DAY_SECONDS = 86_400


class RefundRule(NamedTuple):
    days: int = 0
    """After the payment."""
    limit_minor: Mapping[str, int] = MappingProxyType({})
    """By currency: the most of one order that goes back without a look, all its refunds together. A currency that is
    not named has none."""


def waits(rule: RefundRule, order: Order, refund: OrderRefund, now: int) -> bool:
    """Whether `refund`, a new one, needs a person's yes."""
    paid = order.attempt(order.paid_by)
    too_late = paid is None or now > paid.captured_at + rule.days * DAY_SECONDS
    total_minor = order.promised_refunds_minor() + refund.amount_minor
    return too_late or total_minor > rule.limit_minor.get(order.amount.currency, 0)
