"""The daily check-in: once per local date, a streak of seven, whatever the clocks and the travellers do."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path
from typing import Any, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.membership import ANNA, book_of, desk_on, moment
from twinshore.errors import BrokenInvariant
from twinshore.members import check_ins, make_ups, streak
from twinshore.members.check_ins import check_in
from twinshore.members.make_ups import DayNotMissed, MakeUpOutOfReach, NoMakeUpCard, make_up
from twinshore.members.streak import REWARDS
from twinshore.points.ledger import balance
from twinshore.store.sqlite import SqliteStore

DAY = 86_400
BERLIN, AUCKLAND, LA = "Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles"
NOON = moment("2026-11-01 12:00", BERLIN)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(tmp_path / "store.db")
    yield made
    made.close()


def tap(store: Any, day: int, zone: str = BERLIN) -> check_ins.Credited:
    return check_in(desk_on(store, zone), NOON + day * DAY)


def restore(store: Any, missed: int, day: int) -> check_ins.Credited:
    now = NOON + day * DAY
    return make_up(desk_on(store), streak.local_date(NOON + missed * DAY, BERLIN), now)


def test_seven_days_earn_the_table_and_the_eighth_begins_again(own: SqliteStore) -> None:
    told = [tap(own, day) for day in range(8)]
    assert [done.points for done in told] == [*REWARDS, REWARDS[0]]
    assert [done.streak.length for done in told] == list(range(1, 9))
    assert balance(book_of(own)) == sum(REWARDS) + REWARDS[0]


def test_a_second_tap_of_a_day_is_the_first_ones_answer(own: SqliteStore) -> None:
    first = tap(own, 0)
    assert check_in(desk_on(own), NOON + 3600) == first
    assert balance(book_of(own)) == REWARDS[0]


def test_a_missed_day_ends_the_streak(own: SqliteStore) -> None:
    assert [tap(own, day).streak.length for day in (0, 1, 3, 4)] == [1, 2, 1, 2]


@pytest.mark.parametrize(
    ("name", "taps", "dates"),
    [
        ("a minute before midnight and a minute after", [("2026-11-01 23:59", BERLIN), ("2026-11-02 00:01", BERLIN)],
         ["2026-11-01", "2026-11-02"]),
        ("the night of 25 hours", [("2026-10-24 23:59", BERLIN), ("2026-10-25 00:01", BERLIN),
                                   ("2026-10-25 23:59", BERLIN), ("2026-10-26 00:01", BERLIN)],
         ["2026-10-24", "2026-10-25", "2026-10-25", "2026-10-26"]),
        ("the night of 23 hours", [("2026-03-28 00:01", BERLIN), ("2026-03-29 23:59", BERLIN)],
         ["2026-03-28", "2026-03-29"]),
        ("the leap day", [("2028-02-28 12:00", BERLIN), ("2028-02-29 12:00", BERLIN), ("2028-03-01 12:00", BERLIN)],
         ["2028-02-28", "2028-02-29", "2028-03-01"]),
        ("new year in the east", [("2026-12-31 23:59", "Asia/Shanghai"), ("2027-01-01 00:00", "Asia/Shanghai")],
         ["2026-12-31", "2027-01-01"]),
        ("east over the date line: a date is left out", [("2026-11-10 20:00", LA), ("2026-11-12 07:00", AUCKLAND)],
         ["2026-11-10", "2026-11-12"]),
        ("west over the date line: a date is lived twice", [("2026-11-12 08:00", AUCKLAND), ("2026-11-11 20:00", LA),
                                                            ("2026-11-12 09:00", LA), ("2026-11-13 09:00", LA)],
         ["2026-11-12", "2026-11-12", "2026-11-12", "2026-11-13"]),
        ("west by a few hours over midnight", [("2026-11-12 00:30", BERLIN), ("2026-11-11 23:50", "Europe/London"),
                                              ("2026-11-12 12:00", "Europe/London")],
         ["2026-11-12", "2026-11-12", "2026-11-12"]),
        ("there and back in a night", [("2026-11-11 23:50", LA), ("2026-11-12 20:55", AUCKLAND),
                                       ("2026-11-12 00:30", LA), ("2026-11-13 08:00", LA)],
         ["2026-11-11", "2026-11-12", "2026-11-12", "2026-11-13"]),
        ("Samoa leaves out a date", [("2011-12-29 12:00", "Pacific/Apia"), ("2011-12-31 00:30", "Pacific/Apia")],
         ["2011-12-29", "2011-12-31"]),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)  # fmt: skip
def test_dates_are_counted_once_and_no_streak_is_lost_by_flying(
    own: SqliteStore, name: str, taps: list[tuple[str, str]], dates: list[str]
) -> None:
    told = [check_in(desk_on(own, zone), moment(text, zone)) for text, zone in taps]
    assert [done.day.on.isoformat() for done in told] == dates
    if name != "Samoa leaves out a date":
        assert told[-1].streak.length == len(set(dates))
    assert balance(book_of(own)) == sum(REWARDS[: len(set(dates))]) or name.startswith("Samoa")


def test_changing_zones_brings_no_more_than_the_dates_that_there_were(own: SqliteStore) -> None:
    """Between the first place where a date begins and the last where it ends: whoever jumps gets a date, once."""
    start = moment("2026-11-01 12:00")
    zones = ("Pacific/Kiritimati", "Pacific/Pago_Pago", BERLIN, LA)
    dates = {check_in(desk_on(own, zones[hour % 4]), start + hour * 3600).day.on for hour in range(24 * 5)}
    assert len(dates) <= 5 + 2


def test_a_card_restores_a_missed_day_as_if_it_had_been_there(own: SqliteStore) -> None:
    for day in (0, 1, 2, 4, 5):
        tap(own, day)
    done = restore(own, 3, 5)
    assert done.streak.length == 6
    assert balance(book_of(own)) == sum(REWARDS[:6])
    assert restore(own, 3, 5).points == done.points
    assert balance(book_of(own)) == sum(REWARDS[:6])
    assert tap(own, 6).points == REWARDS[6]


def test_yesterday_is_restored_before_today_is_checked_in(own: SqliteStore) -> None:
    tap(own, 0)
    assert restore(own, 1, 2).streak.length == 2
    assert tap(own, 2).streak.length == 3


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(1, 20), max_size=14), st.integers(1, 20))
def test_with_a_card_everything_is_as_if_the_day_had_not_been_missed(
    tmp_path_factory: pytest.TempPathFactory, days: set[int], missed: int
) -> None:
    folder = tmp_path_factory.mktemp("streaks")
    with_card, without = SqliteStore(folder / "a.db"), SqliteStore(folder / "b.db")
    last = max({*days, missed + 1})
    for day in sorted({0, *days} - {missed}):
        tap(with_card, day)
    for day in sorted({0, *days, missed}):
        tap(without, day)
    now = min(last, missed + 7)
    if last <= missed + 7:
        restore(with_card, missed, now)
        assert balance(book_of(with_card)) == balance(book_of(without))
        ours, theirs = (check_ins.load(desk_on(store))[1] for store in (with_card, without))
        assert ours is not None and theirs is not None
        assert (ours.length, ours.last_on) == (theirs.length, theirs.last_on)
    with_card.close()
    without.close()


def test_cards_are_earned_by_weeks_and_limited(own: SqliteStore) -> None:
    for day in range(21):
        held = tap(own, day).streak.cards
    assert held == streak.CARDS_HELD_LIMIT
    restored = 0
    tap(own, 24)
    for missed in (21, 22):
        restore(own, missed, 24)
        restored += 1
    with pytest.raises(NoMakeUpCard):
        restore(own, 23, 24)
    assert restored == streak.CARDS_USED_LIMIT


def test_a_month_takes_two_cards_and_the_next_month_two_more(own: SqliteStore) -> None:
    one = streak.Streak(*(streak.local_date(NOON, BERLIN),) * 2, NOON, BERLIN, 1, 2, "2026-11", 2)
    assert one.cards_left(streak.local_date(NOON, BERLIN)) == 0
    assert one.cards_left(streak.local_date(NOON + 30 * DAY, BERLIN)) == 2


@pytest.mark.parametrize(
    ("missed", "day", "problem"),
    [
        (9, 9, MakeUpOutOfReach),  # today
        (10, 9, MakeUpOutOfReach),  # tomorrow
        (1, 9, MakeUpOutOfReach),  # eight days ago
        (-1, 2, MakeUpOutOfReach),  # before the first check-in
        (0, 2, MakeUpOutOfReach),  # the first itself
        (4, 9, DayNotMissed),
    ],
)
def test_what_a_card_does_not_reach(own: SqliteStore, missed: int, day: int, problem: type[Exception]) -> None:
    for each in (0, 4):
        tap(own, each)
    before = balance(book_of(own))
    with pytest.raises(problem):
        restore(own, missed, day)
    assert balance(book_of(own)) == before


def test_who_never_checked_in_has_missed_nothing(own: SqliteStore) -> None:
    with pytest.raises(MakeUpOutOfReach):
        restore(own, 0, 1)


def test_a_date_that_was_flown_over_was_not_missed(own: SqliteStore) -> None:
    check_in(desk_on(own, LA), moment("2026-11-10 20:00", LA))
    check_in(desk_on(own, AUCKLAND), moment("2026-11-12 07:00", AUCKLAND))
    with pytest.raises(DayNotMissed):
        make_up(desk_on(own, AUCKLAND), streak.date(2026, 11, 11), moment("2026-11-12 08:00", AUCKLAND))


def at_once(number: int, work: Any) -> list[Any]:
    told: list[Any] = []

    def run() -> None:
        try:
            told.append(work())
        except Exception as err:
            told.append(err)

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def test_twenty_taps_at_once_are_one_check_in(store: Any) -> None:
    member = f"m_{uuid.uuid4().hex[:8]}"
    told = at_once(20, lambda: check_in(desk_on(store, member_id=member), NOON))
    assert {(done.day, done.points) for done in told} == {(told[0].day, REWARDS[0])}
    assert balance(book_of(store, member)) == REWARDS[0]
    told = at_once(10, lambda: check_in(desk_on(store, member_id=member), NOON + DAY))
    assert {done.streak.length for done in told} == {2}
    assert balance(book_of(store, member)) == sum(REWARDS[:2])


def test_ten_cards_at_once_for_one_day_are_one_card(store: Any) -> None:
    member = f"m_{uuid.uuid4().hex[:8]}"
    desk = desk_on(store, member_id=member)
    check_in(desk, NOON)
    check_in(desk, NOON + 2 * DAY)
    missed = streak.local_date(NOON + DAY, BERLIN)
    told = at_once(10, lambda: make_up(desk, missed, NOON + 2 * DAY))
    assert {done.points for done in told} == {REWARDS[1] + REWARDS[2] - REWARDS[0]}
    assert {done.streak.cards for done in told} == {0}
    assert balance(book_of(store, member)) == sum(REWARDS[:3])


def test_a_row_of_another_cell_is_noticed_not_served(own: SqliteStore) -> None:
    tap(own, 0)
    with pytest.raises(BrokenInvariant):
        check_in(desk_on(own, cell="sea"), NOON + DAY)


def test_the_rewards_never_fall_within_a_week() -> None:
    assert list(REWARDS) == sorted(REWARDS) and len(REWARDS) == 7 and min(REWARDS) > 0
    assert len(REWARDS) >= streak.REACH_DAYS
    assert make_ups.REACH_DAYS + 3 < 25 and ANNA
