"""When the ECB sets its rates, so that an old rate is told apart from the latest there is.

Rates are set on every TARGET working day and published around 16:00 Central European Time. None are set on Saturdays,
Sundays and the closing days of TARGET: 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December (ECB, "Euro
foreign exchange reference rates"; ECB press release of 14 December 2000 on the calendar). The last rate stays in use.
The rule gives every date of the ECB's history since 2002 and no other; a test compares them.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple

from twinshore.fx.port import RateTable

PUBLISHED_UTC_HOUR = 15
"""16:00 CET. In summer it is one hour earlier: a rate is then taken for an hour younger, never for older."""
STALE_AFTER_MISSED = 2
"""So many publications must have gone by without reaching us before a rate counts as stale: the first may be late,
or our own timer may not have run yet."""
CLOSED_MONTH_DAYS = ((1, 1), (5, 1), (12, 25), (12, 26))


class Freshness(NamedTuple):
    age_seconds: int
    """Since the publication of the rate, as its source says, else by the ECB's timetable."""
    missed: int
    """Publications since, at most STALE_AFTER_MISSED."""
    stale: bool


def freshness(day: str, now: int) -> Freshness:
    """How old a table of `day` (ISO 8601) is at `now`."""
    published, latest = date.fromisoformat(day), latest_published(now)
    missed = 0
    while latest > published and missed < STALE_AFTER_MISSED:
        missed, latest = missed + 1, previous_working_day(latest)
    return Freshness(max(0, now - published_at(published)), missed, missed >= STALE_AFTER_MISSED)


def freshness_of(table: RateTable, now: int) -> Freshness:
    """A further source is held to the ECB's working days too: it is asked daily, and says when it published."""
    fresh = freshness(table.date, now)
    return fresh._replace(age_seconds=max(0, now - table.published_at)) if table.published_at else fresh


def published_at(day: date) -> int:
    """Seconds since the epoch."""
    return int(datetime(day.year, day.month, day.day, PUBLISHED_UTC_HOUR, tzinfo=timezone.utc).timestamp())


def latest_published(now: int) -> date:
    """The last working day whose rates are out at `now`."""
    day = datetime.fromtimestamp(now, timezone.utc).date()
    return day if is_working_day(day) and now >= published_at(day) else previous_working_day(day)


def previous_working_day(day: date) -> date:
    day -= timedelta(days=1)
    while not is_working_day(day):
        day -= timedelta(days=1)
    return day


def is_working_day(day: date) -> bool:
    if day.weekday() >= 5 or (day.month, day.day) in CLOSED_MONTH_DAYS:
        return False
    easter = easter_sunday(day.year)
    return day not in (easter - timedelta(days=2), easter + timedelta(days=1))


def easter_sunday(year: int) -> date:
    """Gregorian Easter: the Sunday after the ecclesiastical full moon on or after 21 March (Gauss, with the lunar and
    solar corrections of the century)."""
    century, golden = year // 100, year % 19
    moon = (19 * golden + 15 + century - century // 4 - (8 * century + 13) // 25) % 30  # days after 21 March
    if moon == 29 or (moon == 28 and golden > 10):
        moon -= 1
    full_moon = date(year, 3, 21) + timedelta(days=moon)
    return full_moon + timedelta(days=6 - full_moon.weekday() or 7)
