"""The rates we hold: one item per day in the store, and the days that came with the package for an empty one."""

from __future__ import annotations

import json
import os
from typing import NamedTuple

from twinshore.fx.port import RateSource, RateSourceFailed, RateTable
from twinshore.fx.publication import freshness, published_at
from twinshore.money import rate
from twinshore.store.port import CommitConflict, Create, Item, Key, Replace, Store

PARTITION = "fx#rates"
HISTORY_FILE = os.path.join(os.path.dirname(__file__), "history.json")
PLAUSIBLE_FACTOR = (3, 2)
"""A rate that is now more than 3/2, or less than 2/3, of the one before is not believed. The widest move that the ECB
ever published between two days is the Turkish lira's 1.36 of 21 December 2021."""
FUTURE_TOLERANCE_SECONDS = 86_400


class Refreshed(NamedTuple):
    outcome: str
    """"stored", "corrected" (the source changed that day's rates) or "unchanged"; "kept" when the source failed and
    the rates before it stay in use."""
    date: str
    """Of the rates in use afterwards."""
    stale: bool
    reason: str = ""
    """Why it was kept: a RateSourceFailed reason, "older", "future" or "implausible CUR". Safe to log."""


def current(store: Store, now: int) -> RateTable:
    """The latest table there is at `now`: on a Sunday, that of Friday. How old it is, `publication.freshness` says."""
    kept = _newest(store)
    if kept is not None and not freshness(_table(kept).date, now).stale:
        return _table(kept)
    packaged = packaged_history(now)
    tables = ([_table(kept)] if kept else []) + packaged[-1:]
    return max(tables, key=lambda table: table.date)


def refresh(store: Store, source: RateSource, now: int) -> Refreshed:
    """Fetch and keep. Safe to call at any time and from several places at once. Raises StoreUnavailable only."""
    before = current(store, now)
    try:
        table = source(now)
    except RateSourceFailed as err:
        return _kept(before, now, err.reason)
    doubt = _doubt(before, table, now)
    if doubt:
        return _kept(before, now, doubt)
    outcome = _keep(store, table)
    return Refreshed(outcome, table.date, freshness(table.date, now).stale)


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


def _kept(before: RateTable, now: int, reason: str) -> Refreshed:
    return Refreshed("kept", before.date, freshness(before.date, now).stale, reason)


def _doubt(before: RateTable, table: RateTable, now: int) -> str:
    if published_at_of(table) > now + FUTURE_TOLERANCE_SECONDS:
        return "future"
    if table.date < before.date:
        return "older"
    upper, lower = PLAUSIBLE_FACTOR
    for currency, text in table.rates.items():
        if currency in before.rates:
            new, old = rate(text), rate(before.rates[currency])
            left, right = new.numerator * old.denominator, old.numerator * new.denominator
            if left * lower > right * upper or right * lower > left * upper:
                return f"implausible {currency}"
    return ""


def _keep(store: Store, table: RateTable) -> str:
    key = Key(PARTITION, f"day#{table.date}")
    fields = table._asdict()
    try:
        store.commit(Create(key, fields))
        return "stored"
    except CommitConflict as conflict:
        kept = conflict.current
    if kept is None or kept.fields["rates"] == table.rates:
        return "unchanged"
    try:
        store.commit(Replace(key, fields, kept.version))
        return "corrected"
    except CommitConflict:
        return "unchanged"  # somebody else has just kept the same correction


def _newest(store: Store) -> Item | None:
    page = store.query(PARTITION, "day#", limit=1, newest_first=True)
    return page.items[0] if page.items else None


def _table(item: Item) -> RateTable:
    return RateTable(**item.fields)
