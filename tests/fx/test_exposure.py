"""The cap on what is promised at locked rates: it holds under a rush, and hours free themselves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import engines
from twinshore.fx import exposure
from twinshore.fx.exposure import HOUR_SECONDS, HOURS, SHARDS, Cap, ExposureCapReached, LockAllowanceUsed
from twinshore.fx.quote import VALID_SECONDS, Holder, Quote
from twinshore.money import Money
from twinshore.store.dynamodb import DynamoStore
from twinshore.store.postgres import PostgresStore
from twinshore.store.sqlite import SqliteStore

NOW = 1_793_383_200 // HOUR_SECONDS * HOUR_SECONDS
WORTH = Money(100, "EUR")
NO_ALLOWANCE = Money(10**9, "EUR")


def promise(number: int, member_id: str = "", into: str = "EUR") -> Quote:
    holder = Holder("eu", member_id or f"m_{number}")
    number_in_hex = f"{number * 2654435761 % 2**32:08x}" + "0" * 24
    return Quote(number_in_hex, holder, Money(800, "CNY"), Money(100, into), Money(1, into), "0.125", 150, "0.127",
                 "half-up", "ecb", "2026-10-30", NOW, NOW + VALID_SECONDS)  # fmt: skip


def cap(pair_minor: int, member: Money = NO_ALLOWANCE) -> Cap:
    return Cap(Money(pair_minor, "EUR"), member)


def given_out(store: Any, numbers: range, cap: Cap, now: int, worth: Money = WORTH) -> int:
    """How many of the promises were counted."""

    def ask(number: int) -> bool:
        try:
            exposure.count(store, promise(number), worth, cap, now)
        except ExposureCapReached:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(ask, numbers))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(tmp_path / "store.db", synchronous="NORMAL", now=lambda: float(NOW))
    yield made
    made.close()


def test_a_rush_stays_within_the_cap_and_uses_it_up(store: SqliteStore) -> None:
    assert given_out(store, range(60), cap(100 * SHARDS * 5), NOW) == SHARDS * 5
    assert exposure.promised(store, "CNY-EUR", NOW) == 100 * SHARDS * 5


def test_a_refusal_names_the_pair(store: SqliteStore) -> None:
    with pytest.raises(ExposureCapReached) as caught:
        exposure.count(store, promise(1), WORTH, cap(99), NOW)
    assert caught.value.extensions == {"pair": "CNY-EUR"}
    assert exposure.promised(store, "CNY-EUR", NOW) == 0


def test_the_other_direction_and_other_pairs_have_a_cap_of_their_own(store: SqliteStore) -> None:
    given_out(store, range(20), cap(100 * SHARDS), NOW)
    exposure.count(store, promise(99, into="USD"), WORTH, cap(100 * SHARDS), NOW)
    assert (exposure.promised(store, "CNY-EUR", NOW), exposure.promised(store, "CNY-USD", NOW)) == (400, 100)


def test_hours_count_until_their_last_promise_has_ended_and_then_free_themselves(store: SqliteStore) -> None:
    whole = cap(100 * SHARDS)
    assert given_out(store, range(10), whole, NOW + HOUR_SECONDS - 1) == SHARDS
    last_end = NOW + HOUR_SECONDS - 1 + VALID_SECONDS
    assert given_out(store, range(10, 20), whole, NOW + HOUR_SECONDS) == 0
    assert given_out(store, range(20, 30), whole, last_end) == 0
    assert given_out(store, range(30, 40), whole, last_end + HOUR_SECONDS) == SHARDS


def test_a_day_of_hours_together_stays_within_the_cap(store: SqliteStore) -> None:
    whole = cap(100 * SHARDS * 10)
    at, counted = NOW, 0
    for hour in range(HOURS):
        at = NOW + hour * HOUR_SECONDS
        counted += given_out(store, range(hour * 10, hour * 10 + 3), whole, at)
        assert exposure.promised(store, "CNY-EUR", at) == 100 * counted <= whole.pair.amount_minor
    # The quarters waste at most three promises' worth of the room.
    assert counted >= SHARDS * 10 - (SHARDS - 1)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.lists(st.tuples(st.integers(0, 2 * HOURS), st.integers(1, 900)), max_size=40))
def test_no_moment_has_more_open_than_the_cap(asked: list[tuple[int, int]], tmp_path_factory: Any) -> None:
    store = SqliteStore(Path(tmp_path_factory.mktemp("exposure")) / "store.db", now=lambda: float(NOW))
    open_promises: list[tuple[int, int]] = []
    for number, (hour, worth) in enumerate(sorted(asked)):
        now = NOW + hour * HOUR_SECONDS
        try:
            exposure.count(store, promise(number), Money(worth, "EUR"), cap(2_000), now)
        except ExposureCapReached:
            continue
        open_promises.append((now + VALID_SECONDS, worth))
        assert sum(each for ends_at, each in open_promises if ends_at > now) <= 2_000
    store.close()


def test_one_member_cannot_use_up_the_cap_of_all(store: SqliteStore) -> None:
    allowed = cap(10_000, Money(300, "EUR"))
    for number in range(3):
        exposure.count(store, promise(number, "m_greedy"), WORTH, allowed, NOW)
    for number in range(3, 9):
        with pytest.raises(LockAllowanceUsed) as caught:
            exposure.count(store, promise(number, "m_greedy"), WORTH, allowed, NOW)
    assert caught.value.extensions == {"limit_minor": 300, "currency": "EUR"}
    exposure.count(store, promise(10, "m_other"), WORTH, allowed, NOW)
    assert exposure.promised(store, "CNY-EUR", NOW) == 400
    exposure.count(store, promise(11, "m_greedy"), WORTH, allowed, NOW + 86_400)


def test_the_counters_have_an_end(tmp_path: Path) -> None:
    clock = [NOW]
    store = SqliteStore(tmp_path / "store.db", now=lambda: float(clock[0]))
    given_out(store, range(20), cap(100 * SHARDS * 2), NOW)
    clock[0] = NOW + (HOURS + 24) * HOUR_SECONDS
    assert store.delete_expired() == SHARDS + 20  # the hour's counters, and the members'
    store.close()


def test_no_two_promises_in_a_row_need_the_same_counter() -> None:
    firsts = [int(promise(number).quote_id[:8], 16) % SHARDS for number in range(400)]
    assert min(firsts.count(shard) for shard in range(SHARDS)) > 50


@pytest.fixture(scope="module")
def clouds(ministack_url: str, postgres_server: engines.PostgresServer) -> Iterator[dict[str, Any]]:
    client = engines.dynamodb_client(ministack_url)
    with closing(PostgresStore(postgres_server.new_database())) as postgres:
        yield {"dynamodb": DynamoStore(client, engines.new_table(client)), "postgres": postgres}


@pytest.mark.parametrize("engine", ["dynamodb", "postgres"])
def test_a_rush_stays_within_the_cap_on_the_clouds_engines(engine: str, clouds: dict[str, Any]) -> None:
    import time

    now = int(time.time())
    assert given_out(clouds[engine], range(24), cap(100 * SHARDS * 2), now) == SHARDS * 2
    assert exposure.promised(clouds[engine], "CNY-EUR", now) == 800
