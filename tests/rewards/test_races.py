"""Everything that can happen to the same stock at the same moment, on every real store.

Museum row 11 (cap 1 with 50 redemptions at once, then one cancels: saleor #544, #15855) and flash sales.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Callable

import pytest

from tests.support.points import assert_sound
from tests.support.shelf import PRICE, Shelf
from twinshore.errors import Problem
from twinshore.points import ledger
from twinshore.points.book import Ledger
from twinshore.rewards import stock
from twinshore.rewards.problems import RewardCapReached, SoldOut
from twinshore.rewards.returning import give_back
from twinshore.rewards.vouchers import ISSUED, RETURNED, Voucher

FLASH_TRIES, FLASH_UNITS = 50_000, 1_000
WORKERS = 8


def run(*contestants: Callable[[], Any]) -> list[Any]:
    """What each came to: its answer, or the problem that it was told."""
    start = threading.Barrier(len(contestants))
    told: list[Any] = [None] * len(contestants)

    def one(number: int, work: Callable[[], Any]) -> None:
        start.wait(30)
        try:
            told[number] = work()
        except Problem as problem:
            told[number] = type(problem)

    threads = [threading.Thread(target=one, args=each) for each in enumerate(contestants)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert None not in told
    return told


def test_museum_11_a_cap_of_one_holds_under_fifty_redemptions_and_comes_back_once(
    open_store: Callable[..., Any],
) -> None:
    """https://github.com/saleor/saleor/issues/544, https://github.com/saleor/saleor/issues/15855"""
    shelf = Shelf(open_store, cap=1)
    shelf.fill(20)
    anna = shelf.member(points=50 * PRICE)

    def buying(name: str) -> Callable[[], Any]:
        mine = anna._replace(store=open_store(now=lambda: shelf.now))
        return lambda: shelf.buy(mine, name)

    told = run(*(buying(f"k{number}") for number in range(50)))
    bought = [each for each in told if isinstance(each, Voucher)]
    assert len(bought) == 1 and told.count(RewardCapReached) == 49
    assert (ledger.balance(anna), shelf.left()) == (49 * PRICE, 19)

    def cancelling() -> Any:
        desk = shelf.desk(open_store(now=lambda: shelf.now))
        return give_back(desk, shelf.partners, anna.member_id, bought[0].id, shelf.now)

    # The one is cancelled by four callers while six more try to buy: one room came back, one of them may have it.
    told = run(*[cancelling] * 4, *(buying(f"again{number}") for number in range(6)))
    again = [each for each in told[4:] if isinstance(each, Voucher)]
    assert {each.state for each in told[:4]} == {RETURNED} and len(again) <= 1
    if not again:
        again = [shelf.buy(anna, "later")]
    with pytest.raises(RewardCapReached):
        shelf.buy(anna, "one more")
    live = [voucher for voucher in shelf.vouchers(anna) if voucher.state == ISSUED]
    assert live == again
    assert (ledger.balance(anna), shelf.left()) == (49 * PRICE, 18)
    assert_sound(anna)


class Sale:
    """Members, each trying many times with keys of their own, all workers at once."""

    def __init__(self, shelf: Shelf, members: int, tries: int) -> None:
        self.shelf, self.tries = shelf, tries
        self.each = tries // members
        self.books = [shelf.member(f"buyer{number}", self.each * PRICE) for number in range(members)]
        self.sold_out = [0] * WORKERS
        self.bought: list[list[Voucher]] = [[] for _ in range(WORKERS)]

    def run(self) -> float:
        stores = [self.shelf.open_store(now=lambda: self.shelf.now) for _ in range(WORKERS)]
        began = time.monotonic()
        told = run(*(lambda number=number: self._work(number, stores[number]) for number in range(WORKERS)))
        assert told == [True] * WORKERS
        return time.monotonic() - began

    def _work(self, number: int, store: Any) -> bool:
        for turn in range(number, self.tries, WORKERS):
            book = self.books[turn % len(self.books)]._replace(store=store)
            try:
                self.bought[number].append(self.shelf.buy(book, f"try{turn}"))
            except SoldOut:
                self.sold_out[number] += 1
        return True

    def check(self, units: int) -> None:
        bought = [voucher for each in self.bought for voucher in each]
        assert (len(bought), sum(self.sold_out)) == (units, self.tries - units)
        assert {voucher.state for voucher in bought} == {ISSUED}
        assert len({voucher.serial for voucher in bought}) == len({voucher.sealed for voucher in bought}) == units
        spent = {book.member_id: 0 for book in self.books}
        for voucher in bought:
            spent[voucher.member_id] += PRICE
        for book in self.books:
            assert ledger.balance(book) == self.each * PRICE - spent[book.member_id]
        assert self.shelf.left() == 0
        assert self.shelf.store.query(f"pool#{self.shelf.offer.id}").items == []


