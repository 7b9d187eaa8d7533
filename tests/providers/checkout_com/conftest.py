"""The shared vectors are not part of this repository."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from tests.support.vectors import SHARED
from twinshore.store.sqlite import SqliteStore
from twinshore.vault import StoreVault

collect_ignore = [] if (SHARED / "checkout_com.json").exists() else ["test_shared_vectors.py"]


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[StoreVault]:
    store = SqliteStore(tmp_path / "store.db")
    yield StoreVault(store, "checkout_com", lambda: '[{"id": "k", "secret": "' + "22" * 32 + '"}]')
    store.close()
