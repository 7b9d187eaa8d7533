"""The box: every cell of the cells file as a process of its own, the twins, and the page. One folder holds all data."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import IO, Any, Callable, Mapping

from sandbox import outside, ports, secrets_file
from sandbox.accounts import accounts_of
from sandbox.cell_gateway import CellPlace
from sandbox.cell_host import ROOT, CellHost
from sandbox.twins.server import Twin

CELLS_FILE = ROOT / "layers" / "core" / "twinshore" / "cells.json"
DEFAULT_FOLDER = ".sandbox"


class FolderTaken(Exception):
    """Another box works on the same data. `str(err)` says which folder and how to use another."""


class Box:
    """`start` brings everything up, `end` takes everything down; both may be called once."""

    def __init__(
        self,
        folder: Path,
        base_port: int,
        say: Callable[[str], None] = lambda line: None,
        cells_file: Path = CELLS_FILE,
        *,
        databases: Mapping[str, str] | None = None,
        twins_remember: bool = True,
    ) -> None:
        """databases: cell -> DSN of a PostgreSQL database with our schema, for cells whose store is not to be a SQLite
        file; the page's desk shows nothing of their items. twins_remember: False keeps the twins' books in memory only:
        each call of theirs would write all of it, which is too slow for a load."""
        self.folder = folder.resolve()
        self._databases = dict(databases or {})
        self._twins_folder = self.folder / "twins" if twins_remember else None
        self.declared: dict[str, Any] = json.loads(cells_file.read_text(encoding="utf-8"))
        cells = _in_order(self.declared["cells"])
        self.accounts = accounts_of(self.declared, cells)
        self.ports = ports.plan(base_port, cells, outside.parties(self.accounts))
        self.page_url = self.ports.url(self.ports.page)
        self.cells: dict[str, CellHost] = {}
        self.twins: dict[str, Twin] = {}
        self._say = say
        self._lock: IO[str] | None = None

    def start(self) -> None:
        """Raises PortTaken, FolderTaken, CellFailed. What had been started by then is ended."""
        ports.require_free(self.ports)
        self._take_folder()
        try:
            self.twins = outside.start_twins(self._twins_folder, self.ports, self.accounts)
            self._write_cells_file(self._write_secrets())
            for name, cell in self.declared["cells"].items():
                self.cells[name] = CellHost(self._place(name, cell), self._settings(name), self._say)
            for host in self.cells.values():
                host.start()
            for host in self.cells.values():
                host.wait_until_ready()
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        for host in self.cells.values():
            host.end()
        for twin in self.twins.values():
            twin.stop()
        if self._lock is not None:
            self._lock.close()

    def listing(self) -> dict[str, Any]:
        """What `box.json` says."""
        return {
            "page": self.page_url,
            "cells": {name: self.ports.url(port) for name, port in self.ports.cells.items()},
            "twins": {name: self.ports.url(port) for name, port in self.ports.twins.items()},
        }

    def _take_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = (self.folder / "box.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as err:
            lock.close()
            raise FolderTaken(
                f"Another box works in {self.folder}. End it, or set TWINSHORE_SANDBOX to another folder."
            ) from err
        self._lock = lock

    def _write_secrets(self) -> dict[str, str]:
        """Each cell's secrets file; returns the public halves of the cells' keys."""
        given = {name: outside.secrets_for(name, self.twins, self.accounts) for name in self.declared["cells"]}
        for name, dsn in self._databases.items():
            given[name]["database"] = dsn
        return {name: secrets_file.keep(self.folder / name / "secrets.json", each) for name, each in given.items()}

    def _write_cells_file(self, keys: dict[str, str]) -> None:
        """The declared cells with their endpoints on this machine and the keys made here."""
        moved = {
            name: {"endpoint": self.ports.url(self.ports.cells[name]), "public_keys": {secrets_file.CELL_KEY_ID: key}}
            for name, key in keys.items()
        }
        cells = {name: {**cell, **moved[name]} for name, cell in self.declared["cells"].items()}
        text = json.dumps({**self.declared, "cells": cells}, ensure_ascii=False, indent=1)
        secrets_file.write_whole(self.folder / "cells.json", text)

    def _place(self, name: str, cell: dict[str, Any]) -> CellPlace:
        port, folder = self.ports.cells[name], str(self.folder / name)
        return CellPlace(name, cell["cloud"], cell["region"], port, folder, self.page_url)

    def _settings(self, name: str) -> dict[str, str]:
        store = "postgresql:database" if name in self._databases else f"sqlite:{self.folder / name / 'store.db'}"
        return {
            "TWINSHORE_CELL": name,
            "TWINSHORE_STORE": store,
            "TWINSHORE_SECRETS": f"file:{self.folder / name / 'secrets.json'}",
            "TWINSHORE_OUTSIDE": json.dumps(outside.addresses_for(name, self.ports, self.accounts)),
            "TWINSHORE_CELLS_FILE": str(self.folder / "cells.json"),
            **outside.role_of(self.declared["cells"][name]["cloud"]),
        }


def _in_order(cells: dict[str, Any]) -> list[str]:
    """Mainland first, then as declared."""
    return sorted(cells, key=lambda name: cells[name]["shore"] != "mainland")


def folder_from_environment() -> Path:
    return Path(os.environ.get("TWINSHORE_SANDBOX") or ROOT / DEFAULT_FOLDER)
