"""Which points there are, by when they expire: a pure function of the entries.

What is spent is taken from what expires first. Nothing of this is stored: a redemption need not know which points it
takes, and so needs no read.
"""

from __future__ import annotations

from bisect import insort
from typing import Iterable, NamedTuple

from twinshore.points.book import EXPIRE, Entry
from twinshore.points.programmes import Programme, grace_end


class Lot(NamedTuple):
    expires_at: int
    order: int
    """Of two that expire together, the one that came first goes first."""
    points: int
    entry_id: str
    """The entry that brought it."""


class Replayed(NamedTuple):
    lots: list[Lot]
    """First to expire first. They add up to the balance."""
    taken: dict[str, list[Lot]]
    """By entry: what each that took points out has taken."""


def replay(entries: Iterable[Entry]) -> Replayed:
    """All entries of one ledger, or all up to some time.

    Clocks of functions differ by a little, so an entry may be stamped before what it spends: what is missing then is
    made up from the points that come next. At the end nothing is missing, for the balance is never below zero.
    """
    lots: list[Lot] = []
    taken: dict[str, list[Lot]] = {}
    missing = 0
    for order, entry in enumerate(sorted(entries, key=_place)):
        for points, expires_at in entry.lots:
            made_up = min(missing, points)
            missing -= made_up
            if points > made_up:
                insort(lots, Lot(expires_at, order, points - made_up, entry.id))
        if entry.points < 0:
            took = _take(lots, -entry.points, entry.of)
            taken[entry.id] = took
            missing += -entry.points - sum(lot.points for lot in took)
    return Replayed(lots, taken)


def cut(lots: Iterable[Lot], points: int) -> list[Lot]:
    """As many of `lots`, in their order, as make up `points`, the last one cut to fit."""
    part: list[Lot] = []
    for lot in lots:
        if points <= 0:
            break
        part.append(lot._replace(points=min(points, lot.points)))
        points -= lot.points
    return part


def given_back(terms: Programme, took: Iterable[tuple[int, int]], points: int, at: int) -> tuple[tuple[int, int], ...]:
    """`points` that come back at `at`, as an entry's lots: with the times with which they were taken, `took`, or the
    programme's grace where that time is over."""
    grace = grace_end(terms, at)
    back: dict[int, int] = {}
    for part, expires_at in took:
        end = expires_at if expires_at > at else grace
        back[end] = back.get(end, 0) + part
    unknown = points - sum(back.values())
    if unknown:  # spent, by a clock that was late, before they had come in
        back[grace] = back.get(grace, 0) + unknown
    return tuple((part, end) for end, part in sorted(back.items()))


def _place(entry: Entry) -> tuple[int, int, str]:
    """By time; within a second what expired goes first (it could not be spent any more), and then what came in."""
    return entry.at, 0 if entry.kind == EXPIRE else 1 if entry.points >= 0 else 2, entry.id


def _take(lots: list[Lot], points: int, of: str) -> list[Lot]:
    """Take `points` out of `lots`, first from what the entry `of` brought; give what was taken."""
    took = []
    while points > 0 and lots:
        index = next((n for n, lot in enumerate(lots) if lot.entry_id == of), 0) if of else 0
        lot = lots[index]
        part = min(points, lot.points)
        took.append(lot._replace(points=part))
        points -= part
        if part == lot.points:
            del lots[index]
        else:
            lots[index] = lot._replace(points=lot.points - part)
    return took
