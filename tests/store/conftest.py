"""Every engine, started once per test worker, and `make_store`: a store of its own, empty, on each of them in turn."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from tests.support import engines
from twinshore.clouds.aws.json_service import dynamodb_service
from twinshore.events import Event
from twinshore.store.dynamodb import DynamoStore
from twinshore.store.port import CommitConflict, Item, Key
from twinshore.store.postgres import PostgresStore
from twinshore.store.sqlite import SqliteStore

ENGINES = ("sqlite", "postgres", "moto", "ministack")


@pytest.fixture(scope="module")
def postgres_dsn(postgres_server: engines.PostgresServer) -> str:
    """A database for each file of tests: `due` shows the oldest thousand, and other files leave more than that."""
    return postgres_server.new_database()


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    with engines.moto() as url:
        yield url


@pytest.fixture(scope="session")
def tables() -> dict[str, tuple[Any, str]]:
    return {}


@pytest.fixture(params=ENGINES)
def open_store(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tables: dict[str, tuple[Any, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., Any]]:
    """Opens stores on one and the same data. Other tests' data may be there too: use `fresh` for partitions."""
    opened: list[Any] = []

    def open_one(**options: Any) -> Any:
        engine = request.param
        if engine == "sqlite":
            store: Any = SqliteStore(tmp_path / "store.db", **options)
        elif engine == "postgres":
            store = PostgresStore(request.getfixturevalue("postgres_dsn"), **options)
        else:
            if engine not in tables:
                client = engines.dynamodb_client(request.getfixturevalue(f"{engine}_url"))
                tables[engine] = client, engines.new_table(client)
            client, table = tables[engine]
            if engine == "ministack":  # by the light client that functions have; on moto by boto3's
                monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
                monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
                client = dynamodb_service("eu-central-1", request.getfixturevalue("ministack_url"))
            store = DynamoStore(client, table, **options)
        opened.append(store)
        return store

    yield open_one
    for store in opened:
        if not isinstance(store, DynamoStore):
            store.close()


@pytest.fixture
def store(open_store: Callable[..., Any]) -> Any:
    return open_store()


@pytest.fixture
def fresh() -> Callable[[str], str]:
    """Makes a name that no other test uses."""
    suffix = uuid.uuid4().hex[:8]
    return lambda noun: f"{noun}#{suffix}"


@pytest.fixture
def key(fresh: Callable[[str], str]) -> Key:
    return Key(fresh("order"), "order")


@pytest.fixture
def other(fresh: Callable[[str], str]) -> Key:
    return Key(fresh("account"), "balance")


@pytest.fixture
def refusal() -> Callable[..., tuple[Key, Item | None]]:
    """Commits what must conflict; gives the key and the item that the conflict tells."""

    def commit(store: Any, *changes: Any, events: tuple[Event, ...] = ()) -> tuple[Key, Item | None]:
        with pytest.raises(CommitConflict) as caught:
            store.commit(*changes, events=events)
        return caught.value.key, caught.value.current

    return commit
