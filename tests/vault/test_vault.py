"""What a payment must remember in secret is on disk only as noise."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Iterator

import pytest

from twinshore.errors import BrokenInvariant
from twinshore.store.port import Create, Key
from twinshore.store.sqlite import SqliteStore
from twinshore.vault import StoreVault

OLD, NEW = {"id": "old", "secret": "00" * 32}, {"id": "new", "secret": "11" * 32}
LATER = int(time.time()) + 3600


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(tmp_path / "store.db")
    yield made
    made.close()


def vault(store: SqliteStore, *keys: dict[str, str]) -> StoreVault:
    return StoreVault(store, "grabpay", lambda: json.dumps(keys or [OLD]))


def test_what_goes_in_comes_out_and_is_replaced(store: SqliteStore) -> None:
    kept = vault(store)
    assert kept.get("o1-1") == ""
    kept.put("o1-1", "payer token 好", LATER)
    assert kept.get("o1-1") == "payer token 好"
    kept.put("o1-1", "another", LATER)
    assert kept.get("o1-1") == "another"


def test_what_others_wrote_in_between_is_built_upon(store: SqliteStore) -> None:
    here, there, seen = vault(store), vault(store), []

    def add(text: str) -> tuple[str, int]:
        if not seen:
            there.put("o1-1", "theirs", LATER)
        seen.append(text)
        return f"{text}+ours", LATER

    assert here.change("o1-1", add) == here.get("o1-1") == "theirs+ours"
    assert seen == ["", "theirs"]


def test_a_change_that_changes_nothing_writes_nothing(store: SqliteStore) -> None:
    kept, key = vault(store), Key("vault#grabpay#o1-1", "sealed")
    assert kept.change("o1-1", lambda text: (text, LATER)) == ""
    assert store.get(key) is None
    kept.put("o1-1", "token", LATER)
    before = store.get(key)
    assert kept.change("o1-1", lambda text: (text, LATER)) == "token"
    assert store.get(key) == before


def test_the_text_is_nowhere_on_disk(store: SqliteStore, tmp_path: Path) -> None:
    vault(store).put("o1-1", "payer-token-in-clear", LATER)
    files = list(tmp_path.glob("store.db*"))
    assert files
    assert not any(b"payer-token-in-clear" in file.read_bytes() for file in files)


def test_a_key_is_rotated_with_overlap(store: SqliteStore) -> None:
    vault(store, OLD).put("o1-1", "token", LATER)
    assert vault(store, NEW, OLD).get("o1-1") == "token"
    vault(store, NEW, OLD).put("o1-1", "token", LATER)
    assert vault(store, NEW).get("o1-1") == "token"


def test_a_retired_key_and_a_moved_item_do_not_open(store: SqliteStore) -> None:
    vault(store, OLD).put("o1-1", "token", LATER)
    with pytest.raises(BrokenInvariant):
        vault(store, NEW).get("o1-1")
    sealed = store.get(Key("vault#grabpay#o1-1", "sealed"))
    assert sealed is not None
    store.commit(Create(Key("vault#grabpay#o2-1", "sealed"), sealed.fields))
    with pytest.raises(BrokenInvariant):
        vault(store, OLD).get("o2-1")


def test_it_is_forgotten_in_time(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "other.db", now=lambda: LATER + 1)
    vault(store).put("o1-1", "token", LATER)
    assert vault(store).get("o1-1") == ""
    store.close()


@pytest.mark.parametrize("secret", ["", "[]", "{}", '[{"id": "a", "secret": "00"}]', '[{"id": "a", "secret": "zz"}]'])
def test_a_weak_or_missing_key_seals_nothing(store: SqliteStore, secret: str) -> None:
    with pytest.raises(ValueError, match="vault_keys") as caught:
        StoreVault(store, "grabpay", lambda: secret).put("o1-1", "token", LATER)
    assert "zz" not in str(caught.value)
    assert store.get(Key("vault#grabpay#o1-1", "sealed")) is None
