"""Tiers: up at once, down at a cycle's end, one step, after a grace."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.membership import moment
from twinshore.members import tiers
from twinshore.members.days import local_date, start_of
from twinshore.members.tiers import CALENDAR_YEAR, CYCLE_ENDED, Rules, Standing, count, cycle_start, next_turn, settle

BERLIN = Rules("Europe/Berlin")
MEMBER, SILVER, GOLD, PLATINUM = range(4)
DAY = 86_400


def standing(rules: Rules, entered: str, **fields: Any) -> Standing:
    return Standing(entered)._replace(**fields)


@pytest.mark.parametrize(
    ("points", "tier"),
    [(-5, MEMBER), (0, MEMBER), (999, MEMBER), (1_000, SILVER), (4_999, SILVER), (5_000, GOLD), (10**9, PLATINUM)],
)
def test_points_reach_a_tier(points: int, tier: int) -> None:
    assert BERLIN.earned(points) == tier


@pytest.mark.parametrize(
    ("entered", "rules", "ends"),
    [
        ("2026-05-10", {}, "2027-05-10"),
        ("2024-02-29", {}, "2025-03-01"),
        ("2023-02-28", {}, "2024-02-28"),
        ("2026-12-31", {}, "2027-12-31"),
        ("2026-12-31", {"cycle": CALENDAR_YEAR}, "2027-01-01"),
        ("2026-01-01", {"cycle": CALENDAR_YEAR}, "2027-01-01"),
        ("2024-02-29", {"cycle": CALENDAR_YEAR}, "2025-01-01"),
        ("2026-08-31", {"cycle_months": 6}, "2027-03-01"),
        ("2025-03-30", {}, "2026-03-30"),
        ("2025-03-29", {}, "2026-03-29"),  # the clocks go forward on the day that the cycle ends
        ("2025-10-25", {}, "2026-10-25"),  # and back
    ],
)
@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago"]
)
def test_a_cycle_ends_at_midnight_of_the_programme(entered: str, rules: dict[str, Any], ends: str, zone: str) -> None:
    of_zone = Rules(zone, **rules)
    one = standing(of_zone, entered, tier=SILVER, floor=MEMBER, points=1_000)
    turn = next_turn(of_zone, one)
    assert turn == start_of(date.fromisoformat(ends), zone) == cycle_start(of_zone, one, 1)
    assert settle(of_zone, one, turn - 1)[0].cycle == 0
    assert settle(of_zone, one, turn)[0].cycle == 1


def test_the_fourth_anniversary_of_a_leap_day_is_a_leap_day_again() -> None:
    one = standing(BERLIN, "2024-02-29")
    starts = [local_date(cycle_start(BERLIN, one, cycle), "Europe/Berlin").isoformat() for cycle in range(5)]
    assert starts == ["2024-02-29", "2025-03-01", "2026-03-01", "2027-03-01", "2028-02-29"]


@pytest.mark.parametrize(
    ("tier", "earned", "in_grace", "rules", "after_cycle", "after_grace"),
    [
        (GOLD, 5_000, 0, {}, GOLD, GOLD),
        (GOLD, 4_999, 0, {}, GOLD, SILVER),
        (GOLD, 4_999, 1, {}, GOLD, GOLD),  # made up within the grace
        (GOLD, 0, 0, {}, GOLD, SILVER),  # by one step, whatever was earned
        (GOLD, 0, 5_000, {}, GOLD, GOLD),
        (PLATINUM, 0, 0, {}, PLATINUM, GOLD),
        (PLATINUM, 0, 0, {"steps_down": 2}, PLATINUM, SILVER),
        (PLATINUM, 1_500, 0, {"steps_down": 3}, PLATINUM, SILVER),  # but never below what was earned
        (SILVER, 0, 0, {}, SILVER, MEMBER),
        (SILVER, 0, 0, {"grace_days": 0}, MEMBER, MEMBER),
        (PLATINUM, 6_000, 0, {"grace_days": 0, "steps_down": 3}, GOLD, GOLD),
        (MEMBER, 999, 0, {}, MEMBER, MEMBER),
    ],
)
def test_the_end_of_a_cycle(
    tier: int, earned: int, in_grace: int, rules: dict[str, Any], after_cycle: int, after_grace: int
) -> None:
    of = Rules("Europe/Berlin", **rules)
    end = moment("2027-05-10 00:00", "Europe/Berlin")
    one = standing(of, "2026-05-10", tier=tier, floor=tier, points=earned)
    ended, told = settle(of, one, end)
    assert (ended.tier, ended.points) == (after_cycle, 0)
    if in_grace:
        ended = count(of, ended, in_grace, end + DAY)
    late, more = settle(of, ended, end + 31 * DAY)
    assert late.tier == after_grace
    assert [change.reason for change in (*told, *more)] == [CYCLE_ENDED] * (tier != after_grace)


def test_who_stays_away_goes_down_a_step_a_year() -> None:
    one = standing(BERLIN, "2020-05-10", tier=PLATINUM, floor=PLATINUM, points=0)
    late, told = settle(BERLIN, one, moment("2030-01-01 00:00"))
    assert (late.tier, late.cycle, next_turn(BERLIN, late)) == (MEMBER, 9, None)
    steps = [(local_date(change.at, "Europe/Berlin").isoformat(), change.before, change.after) for change in told]
    assert steps == [("2021-06-09", PLATINUM, GOLD), ("2022-06-09", GOLD, SILVER), ("2023-06-09", SILVER, MEMBER)]


def test_a_refund_undoes_what_its_purchase_raised_and_no_more() -> None:
    now = moment("2026-06-01 12:00")
    one = standing(BERLIN, "2026-05-10", tier=SILVER, floor=SILVER)
    up = count(BERLIN, one, 5_000, now)
    assert up.tier == GOLD
    assert count(BERLIN, up, -1, now).tier == SILVER
    assert count(BERLIN, up, -5_000, now).tier == SILVER  # what the cycle began with stays


def test_a_refund_in_the_grace_counts_against_the_cycle_of_its_purchase() -> None:
    end = moment("2027-05-10 00:00", "Europe/Berlin")
    one, _ = settle(BERLIN, standing(BERLIN, "2026-05-10", tier=GOLD, floor=GOLD, points=4_000), end)
    bought = count(BERLIN, one, 1_000, end + DAY)
    back = count(BERLIN, bought, -1_000, end - DAY)
    assert (bought.before, back.before, back.points) == (4_000, 3_000, 1_000)
    assert settle(BERLIN, bought, end + 40 * DAY)[0].tier == GOLD
    assert settle(BERLIN, back, end + 40 * DAY)[0].tier == SILVER


def test_a_purchase_of_the_last_minute_told_in_the_next_cycle_counts_where_it_was_made() -> None:
    end = moment("2027-05-10 00:00", "Europe/Berlin")
    one, _ = settle(BERLIN, standing(BERLIN, "2026-05-10", tier=SILVER, floor=SILVER, points=900), end)
    late = count(BERLIN, one, 4_100, end - 60)
    assert (late.tier, late.points, late.before) == (GOLD, 0, 5_000)


@given(
    st.sampled_from([{}, {"cycle": CALENDAR_YEAR}, {"grace_days": 0}, {"steps_down": 2}, {"cycle_months": 6}]),
    st.dates(date(2020, 1, 1), date(2024, 12, 31)),
    st.lists(st.tuples(st.integers(0, 500), st.integers(-3_000, 9_000)), max_size=12),
)
def test_any_history_is_the_same_however_often_it_is_settled_on_the_way(
    rules: dict[str, Any], entered: date, steps: list[tuple[int, int]]
) -> None:
    of = Rules("America/New_York", **rules)
    often = seldom = Standing(entered.isoformat())
    now = start_of(entered, of.time_zone)
    for days, points in steps:
        for _ in range(days // 50):
            often, _ = settle(of, often, now + 50 * DAY * (_ + 1))
        now += days * DAY
        often, changes = settle(of, often, now)
        seldom, _ = settle(of, seldom, now)
        assert often == seldom
        assert all(change.before - change.after in range(1, of.steps_down + 1) for change in changes)
        often = seldom = count(of, seldom, points, now)
        assert often.floor <= often.tier
        assert often.tier >= of.earned(often.points)
        turn = next_turn(of, often)
        assert (turn is None) == (often.tier == MEMBER)
        assert turn is None or turn > now


def test_the_table_is_in_order_and_named_in_both_languages() -> None:
    thresholds = [tier.threshold for tier in BERLIN.tiers]
    assert thresholds == sorted(set(thresholds)) and thresholds[0] == 0
    assert all(tier.title_en.isascii() and not tier.title_zh.isascii() for tier in BERLIN.tiers)
    assert [BERLIN.rank(tier.name) for tier in BERLIN.tiers] == [0, 1, 2, 3]
    assert set(tiers.REASONS) == {"points_reached", "purchase_refunded", "cycle_ended"}
