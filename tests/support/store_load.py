"""Work for processes of their own, on a store that others use and that is killed under them.

python -m tests.support.store_load spend sqlite:PATH NAME      takes 1 from account NAME until it is empty
python -m tests.support.store_load record postgres:DSN NAME    books entries for ever, and says each that is booked
"""

from __future__ import annotations

import itertools
import sys
import uuid
from typing import Any

from tests.support import engines
from twinshore.events import Event
from twinshore.store.dynamodb import DynamoStore
from twinshore.store.port import CommitConflict, Create, Increment, Key
from twinshore.store.postgres import PostgresStore
from twinshore.store.sqlite import SqliteStore


def open_store(where: str) -> Any:
    engine, _, place = where.partition(":")
    if engine == "sqlite":
        return SqliteStore(place)
    if engine == "postgres":
        return PostgresStore(place)
    url, _, table = place.rpartition("/")
    return DynamoStore(engines.dynamodb_client(url), table)


def balance_key(name: str) -> Key:
    return Key(f"account#{name}", "balance")


def book(store: Any, name: str, by: int, at_least: int | None) -> str:
    """One entry, the balance and an event, together. Returns the entry's id."""
    entry_id = uuid.uuid4().hex
    store.commit(
        Increment(balance_key(name), "points", by, at_least),
        Create(Key(f"account#{name}", f"entry#{entry_id}"), {"lines": [-by, by]}),
        events=(Event(f"{name}-{entry_id}", "points.moved", 1, {"points": by}),),
    )
    return entry_id


def spend(store: Any, name: str) -> int:
    """Take one at a time until there is none. Returns how many."""
    for taken in itertools.count():
        try:
            book(store, name, -1, 0)
        except CommitConflict:
            return taken
    raise AssertionError


def record(store: Any, name: str) -> None:
    while True:
        sys.stdout.write(book(store, name, 1, None) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    work, where, name = sys.argv[1:]
    if work == "spend":
        print(spend(open_store(where), name))
    else:
        record(open_store(where), name)
