"""Days as people count them: dates of a time zone, their first moments, and anniversaries."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from twinshore.errors import Unprocessable

_ZONE = re.compile(r"(?!right/|posix)[A-Za-z][A-Za-z0-9_+-]{0,31}(?:/[A-Za-z0-9_+-]{1,32}){0,2}", re.ASCII)
LEAP_DAY = (2, 29)


class UnknownTimeZone(Unprocessable):
    slug = "unknown-time-zone"
    title_en = "There is no such time zone"
    title_zh = "时区名称无效"


def zone_of(name: str) -> ZoneInfo:
    """An IANA zone. Raises UnknownTimeZone."""
    if _ZONE.fullmatch(name) is None:
        raise UnknownTimeZone("send an IANA name such as Asia/Shanghai")
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; a folder is an OSError
        raise UnknownTimeZone("send an IANA name such as Asia/Shanghai") from None


def local_date(at: int, zone: str) -> date:
    return datetime.fromtimestamp(at, timezone.utc).astimezone(zone_of(zone)).date()


def start_of(day: date, zone: str) -> int:
    """The first second of a date. Where the clocks jump over midnight (fold 0 reads the old offset) that is the moment
    of the jump; where midnight comes twice on one date, the first of them."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone_of(zone)).timestamp())


def months_after(day: date, months: int) -> date:
    """The same day of the month, `months` later; the first of the month after where there is no such day.

    So a year that began on 29 February ends with 28 February: nobody's year is shorter than a year.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if day.day <= monthrange(year, month + 1)[1]:
        return date(year, month + 1, day.day)
    return date(year, month + 1, 1) + timedelta(days=monthrange(year, month + 1)[1])


def in_year(month: int, day: int, year: int) -> date:
    """A birthday in a year. Of 29 February in a common year: 28 February, so that it is never kept waiting."""
    if (month, day) == LEAP_DAY and monthrange(year, 2)[1] == 28:
        return date(year, 2, 28)
    return date(year, month, day)


def rfc3339(at: int) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
