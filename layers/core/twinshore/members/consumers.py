"""What the members room does when something has happened elsewhere, or when its own crediting was cut short."""

from __future__ import annotations

from typing import Callable

from twinshore.events import Event
from twinshore.members.standing import Count, Members, count
from twinshore.money import Money

Worth = Callable[[Money], int]
"""Qualifying points of an amount."""


def purchased(event: Event, members: Members, worth: Worth, now: int) -> None:
    """`payment.captured`: qualifying points for what was paid, once per order."""
    points = worth(_money(event))
    if points:
        cause = _purchase(event)
        count(members, Count(str(event.data["member_id"]), cause, points, event.at), now)


def returned(event: Event, members: Members, worth: Worth, now: int) -> None:
    """`payment.refunded`, `dispute.lost` and `payment.lost`: what the money that went back had counted, once per event.

    By differences of totals, so that the steps of a whole refund take back what was counted, to the point.
    """
    step = _money(event)
    total = Money(int(event.data.get("taken_back_minor", step.amount_minor)), step.currency)
    points = worth(total) - worth(total - step)
    if points:
        what = Count(str(event.data["member_id"]), event.id, -points, event.at, _purchase(event))
        count(members, what, now)


def credited(event: Event, credit: Callable[[int, str, str], object]) -> None:
    """`member.checked_in`, `member.benefit_granted`: the points, if the request that earned them died before."""
    if event.data["points"]:
        credit(int(event.data["points"]), str(event.data["cause"]), str(event.data["reason"]))


def _purchase(event: Event) -> str:
    return f"order:{event.data['order_id']}"


def _money(event: Event) -> Money:
    return Money(int(event.data["amount_minor"]), str(event.data["currency"]))
