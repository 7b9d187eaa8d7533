"""Programmes: the kinds of points there are, and the terms of each. Data: a new programme is a row.

A member's points of two programmes are two accounts that know nothing of each other.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from twinshore import log
from twinshore.errors import Unprocessable

SHARE, WHOLE = "share", "whole"
"""What a purchase that is returned in part loses: the points of that part, or all that it earned."""
OWN_LOT, FIRST_TO_EXPIRE = "own_lot", "first_to_expire"
"""From where points are taken back: what the returned purchase earned, then the rest; or the rest at once."""


class UnknownProgramme(Unprocessable):
    slug = "unknown-programme"
    title_en = "There is no such points programme"
    title_zh = "没有该积分计划"


class Programme(NamedTuple):
    name: str
    title_en: str
    title_zh: str
    shores: tuple[str, ...]
    """In whose cells it is the one that is meant when none is named."""
    time_zone: str
    """IANA. Days and months of the programme are those of this zone, wherever its members are."""
    valid_months: int
    """Points expire at the end of this many months after the month in which they were credited."""
    grace_days: int
    """Points that come back after their expiry live to the end of this many days more."""
    activation_days: int
    """How long earned points wait before they can be spent."""
    partial_return: str
    taken_from: str
    entry_limit: int
    """Points of one entry, earned in one local day, and of one balance: more is refused."""
    day_limit: int
    balance_limit: int


PROGRAMMES = {
    programme.name: programme
    for programme in (
        Programme("mainland", "Mainland points", "境内积分", ("mainland",), "Asia/Shanghai", 12, 30, 0,
                  SHARE, OWN_LOT, 10**9, 10**10, 10**12),
        Programme("overseas", "Overseas points", "境外积分", ("overseas",), "Europe/Berlin", 12, 30, 0,
                  SHARE, OWN_LOT, 10**9, 10**10, 10**12),
        Programme("miles", "Miles", "里程", (), "Asia/Singapore", 36, 90, 14,
                  WHOLE, FIRST_TO_EXPIRE, 10**6, 2 * 10**6, 10**8),
    )
}  # fmt: skip
_DEFAULTS = {shore: programme for programme in PROGRAMMES.values() for shore in programme.shores}


def programme_named(name: str, shore: str) -> Programme:
    """ "" is the default of the shore. Raises UnknownProgramme."""
    programme = PROGRAMMES.get(name) if name else _DEFAULTS[shore]
    if programme is None:
        log.line("warning", "points refused", why=UnknownProgramme.slug)
        raise UnknownProgramme("there is no such programme here")
    return programme


def expiry_of(programme: Programme, at: int) -> int:
    """When points credited at `at` expire: midnight after the last day of the programme's last month for them."""
    local = _local(programme, at)
    months = local.year * 12 + local.month - 1 + programme.valid_months + 1
    return _epoch(local.replace(year=months // 12, month=months % 12 + 1, day=1, hour=0, minute=0, second=0, fold=0))


def grace_end(programme: Programme, at: int) -> int:
    """When points expire that came back too late at `at`."""
    return _midnight_after(programme, at, programme.grace_days + 1)


def activation_of(programme: Programme, at: int) -> int | None:
    """When points earned at `at` can be spent; None for at once."""
    return _midnight_after(programme, at, programme.activation_days) if programme.activation_days else None


def day_of(programme: Programme, at: int) -> str:
    """The programme's date at `at`, as in 2028-02-29."""
    return _local(programme, at).date().isoformat()


def _midnight_after(programme: Programme, at: int, days: int) -> int:
    local = _local(programme, at).replace(hour=0, minute=0, second=0, fold=0)
    return _epoch(local + timedelta(days=days))  # of the wall clock: a day may have 23 hours


def _local(programme: Programme, at: int) -> datetime:
    from zoneinfo import ZoneInfo

    return datetime.fromtimestamp(at, ZoneInfo(programme.time_zone))


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp())
