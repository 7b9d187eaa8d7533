"""One cell: its store, which outlives everything, and its function instances, which do not."""

from __future__ import annotations

import atexit
import base64
import hashlib
import json
import shutil
import sqlite3
import tempfile
import time
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Mapping, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.simulation.parties import PARTY, client_in, secrets_of
from tests.support.doors import ROOT, SESSION_KEY, load_door
from twinshore.cells import Cells, Residency
from twinshore.deployment import Settings
from twinshore.secret_port import present
from twinshore.store.sqlite import SqliteStore
from twinshore.tokens import Signer

CELLS = ("cn", "eu", "sea", "us")
_PROVIDER = "twinshore.wiring._payment_provider"
_FAST = Path("/dev/shm")
"""A file system in memory, where there is one."""
_FILES = Path(tempfile.gettempdir()) if not _FAST.is_dir() else _FAST


class Secrets(NamedTuple):
    known: Mapping[str, str]

    def get(self, name: str) -> str:
        return present(name, self.known.get(name))


@lru_cache(maxsize=None)
def door(name: str) -> ModuleType:
    """Loaded once: whatever an instance has built is its own, not the door's."""
    return load_door(name)


@lru_cache(maxsize=1)
def declared() -> Cells:
    compiled = json.loads((ROOT / "layers" / "core" / "twinshore" / "cells.json").read_text(encoding="utf-8"))
    for cell, row in compiled["cells"].items():
        public = Ed25519PrivateKey.from_private_bytes(_private(cell)).public_key()
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        row["public_keys"] = {"k1": base64.b64encode(raw).decode()}
    return Cells(compiled)


def webhook_url(cell: str) -> str:
    return f"{declared().all[cell].endpoint}/v1/webhooks/{PARTY[cell]}"


def cell_key_secret(cell: str) -> str:
    return json.dumps({"id": "k1", "private": base64.b64encode(_private(cell)).decode()})


def _private(cell: str) -> bytes:
    return hashlib.sha256(f"simulated {cell}".encode()).digest()


class Place:
    """Made once per process for each cell; `clear` before each seed."""

    def __init__(self, cell: str, folder: str) -> None:
        self.cell = cell
        self.cloud = declared().all[cell].cloud
        self.residency = Residency(declared(), cell)
        self.signer = Signer(cell, [SESSION_KEY])
        self.committed: Callable[[Any], None] = lambda _: None
        file = f"{folder}/{cell}.db"
        self.engine = SqliteStore(
            file, on_committed=lambda events: self.committed(events), synchronous="NORMAL", now=lambda: time.time()
        )
        self._file = sqlite3.connect(file, isolation_level=None)
        keys = json.dumps([{"id": SESSION_KEY.id, "secret": SESSION_KEY.secret.hex()}])
        self.vault_keys = json.dumps([{"id": "k1", "secret": "5a" * 32}])
        known = {"session_keys": keys, "cell_key": cell_key_secret(cell), "vault_keys": self.vault_keys}
        known |= secrets_of(cell)
        self._shared: dict[Any, Any] = {
            "twinshore.deployment.settings": Settings(cell, "simulated:", "simulated:", {}, ""),
            "twinshore.deployment.secrets": Secrets(known),
            "twinshore.deployment.cells": declared(),
        }
        self.call_party: Callable[..., Any] = lambda *_: None
        """The way out to the party that takes payments here."""
        self.client: Any = None
        if cell in PARTY:
            secret = known[f"provider_{PARTY[cell]}"]
            self._provider_part = _PROVIDER, (PARTY[cell], secret), ()
            self.client = client_in(cell, secret, webhook_url(cell), lambda *call: self.call_party(*call))
        self.provider = self.client
        self.store: Any = self.engine
        """What the functions see: the engine behind its faults."""
        self.idle: list[tuple[dict[Any, Any], float, float]] = []
        """Warm instances, with the error of their clocks in seconds, and when that is set right."""

    def clear(self) -> None:
        self._file.execute("delete from items")
        self.idle.clear()

    def due_queues(self, before: int) -> set[str]:
        """The queues in which something is due: at one look, for it is asked often."""
        return {
            queue
            for (queue,) in self._file.execute("select distinct due_queue from items where due_at <= ?", (before,))
        }

    def new_instance(self, way_out: Callable[..., object]) -> dict[Any, Any]:
        parts: dict[Any, Any] = {
            "twinshore.wiring.store": self.store, "twinshore.intercell_wiring.way_out": way_out
        }  # fmt: skip
        if self.provider is not None:
            parts[self._provider_part] = self.provider
        return {**self._shared, **parts}


@lru_cache(maxsize=1)
def places() -> dict[str, Place]:
    atexit.register(remove_files)
    folder = tempfile.mkdtemp(prefix="twinshore-simulation-", dir=_FILES)
    _KEEP.append(folder)
    return {cell: Place(cell, folder) for cell in CELLS}


_KEEP: list[str] = []


def remove_files() -> None:
    """What this process has left in the file system."""
    for folder in _KEEP:
        shutil.rmtree(folder, ignore_errors=True)
    _KEEP.clear()
    places.cache_clear()
