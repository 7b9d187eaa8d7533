"""Make-up cards (补签卡): one restores a date that was missed, as if it had been checked in."""

from __future__ import annotations

from datetime import date, timedelta

from twinshore.errors import Conflict, Unprocessable
from twinshore.members.check_ins import (
    TRIES,
    Credited,
    Desk,
    committed,
    credited,
    days_from,
    fields_of,
    kept,
    key_of,
    load,
)
from twinshore.members.streak import ONE_DAY, REACH_DAYS, Day, Streak, month_of, restored, today_of
from twinshore.store.port import Change, Create, Item, Replace, StoreUnavailable


class NoMakeUpCard(Conflict):
    slug = "no-make-up-card"
    title_en = "There is no make-up card left"
    title_zh = "没有可用的补签卡"


class DayNotMissed(Conflict):
    slug = "day-not-missed"
    title_en = "This day was not missed"
    title_zh = "该日期并未漏签"


class MakeUpOutOfReach(Unprocessable):
    slug = "make-up-out-of-reach"
    title_en = "A make-up card does not reach this day"
    title_zh = "补签卡无法补签该日期"


def make_up(desk: Desk, missed: date, now: int) -> Credited:
    """For one card, credit what the date would have brought: its own points, and what the days after it would have
    had more. Once per date. Raises MakeUpOutOfReach, DayNotMissed, NoMakeUpCard."""
    for _ in range(TRIES):
        item, streak = load(desk)
        if item is None or streak is None:
            raise MakeUpOutOfReach("check in first: nothing was missed before")
        found = days_from(desk, missed - ONE_DAY, limit=REACH_DAYS + 3)
        same = next(((held, day) for held, day in found if day.on == missed), None)
        if same is not None and same[1].made_up:
            streak = load(desk)[1] or streak  # the one before may be older than the day's item
            return credited(desk, Credited(same[1], int(same[0].fields["credited"]), streak))
        today = today_of(streak, desk.zone, now)
        days = [day for _, day in found]
        _must_be_missed(streak, days, missed, today)
        changed = restored(days, missed)
        done = Credited(changed[0], _difference(days, changed), _after(streak, changed, today))
        made = Create(key_of(desk, missed), fields_of(desk, changed[0], done.points))
        if committed(desk, done, now, made, kept(desk, item, done.streak), *_moved(desk, found, changed[1:])):
            return credited(desk, done)
    raise StoreUnavailable("a member's check-in is contended")


def _must_be_missed(streak: Streak, days: list[Day], missed: date, today: date) -> None:
    if not today - timedelta(days=REACH_DAYS) <= missed < today or missed <= streak.first_on:
        raise MakeUpOutOfReach(f"a card reaches {REACH_DAYS} days back, and not before the first check-in")
    if any(day.on == missed or (day.follows and day.follows < missed < day.on) for day in days):
        raise DayNotMissed("the streak has not been broken there")
    if streak.cards_left(today) <= 0:
        raise NoMakeUpCard("a full week of check-ins earns one")


def _difference(days: list[Day], changed: list[Day]) -> int:
    worth = {day.on: day.points for day in days}
    return sum(day.points - worth.get(day.on, 0) for day in changed)


def _after(streak: Streak, changed: list[Day], today: date) -> Streak:
    used = streak.used if streak.used_month == month_of(today) else 0
    last = changed[-1]
    length = last.streak if last.on >= streak.last_on else streak.length
    return streak._replace(
        last_on=max(streak.last_on, last.on), length=length, cards=streak.cards - 1,
        used_month=month_of(today), used=used + 1,
    )  # fmt: skip


def _moved(desk: Desk, found: list[tuple[Item, Day]], later: list[Day]) -> list[Change]:
    held = {day.on: item for item, day in found}
    return [_changed(desk, held[day.on], day) for day in later]


def _changed(desk: Desk, item: Item, day: Day) -> Replace:
    fields = {**item.fields, **fields_of(desk, day, int(item.fields["credited"]))}
    return Replace(item.key, fields, item.version)