@pytest.mark.slow
def test_fifty_thousand_tries_on_a_thousand_units_sell_a_thousand(on_file: Callable[..., Any]) -> None:
    shelf = Shelf(on_file)
    shelf.fill(FLASH_UNITS)
    sale = Sale(shelf, 1_000, FLASH_TRIES)
    seconds = sale.run()
    print(f"\n{FLASH_TRIES} tries on {FLASH_UNITS} units, {WORKERS} workers, SQLite: {seconds:.1f} s")
    sale.check(FLASH_UNITS)


def test_a_flash_sale_never_oversells_on_any_store(open_store: Callable[..., Any]) -> None:
    shelf = Shelf(open_store)
    shelf.fill(40)
    sale = Sale(shelf, 30, 300)
    seconds = sale.run()
    print(f"\n300 tries on 40 units: {seconds:.1f} s")
    sale.check(40)


def test_a_refill_in_the_middle_of_a_sale_is_sold_too(open_store: Callable[..., Any]) -> None:
    shelf = Shelf(open_store)
    shelf.fill(10)
    sale = Sale(shelf, 20, 200)
    filling = threading.Thread(target=lambda: [shelf.fill(10, first=10 * turn) for turn in (1, 2)])
    filling.start()
    sale.run()
    filling.join(60)
    bought = sum(map(len, sale.bought))
    assert 10 <= bought <= 30 and shelf.left() == 30 - bought
    for number in range(bought, 30):
        shelf.buy(sale.books[number % 20], f"after{number}")
    with pytest.raises(SoldOut):
        shelf.buy(sale.books[0], "too late")


def test_shards_that_double_while_they_are_sold_lose_no_unit(open_store: Callable[..., Any]) -> None:
    shelf = Shelf(open_store)
    shelf.fill(40)
    sale = Sale(shelf, 30, 200)
    growing = threading.Thread(
        target=lambda: [stock.grow(shelf.stock, stock.state_of(shelf.stock), shelf.now) for _ in range(3)]
    )
    growing.start()
    sale.run()
    growing.join(60)
    sale.check(40)
    assert stock.state_of(shelf.stock).shards > stock.SHARDS


def test_a_hot_shard_makes_the_shards_double(on_file: Callable[..., Any]) -> None:
    shelf = Shelf(on_file)
    shelf.fill(1000)
    sale = Sale(shelf, 50, 550)
    sale.run()  # within one second of the shelf's clock
    assert stock.state_of(shelf.stock).shards > stock.SHARDS
    assert shelf.left() == 450
    before = stock.state_of(shelf.stock).shards
    shelf.now += 3600
    shelf.buy(shelf.member("late"))
    assert stock.state_of(shelf.stock).shards == before


def test_books_are_sound_after_a_race(open_store: Callable[..., Any]) -> None:
    shelf = Shelf(open_store)
    shelf.fill(5)
    books: list[Ledger] = [shelf.member(f"b{number}", 3 * PRICE) for number in range(4)]

    def buying(book: Ledger, name: str) -> Callable[[], Any]:
        mine = book._replace(store=open_store(now=lambda: shelf.now))
        return lambda: shelf.buy(mine, name)

    told = run(*(buying(book, f"k{turn}") for book in books for turn in range(3)))
    assert sum(isinstance(each, Voucher) for each in told) == 5
    assert_sound(*books)
