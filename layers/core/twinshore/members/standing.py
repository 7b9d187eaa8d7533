"""A member's tier as it is kept: counted from the news of purchases, settled by the clock, with its history.

    membership#<member id>  standing                -> the Standing, due at its next turn
                            counted#<purchase>      -> what one purchase or refund counted: each counts once
                            tier-change#<time>#<..> -> history

Who is only read is settled in passing, without a write; the sweep finds by its due index who has a turn to take.
"""

from __future__ import annotations

import hashlib
from typing import Callable, NamedTuple

from twinshore import log
from twinshore.cells import Cells, Residency
from twinshore.errors import BrokenInvariant
from twinshore.events import Event
from twinshore.members import tiers
from twinshore.members.days import local_date
from twinshore.members.tiers import Change, Rules, Standing
from twinshore.store.port import Change as Write
from twinshore.store.port import CommitConflict, Create, Due, Item, Key, Replace, Store, StoreUnavailable

QUEUE = "member-tier"
TRIES = 8
HISTORY_LIMIT = 100
SWEEP_LIMIT = 100


class Members(NamedTuple):
    """What this room works with, in one cell."""

    store: Store
    residency: Residency
    cells: Cells
    rules: Rules


class History(NamedTuple):
    at: int
    before: str
    """A tier's name, as it was called then."""
    after: str
    reason: str


class Count(NamedTuple):
    member_id: str
    id: str
    """Of what happened: the same id counts once."""
    points: int
    """Below zero for a refund."""
    at: int
    of: str = ""
    """For a refund: the id of the purchase."""


def partition_of(member_id: str) -> str:
    return f"membership#{member_id}"


def read(members: Members, member_id: str, now: int) -> Standing | None:
    """As of `now`; None before the first qualifying purchase."""
    item = members.store.get(_key(member_id))
    if item is None:
        return None
    standing, _ = tiers.settle(members.rules, _standing(members, item), now)
    return standing


def history(members: Members, member_id: str) -> list[History]:
    """Newest first, as far as it has been written down: the sweep is a minute behind the clock."""
    page = members.store.query(partition_of(member_id), "tier-change#", limit=HISTORY_LIMIT, newest_first=True)
    rows = [members.residency.check(item.fields) for item in page.items]
    return [History(row["at"], row["from"], row["to"], row["reason"]) for row in rows]


def count(members: Members, what: Count, now: int) -> None:
    """Count a purchase, or take back what a refund undoes. Once per id, however often and in whatever order."""
    receipt = _receipt(what.member_id, what.id)
    for _ in range(TRIES):
        item = members.store.get(_key(what.member_id))
        happened_at = _purchased_at(members, what)
        fresh = Standing(local_date(happened_at, members.rules.time_zone).isoformat())
        held = fresh if item is None else _standing(members, item)
        standing, changes = tiers.settle(members.rules, held, now)
        after = tiers.count(members.rules, standing, what.points, happened_at)
        if after.tier != standing.tier:
            reason = tiers.POINTS_REACHED if after.tier > standing.tier else tiers.PURCHASE_REFUNDED
            changes = (*changes, Change(now, standing.tier, after.tier, reason))
        label = members.residency.label({"points": what.points, "at": what.at}, members.residency.here)
        try:
            _write(members, what.member_id, item, after, changes, (Create(receipt, label),))
        except CommitConflict as conflict:
            if conflict.key == receipt:
                return  # counted before
            continue
        return
    raise StoreUnavailable("a member's standing is contended")


def settle_due(members: Members, now: int, limit: int = SWEEP_LIMIT) -> int:
    """Take the turns whose time has come; how many members had one."""
    done = 0
    for item in members.store.due(QUEUE, now, limit):
        member_id = item.key.partition.partition("#")[2]
        try:
            standing, changes = tiers.settle(members.rules, _standing(members, item), now)
            _write(members, member_id, item, standing, changes)
        except CommitConflict:
            continue  # a purchase was counted at this moment, and settled on the way
        except BrokenInvariant as err:  # one row that should not be here does not hold up the others
            log.line("error", "a member's tier cannot be settled", error=err)
            continue
        done += 1
    return done


def _write(
    members: Members, member_id: str, item: Item | None, standing: Standing, changes: tuple[Change, ...],
    also: tuple[Write, ...] = (),
) -> None:  # fmt: skip
    turn = tiers.next_turn(members.rules, standing)
    due = Due(QUEUE, turn) if turn is not None else None
    names = {"tier": members.rules.tiers[standing.tier].name, "floor": members.rules.tiers[standing.floor].name}
    held = {} if item is None else item.fields
    fields = members.residency.label({**held, **standing._asdict(), **names}, members.residency.here)
    key = _key(member_id)
    write: Write = Create(key, fields, due) if item is None else Replace(key, fields, item.version, due)
    version = 0 if item is None else item.version
    told = [_told(members.rules, member_id, change, version) for change in changes]
    rows = [Create(_history(member_id, event), members.residency.label(event.data, members.residency.here))
            for event in told]  # fmt: skip
    members.store.commit(*also, write, *rows, events=tuple(told))
    for change in changes:
        log.line("info", "tier changed", reason=change.reason, up=change.after > change.before)


def _told(rules: Rules, member_id: str, change: Change, version: int) -> Event:
    """`version`: of the standing that it replaces, so that the same change twice in a second is two changes."""
    data = {"member_id": member_id, "from": rules.tiers[change.before].name, "to": rules.tiers[change.after].name,
            "reason": change.reason, "at": change.at}  # fmt: skip
    seed = f"{member_id}\n{version}\n{change.at}\n{data['from']}\n{data['to']}"
    return Event(f"member.tier_changed:{_digest(seed)}", "member.tier_changed", change.at, data)


def _history(member_id: str, event: Event) -> Key:
    return Key(partition_of(member_id), f"tier-change#{event.at:012d}#{event.id.rpartition(':')[2]}")


def _purchased_at(members: Members, what: Count) -> int:
    """A refund counts where its purchase did; where that was not heard of yet, where the refund itself falls."""
    purchase = members.store.get(_receipt(what.member_id, what.of)) if what.of else None
    return int(purchase.fields["at"]) if purchase is not None else what.at


def _standing(members: Members, item: Item) -> Standing:
    fields = members.residency.check(item.fields)
    rank: Callable[[str], int] = members.rules.rank
    return Standing(str(fields["entered_on"]), int(fields["cycle"]), rank(fields["tier"]), rank(fields["floor"]),
                    int(fields["points"]), fields["before"])  # fmt: skip


def _key(member_id: str) -> Key:
    return Key(partition_of(member_id), "standing")


def _receipt(member_id: str, cause: str) -> Key:
    return Key(partition_of(member_id), f"counted#{_digest(cause)}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
