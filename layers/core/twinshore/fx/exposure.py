"""How much is promised at locked rates: per cell and direction of a currency pair, with a cap that holds.

A promise counts from the hour in which it is made until it can no longer be used, whether it is used or not. Each hour
has counters of its own, so nothing needs to be freed: the hours that matter are the last 24. Within the hour there are
SHARDS counters, each good for its share of what the hours before have left, and each increment carries that share as
its condition: no row is hot, and no two promises pass the cap together. An hour that is over does not change any more.

Counted in euro cents at the rate of the promise. What one member may have promised in a day is counted beside it, or
one could use up the cap of all.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from twinshore.errors import Conflict
from twinshore.fx.quote import VALID_SECONDS, Quote
from twinshore.money import Money
from twinshore.store.port import CommitConflict, Create, Increment, Item, Key, Store

HOUR_SECONDS = 3_600
DAY_SECONDS = 86_400
SHARDS = 4
"""Each has a quarter of what is left: near the cap a promise may be refused though the quarters together had room."""
HOURS = VALID_SECONDS // HOUR_SECONDS + 1
MEMBER_LOCKS = 5
"""A member may have promised, in one day, as much as this many of the largest locks."""
_FIELD = "promised"


class ExposureCapReached(Conflict):
    """`pair`: a lock in this direction is not to be had for some hours. An order can be placed without one."""

    slug = "exposure-cap-reached"
    title_en = "No more rate locks between these currencies for now"
    title_zh = "该货币对的锁汇额度已用完，请稍后再试"


class LockAllowanceUsed(Conflict):
    slug = "lock-allowance-used"
    title_en = "You have locked as much as one member may in a day"
    title_zh = "您今日的锁汇额度已用完"


class Cap(NamedTuple):
    pair: Money
    """For all promises in one direction that can still be used."""
    member: Money
    """For one member's promises of one day."""


def cap_of(limit: Money, exposure_minor: int) -> Cap:
    """`limit`: the most that one lock may be worth."""
    return Cap(Money(exposure_minor, limit.currency), limit * MEMBER_LOCKS)


def count(store: Store, quote: Quote, worth: Money, cap: Cap, now: int) -> None:
    """Count `quote`, worth `worth` in the caps' currency, before it is given away.
    Raises ExposureCapReached, LockAllowanceUsed: then it must not be."""
    _count_member(store, quote, worth, cap, now)
    partition, this_hour = _partition(pair_of(quote)), now // HOUR_SECONDS
    items = _counters(store, partition, this_hour)
    before_minor = sum(_promised(item) for item in items if _hour(item) != this_hour)
    share = Money((cap.pair.amount_minor - before_minor) // SHARDS, cap.pair.currency)
    known = {item.key.sort for item in items}
    first = int(quote.quote_id[:8], 16)
    for turn in range(SHARDS):
        key = Key(partition, _sort(this_hour, (first + turn) % SHARDS))
        if _add(store, Counter(key, (this_hour + HOURS + 1) * HOUR_SECONDS, key.sort in known), worth, share):
            return
    raise ExposureCapReached(pair=pair_of(quote))


def promised(store: Store, pair: str, now: int) -> int:
    """Euro cents that can still be used at a locked rate, rounded up to whole hours."""
    items = _counters(store, _partition(pair), now // HOUR_SECONDS)
    return sum(_promised(item) for item in items)


def pair_of(quote: Quote) -> str:
    return f"{quote.amount_from.currency}-{quote.amount_to.currency}"


def _counters(store: Store, partition: str, this_hour: int) -> list[Item]:
    last_over = _sort(this_hour - HOURS, SHARDS)
    return store.query(partition, after=last_over, limit=(HOURS + 1) * SHARDS).items


class Counter(NamedTuple):
    key: Key
    expires_at: int
    is_there: bool
    """As far as we know."""


def _add(store: Store, counter: Counter, worth: Money, limit: Money) -> bool:
    """False if the counter would pass the limit. Kept below zero: a condition of the store is a lower bound."""
    if worth > limit:
        return False
    if not counter.is_there:  # an increment would make it too, but without an end
        try:
            store.commit(Create(counter.key, {_FIELD: -worth.amount_minor}, expires_at=counter.expires_at))
        except CommitConflict:
            pass  # somebody has just begun it
        else:
            return True
    try:
        store.commit(Increment(counter.key, _FIELD, -worth.amount_minor, at_least=-limit.amount_minor))
    except CommitConflict:
        return False
    return True


def _count_member(store: Store, quote: Quote, worth: Money, cap: Cap, now: int) -> None:
    day = now // DAY_SECONDS
    digest = hashlib.sha256(f"{quote.holder.cell}\n{quote.holder.member_id}\n{day}".encode()).hexdigest()
    key = Key(f"fx-allowance#{digest}", "day")
    counter = Counter(key, (day + 2) * DAY_SECONDS, store.get(key) is not None)
    if not _add(store, counter, worth, cap.member):
        raise LockAllowanceUsed(limit_minor=cap.member.amount_minor, currency=cap.member.currency)


def _partition(pair: str) -> str:
    return f"fx-exposure#{pair}"


def _sort(hour: int, shard: int) -> str:
    return f"{hour:08d}#{shard}"


def _hour(item: Item) -> int:
    return int(item.key.sort.partition("#")[0])


def _promised(item: Item) -> int:
    return -int(item.fields[_FIELD])
