"""Tiers: what qualifies for which, for how long, and how one leaves it. Tables and pure functions.

Within a cycle a tier is a function of the points: the higher of the tier that the cycle began with and the tier that
the points of the cycle reach. So points raise it at once, and a refund undoes at once what its purchase had raised, but
never takes what the cycle began with. A cycle's end lowers it, after a grace, by `steps_down` at most.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from twinshore.errors import must
from twinshore.members.days import local_date, months_after, start_of

ROLLING, CALENDAR_YEAR = "rolling", "calendar_year"
POINTS_REACHED, PURCHASE_REFUNDED, CYCLE_ENDED = REASONS = ("points_reached", "purchase_refunded", "cycle_ended")


class Tier(NamedTuple):
    name: str
    title_en: str
    title_zh: str
    threshold: int
    """Qualifying points of one cycle."""


class Rules(NamedTuple):
    time_zone: str
    """Of the programme: its days begin and end there, wherever a member is."""
    tiers: tuple[Tier, ...] = (
        Tier("member", "Member", "普通会员", 0),
        Tier("silver", "Silver", "银卡会员", 1_000),
        Tier("gold", "Gold", "金卡会员", 5_000),
        Tier("platinum", "Platinum", "白金会员", 20_000),
    )
    """Lowest first; the first takes no points."""
    cycle: str = ROLLING
    """ROLLING: `cycle_months` from the day of entry, for each member their own. CALENDAR_YEAR: from each 1 January."""
    cycle_months: int = 12
    grace_days: int = 30
    """After a cycle that did not keep the tier: so long it is kept, and what is earned meanwhile counts for both."""
    steps_down: int = 1

    def rank(self, name: str) -> int:
        return next(rank for rank, tier in enumerate(self.tiers) if tier.name == name)

    def earned(self, points: int) -> int:
        """The rank that so many points of one cycle reach."""
        return max((rank for rank, tier in enumerate(self.tiers) if tier.threshold <= points), default=0)


class Standing(NamedTuple):
    entered_on: str
    """The day of the first qualifying purchase in the programme's zone, ISO 8601."""
    cycle: int = 0
    """Counted from the day of entry."""
    tier: int = 0
    """Rank."""
    floor: int = 0
    """The rank that the cycle began with."""
    points: int = 0
    """Of this cycle. Below zero where a refund was told before, or long after, its purchase."""
    before: int | None = None
    """While the grace runs: the points of the cycle before."""


class Change(NamedTuple):
    at: int
    before: int
    """Rank."""
    after: int
    reason: str
    """One of REASONS."""


def cycle_start(rules: Rules, standing: Standing, cycle: int) -> int:
    entered = date.fromisoformat(standing.entered_on)
    if cycle == 0:
        return start_of(entered, rules.time_zone)
    if rules.cycle == CALENDAR_YEAR:
        return start_of(date(entered.year + cycle, 1, 1), rules.time_zone)
    return start_of(months_after(entered, cycle * rules.cycle_months), rules.time_zone)


def next_turn(rules: Rules, standing: Standing) -> int | None:
    """When something happens by the clock alone; None for who has nothing to lose."""
    if standing.before is not None:
        began = local_date(cycle_start(rules, standing, standing.cycle), rules.time_zone)
        return start_of(began + timedelta(days=rules.grace_days), rules.time_zone)
    if standing.tier == 0:
        return None
    return cycle_start(rules, standing, standing.cycle + 1)


def settle(rules: Rules, standing: Standing, now: int) -> tuple[Standing, tuple[Change, ...]]:
    """The standing as it is at `now`, and what has changed by the clock on the way. The same whenever it is asked."""
    changes: list[Change] = []
    while (turn := next_turn(rules, standing)) is not None and turn <= now:
        after = _turned(rules, standing)
        if after.tier != standing.tier:
            changes.append(Change(turn, standing.tier, after.tier, CYCLE_ENDED))
        standing = after
    while cycle_start(rules, standing, standing.cycle + 1) <= now:  # nothing to lose: only the count goes on
        standing = standing._replace(cycle=standing.cycle + 1, points=0)
    return standing, tuple(changes)


def _turned(rules: Rules, standing: Standing) -> Standing:
    """After the end of a cycle, or of a grace."""
    if standing.before is None:
        kept = rules.earned(standing.points)
        fresh = standing._replace(cycle=standing.cycle + 1, points=0)
        if kept >= standing.tier:
            return fresh._replace(floor=standing.tier)
        if rules.grace_days:
            return fresh._replace(floor=standing.tier, before=standing.points)
        floor = max(kept, standing.tier - rules.steps_down)
        return fresh._replace(floor=floor, tier=floor)
    kept = min(rules.earned(standing.before + max(standing.points, 0)), standing.floor)
    floor = max(kept, standing.floor - rules.steps_down, 0)
    return standing._replace(floor=floor, tier=max(floor, rules.earned(standing.points)), before=None)


def count(rules: Rules, standing: Standing, points: int, happened_at: int) -> Standing:
    """With `points` (below zero: a refund) of a purchase of `happened_at`. `standing` is settled.

    What belongs to the cycle before counts there while its grace runs; anything older counts in the cycle that runs.
    """
    in_grace = standing.before is not None and standing.cycle > 0
    if in_grace and _is_of_cycle(rules, standing, standing.cycle - 1, happened_at):
        before = (standing.before or 0) + points
        standing = standing._replace(before=before, floor=max(standing.floor, rules.earned(before)))
    else:
        standing = standing._replace(points=standing.points + points)
    must(0 <= standing.floor < len(rules.tiers), "a floor is a tier")
    return standing._replace(tier=max(standing.floor, rules.earned(standing.points)))


def _is_of_cycle(rules: Rules, standing: Standing, cycle: int, at: int) -> bool:
    return cycle_start(rules, standing, cycle) <= at < cycle_start(rules, standing, cycle + 1)
