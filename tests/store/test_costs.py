"""What a call costs, counted by the engines: round trips on PostgreSQL, write and read units on DynamoDB."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from tests.support import engines
from tests.support.lines import CountedLine
from twinshore.events import Event
from twinshore.store.dynamodb import DynamoStore
from twinshore.store.port import CommitConflict, Create, Delete, Due, Increment, Key, Replace, Require
from twinshore.store.postgres import PostgresStore

ACCOUNT = Key("account#m-7Q4Z5S0S1N", "points")
ENTRY = Key("account#m-7Q4Z5S0S1N", "entry#8f14e45f-ceea-467f-a830-5a3b3f1c1c4e")
ORDER = Key("order#01JAX7Q4Z5S0S1N6V2T8K9M3BD", "order")
ORDER_FIELDS = {
    "state": "pending",
    "member_id": "m-7Q4Z5S0S1N",
    "amount_minor": 12345,
    "currency": "CNY",
    "lines": [{"sku": "GIFT-0001-RED", "quantity": 1, "points": 600}, {"sku": "GIFT-0002-BLU", "quantity": 1}],
}
ENTRY_FIELDS = {
    "lines": [{"account": "m-7Q4Z5S0S1N", "points": -600}, {"account": "redeemed", "points": 600}],
    "kind": "redemption",
    "fingerprint": "b1946ac92492d2347c6235b4d2611184b1946ac92492d2347c6235b4d2611184",
    "at": 1_794_472_200,
    "sku": "GIFT-0001-RED",
}
REDEEMED = Event(
    "points.redeemed#8f14e45f-ceea-467f-a830-5a3b3f1c1c4e",
    "points.redeemed",
    1_794_472_200,
    {"member_id": "m-7Q4Z5S0S1N", "points": 600, "entry": ENTRY.sort},
)
GUARDED = (Create(ENTRY, ENTRY_FIELDS), Increment(ACCOUNT, "balance", -600, at_least=0, unless_due_by=1_794_472_200))
"""As the ledger spends: not beyond the time at which points of the account expire."""
REDEMPTION = (Increment(ACCOUNT, "balance", -600, at_least=0), Create(ENTRY, ENTRY_FIELDS))


@pytest.fixture
def counted(
    postgres_server: engines.PostgresServer,
) -> Iterator[tuple[PostgresStore, CountedLine]]:
    folder = Path(tempfile.mkdtemp(prefix="twinshore-line-"))
    dsn = postgres_server.new_database()
    line = CountedLine(folder, f"{postgres_server.folder}/.s.PGSQL.5432")
    store = PostgresStore(dsn.replace(postgres_server.folder, str(folder)))
    assert store.get(ACCOUNT) is None  # connected
    yield store, line
    store.close()
    line.close()
    shutil.rmtree(folder)


def test_every_call_is_one_round_trip_to_postgresql(counted: tuple[PostgresStore, CountedLine]) -> None:
    store, line = counted

    def trips(call: Callable[[], Any]) -> int:
        before = line.round_trips
        try:
            call()
        except CommitConflict:
            pass
        return line.round_trips - before

    assert trips(lambda: store.commit(Create(ACCOUNT, {"balance": 1000}))) == 1
    assert trips(lambda: store.commit(*REDEMPTION, events=(REDEEMED,))) == 1
    assert trips(lambda: store.commit(*REDEMPTION, events=(REDEEMED,))) == 1  # a conflict, and the item with it
    assert trips(lambda: store.commit(*GUARDED, events=(REDEEMED,))) == 1
    assert trips(lambda: store.commit(*(Create(Key("p", str(n)), {"n": n}) for n in range(25)))) == 1
    assert trips(lambda: store.get(ACCOUNT)) == 1
    assert trips(lambda: store.query("p", limit=10)) == 1
    assert trips(lambda: store.due("outbox", 2_000_000_000)) == 1
    assert store.get(ACCOUNT).fields == {"balance": 400}  # type: ignore[union-attr]


@pytest.fixture
def metered(ministack_url: str) -> tuple[DynamoStore, engines.UnitCounter]:
    client = engines.dynamodb_client(ministack_url)
    store = DynamoStore(client, engines.new_table(client))
    store.commit(Create(ACCOUNT, {"balance": 1000}, Due("points-expiry", 1_800_000_000)))
    store.commit(Create(ORDER, ORDER_FIELDS))
    return store, engines.UnitCounter(client)


@pytest.mark.parametrize(
    ("commit", "units", "call"),
    [
        ((Replace(ORDER, {**ORDER_FIELDS, "state": "paid"}, 1),), 1, "PutItem"),
        ((Increment(ACCOUNT, "balance", -600, at_least=0),), 1, "UpdateItem"),
        ((Create(ENTRY, ENTRY_FIELDS),), 1, "PutItem"),
        ((Delete(ORDER, 1),), 1, "DeleteItem"),
        (REDEMPTION, 4, "TransactWriteItems"),
        (GUARDED, 4, "TransactWriteItems"),
        ((Replace(ORDER, {**ORDER_FIELDS, "state": "paid"}, 1), *REDEMPTION), 6, "TransactWriteItems"),
        ((Require(ORDER, 1), Create(ENTRY, ENTRY_FIELDS)), 4, "TransactWriteItems"),
        ((Create(ENTRY, ENTRY_FIELDS, Due("polls", 5)),), 2, "PutItem"),
    ],
    ids=[
        "webhook",
        "spend",
        "entry",
        "delete",
        "redemption",
        "redemption before the expiry",
        "webhook with points",
        "guarded",
        "waiting for a time",
    ],
)
@pytest.mark.parametrize("events", [(), (REDEEMED,)], ids=["quiet", "told"])
def test_a_commit_costs_its_write_units_in_one_call(
    metered: tuple[DynamoStore, engines.UnitCounter], commit: Any, events: Any, units: int, call: str
) -> None:
    store, counter = metered
    if events and isinstance(commit[0], Delete):
        with pytest.raises(ValueError, match="event"):  # a deletion alone has no item for them to ride on
            store.commit(*commit, events=events)
        assert counter.calls == []
        return
    store.commit(*commit, events=events)
    assert (counter.units, counter.calls) == (units, [call])


def test_a_conflict_needs_no_second_call(metered: tuple[DynamoStore, engines.UnitCounter]) -> None:
    store, counter = metered
    for commit in ((Create(ORDER, {}),), (Create(ENTRY, {}), Replace(ORDER, {}, 7))):
        counter.clear()
        with pytest.raises(CommitConflict) as caught:
            store.commit(*commit)
        assert caught.value.current is not None
        assert len(counter.calls) == 1


@pytest.mark.parametrize(
    ("read", "units", "call"),
    [
        (lambda s: s.get(ORDER), 1, "GetItem"),
        (lambda s: s.get(ORDER, consistent=False), 0.5, "GetItem"),
        (lambda s: s.query(ORDER.partition), 1, "Query"),
    ],
    ids=["get", "a returning login", "query"],
)
def test_a_read_costs_its_read_units(
    metered: tuple[DynamoStore, engines.UnitCounter], read: Callable[[Any], Any], units: float, call: str
) -> None:
    store, counter = metered
    assert read(store) is not None
    assert (counter.units, counter.calls) == (units, [call])
