"""`open_store`: stores on each real engine in turn, for what must hold on all of them. A room's conftest takes it in:

from tests.support.each_engine import dynamodb, open_store, postgres_dsn
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from tests.support import engines
from twinshore.store.dynamodb import DynamoStore
from twinshore.store.postgres import PostgresStore
from twinshore.store.sqlite import SqliteStore


@pytest.fixture(scope="session")
def postgres_dsn(postgres_server: engines.PostgresServer) -> str:
    """Of the room that takes it in."""
    return postgres_server.new_database()


@pytest.fixture(scope="session")
def dynamodb(ministack_url: str) -> tuple[Any, str]:
    """A client, and a table of the room that takes it in."""
    client = engines.dynamodb_client(ministack_url)
    return client, engines.new_table(client)


@pytest.fixture(params=["sqlite", "postgres", "ministack"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens stores on one and the same data. Other tests' data may be there too."""
    opened: list[Any] = []

    def open_one(**options: Any) -> Any:
        if request.param == "sqlite":
            opened.append(SqliteStore(tmp_path / "store.db", **options))
        elif request.param == "postgres":
            opened.append(PostgresStore(request.getfixturevalue("postgres_dsn"), **options))
        else:
            return DynamoStore(*request.getfixturevalue("dynamodb"), **options)
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()
