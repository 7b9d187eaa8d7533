"""The ledger: both sides of every entry, once per cause, never below zero."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinshore.cells import Residency, load_cells
from twinshore.errors import Misdirected
from twinshore.idempotency import IdempotencyKey, IdempotencyKeyReused
from twinshore.money import Money
from twinshore.points import ledger
from twinshore.points.book import Entry, Ledger, entry_id
from twinshore.points.problems import InsufficientPoints, RedemptionNotFound
from twinshore.points.rewards import MINOR_UNITS_PER_POINT, points_for
from twinshore.rewards.catalogue import REWARDS, Reward
from twinshore.store.sqlite import SqliteStore

NOW = 1_800_000_000
CELLS = load_cells()
COFFEE = REWARDS["coffee_voucher"]


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Ledger]:
    store = SqliteStore(tmp_path / "store.db")
    yield Ledger(store, Residency(CELLS, "eu"), "m_anna")
    store.close()


def key(name: str, content: str = "same") -> IdempotencyKey:
    return IdempotencyKey(name, content)


def redeem(book: Ledger, reward: Reward, idempotency: IdempotencyKey, now: int) -> Entry:
    return ledger.redeem(book, reward.prices[book.terms.name], reward.name, idempotency, now)


def assert_sound(book: Ledger) -> None:
    """The balance is the sum of the member's lines, and every entry's lines cancel."""
    items = book.store.query(book.partition, "entry#", limit=1000).items
    lines = [line for item in items for line in item.fields["lines"]]
    assert sum(amount for _, amount in lines) == 0
    assert sum(amount for account, amount in lines if account.startswith("member:")) == ledger.balance(book)
    assert ledger.balance(book) >= 0


def test_points_come_in_and_go_out(book: Ledger) -> None:
    ledger.earn(book, 250, "order:o1", "o1", NOW)
    spent = redeem(book, COFFEE, key("k1"), NOW + 1)
    assert ledger.balance(book) == 150
    ledger.refund(book, spent.id, NOW + 2)
    assert ledger.balance(book) == 250
    assert_sound(book)


def test_a_cause_counts_once(book: Ledger) -> None:
    first = ledger.earn(book, 250, "order:o1", "o1", NOW)
    assert ledger.earn(book, 250, "order:o1", "o1", NOW + 99) == first
    assert ledger.balance(book) == 250


def test_the_same_key_gets_the_first_answer_even_when_the_points_are_gone(book: Ledger) -> None:
    ledger.earn(book, 100, "order:o1", "o1", NOW)
    first = redeem(book, COFFEE, key("k1"), NOW)
    assert redeem(book, COFFEE, key("k1"), NOW + 5) == first
    with pytest.raises(InsufficientPoints) as refused:
        redeem(book, COFFEE, key("k2"), NOW)
    assert refused.value.extensions == {"balance": 0}


def test_the_same_key_for_something_else_is_an_error(book: Ledger) -> None:
    ledger.earn(book, 900, "order:o1", "o1", NOW)
    redeem(book, COFFEE, key("k1", "coffee"), NOW)
    with pytest.raises(IdempotencyKeyReused):
        redeem(book, REWARDS["lounge_access"], key("k1", "lounge"), NOW)
    assert ledger.balance(book) == 800


def test_a_redemption_is_refunded_once(book: Ledger) -> None:
    ledger.earn(book, 100, "order:o1", "o1", NOW)
    spent = redeem(book, COFFEE, key("k1"), NOW)
    assert ledger.refund(book, spent.id, NOW) == ledger.refund(book, spent.id, NOW + 1)
    assert ledger.balance(book) == 100
    for wrong in ("nothing", entry_id("earn", "order:o1")):
        with pytest.raises(RedemptionNotFound):
            ledger.refund(book, wrong, NOW)


def test_what_is_spent_is_not_taken_back(book: Ledger) -> None:
    ledger.earn(book, 250, "order:o1", "o1", NOW)
    redeem(book, REWARDS["food_coupon"], key("k1"), NOW)
    taken = ledger.take_back(book, 250, "payment.refunded:o1", "o1", NOW)
    assert (taken.points, ledger.balance(book)) == (-50, 0)
    assert ledger.take_back(book, 250, "payment.refunded:o1", "o1", NOW) == taken
    item = book.store.get(book.entry(taken.id))
    assert item is not None
    assert item.fields["shortfall"] == 200
    assert_sound(book)


def test_twenty_redemptions_at_once_of_the_whole_balance_leave_one_winner(book: Ledger) -> None:
    ledger.earn(book, COFFEE.prices["overseas"], "order:o1", "o1", NOW)
    told: list[str] = []

    def spend(number: int) -> None:
        try:
            redeem(book, COFFEE, key(f"k{number}"), NOW)
            told.append("won")
        except InsufficientPoints:
            told.append("lost")

    threads = [threading.Thread(target=spend, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["lost"] * 19 + ["won"]
    assert ledger.balance(book) == 0
    assert_sound(book)


def test_twenty_times_the_same_request_at_once_is_one_redemption(book: Ledger) -> None:
    ledger.earn(book, 500, "order:o1", "o1", NOW)
    answers: list[str] = []
    threads = [
        threading.Thread(target=lambda: answers.append(redeem(book, COFFEE, key("k"), NOW).id)) for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 20
    assert len(set(answers)) == 1
    assert ledger.balance(book) == 400


def test_entries_come_newest_first_in_pages(book: Ledger) -> None:
    for number in range(7):
        ledger.earn(book, 10, f"order:{number}", f"o{number}", NOW + number)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page, cursor = ledger.entries(book, 3, cursor)
        seen += [entry.reason for entry in page]
        if cursor is None:
            break
    assert seen == [f"o{number}" for number in reversed(range(7))]


def test_each_redemption_and_each_earning_is_told_once(book: Ledger) -> None:
    ledger.earn(book, 100, "order:o1", "o1", NOW)
    redeem(book, COFFEE, key("k1"), NOW)
    redeem(book, COFFEE, key("k1"), NOW)
    names = [item.fields["name"] for item in book.store.due("outbox", NOW + 60)]
    assert sorted(names) == ["points.earned", "points.redeemed"]


def test_another_cells_member_gets_no_entry_here(book: Ledger) -> None:
    guard = Residency(CELLS, "cn")
    with pytest.raises(Misdirected):
        guard.label({}, "eu")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["earn", "redeem", "refund", "take"]), st.integers(0, 5)), max_size=25))
def test_any_history_is_sound(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]) -> None:
    store = SqliteStore(tmp_path_factory.mktemp("history") / "store.db")
    book = Ledger(store, Residency(CELLS, "eu"), "m_anna")
    for kind, number in steps:
        try:
            if kind == "earn":
                ledger.earn(book, 90, f"order:{number}", "o", NOW)
            elif kind == "redeem":
                redeem(book, COFFEE, key(str(number)), NOW)
            elif kind == "refund":
                ledger.refund(book, entry_id("redeem", str(number)), NOW)
            else:
                ledger.take_back(book, 90, f"refund:{number}", "o", NOW)
        except (InsufficientPoints, RedemptionNotFound):
            pass
        assert_sound(book)
    store.close()


def test_every_market_earns() -> None:
    for market in CELLS.markets.values():
        assert market.currency in MINOR_UNITS_PER_POINT
    assert points_for(Money(1999, "CNY")) == 19
    assert points_for(Money(2550, "EUR")) == 212
    assert points_for(Money(99, "CNY")) == 0
    assert points_for(Money(1000, "KWD")) == 0
