"""The profile: little is kept, in the home cell, and a birthday is not for farming."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Iterator

import pytest

from tests.support.membership import ANNA, members_on, moment
from twinshore.errors import BrokenInvariant, Misdirected
from twinshore.members.days import UnknownTimeZone
from twinshore.members.profile import (
    BirthdayChangedLately,
    BirthdayInvalid,
    Profile,
    UnknownMarket,
    change,
    may_change_birthday_at,
    read,
)
from twinshore.members.standing import Members
from twinshore.store.sqlite import SqliteStore

NOW = moment("2026-11-23 12:00")
DAY = 86_400


@pytest.fixture
def members(tmp_path: Path) -> Iterator[Members]:
    store = SqliteStore(tmp_path / "store.db")
    yield members_on(store)
    store.close()


def test_the_zone_is_the_home_markets_until_the_member_says(members: Members) -> None:
    assert read(members, ANNA).time_zone == "Europe/Berlin"
    assert change(members, ANNA, Profile("GB"), NOW).time_zone == "Europe/London"
    assert change(members, ANNA, Profile("GB", (), "Asia/Tokyo"), NOW).time_zone == "Asia/Tokyo"


def test_the_year_of_birth_is_nowhere(members: Members) -> None:
    change(members, ANNA, Profile("DE", ("zh-CN",), "", "1990-07-15"), NOW)
    items = members.store.query(f"membership#{ANNA}").items
    assert [item.fields["cell"] for item in items] == ["eu"]
    assert "1990" not in json.dumps([item.fields for item in items])
    assert read(members, ANNA).birthday == "07-15"


def test_a_birthday_changes_once_a_year_and_the_same_one_is_no_change(members: Members) -> None:
    change(members, ANNA, Profile("DE", birthday="11-20"), NOW)
    change(members, ANNA, Profile("FR", birthday="11-20"), NOW + DAY)
    with pytest.raises(BirthdayChangedLately) as refused:
        change(members, ANNA, Profile("FR", birthday="12-01"), NOW + 364 * DAY)
    assert refused.value.extensions == {"again_on": "2027-11-23"}
    assert "12-01" not in str(refused.value)
    assert may_change_birthday_at(read(members, ANNA), "UTC") == moment("2027-11-23 00:00")
    assert change(members, ANNA, Profile("FR", birthday="12-01"), NOW + 365 * DAY).birthday == "12-01"


def test_removing_a_birthday_is_free_and_setting_another_is_not(members: Members) -> None:
    change(members, ANNA, Profile("DE", birthday="11-20"), NOW)
    assert change(members, ANNA, Profile("DE"), NOW + DAY).birthday == ""
    with pytest.raises(BirthdayChangedLately):
        change(members, ANNA, Profile("DE", birthday="12-01"), NOW + 2 * DAY)
    with pytest.raises(BirthdayChangedLately):
        change(members, ANNA, Profile("DE", birthday="11-20"), NOW + 2 * DAY)


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        (Profile("XX"), UnknownMarket),
        (Profile(""), UnknownMarket),
        (Profile("DE", time_zone="Mars/Olympus"), UnknownTimeZone),
        (Profile("DE", birthday="02-30"), BirthdayInvalid),
        (Profile("DE", birthday="2025-02-29"), BirthdayInvalid),
        (Profile("DE", birthday="W01-1"), BirthdayInvalid),
        (Profile("DE", birthday="2000-W01-1"), BirthdayInvalid),
        (Profile("DE", birthday="１１-２０"), BirthdayInvalid),
        (Profile("DE", birthday="tomorrow"), BirthdayInvalid),
        (Profile("CN"), Misdirected),
        (Profile("SG"), Misdirected),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_kept(
    members: Members, wanted: Profile, problem: type[Exception]
) -> None:
    with pytest.raises(problem) as refused:
        change(members, ANNA, wanted, NOW)
    assert not members.store.query(f"membership#{ANNA}").items
    assert not wanted.birthday or wanted.birthday not in str(refused.value)


def test_a_profile_of_another_cell_is_noticed_not_served(members: Members) -> None:
    change(members, ANNA, Profile("DE"), NOW)
    with pytest.raises(BrokenInvariant):
        read(members_on(members.store, "sea"), ANNA)
