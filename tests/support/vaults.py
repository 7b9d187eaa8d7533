"""A real vault over SQLite, for tests of providers that keep something of a payment."""

from __future__ import annotations

import json
from pathlib import Path

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
