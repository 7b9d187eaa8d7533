"""Older and newer code on one store, on each engine. Each test has a store of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from tests.support import engines
from tests.support.each_engine import dynamodb
from tests.upgrade.releases import Places
from twinshore import wiring
from twinshore.store.dynamodb import DynamoStore
from twinshore.store.postgres import PostgresStore
from twinshore.store.sqlite import SqliteStore

__all__ = ["dynamodb"]


@pytest.fixture(params=["sqlite", "postgres", "ministack"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Any]]:
    """Opens stores on one and the same data."""
    opened: list[Any] = []
    if request.param == "sqlite":
        make = lambda: SqliteStore(tmp_path / "store.db")  # noqa: E731
    elif request.param == "postgres":
        dsn = request.getfixturevalue("postgres_server").new_database()
        make = lambda: PostgresStore(dsn)  # noqa: E731
    else:
        client, _ = request.getfixturevalue("dynamodb")
        table = engines.new_table(client)
        make = lambda: DynamoStore(client, table)  # noqa: E731

    def open_one() -> Any:
        opened.append(make())
        return opened[-1]

    yield open_one
    for store in opened:
        getattr(store, "close", lambda: None)()


@pytest.fixture(params=["sqlite", "postgres", "dynamodb"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Places]:
    """A cell whose releases are still to be taken up."""
    before = dict(os.environ)
    made = Places("eu", tmp_path, {}, {})
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_server")
        made.secrets["database"], made.store = server.new_database(), "postgresql:database"
    elif request.param == "dynamodb":
        client, _ = request.getfixturevalue("dynamodb")
        made.table = (client, engines.new_table(client))
        made.store = f"dynamodb:{made.table[1]}"
        os.environ.update(AWS_ENDPOINT_URL=client.meta.endpoint_url, AWS_ACCESS_KEY_ID="AKIDEXAMPLE",
                          AWS_SECRET_ACCESS_KEY="not-a-secret")  # fmt: skip
    made.rewire()
    yield made
    made.stop()
    getattr(wiring.engine(), "close", lambda: None)()
    wiring.reset()
    os.environ.clear()
    os.environ.update(before)
