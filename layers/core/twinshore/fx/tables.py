"""The rates we hold: one item per source and day in the store, and the ECB's days that came with the package.

Each source is fetched, doubted and kept by itself: one that fails leaves the others as they are.
"""

from __future__ import annotations

import json
import os
from typing import Mapping, NamedTuple

from twinshore.fx.port import ECB, IN_ORDER_OF_TRUST, RateSource, RateSourceAbsent, RateSourceFailed, RateTable
from twinshore.fx.publication import freshness_of, published_at
from twinshore.fx.rates import exact
from twinshore.money import rate
from twinshore.store.port import CommitConflict, Create, Delete, Item, Key, Replace, Store

PARTITION = "fx#rates"
HISTORY_FILE = os.path.join(os.path.dirname(__file__), "history.json")
PLAUSIBLE_FACTOR = (3, 2)
"""A rate that is now more than 3/2, or less than 2/3, of the one before is not believed. The widest move that the ECB
ever published between two days is the Turkish lira's 1.36 of 21 December 2021."""
FUTURE_TOLERANCE_SECONDS = 86_400
FURTHER_KEPT_SECONDS = 30 * 86_400
"""How long a further source's day stays: its licence is for use, not for a history."""


class Refreshed(NamedTuple):
    outcome: str
    """"stored", "corrected" (the source changed that day's rates) or "unchanged"; "kept" when the source failed and
    the rates before it stay in use."""
    date: str
    """Of the rates in use afterwards; empty if there are none."""
    stale: bool
    reason: str = ""
    """Why it was kept: a RateSourceFailed reason, "older", "future" or "implausible CUR". Safe to log."""


NONE = Refreshed("absent", "", True)
"""Of a source that the cell does not have."""


def current(store: Store, now: int) -> RateTable:
    """The latest table there is at `now`: on a Sunday, that of Friday. How old it is, `freshness_of` says.

    With further sources the first of them in order of trust that is fresh, followed by the others (`further`)."""
    held = [_held(store, origin, now) for origin in IN_ORDER_OF_TRUST]
    first, *others = sorted((table for table in held if table), key=lambda table: freshness_of(table, now).stale)
    return first._replace(further=tuple(others))


def refresh_all(store: Store, sources: Mapping[str, RateSource], now: int) -> dict[str, Refreshed]:
    """What came of each source that the cell has, by origin. Raises StoreUnavailable only."""
    done = {origin: refresh(store, source, now, origin) for origin, source in sources.items()}
    return {origin: refreshed for origin, refreshed in done.items() if refreshed != NONE}


def refresh(store: Store, source: RateSource, now: int, origin: str = ECB) -> Refreshed:
    """Fetch and keep. Safe to call at any time and from several places at once. Raises StoreUnavailable only."""
    before = _held(store, origin, now)
    try:
        table = source(now)
    except RateSourceFailed as err:
        return _kept(before, now, err.reason)
    except RateSourceAbsent:
        return _withdrawn(store, origin)
    doubt = _doubt(before, table, now) or (_disagrees(store, table, now) if origin != ECB else "")
    if doubt:
        return _kept(before, now, doubt)
    outcome = _keep(store, origin, table)
    return Refreshed(outcome, table.date, freshness_of(table, now).stale)


def _held(store: Store, origin: str, now: int) -> RateTable | None:
    page = store.query(_partition(origin), "day#", limit=1, newest_first=True)
    kept = _table(page.items[0]) if page.items else None
    if origin != ECB or (kept is not None and not freshness_of(kept, now).stale):
        return kept
    tables = ([kept] if kept else []) + packaged_history(now)[-1:]
    return max(tables, key=lambda table: table.date)


def packaged_history(now: int) -> list[RateTable]:
    """Tables that came with the package, oldest first, none from the future of `now`; at least the oldest of them."""
    with open(HISTORY_FILE, encoding="utf-8") as file:
        history = json.load(file)
    tables = [
        RateTable(history["source"], day, history["base"], dict(zip(history["currencies"], row, strict=True)), 0)
        for day, row in sorted(history["days"].items())
    ]
    return [table for table in tables if published_at_of(table) <= now] or tables[:1]


def published_at_of(table: RateTable) -> int:
    from datetime import date

    return published_at(date.fromisoformat(table.date))


def _kept(before: RateTable | None, now: int, reason: str) -> Refreshed:
    if before is None:
        return Refreshed("kept", "", True, reason)
    return Refreshed("kept", before.date, freshness_of(before, now).stale, reason)


def _doubt(before: RateTable | None, table: RateTable, now: int) -> str:
    if max(published_at_of(table), table.published_at) > now + FUTURE_TOLERANCE_SECONDS:
        return "future"
    if before is None:
        return ""
    if (table.date, table.published_at) < (before.date, before.published_at):
        return "older"
    return _implausible(before, table)


def _disagrees(store: Store, table: RateTable, now: int) -> str:
    """A further source is also held against the ECB, where both know a currency: a table of another base or the wrong
    way up is found at its first day."""
    bank = _held(store, ECB, now)
    return _implausible(bank, table) if bank and not freshness_of(bank, now).stale else ""


def _implausible(before: RateTable, table: RateTable) -> str:
    upper, lower = PLAUSIBLE_FACTOR
    for currency, text in table.rates.items():
        new, old = rate(text), exact(before, table.base, currency)
        if old is not None:
            left, right = new.numerator * old.denominator, old.numerator * new.denominator
            if left * lower > right * upper or right * lower > left * upper:
                return f"implausible {currency}"
    return ""


def _keep(store: Store, origin: str, table: RateTable) -> str:
    key = Key(_partition(origin), f"day#{table.date}")
    fields = {name: value for name, value in table._asdict().items() if value or name not in RateTable._field_defaults}
    expires_at = None if origin == ECB else table.fetched_at + FURTHER_KEPT_SECONDS
    try:
        store.commit(Create(key, fields, expires_at=expires_at))
        return "stored"
    except CommitConflict as conflict:
        kept = conflict.current
    if kept is None or _table(kept)._replace(fetched_at=0) == table._replace(fetched_at=0):
        return "unchanged"
    try:
        store.commit(Replace(key, fields, kept.version, expires_at=expires_at))
        return "corrected"
    except CommitConflict:
        return "unchanged"  # somebody else has just kept the same correction


def _withdrawn(store: Store, origin: str) -> Refreshed:
    """The source is no longer the cell's: its days go."""
    for item in store.query(_partition(origin), "day#").items:
        try:
            store.commit(Delete(item.key, item.version))
        except CommitConflict:
            continue  # somebody else has just done it
    return NONE


def _partition(origin: str) -> str:
    return PARTITION if origin == ECB else f"{PARTITION}#{origin}"


def _table(item: Item) -> RateTable:
    return RateTable(**item.fields)
