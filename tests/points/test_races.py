"""Everything that can happen to the same points at the same moment, on every real store: one outcome, nothing made or
lost. Museum row 10 (20 gifts of the whole balance at once: fuint #71)."""

from __future__ import annotations

import threading
import uuid
from typing import Any, Callable

import pytest

from tests.support.points import NOW, Book, assert_sound, key
from twinshore.errors import Problem
from twinshore.points import ledger
from twinshore.points.book import Ledger
from twinshore.points.expiry import expire
from twinshore.points.gifts import give
from twinshore.points.holds import HoldEnded, hold, release, release_due, settle
from twinshore.points.problems import InsufficientPoints
from twinshore.points.standing import present, standing, totals

END = NOW + 100


class Race:
    """Books of one member and others, each contestant with a store of its own, as functions have."""

    def __init__(self, open_store: Callable[..., Any]) -> None:
        self.open_store = open_store
        self.suffix = uuid.uuid4().hex[:8]
        self.book = Book(open_store)
        self.anna = self.book.ledger = self.book.of(f"m_anna{self.suffix}")

    def member(self, name: str) -> Ledger:
        return self.book.of(f"m_{name}{self.suffix}")

    def run(self, *contestants: Callable[[Ledger], Any]) -> list[Any]:
        """What each came to: its answer, or the problem that it was told."""
        start = threading.Barrier(len(contestants))
        told: list[Any] = [None] * len(contestants)

        def one(number: int, work: Callable[[Ledger], Any]) -> None:
            mine = self.anna._replace(store=self.open_store(now=lambda: self.book.now))
            mine.store.get(mine.account)  # connected
            start.wait(30)
            try:
                told[number] = work(mine)
            except Problem as problem:
                told[number] = type(problem)

        threads = [threading.Thread(target=one, args=each) for each in enumerate(contestants)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert None not in told
        return told


@pytest.fixture
def race(open_store: Callable[..., Any]) -> Race:
    return Race(open_store)


def test_twenty_gifts_of_the_whole_balance_at_once_leave_one_receiver(race: Race) -> None:
    race.book.earn(500)
    others = [race.member(f"friend{number}_") for number in range(20)]

    def to(other: Ledger) -> Callable[[Ledger], Any]:
        return lambda mine: give(mine, other.member_id, 500, key(other.member_id), NOW, lambda _: True)

    told = race.run(*map(to, others))
    assert told.count(InsufficientPoints) == 19
    assert sorted(ledger.balance(each) for each in [race.anna, *others]) == [0] * 20 + [500]
    assert totals([race.anna, *others]) == {"member": 500, "house:issued": -500, "house:gifts": 0}
    assert_sound(race.anna, *others)


def test_two_who_give_to_each_other_at_once_both_succeed(race: Race) -> None:
    ben = race.member("ben")
    race.book.earn(100)
    ledger.earn(ben, 100, "order:b", "b", NOW)

    def both_ways(number: int) -> Callable[[Ledger], Any]:
        to = ben if number % 2 else race.anna
        return lambda mine: give(
            mine._replace(member_id=(race.anna if number % 2 else ben).member_id), to.member_id, 10,
            key(str(number)), NOW, lambda _: True,
        )  # fmt: skip

    told = race.run(*map(both_ways, range(8)))
    assert all(each.points == -10 for each in told)
    assert (ledger.balance(race.anna), ledger.balance(ben)) == (100, 100)
    assert_sound(race.anna, ben)


def test_points_that_expire_while_they_are_spent_are_spent_or_expired_never_both(race: Race) -> None:
    for turn in range(4):
        race.anna = race.book.ledger = race.member(f"anna{turn}_")
        race.book.earn(100, END)
        race.book.earn(30, END + 50)

        def spend(at: int, name: str) -> Callable[[Ledger], Any]:
            return lambda mine: ledger.redeem(mine, 100, "lounge", key(name), at)

        told = race.run(
            spend(END - 1, "in time"),
            spend(END, "late"),
            lambda mine: expire(mine, END),
            lambda mine: expire(mine, END),
        )
        assert told[1] is InsufficientPoints
        in_time = told[0] is not InsufficientPoints
        assert ledger.balance(race.anna) == 30
        sums = totals([race.anna])
        assert (sums.get("house:redeemed", 0), sums.get("house:expired", 0)) == ((100, 0) if in_time else (0, 100))
        assert_sound(race.anna)


def test_a_refund_and_an_expiry_at_once_leave_the_lots_right(race: Race) -> None:
    for turn in range(4):
        race.anna = race.book.ledger = race.member(f"anna{turn}_")
        race.book.earn(100, END)
        race.book.earn(50, END + 50)
        spent = ledger.redeem(race.anna, 60, "coffee", key("k"), NOW)

        def back(mine: Ledger, redemption_id: str = spent.id) -> Any:
            return ledger.refund(mine, redemption_id, END)

        told = race.run(back, back, lambda mine: expire(mine, END), lambda mine: expire(mine, END))
        assert told[0] == told[1]
        assert sum(told[2:]) == 40  # the other 60 were away, and came back with the grace
        assert ledger.balance(race.anna) == 110
        assert [lot.points for lot in standing(race.anna, END).lots] == [50, 60]
        assert_sound(race.anna)


def test_a_hold_that_times_out_while_it_is_settled_ends_one_way(race: Race) -> None:
    for turn in range(4):
        race.anna = race.book.ledger = race.member(f"anna{turn}_")
        race.book.earn(100)
        held = hold(race.anna, 80, "checkout:1", "checkout", NOW, until=END)

        def ended(mine: Ledger, hold_id: str = held.id) -> Any:
            return settle(mine, hold_id, "checkout", END)

        def timed_out(mine: Ledger) -> Any:
            return release_due(mine.store, mine.residency, END) or "none"

        told = race.run(ended, ended, timed_out, lambda mine, held_id=held.id: release(mine, held_id, "timed_out", END))
        settled = told[0] is not HoldEnded
        assert (told[1] is not HoldEnded) == settled
        assert (told[3] is HoldEnded) == settled
        assert present(race.anna, END)[:3] == ((20, 0, 0) if settled else (100, 0, 0))
        assert_sound(race.anna)


def test_spending_holding_giving_and_expiring_at_once_never_goes_below_zero(race: Race) -> None:
    ben = race.member("ben")
    race.book.earn(60, END)
    race.book.earn(60, END + 1000)

    def contestant(number: int) -> Callable[[Ledger], Any]:
        at = END - 1 + number % 3
        return (
            lambda mine: ledger.redeem(mine, 25, "coffee", key(str(number)), at),
            lambda mine: hold(mine, 25, str(number), "h", at),
            lambda mine: give(mine, ben.member_id, 25, key(str(number)), at, lambda _: True),
            lambda mine: ledger.earn(mine, 5, f"late:{number}", "o", at),
        )[number % 4]

    told = race.run(*map(contestant, range(16)))
    assert sum(each is not InsufficientPoints for each in told) >= 4 + 2
    sums = totals([race.anna, ben])
    assert sum(sums.values()) == 0
    assert sums["house:issued"] == -140
    assert_sound(race.anna, ben)
