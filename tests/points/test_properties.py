"""Whatever happens, in whatever order, by clocks that differ: the live lots add up to the balance, lines cancel, and no
point is made or lost. Museum row 12."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.points import NOW, Book, assert_sound, key
from twinshore.points import ledger
from twinshore.points.book import HOLD, REDEEM, Entry, entry_id
from twinshore.points.expiry import expire_due
from twinshore.points.gifts import give
from twinshore.points.holds import HoldEnded, HoldNotFound, hold, release, release_due, settle
from twinshore.points.lots import replay
from twinshore.points.pending import activate_due
from twinshore.points.problems import InsufficientPoints, RedemptionNotFound
from twinshore.points.standing import standing, totals
from twinshore.store.sqlite import SqliteStore

STEPS = ("earn", "earn_later", "redeem", "refund", "part", "take_back", "hold", "settle", "release", "give", "sweep")
REFUSALS = (InsufficientPoints, RedemptionNotFound, HoldEnded, HoldNotFound)
moves = st.tuples(
    st.sampled_from(STEPS), st.sampled_from(["m_anna", "m_ben"]), st.integers(0, 3), st.integers(1, 90),
    st.integers(0, 40), st.integers(-2, 2),
)  # fmt: skip


def move(book: Book, what: str, member: str, number: int, points: int, at: int) -> None:
    mine, cause = book.of(member), f"{member}:{number}"
    if what == "earn":
        ledger.earn(mine, points, f"order:{cause}", "o", at, expires_at=at + 1 + points)
    elif what == "earn_later":
        ledger.earn(mine, points, f"later:{cause}", "o", at, active_at=at + 20)
    elif what == "redeem":
        ledger.redeem(mine, points, "coffee", key(cause), at)
    elif what in ("refund", "part"):
        ledger.refund(mine, entry_id(REDEEM, cause), at, points=1 if what == "part" else None)
    elif what == "take_back":
        of = entry_id("earn", f"{'later' if points % 2 else 'order'}:{cause}")
        ledger.take_back(mine, points, f"return:{cause}", "o", at, of=of)
    elif what == "hold":
        hold(mine, points, cause, "h", at, until=at + 30 if points % 2 else None)
    elif what in ("settle", "release"):
        (settle if what == "settle" else release)(mine, entry_id(HOLD, cause), "h", at)
    elif what == "give":
        give(mine, "m_ben" if member == "m_anna" else "m_anna", points, key(cause), at, lambda _: True)
    else:
        for sweep in (expire_due, release_due, activate_due):
            assert sweep(book.store, book.residency, at).failed == 0


@settings(max_examples=120, deadline=None)
@given(st.lists(moves, max_size=40))
def test_the_live_lots_add_up_to_the_balance(tmp_path_factory: pytest.TempPathFactory, steps: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("history")
    book = Book(lambda **options: SqliteStore(folder / "store.db", synchronous="NORMAL", **options))
    now = NOW
    for what, member, number, points, pause, skew in steps:
        now += pause
        with suppress(*REFUSALS):
            move(book, what, member, number, points, now + skew)
    both = [book.of("m_anna"), book.of("m_ben")]
    assert_sound(*both)
    assert sum(totals(both).values()) == 0
    assert totals(both).get("house:gifts", 0) == 0
    expire_due(book.store, book.residency, now + 10**9)
    assert_sound(*both)
    assert [standing(each).spendable for each in both] == [0, 0]
    book.store.close()


incomes = st.tuples(st.just("in"), st.integers(1, 50), st.integers(1, 30))
outlays = st.tuples(st.just("out"), st.integers(1, 50), st.just(0))


@settings(max_examples=200, deadline=None)
@given(st.lists(incomes | outlays, max_size=30))
def test_lots_are_a_function_of_the_entries_not_of_their_order(steps: list[tuple[str, int, int]]) -> None:
    entries, balance = [], 0
    for number, (way, points, days) in enumerate(steps):
        if way == "in":
            entries.append(Entry(f"{number:032x}", "earn", points, "", number, (), ((points, 1000 + days),)))
        elif points <= balance:
            entries.append(Entry(f"{number:032x}", "redeem", -points, "", number))
        balance = sum(entry.points for entry in entries)
    there = replay(entries)
    assert replay(entries[::-1]) == there
    assert sum(lot.points for lot in there.lots) == balance
    assert there.lots == sorted(there.lots)
    assert all(lot.points > 0 for lot in there.lots)
