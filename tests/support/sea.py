"""Two cells, `eu` in Lambda's event shape and `cn` in SCF's, each heard at a real HTTP server, on the test's clock."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

from tests.support.cell_pair import cells_file
from tests.support.shores import CellServer, Shore, with_endpoints
from twinshore.cells import load_cells
from twinshore.store.port import Store
from twinshore.store.sqlite import SqliteStore

NOW = 1_800_000_000


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> int:
        return self.at


class Sea:
    """`here` is in the cell cn with 1000 points, `there` in eu; `link` joins their member."""

    def __init__(self, folder: Path, open_store: Callable[[str], Store] | None = None) -> None:
        self.clock = Clock()
        self.servers = {cell: CellServer() for cell in ("cn", "eu")}
        file = with_endpoints(cells_file(folder), {cell: server.url for cell, server in self.servers.items()})
        cells = load_cells(str(file))
        opened = open_store or (lambda cell: SqliteStore(folder / f"{cell}.db", now=self.clock))
        self.stores: dict[str, Store] = {cell: opened(cell) for cell in self.servers}
        self.here = Shore("cn", cells, self.stores["cn"], self.clock, "m_anna")
        self.there = Shore("eu", cells, self.stores["eu"], self.clock, "m_anna_overseas")
        for shore in (self.here, self.there):
            self.servers[shore.cell].hear = shore.hear
        self.here.earn(1000)
        self.link = ""

    def linked(self) -> Sea:
        self.link = self.here.link_to(self.there).id
        return self

    def later(self, seconds: int) -> None:
        self.clock.at += seconds

    def heal(self) -> None:
        """The link is whole again, and the timers of both cells run for a while."""
        self.here.cut = self.there.cut = ""
        for _ in range(4):
            self.later(7_200)
            self.here.sweep()
            self.there.sweep()

    def close(self) -> None:
        for server in self.servers.values():
            server.stop()
        for store in self.stores.values():
            getattr(store, "close", lambda: None)()
