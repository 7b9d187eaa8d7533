"""Rates for tests: a fixed day that the package knows, and a store that holds rates of now."""

from __future__ import annotations

from twinshore.fx import tables
from twinshore.fx.port import RateTable
from twinshore.fx.publication import latest_published
from twinshore.store.port import Store

FRIDAY = "2026-10-30"
FRIDAY_AT_SIX = 1_793_383_200
"""2026-10-30T18:00:00Z: after that day's publication."""
DAY = 86_400


def packaged(day: str = FRIDAY) -> RateTable:
    return next(table for table in tables.packaged_history(2**33) if table.date == day)


def fresh(now: int) -> RateTable:
    """The package's last rates, dated as if they had been published last before `now`."""
    return packaged()._replace(date=latest_published(now).isoformat(), fetched_at=now)


def hold_fresh_rates(store: Store, now: int) -> None:
    """Quotes are only made on fresh rates: call this before a test that takes one."""
    assert tables.refresh(store, fresh, now).outcome in ("stored", "unchanged")
