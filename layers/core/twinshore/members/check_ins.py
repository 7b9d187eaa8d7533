"""Daily check-in, kept: one item per date, one for the streak; points are credited by cause, so once.

    membership#<member id>  check-in#<date>   -> a Day
                            streak            -> the Streak

A check-in is committed with its event; the points are credited at once and again by the event's consumer, under the
same cause: whoever dies in between, they come once.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Callable, NamedTuple

from twinshore.cells import Residency
from twinshore.errors import must
from twinshore.events import Event
from twinshore.members.standing import partition_of
from twinshore.members.streak import (
    Day,
    Streak,
    checked_in,
    today_of,
)
from twinshore.store.port import Change, CommitConflict, Create, Item, Key, Replace, Store, StoreUnavailable

TRIES = 30
"""More than the taps of one person at a time."""
REASON = "check_in"
"""Of the points' entry, as the notes about points know it."""
Credit = Callable[[int, str, str], object]
"""Points, cause, reason -> credited, once per cause."""


class Desk(NamedTuple):
    """Where one member checks in."""

    store: Store
    residency: Residency
    member_id: str
    zone: str
    """The profile's."""
    credit: Credit


class Credited(NamedTuple):
    day: Day
    """As it was committed."""
    points: int
    streak: Streak


def check_in(desk: Desk, now: int) -> Credited:
    """Once per date: a further tap, or twenty at once, get the first one's answer."""
    for _ in range(TRIES):
        item, streak = load(desk)
        today = today_of(streak, desk.zone, now)
        if streak is not None and streak.last_on == today:
            held = desk.store.get(key_of(desk, today))
            must(held is not None, "the last date of a streak is there")
            if held is not None:
                return credited(desk, Credited(day_in(desk, held), int(held.fields["credited"]), streak))
        after, day = checked_in(streak, desk.zone, now)
        done = Credited(day, day.points, after)
        made = Create(key_of(desk, today), fields_of(desk, day, day.points))
        if committed(desk, done, now, made, kept(desk, item, after)):
            return credited(desk, done)
    raise StoreUnavailable("a member's check-in is contended")


def days_from(desk: Desk, first: date, limit: int) -> list[tuple[Item, Day]]:
    """What is checked in from a date on, oldest first; of the `limit` newest dates."""
    page = desk.store.query(partition_of(desk.member_id), "check-in#", limit=limit, newest_first=True)
    found = [(item, day_in(desk, item)) for item in page.items]
    return [(item, day) for item, day in reversed(found) if day.on >= first]


def days_of(desk: Desk, month: str) -> list[Day]:
    """Of a month such as 2026-11."""
    page = desk.store.query(partition_of(desk.member_id), f"check-in#{month}")
    return [day_in(desk, item) for item in page.items]


def load(desk: Desk) -> tuple[Item | None, Streak | None]:
    item = desk.store.get(Key(partition_of(desk.member_id), "streak"))
    if item is None:
        return None, None
    fields = desk.residency.check(item.fields)
    return item, Streak(
        date.fromisoformat(fields["first_on"]), date.fromisoformat(fields["last_on"]), int(fields["last_at"]),
        str(fields["zone"]), int(fields["length"]), int(fields["cards"]), str(fields["used_month"]),
        int(fields["used"]),
    )  # fmt: skip


def kept(desk: Desk, item: Item | None, streak: Streak) -> Change:
    held = {} if item is None else item.fields
    fields = {
        **held,
        **streak._asdict(),
        "first_on": streak.first_on.isoformat(),
        "last_on": streak.last_on.isoformat(),
    }
    labelled = desk.residency.label(fields, desk.residency.here)
    if item is None:
        return Create(Key(partition_of(desk.member_id), "streak"), labelled)
    return Replace(item.key, labelled, item.version)


def key_of(desk: Desk, day: date) -> Key:
    return Key(partition_of(desk.member_id), f"check-in#{day.isoformat()}")


def fields_of(desk: Desk, day: Day, credited_points: int) -> dict[str, Any]:
    """`credited`: what this day's own cause has credited; `points`: what the day is worth as the streak stands now."""
    follows = day.follows.isoformat() if day.follows else ""
    fields = {"streak": day.streak, "points": day.points, "follows": follows, "made_up": day.made_up,
              "credited": credited_points}  # fmt: skip
    return desk.residency.label(fields, desk.residency.here)


def day_in(desk: Desk, item: Item) -> Day:
    fields = desk.residency.check(item.fields)
    follows = date.fromisoformat(fields["follows"]) if fields["follows"] else None
    on = date.fromisoformat(item.key.sort.partition("#")[2])
    return Day(on, int(fields["streak"]), int(fields["points"]), follows, bool(fields["made_up"]))


def committed(desk: Desk, done: Credited, now: int, *changes: Change) -> bool:
    """Whether it landed; False if somebody was faster."""
    cause = _cause(desk, done.day.on)
    data = {"member_id": desk.member_id, "points": done.points, "cause": cause, "reason": REASON}
    event = Event(f"member.checked_in:{desk.member_id}:{done.day.on.isoformat()}", "member.checked_in", now, data)
    try:
        desk.store.commit(*changes, events=(event,))
    except CommitConflict:
        return False
    return True


def credited(desk: Desk, done: Credited) -> Credited:
    desk.credit(done.points, _cause(desk, done.day.on), REASON)
    return done


def _cause(desk: Desk, day: date) -> str:
    return f"check-in:{desk.member_id}:{day.isoformat()}"
