"""A shelf on one SQLite file; and `open_store`, on each real engine in turn, for what must hold on all."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from tests.support.each_engine import dynamodb, open_store, postgres_dsn
from tests.support.shelf import Shelf
from twinshore.store.sqlite import SqliteStore

__all__ = ["dynamodb", "open_store", "postgres_dsn"]


@pytest.fixture
def on_file(tmp_path: Path) -> Iterator[Callable[..., SqliteStore]]:
    """Opens stores on one SQLite file."""
    opened: list[SqliteStore] = []

    def open_one(**options: Any) -> SqliteStore:
        opened.append(SqliteStore(tmp_path / "store.db", **options))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def shelf(on_file: Callable[..., SqliteStore]) -> Shelf:
    return Shelf(on_file)
