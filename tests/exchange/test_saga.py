"""Points that cross: both sides or neither, wherever the link is cut and whoever dies. The fixture counts each time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.sea import Sea
from tests.support.shores import AFTER_COMMIT, CUTS, Crash
from twinshore.errors import Problem
from twinshore.exchange.crediting import LATE, LINK_ENDED
from twinshore.exchange.exchanges import PENDING, REJECTED, SETTLED
from twinshore.exchange.exchanging import ANSWER_IN_SECONDS, asked
from twinshore.exchange.problems import ExchangeQuoteUsed
from twinshore.intercell.client import ask
from twinshore.points.problems import InsufficientPoints


def test_points_leave_the_one_cell_and_come_to_the_other(sea: Sea) -> None:
    sea.linked()
    done = sea.here.exchange(sea.here.quote(sea.link, 601))
    assert (done.state, done.points_in) == (SETTLED, 500)
    assert (sea.here.balance(), sea.here.held(), sea.there.balance()) == (399, 0, 500)


def test_points_go_back_the_other_way(sea: Sea) -> None:
    sea.linked()
    sea.here.exchange(sea.here.quote(sea.link, 600))
    back = sea.there.exchange(sea.there.quote(sea.link, 500))
    assert (back.state, back.points_in) == (SETTLED, 600)
    assert (sea.here.balance(), sea.there.balance()) == (1000, 0)


@pytest.mark.parametrize("cut", CUTS)
def test_museum_13_the_link_is_cut_at_each_step_of_an_exchange(sea: Sea, cut: str) -> None:
    """Eventually both sides or neither. No peer test was found: this row is our lead."""
    sea.linked()
    token = sea.here.quote(sea.link, 600)
    sea.here.cut = cut
    waiting = sea.here.exchange(token, key="k")
    assert (waiting.state, sea.here.balance(), sea.here.held()) == (PENDING, 400, 600)
    assert sea.there.balance() == (500 if cut == AFTER_COMMIT else 0)
    sea.later(60)
    assert sea.here.sweep() == (0, 1, 0), "still cut"
    sea.heal()
    assert sea.here.exchange(token, key="k").state == SETTLED
    assert (sea.here.balance(), sea.here.held(), sea.there.balance()) == (400, 0, 500)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("commit", [0, 1])
def test_museum_13_the_source_dies_before_or_after_each_of_its_commits(sea: Sea, moment: str, commit: int) -> None:
    """0 holds, 1 settles: after the answer came in, before it was written. No peer test was found: our lead."""
    sea.linked()
    token = sea.here.quote(sea.link, 600)
    setattr(sea.here.store, moment, commit)
    with pytest.raises(Crash):
        sea.here.exchange(token, key="k")
    sea.heal()
    held_nothing = (moment, commit) == ("before", 0)
    assert sea.there.balance() == (0 if held_nothing else 500)
    assert sea.here.exchange(token if not held_nothing else sea.here.quote(sea.link, 600), key="k2" if held_nothing
                             else "k").state == SETTLED  # fmt: skip
    assert (sea.here.balance(), sea.here.held(), sea.there.balance()) == (400, 0, 500)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("commit", [0, 1])
def test_museum_13_the_target_dies_before_or_after_its_commits(sea: Sea, moment: str, commit: int) -> None:
    """0 takes the nonce, 1 credits. A 500 is no answer. No peer test was found: our lead."""
    sea.linked()
    setattr(sea.there.store, moment, commit)
    assert sea.here.exchange(sea.here.quote(sea.link, 600)).state == PENDING
    assert sea.there.balance() == (500 if (moment, commit) == ("after", 1) else 0)
    sea.heal()
    assert (sea.here.exchanges()[0].state, sea.there.balance()) == (SETTLED, 500)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_museum_13_the_source_dies_while_it_gives_back(sea: Sea, moment: str) -> None:
    """No peer test was found: our lead."""
    sea.linked()
    token = sea.here.quote(sea.link, 600)
    sea.there.cut = CUTS[0]
    sea.there.unlink(sea.link)  # the source has not heard
    setattr(sea.here.store, moment, 1)
    with pytest.raises(Crash):
        sea.here.exchange(token)
    sea.heal()
    done = sea.here.exchanges()[0]
    assert (done.state, done.reason) == (REJECTED, LINK_ENDED)
    assert (sea.here.balance(), sea.here.held(), sea.there.balance()) == (1000, 0, 0)


def test_the_same_question_again_and_a_late_copy_of_it_credit_once(sea: Sea) -> None:
    sea.linked()
    done = sea.here.exchange(sea.here.quote(sea.link, 600))
    assert sea.here.send_again().status == 409, "the nonce was heard"
    first = ask(sea.here.peers, "eu", "points-credit", asked(done), sea.clock())
    assert ask(sea.here.peers, "eu", "points-credit", asked(done), sea.clock()) == first
    assert sea.there.balance() == 500


def test_after_a_refusal_a_late_copy_of_the_question_credits_nothing(sea: Sea) -> None:
    sea.linked()
    sea.here.cut = CUTS[0]
    sea.here.exchange(sea.here.quote(sea.link, 600))
    sea.later(ANSWER_IN_SECONDS + 1)
    sea.here.cut = ""
    sea.here.sweep()
    done = sea.here.exchanges()[0]
    assert (done.state, done.reason, sea.here.balance()) == (REJECTED, LATE, 1000)
    asked_again = ask(sea.here.peers, "eu", "points-credit", asked(done), sea.clock())
    assert (asked_again["outcome"], sea.there.balance()) == ("rejected", 0)


def test_the_source_never_decides_by_its_clock(sea: Sea) -> None:
    sea.linked()
    sea.here.cut = AFTER_COMMIT
    sea.here.exchange(sea.here.quote(sea.link, 600))
    for _ in range(40):
        sea.later(6 * 3600)
        sea.here.sweep()
    assert (sea.here.held(), sea.here.exchanges()[0].state) == (600, PENDING)
    sea.heal()
    assert (sea.here.held(), sea.here.exchanges()[0].state) == (0, SETTLED)


def test_the_other_cells_clock_ten_minutes_off_holds_the_points_until_it_is_right(sea: Sea) -> None:
    sea.linked()
    right, sea.there.now = sea.there.now, lambda: sea.clock() + 600
    assert sea.here.exchange(sea.here.quote(sea.link, 600)).state == PENDING
    sea.there.now = right
    sea.heal()
    assert (sea.here.exchanges()[0].state, sea.there.balance()) == (SETTLED, 500)


def test_twenty_at_once_of_the_whole_balance_are_one(sea: Sea) -> None:
    sea.linked()
    tokens = [sea.here.quote(sea.link, 1000) for _ in range(20)]

    def one(token: str) -> str:
        try:
            return sea.here.exchange(token).state
        except InsufficientPoints as refusal:
            return refusal.slug

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(one, tokens))
    assert sorted(said) == ["insufficient-points"] * 19 + [SETTLED]
    assert (sea.here.balance(), sea.there.balance()) == (0, 833)


def test_one_quote_used_twenty_times_at_once_is_one_exchange(sea: Sea) -> None:
    sea.linked()
    token = sea.here.quote(sea.link, 100)

    def one(number: int) -> str:
        try:
            return sea.here.exchange(token, key=f"k{number % 2}").id
        except ExchangeQuoteUsed as refusal:
            return refusal.slug

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(one, range(20)))
    assert len(set(said)) == 2
    assert said.count("points-quote-used") == 10
    assert sea.here.balance() == 900


def test_small_exchanges_at_once_all_arrive(sea: Sea) -> None:
    sea.linked()
    tokens = [sea.here.quote(sea.link, 100) for _ in range(10)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(sea.here.exchange, tokens))
    sea.heal()
    assert {each.state for each in sea.here.exchanges()} == {SETTLED}
    assert (sea.here.balance(), sea.there.balance()) == (0, 830)


def test_limits_of_the_target_give_the_points_back(sea: Sea) -> None:
    sea.linked()
    sea.there.earn(10**9, "overseas")
    for number in range(9):
        sea.there.earn(10**9, "overseas", f"big{number}")
    done = sea.here.exchange(sea.here.quote(sea.link, 600))
    assert (done.state, done.reason) == (REJECTED, "points-out-of-range")
    assert (sea.here.balance(), sea.here.held()) == (1000, 0)


def test_a_day_has_a_limit_and_what_comes_back_does_not_count(sea: Sea) -> None:
    sea.linked()
    sea.here.earn(2_000_000)
    sea.here.exchange(sea.here.quote(sea.link, 500_000))
    sea.here.exchange(sea.here.quote(sea.link, 499_000))
    token = sea.here.quote(sea.link, 2_000)
    with pytest.raises(Problem) as refusal:
        sea.here.exchange(token)
    assert refusal.value.slug == "points-exchange-day-limit"
    sea.later(24 * 3600)
    assert sea.here.exchange(sea.here.quote(sea.link, 2_000)).state == SETTLED


def test_miles_become_miles(sea: Sea) -> None:
    sea.linked()
    sea.here.earn(800, "miles")
    done = sea.here.exchange(sea.here.quote(sea.link, 300, "miles", "miles"))
    assert (done.state, sea.here.balance("miles"), sea.there.balance("miles")) == (SETTLED, 500, 300)
