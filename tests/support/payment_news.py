"""An order and what is said of it, without a store or a provider."""

from __future__ import annotations

from typing import Any

from twinshore.events import Event
from twinshore.money import Money
from twinshore.payments import port
from twinshore.payments.advance import advance
from twinshore.payments.order import Order, OrderAttempt
from twinshore.payments.port import Notice

NOW = 1_790_000_000
ORDER_ID = "1" * 26
PRICE = Money(1299, "EUR")


def fresh_order(state: str = port.PENDING, attempts: int = 1) -> Order:
    tries = tuple(OrderAttempt(n, "paper", "paper_money", NOW + 1800, state) for n in range(1, attempts + 1))
    return Order(ORDER_ID, "eu", "m_anna", PRICE, "A kettle", NOW, NOW + 86_400, attempts=tries, version=1)


def news(state: str, amount: Money | None = PRICE, number: int = 1, **more: Any) -> Notice:
    return Notice(f"n.{state}", f"{ORDER_ID}-{number}", "", state, amount, NOW + 5, **more)


def after(order: Order, *notices: Notice, now: int = NOW) -> tuple[Order, list[Event]]:
    told: list[Event] = []
    for notice in notices:
        number = int(notice.reference.rsplit("-", 1)[1])
        attempt = order.attempt(number)
        assert attempt is not None
        step = advance(order, attempt, notice, now)
        order = step.order
        told += step.events
    return order, told


def names(events: list[Event]) -> list[str]:
    return [event.name for event in events]
