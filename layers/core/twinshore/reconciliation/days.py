"""Days of bills: written YYYY-MM-DD, counted in the provider's own time zone, given as its offset from UTC."""

from __future__ import annotations

import re
import time
from calendar import timegm

DAY_SECONDS = 86_400
_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)


def day_of(at: int, utc_offset_seconds: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(at + utc_offset_seconds))


def starts_at(day: str, utc_offset_seconds: int) -> int:
    """Seconds since the epoch. Raises ValueError for what is no day."""
    if not _DAY.fullmatch(day):
        raise ValueError("a day is written YYYY-MM-DD")
    return timegm(time.strptime(day, "%Y-%m-%d")) - utc_offset_seconds


def days_later(day: str, days: int) -> str:
    return day_of(starts_at(day, 0) + days * DAY_SECONDS, 0)


def days_between(first: str, second: str) -> int:
    return (starts_at(second, 0) - starts_at(first, 0)) // DAY_SECONDS
