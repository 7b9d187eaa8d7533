"""A member's book on one SQLite file; and `open_store`, on each real engine in turn, for what must hold on all."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import pytest

from tests.support.each_engine import dynamodb, open_store, postgres_dsn
from tests.support.points import Book
from twinshore.store.sqlite import SqliteStore

__all__ = ["dynamodb", "open_store", "postgres_dsn"]


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    def open_store(**options: Any) -> SqliteStore:
        return SqliteStore(tmp_path / "store.db", **options)

    one = Book(open_store)
    yield one
    one.store.close()
