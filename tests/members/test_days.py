"""Days of time zones: their first moments, anniversaries, birthdays."""

from __future__ import annotations

from datetime import date

import pytest

from tests.support.membership import CELLS, moment
from twinshore.members.days import UnknownTimeZone, in_year, local_date, months_after, start_of, zone_of
from twinshore.members.markets import MARKETS, about, home_zone


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-12-31 23:59", "Asia/Shanghai", "2026-12-31T15:59:00"),
        ("2027-01-01 00:00", "Asia/Shanghai", "2026-12-31T16:00:00"),
        ("2027-01-01 00:00", "America/New_York", "2027-01-01T05:00:00"),
        ("2027-01-01 00:00", "Pacific/Kiritimati", "2026-12-31T10:00:00"),
        ("2027-01-01 00:00", "Pacific/Pago_Pago", "2027-01-01T11:00:00"),
    ],
)
def test_a_year_ends_when_it_ends_there(text: str, zone: str, expected: str) -> None:
    at = moment(expected)
    assert local_date(at, zone) == date.fromisoformat(text[:10])
    if text.endswith("00:00"):
        assert start_of(date.fromisoformat(text[:10]), zone) == at
        assert local_date(at - 1, zone) == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("day", "zone"),
    [
        ("2018-11-04", "America/Sao_Paulo"),  # midnight did not exist: the clocks went from 00:00 to 01:00
        ("2026-03-29", "Europe/Berlin"),  # spring forward at 02:00
        ("2026-10-25", "Europe/Berlin"),  # 25 hours
        ("2026-03-08", "America/New_York"),
        ("2026-11-01", "America/New_York"),
        ("2018-02-18", "America/Sao_Paulo"),  # the clocks went back from 00:00 to 23:00 of the day before
        ("2011-12-31", "Pacific/Apia"),  # the date before was left out
        ("2024-02-29", "Asia/Shanghai"),
    ],
)
def test_the_first_second_of_a_day_is_its_own_and_the_one_before_is_not(day: str, zone: str) -> None:
    first = start_of(date.fromisoformat(day), zone)
    assert local_date(first, zone) == date.fromisoformat(day)
    assert local_date(first - 1, zone) < date.fromisoformat(day)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2024-02-29", 12, "2025-03-01"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2023-02-28", 12, "2024-02-28"),
        ("2026-12-31", 12, "2027-12-31"),
        ("2026-08-31", 6, "2027-03-01"),
        ("2026-01-31", 1, "2026-03-01"),
        ("2026-11-15", 2, "2027-01-15"),
    ],
)
def test_months_later_is_never_short_of_a_day(day: str, months: int, expected: str) -> None:
    assert months_after(date.fromisoformat(day), months) == date.fromisoformat(expected)


@pytest.mark.parametrize(("year", "expected"), [(2028, "2028-02-29"), (2027, "2027-02-28"), (2100, "2100-02-28")])
def test_who_was_born_on_the_leap_day_has_a_birthday_each_year(year: int, expected: str) -> None:
    assert in_year(2, 29, year) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    "name", ["", "Europe", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "right/UTC", "posix/UTC",
             "Asia/Shang\x00hai", "a" * 70, "上海"],
)  # fmt: skip
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(UnknownTimeZone):
        zone_of(name)


def test_every_market_has_a_name_and_a_zone() -> None:
    assert set(MARKETS) == set(CELLS.markets)
    for market in MARKETS.values():
        assert zone_of(market.zone)
    compiled = CELLS.markets["DE"]
    CELLS.markets["AT"] = compiled._replace(country="AT")
    assert (about(CELLS, "AT").en, home_zone(CELLS, "AT")) == ("AT", "Europe/Berlin")
    del CELLS.markets["AT"]
