"""What the points room does when money has moved."""

from __future__ import annotations

from twinshore.cells import Residency
from twinshore.events import Event
from twinshore.money import Money
from twinshore.points import ledger
from twinshore.points.book import EARN, Ledger, entry_id, find_entry
from twinshore.points.programmes import WHOLE
from twinshore.points.rewards import points_for
from twinshore.store.port import Store


class NotEarnedYet(Exception):
    """The news that money has gone back has overtaken the news that it came: it is to be told again."""


def credit(event: Event, store: Store, residency: Residency, now: int) -> None:
    """`payment.captured`: points for what was paid, once per order."""
    points = points_for(_money(event))
    if points:
        order_id = event.data["order_id"]
        ledger.earn(_book(event, store, residency), points, f"order:{order_id}", order_id, now)


def withdraw(event: Event, store: Store, residency: Residency, now: int) -> None:
    """`payment.refunded`, `dispute.lost` and `payment.lost`: the points of this step go back, once per event, as far as
    they are there.

    Each step is a difference of totals, so that the steps of a whole refund take back what was credited, to the point.
    In a programme that knows whole purchases only, the first step takes back all. Raises NotEarnedYet.
    """
    step = _money(event)
    total = Money(int(event.data.get("taken_back_minor", step.amount_minor)), step.currency)
    whole = Money(int(event.data.get("captured_minor", total.amount_minor)), step.currency)
    book, order_id = _book(event, store, residency), event.data["order_id"]
    all_at_once = book.terms.partial_return == WHOLE
    points = points_for(whole) if all_at_once else points_for(total) - points_for(total - step)
    if not points and not all_at_once:
        return
    earned = find_entry(book, entry_id(EARN, f"order:{order_id}"))
    if earned is None:
        if points:
            raise NotEarnedYet
    elif all_at_once:
        ledger.take_back(book, earned.amount, f"return:{order_id}", order_id, now, of=earned.id)
    else:
        ledger.take_back(book, points, event.id, order_id, now, of=earned.id)


def _book(event: Event, store: Store, residency: Residency) -> Ledger:
    """Of the cell's own programme, unless the event names another."""
    return Ledger(store, residency, event.data["member_id"], str(event.data.get("programme", "")))


def _money(event: Event) -> Money:
    return Money(int(event.data["amount_minor"]), str(event.data["currency"]))
