"""The commits that move points, on every real store: SQLite, PostgreSQL, DynamoDB. No point is lost or made on any."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Iterator

import pytest

from tests.support import engines
from tests.support.sea import Sea
from tests.support.shores import AFTER_COMMIT, assert_conserved
from twinshore.exchange.exchanges import PENDING, REJECTED, SETTLED, utc_day
from twinshore.exchange.links import ENDED, OPEN
from twinshore.exchange.receipts import first_broken, receipts_of
from twinshore.exchange.settlement import settle_day
from twinshore.points.problems import InsufficientPoints
from twinshore.store.dynamodb import DynamoStore
from twinshore.store.port import Store
from twinshore.store.postgres import PostgresStore
from twinshore.store.sqlite import SqliteStore


@pytest.fixture(scope="module")
def dynamodb(ministack_url: str) -> Any:
    return engines.dynamodb_client(ministack_url)


@pytest.fixture(params=["sqlite", "postgres", "dynamodb"])
def ocean(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sea]:
    """`sea`, with a database of each cell's own."""

    def open_store(cell: str) -> Store:
        if request.param == "sqlite":
            return SqliteStore(tmp_path / f"{cell}.db")
        if request.param == "postgres":
            return PostgresStore(request.getfixturevalue("postgres_server").new_database())
        client = request.getfixturevalue("dynamodb")
        return DynamoStore(client, engines.new_table(client))

    one = Sea(tmp_path, open_store).linked()
    yield one
    try:
        assert_conserved(one.here, one.there)
    finally:
        one.close()


def test_link_exchange_reject_unlink(ocean: Sea) -> None:
    here, there = ocean.here, ocean.there
    assert here.exchange(here.quote(ocean.link, 600)).state == SETTLED
    there.cut = "before send"
    assert there.unlink(ocean.link).state == ENDED
    assert here.exchange(here.quote(ocean.link, 100)).state == REJECTED
    ocean.heal()
    assert here.link(ocean.link).state == ENDED
    assert (here.balance(), here.held(), there.balance()) == (400, 0, 500)
    assert here.link_to(there).state == OPEN


def test_a_lost_answer_is_asked_for_again_and_both_books_agree(ocean: Sea) -> None:
    ocean.here.cut = AFTER_COMMIT
    assert ocean.here.exchange(ocean.here.quote(ocean.link, 600)).state == PENDING
    day = utc_day(ocean.clock())
    ocean.heal()
    assert (ocean.here.held(), ocean.there.balance()) == (0, 500)
    assert settle_day(ocean.here.store, ocean.here.peers, "eu", day, ocean.clock()).agrees


def test_ten_at_once_of_the_whole_balance_are_one(ocean: Sea) -> None:
    tokens = [ocean.here.quote(ocean.link, 1000) for _ in range(10)]

    def one(token: str) -> str:
        try:
            return ocean.here.exchange(token).state
        except InsufficientPoints as refusal:
            return refusal.slug

    with ThreadPoolExecutor(5) as pool:
        said = list(pool.map(one, tokens))
    assert sorted(said) == ["insufficient-points"] * 9 + [SETTLED]


def test_five_at_once_are_five_receipts_in_a_row(ocean: Sea) -> None:
    tokens = [ocean.here.quote(ocean.link, 100) for _ in range(5)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(ocean.here.exchange, tokens))
    ocean.heal()
    chain = receipts_of(ocean.there.store, ocean.link, 100, None)[0]
    assert [each.sequence for each in chain] == [1, 2, 3, 4, 5]
    assert first_broken(chain, ocean.here.cells) is None
    assert receipts_of(ocean.here.store, ocean.link, 100, None)[0] == chain
