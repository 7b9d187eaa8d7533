"""What goes back when money goes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.paper_shop import ANNA, NOW
from twinshore.cells import Residency, load_cells
from twinshore.events import Event
from twinshore.points.book import Ledger
from twinshore.points.consumers import NotEarnedYet, credit, withdraw
from twinshore.points.ledger import balance
from twinshore.points.standing import present
from twinshore.store.sqlite import SqliteStore

ORDER = "00000000000000000000000001"


def event(name: str, amount_minor: int, **data: int | str) -> Event:
    about = {"order_id": ORDER, "member_id": ANNA, "amount_minor": amount_minor, "currency": "EUR", **data}
    return Event(f"{ORDER}.{name}.{data}", name, NOW, about)


@pytest.mark.parametrize("steps", [(999,), (333, 666), (1, 1, 997), (11, 11, 11, 966), (500, 499)], ids=str)
def test_the_steps_of_a_whole_refund_take_back_what_was_credited(steps: tuple[int, ...], tmp_path: Path) -> None:
    store, residency = SqliteStore(tmp_path / "store.db"), Residency(load_cells(), "eu")
    credit(event("payment.captured", sum(steps)), store, residency, NOW)
    assert balance(Ledger(store, residency, ANNA)) == 999 // 12
    told = [event("payment.refunded", step, taken_back_minor=sum(steps[: n + 1])) for n, step in enumerate(steps)]
    for each in reversed(told):  # in whatever order they come, and twice
        withdraw(each, store, residency, NOW)
        withdraw(each, store, residency, NOW)
    assert balance(Ledger(store, residency, ANNA)) == 0


@pytest.mark.parametrize("programme", ["", "miles"])
@pytest.mark.parametrize("name", ["payment.refunded", "dispute.lost", "payment.lost"])
def test_news_that_overtakes_the_payments_own_is_told_again(tmp_path: Path, name: str, programme: str) -> None:
    store, residency = SqliteStore(tmp_path / "store.db"), Residency(load_cells(), "eu")
    more = {"programme": programme} if programme else {}
    back = event(name, 999, taken_back_minor=999, captured_minor=999, **more)
    with pytest.raises(NotEarnedYet):
        withdraw(back, store, residency, NOW)
    credit(event("payment.captured", 999, **more), store, residency, NOW)
    withdraw(back, store, residency, NOW)
    assert present(Ledger(store, residency, ANNA, programme), NOW)[:3] == (0, 0, 0)


def test_what_earned_nothing_is_not_waited_for(tmp_path: Path) -> None:
    store, residency = SqliteStore(tmp_path / "store.db"), Residency(load_cells(), "eu")
    withdraw(event("payment.refunded", 11, taken_back_minor=11, captured_minor=11), store, residency, NOW)
    assert balance(Ledger(store, residency, ANNA)) == 0


def test_a_programme_of_whole_purchases_takes_all_back_at_the_first_part(tmp_path: Path) -> None:
    store, residency = SqliteStore(tmp_path / "store.db"), Residency(load_cells(), "eu")
    book = Ledger(store, residency, ANNA, "miles")
    credit(event("payment.captured", 999, programme="miles"), store, residency, NOW)
    assert present(book, NOW).pending == 999 // 12
    for step in (11, 22):
        withdraw(event("payment.refunded", step, taken_back_minor=step, programme="miles"), store, residency, NOW)
        assert present(book, NOW)[:3] == (0, 0, 0)
