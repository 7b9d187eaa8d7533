"""The days on which rates are published, as the twins of rate sources know them, and a decimal point that slips.

Written beside the package's own calendar and not from it, so that the one tries the other: TARGET is closed on
Saturdays, Sundays, 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December (ECB, press release of 14 December
2000).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

PUBLISHED_AT_UTC_HOUR = 15
FIXED_HOLIDAYS = {"01-01", "05-01", "12-25", "12-26"}


def last_published(at: float) -> str:
    """The day (ISO 8601) whose rates are the newest at this second."""
    moment = datetime.fromtimestamp(at, timezone.utc)
    day = moment.date() if moment.hour >= PUBLISHED_AT_UTC_HOUR else moment.date() - timedelta(days=1)
    while day.isoweekday() > 5 or day.isoformat()[5:] in FIXED_HOLIDAYS or day in _around_easter(day.year):
        day -= timedelta(days=1)
    return day.isoformat()


def _around_easter(year: int) -> tuple[date, date]:
    """Good Friday and Easter Monday (J. Meeus, Astronomical Algorithms, 1991, chapter 8)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    month, days = divmod(h + weekday - 7 * ((a + 11 * h + 22 * weekday) // 451) + 114, 31)
    sunday = date(year, month, days + 1)
    return sunday - timedelta(days=2), sunday + timedelta(days=1)


def times(text: str, factor: int) -> str:
    """A decimal number, so many times, with as many decimals."""
    whole, _, decimals = text.partition(".")
    number = str(int(whole + decimals) * factor).rjust(len(decimals) + 1, "0")
    return f"{number[: -len(decimals)]}.{number[-len(decimals) :]}" if decimals else number
