"""The rates we hold: never half a table, never an older or an absurd one, and always something to show."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.rates import DAY, FRIDAY, FRIDAY_AT_SIX, packaged
from tests.support.reference_tables import PACKAGE, history_json
from twinshore.fx import tables
from twinshore.fx.port import RateSourceFailed, RateTable
from twinshore.store.sqlite import SqliteStore

MONDAY_AT_SIX = FRIDAY_AT_SIX + 3 * DAY
MONDAY = packaged()._replace(date="2026-11-02", fetched_at=MONDAY_AT_SIX)


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(str(tmp_path / "store.db"))


def giving(table: RateTable) -> tables.RateSource:
    return lambda _now: table


def failing(_now: int) -> RateTable:
    raise RateSourceFailed("status", "500")


def changed(**rates: str) -> RateTable:
    return MONDAY._replace(rates={**MONDAY.rates, **rates})


def test_the_packaged_days_are_the_banks_own_file() -> None:
    assert (PACKAGE / "fx" / "history.json").read_text() == history_json()


def test_an_empty_store_shows_the_last_packaged_day_before_now(store: SqliteStore) -> None:
    assert tables.current(store, FRIDAY_AT_SIX).date == FRIDAY
    assert tables.current(store, FRIDAY_AT_SIX + 2 * DAY).date == FRIDAY  # Sunday
    assert tables.current(store, FRIDAY_AT_SIX - 4 * 3600).date == "2026-10-29"
    assert tables.current(store, FRIDAY_AT_SIX + 400 * DAY).date == FRIDAY
    assert tables.current(store, 0).date == "2026-06-29"


def test_a_refresh_stores_the_day_once(store: SqliteStore) -> None:
    first = tables.refresh(store, giving(MONDAY), MONDAY_AT_SIX)
    again = tables.refresh(store, giving(MONDAY._replace(fetched_at=MONDAY_AT_SIX + 60)), MONDAY_AT_SIX + 60)
    assert (first.outcome, again.outcome) == ("stored", "unchanged")
    assert tables.current(store, MONDAY_AT_SIX) == MONDAY
    assert len(store.query(tables.PARTITION).items) == 1


def test_a_correction_by_the_bank_replaces_that_days_rates(store: SqliteStore) -> None:
    tables.refresh(store, giving(MONDAY), MONDAY_AT_SIX)
    assert tables.refresh(store, giving(changed(USD="1.1199")), MONDAY_AT_SIX).outcome == "corrected"
    assert tables.current(store, MONDAY_AT_SIX).rates["USD"] == "1.1199"


def test_many_refreshes_at_once_leave_one_table(store: SqliteStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: tables.refresh(store, giving(MONDAY), MONDAY_AT_SIX).outcome, range(16)))
    assert sorted(set(done)) == ["stored", "unchanged"]
    assert done.count("stored") == 1


def test_when_the_source_fails_the_rates_before_stay_and_the_refresh_says_why(store: SqliteStore) -> None:
    tables.refresh(store, giving(MONDAY), MONDAY_AT_SIX)
    assert tables.refresh(store, failing, MONDAY_AT_SIX + DAY) == ("kept", MONDAY.date, False, "status")
    assert tables.refresh(store, failing, MONDAY_AT_SIX + 9 * DAY) == ("kept", MONDAY.date, True, "status")
    assert tables.current(store, MONDAY_AT_SIX + 9 * DAY) == MONDAY


DOUBTED = [
    (packaged("2026-10-29"), "older"),
    (MONDAY._replace(date="2026-11-04"), "future"),
    (changed(USD="11.172"), "implausible USD"),  # a slipped point
    (changed(CNY="0.74326"), "implausible CNY"),
]


@pytest.mark.parametrize(("table", "reason"), DOUBTED, ids=lambda value: value if isinstance(value, str) else "")
def test_a_table_that_cannot_be_believed_is_not_kept(store: SqliteStore, table: RateTable, reason: str) -> None:
    tables.refresh(store, giving(packaged()), MONDAY_AT_SIX)
    found = tables.refresh(store, giving(table), MONDAY_AT_SIX)
    assert found == ("kept", FRIDAY, False, reason)
    assert tables.current(store, MONDAY_AT_SIX) == packaged()


@pytest.mark.parametrize("lira", ["75.9", "41.1"])
def test_the_widest_move_that_ever_was_is_believed(store: SqliteStore, lira: str) -> None:
    assert tables.refresh(store, giving(changed(TRY=lira)), MONDAY_AT_SIX).outcome == "stored"


def test_a_newer_package_wins_over_a_stale_store_and_a_fresh_store_over_the_package(store: SqliteStore) -> None:
    tables.refresh(store, giving(packaged("2026-10-01")), FRIDAY_AT_SIX - 29 * DAY)
    assert tables.current(store, FRIDAY_AT_SIX - 29 * DAY).date == "2026-10-01"
    assert tables.current(store, FRIDAY_AT_SIX).date == FRIDAY
