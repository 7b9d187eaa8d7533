"""What checking in earns, and what a made-up day restores. Fixed, published, the same for everyone: Weixin allows no
reward that depends on chance or on sharing, and none of this does."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from twinshore.members.days import local_date

REWARDS = (5, 5, 10, 10, 15, 15, 50)
"""Points of the first to the seventh day of a streak; the eighth is a first day again. They never fall within a week,
so a made-up day, which moves what follows it further on, never takes points back."""
CARDS_AT_START = 1
CARDS_HELD_LIMIT = 2
CARDS_USED_LIMIT = 2
"""In one calendar month of the day that they are used on."""
REACH_DAYS = 7
"""How far back a card reaches."""
ONE_DAY = timedelta(days=1)


class Day(NamedTuple):
    """One date that counts as checked in."""

    on: date
    streak: int
    """Days in a row up to this one."""
    points: int
    follows: date | None = None
    """The date that this one continues; None for the first of a streak."""
    made_up: bool = False


class Streak(NamedTuple):
    first_on: date
    last_on: date
    last_at: int
    zone: str
    """In which the last check-in was dated."""
    length: int
    cards: int = CARDS_AT_START
    used_month: str = ""
    used: int = 0
    """Cards used in `used_month`, a month such as 2026-11."""

    def cards_left(self, today: date) -> int:
        used = self.used if self.used_month == month_of(today) else 0
        return min(self.cards, CARDS_USED_LIMIT - used)


def month_of(day: date) -> str:
    return day.isoformat()[:7]


def day_of_week(length: int) -> int:
    """1 to 7: which reward a streak of this length is at."""
    return (length - 1) % len(REWARDS) + 1


def reward(length: int) -> int:
    return REWARDS[day_of_week(length) - 1]


def today_of(streak: Streak | None, zone: str, now: int) -> date:
    """The date that a tap now counts for. Dates never run backwards: who flies west over midnight, or over the date
    line, is still on the last date that they checked in for, until it is over where they are now."""
    today = local_date(now, zone)
    return today if streak is None else max(today, streak.last_on)


def goes_on(streak: Streak, zone: str, now: int) -> bool:
    """Whether a check-in now continues the streak: by the clock here, or by that of the zone of the last check-in, no
    date was missed. Who flies east over the date line has lost a date that they never lived through."""
    next_date = streak.last_on + ONE_DAY
    return local_date(now, zone) <= next_date or local_date(now, streak.zone) <= next_date


def checked_in(streak: Streak | None, zone: str, now: int) -> tuple[Streak, Day]:
    """After a check-in now, for a date that has none. A full week earns a card, up to what may be held."""
    today = today_of(streak, zone, now)
    if streak is None:
        return Streak(today, today, now, zone, 1), Day(today, 1, reward(1))
    continued = goes_on(streak, zone, now)
    length = streak.length + 1 if continued else 1
    earned = int(length % len(REWARDS) == 0)
    after = streak._replace(
        last_on=today, last_at=now, zone=zone, length=length, cards=min(streak.cards + earned, CARDS_HELD_LIMIT)
    )
    return after, Day(today, length, reward(length), streak.last_on if continued else None)


def restored(days: list[Day], missed: date) -> list[Day]:
    """The made-up day, and the days after it as they would have been with it, oldest first.

    `days`: of the reach, in order, without `missed`. A day keeps what it was credited for; the difference is in the
    difference of points.
    """
    before = next((day for day in days if day.on == missed - ONE_DAY), None)
    length = before.streak + 1 if before else 1
    found = [Day(missed, length, reward(length), before.on if before else None, made_up=True)]
    for day in (each for each in days if each.on > missed):
        if day.on != found[-1].on + ONE_DAY and day.follows != found[-1].on:
            break
        length += 1
        found.append(day._replace(streak=length, points=reward(length), follows=found[-1].on))
    return found
