"""What a member tells us for their benefits: birthday (month and day; the year is not kept), home market, languages,
time zone.

    membership#<member id>  profile  -> personal, labelled with the cell
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any, NamedTuple

from twinshore.errors import Conflict, Unprocessable
from twinshore.members.days import local_date, start_of, zone_of
from twinshore.members.markets import home_zone
from twinshore.members.standing import Members, partition_of
from twinshore.store.port import Change, CommitConflict, Create, Item, Key, Replace, StoreUnavailable

TRIES = 5
_DAY = re.compile(r"(?:[0-9]{4}-)?[0-9]{2}-[0-9]{2}")
BIRTHDAY_CHANGE_DAYS = 365
"""Between one change of the birthday and the next; the first one is free at once."""


class UnknownMarket(Unprocessable):
    slug = "unknown-market"
    title_en = "There is no such market"
    title_zh = "没有该市场"


class BirthdayInvalid(Unprocessable):
    slug = "birthday-invalid"
    title_en = "There is no such day"
    title_zh = "生日日期无效"


class BirthdayChangedLately(Conflict):
    """`again_on`: the date from which it may be changed."""

    slug = "birthday-changed-lately"
    title_en = "The birthday can be changed once a year"
    title_zh = "生日每年只能修改一次"


class Profile(NamedTuple):
    home_market: str = ""
    """ISO 3166-1 alpha-2; "" until the member says."""
    languages: tuple[str, ...] = ()
    time_zone: str = ""
    """IANA; of the home market until the member says."""
    birthday: str = ""
    """MM-DD; "" if unknown."""
    birthday_set_on: str = ""
    """When it last changed, ISO 8601; stays when the birthday is removed."""


def read(members: Members, member_id: str) -> Profile:
    item = members.store.get(_key(member_id))
    return Profile(time_zone=members.rules.time_zone) if item is None else _profile(members, item)


def change(members: Members, member_id: str, wanted: Profile, now: int) -> Profile:
    """The whole profile anew; `wanted.birthday_set_on` is not read. The same again changes nothing.

    Raises UnknownMarket, UnknownTimeZone, BirthdayInvalid, BirthdayChangedLately, Misdirected (the home market's people
    are kept by another cell).
    """
    if wanted.home_market not in members.cells.markets:
        raise UnknownMarket("see the markets that bootstrap names")
    zone = wanted.time_zone or home_zone(members.cells, wanted.home_market)
    zone_of(zone)
    wanted = wanted._replace(time_zone=zone, birthday=month_and_day(wanted.birthday))
    home = members.cells.markets[wanted.home_market].home
    for _ in range(TRIES):
        item = members.store.get(_key(member_id))
        held = Profile() if item is None else _profile(members, item)
        after = wanted._replace(birthday_set_on=_set_on(held, wanted, local_date(now, members.rules.time_zone)))
        if after == held:
            return held
        carried = {} if item is None else item.fields
        fields: dict[str, Any] = {**carried, **after._asdict(), "languages": list(after.languages)}
        labelled = members.residency.label(fields, home)
        write: Change = Create(_key(member_id), labelled)
        if item is not None:
            write = Replace(item.key, labelled, item.version)
        try:
            members.store.commit(write)
        except CommitConflict:
            continue
        return after
    raise StoreUnavailable("a member's profile is contended")


def month_and_day(text: str) -> str:
    """MM-DD of an MM-DD or a whole date; 29 February is a birthday. Raises BirthdayInvalid, without repeating it."""
    if not text:
        return ""
    try:
        day = date.fromisoformat(f"2000-{text}" if len(text) == 5 else text)
    except ValueError:
        raise BirthdayInvalid("send MM-DD, for example 02-29") from None
    if _DAY.fullmatch(text) is None:  # later interpreters read weeks as well
        raise BirthdayInvalid("send MM-DD, for example 02-29")
    return day.isoformat()[5:]


def may_change_birthday_at(profile: Profile, zone: str) -> int:
    """Seconds since the epoch; 0: at any time."""
    if not profile.birthday_set_on:
        return 0
    return start_of(date.fromisoformat(profile.birthday_set_on) + timedelta(days=BIRTHDAY_CHANGE_DAYS), zone)


def _set_on(held: Profile, wanted: Profile, today: date) -> str:
    """Removing it is free at any time; another one after a removal is a change like any other."""
    if wanted.birthday in ("", held.birthday):
        return held.birthday_set_on
    if held.birthday_set_on:
        again = date.fromisoformat(held.birthday_set_on) + timedelta(days=BIRTHDAY_CHANGE_DAYS)
        if today < again:
            raise BirthdayChangedLately(f"it may be changed from {again}", again_on=again.isoformat())
    return today.isoformat()


def _profile(members: Members, item: Item) -> Profile:
    fields = members.residency.check(item.fields)
    return Profile(
        str(fields["home_market"]), tuple(fields["languages"]), str(fields["time_zone"]), str(fields["birthday"]),
        str(fields["birthday_set_on"]),
    )  # fmt: skip


def _key(member_id: str) -> Key:
    return Key(partition_of(member_id), "profile")
