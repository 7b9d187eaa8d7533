"""A real vault over SQLite, for tests of providers that keep something of a payment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

from twinshore.store.sqlite import SqliteStore
from twinshore.vault import StoreVault


def sqlite_vault(folder: Path, provider: str) -> StoreVault:
    """The same folder again: the same vault, as another instance of the function would see it."""
    store = SqliteStore(folder / "vault.db", synchronous="NORMAL")
    return StoreVault(store, provider, lambda: json.dumps([{"id": "test", "secret": "5a" * 32}]))


class NoVault:
    """For a webhook that must need nothing kept."""

    def put(self, reference: str, text: str, expires_at: int) -> None:
        raise AssertionError("nothing is kept here")

    def get(self, reference: str) -> str:
        return ""

    def change(self, reference: str, update: Callable[[str], tuple[str, int]]) -> str:
        raise AssertionError("nothing is kept here")


class Interrupted:
    """A store at whose next commit something else is a moment faster. All the rest is the store's own."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.meanwhile: Callable[[], object] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, *operations: Any, **options: Any) -> Any:
        first, self.meanwhile = self.meanwhile, None
        if first is not None:
            first()
        return self._store.commit(*operations, **options)
