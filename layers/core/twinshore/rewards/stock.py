"""How many there are of each offer, counted so that thousands may take at the same moment and none is sold twice.

    stock#<offer>      stock   refills, shards, sold_out_at; base, base_at: see `hot`
    stock#<offer>#<n>  shard   left

A unit is taken by an Increment of one shard that must not fall below zero, in the commit of the redemption. Of two
shards looked at the fuller is taken; when both are empty, any that is not. When all are, that is noted once, on an item
that every later caller reads and needs nothing more.

The note is of a number of refills: whatever brings units in, or moves them between shards, counts `refills` up in its
own commit. So a note is void from the very commit that makes it untrue, and nobody who refills need know of it.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from twinshore.points.tries import tries
from twinshore.store.port import Change, CommitConflict, Create, Increment, Item, Key, Replace, Store

SHARDS = 4
SHARDS_LIMIT = 32
HOT_PER_SECOND = 100
"""Writes of one shard. DynamoDB bears 1,000 units a second on a key, and each redemption is 2 of them there, besides
what is lost by transactions that meet (docs/decisions/0175)."""


class Stock(NamedTuple):
    store: Store
    offer_id: str

    @property
    def key(self) -> Key:
        return Key(f"stock#{self.offer_id}", "stock")

    def shard(self, number: int) -> Key:
        return Key(f"stock#{self.offer_id}#{number}", "shard")


class State(NamedTuple):
    item: Item | None

    @property
    def fields(self) -> dict[str, Any]:
        return self.item.fields if self.item else {}

    @property
    def shards(self) -> int:
        return int(self.fields.get("shards", SHARDS))

    @property
    def sold_out(self) -> bool:
        return self.item is None or self.fields.get("sold_out_at") == self.fields.get("refills", 0)


class Unit(NamedTuple):
    """One unit to be taken."""

    take: Increment
    number: int
    version: int
    """Of its shard, when it was looked at."""
    state: State


def state_of(stock: Stock, consistent: bool = True) -> State:
    return State(stock.store.get(stock.key, consistent))


def choose(stock: Stock) -> Unit | None:
    """A unit that was there a moment ago; None when sold out. The commit decides: choose again on its conflict."""
    state = state_of(stock, consistent=False)
    if state.sold_out:
        return None
    first = _draw(state.shards)
    pair = {first, (first + 1 + _draw(state.shards - 1)) % state.shards} if state.shards > 1 else {first}
    found = _fuller(stock, state, sorted(pair), consistent=False)
    return found or _any(stock)


def refill(stock: Stock, number: int, units: int) -> tuple[Change, ...]:
    """Changes for the commit that brings `units` in."""
    return Increment(stock.shard(number), "left", units), Increment(stock.key, "refills", 1)


def left(stock: Stock, state: State | None = None) -> int:
    return sum(_left(item) for item in _shards(stock, state or state_of(stock)))


def draw_shard(state: State) -> int:
    """To which of them something goes that belongs to none."""
    return _draw(state.shards)


def hot(unit: Unit, now: int) -> bool:
    """Whether the shard is written more often than it should be, since the writes were last noted (`note`)."""
    base = unit.state.fields.get("base", [])
    if unit.number >= len(base) or unit.state.shards >= SHARDS_LIMIT:
        return False
    seconds = max(1, now - int(unit.state.fields["base_at"]))
    return unit.version - int(base[unit.number]) > HOT_PER_SECOND * seconds


def grow(stock: Stock, state: State, now: int) -> bool:
    """Twice as many shards, and half of each old one's units into a new one. False: somebody else is at it."""
    if state.item is None:
        return False
    old = state.shards
    wider = min(SHARDS_LIMIT, 2 * old)
    if not _noted(stock, State(state.item._replace(fields={**state.fields, "shards": wider})), now):
        return False
    for number in range(old, wider):
        _halve(stock, number - old, number)
    return True


def note(stock: Stock, now: int) -> bool:
    """Count writes from here."""
    return _noted(stock, state_of(stock), now)


def _noted(stock: Stock, state: State, now: int) -> bool:
    if state.item is None:
        return False
    base = [item.version if item else 0 for item in _shards(stock, state)]
    try:
        stock.store.commit(Replace(stock.key, {**state.fields, "base": base, "base_at": now}, state.item.version))
    except CommitConflict:
        return False
    return True


def _halve(stock: Stock, source: int, target: int) -> None:
    half = _left(stock.store.get(stock.shard(source))) // 2
    if half:
        try:
            stock.store.commit(Increment(stock.shard(source), "left", -half, at_least=0), *refill(stock, target, half))
        except CommitConflict:
            return  # bought meanwhile: whoever finds the new shard empty looks at the others


def _any(stock: Stock) -> Unit | None:
    """Look at all of them. When all are empty, note it, unless something came in since we began to look."""
    for _ in tries():
        state = state_of(stock)
        if state.sold_out:
            return None
        start = _draw(state.shards)
        for step in range(state.shards):
            found = _fuller(stock, state, [(start + step) % state.shards])
            if found:
                return found
        if _close(stock, state):
            return None
    return None


def _close(stock: Stock, state: State) -> bool:
    fields = {**state.fields, "sold_out_at": state.fields.get("refills", 0)}
    change = Replace(stock.key, fields, state.item.version) if state.item else Create(stock.key, fields)
    try:
        stock.store.commit(change)
    except CommitConflict:
        return False
    return True


def _fuller(stock: Stock, state: State, numbers: list[int], consistent: bool = True) -> Unit | None:
    best: Unit | None = None
    most = 0
    for number in numbers:
        item = stock.store.get(stock.shard(number), consistent)
        if item is not None and _left(item) > most:
            most = _left(item)
            best = Unit(Increment(item.key, "left", -1, at_least=0), number, item.version, state)
    return best


def _shards(stock: Stock, state: State) -> list[Item | None]:
    return [stock.store.get(stock.shard(number)) for number in range(state.shards)]


def _left(item: Item | None) -> int:
    return int(item.fields.get("left", 0)) if item else 0


def _draw(below: int) -> int:
    return int.from_bytes(os.urandom(4), "big") % below
