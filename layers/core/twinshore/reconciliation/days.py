"""Days of bills: written YYYY-MM-DD, counted in the provider's own time zone (an IANA name).

A day begins when midnight does there: on two days of the year that is 23 or 25 hours after the day before began.
"""

from __future__ import annotations

import re
import time
from calendar import timegm

DAY_SECONDS = 86_400
"""Of most days; never added to a moment to find the next day's."""
FIXED_SECONDS = {"UTC": 0, "Asia/Shanghai": 8 * 3600}
"""Ahead of UTC, all year: these need no table of zones (8 ms, and a machine may have none)."""
_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)


def day_of(at: int, zone: str) -> str:
    fixed = FIXED_SECONDS.get(zone)
    if fixed is not None:
        return time.strftime("%Y-%m-%d", time.gmtime(at + fixed))
    from datetime import datetime
    from zoneinfo import ZoneInfo

    return datetime.fromtimestamp(at, ZoneInfo(zone)).strftime("%Y-%m-%d")


def starts_at(day: str, zone: str) -> int:
    """Seconds since the epoch. Raises ValueError for what is no day."""
    if not _DAY.fullmatch(day):
        raise ValueError("a day is written YYYY-MM-DD")
    midnight = timegm(time.strptime(day, "%Y-%m-%d"))
    fixed = FIXED_SECONDS.get(zone)
    if fixed is not None:
        return midnight - fixed
    from datetime import datetime
    from zoneinfo import ZoneInfo

    return int(datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).timestamp())


def ends_at(day: str, zone: str) -> int:
    """The first second that is not of this day any more."""
    return starts_at(days_later(day, 1), zone)


def days_later(day: str, days: int) -> str:
    return day_of(starts_at(day, "UTC") + days * DAY_SECONDS, "UTC")


def days_between(first: str, second: str) -> int:
    return (starts_at(second, "UTC") - starts_at(first, "UTC")) // DAY_SECONDS
