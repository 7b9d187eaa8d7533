"""The box under load: the mainland cell on PostgreSQL, the others on SQLite files, twins that keep all in memory, and a
crowd of shoppers in a process of its own.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from sandbox.box import Box
from sandbox.cell_host import ROOT
from sandbox.load.crowd import Plan
from sandbox.load.database import Database
from sandbox.load.shopper import World
from sandbox.load.shopping import STOCKED
from sandbox.ports import PortTaken, require_free
from sandbox.sea import Sea
from twinshore.tokens import signer_from_secret

ON_POSTGRESQL = "cn"
SERVICE = "load"
TOKEN_SECONDS = 4 * 3600
JOURNAL_ENTRIES = 10_000_000
"""The audit counts letters and notices: the twins forget none."""
LOG_BYTES = 1_000_000_000
"""A trace of the first minute is still there at the end."""
MORE_CODES = 2_000
LOWEST_BASE, HIGHEST_BASE, STEP = 20_000, 32_000, 40
PORT_TRIES = 50
TRACES = ".sandbox/load"
DRAIN_SECONDS = 400.0
"""After the last journey has begun: longer than any shopper's patience."""


class Scene:
    """Use as a context manager: whatever happens, nothing is left running, and the data go with it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="twinshore-load-box-"))
        self.said: list[str] = []
        self.database = Database()
        self.sea = Sea(self.folder)
        try:
            dsn = self.database.new(ON_POSTGRESQL)
            self.box = self._started(dsn)
        except BaseException:
            self._throw_away()
            raise
        self._crowds: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Scene:
        return self

    def __exit__(self, *_: object) -> None:
        for crowd in self._crowds:
            if crowd.poll() is None:
                crowd.kill()
            crowd.wait()
        self.box.end()
        self._throw_away()

    def prepare(self) -> None:
        """Nobody forgets, and no partner runs out of codes."""
        for twin in self.box.twins.values():
            twin.journal_limit = JOURNAL_ENTRIES
        partner: Any = self.box.twins["partner"]
        stocks = {(row["account"], row["region"]) for row in partner.vouchers.values() if row["reward"] == STOCKED}
        for account, region in sorted(stocks):
            partner.issue(account, STOCKED, region, MORE_CODES)
        for host in self.box.cells.values():
            host.log_limit_bytes = LOG_BYTES
            host.tell("timers/partner-sync", {})

    def world(self) -> World:
        listing = self.box.listing()
        return World(listing["cells"], listing["twins"], {cell: self._service_token(cell) for cell in self.box.cells})

    def crowd(self, name: str, rate: float, seconds: float, seed: int) -> subprocess.Popen[bytes]:
        """Shoppers begin to come, for `seconds` and until its standard input is closed; the process ends when the last
        of them is done."""
        plan = Plan(list(self.world()), name, rate, seconds, seed, str(self.folder))
        environ = {name: value for name, value in os.environ.items() if not name.startswith("TWINSHORE_")}
        environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "layers" / "core")])
        command = [sys.executable, "-m", "sandbox.load.crowd", json.dumps(plan)]
        crowd = subprocess.Popen(command, cwd=ROOT, env=environ, stdin=subprocess.PIPE)
        self._crowds.append(crowd)
        return crowd

    def lines(self, name: str, what: str) -> list[Any]:
        """What a crowd that has ended wrote: its `promises`, `samples` or `journeys`."""
        with (self.folder / f"{name}.{what}").open(encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def waiting(self, cell: str) -> dict[str, int]:
        """Queue -> how many items of the cell's store wait in it, however long."""
        sql = "select due_queue, count(*) from items where due_queue is not null group by 1"
        if cell == ON_POSTGRESQL:
            rows = [line.split("|") for line in self.database.ask(cell, sql)]
        else:
            with closing(sqlite3.connect(f"file:{self.folder / cell / 'store.db'}?mode=ro", uri=True)) as store:
                rows = [list(row) for row in store.execute(sql)]
        return {str(queue): int(count) for queue, count in rows}

    def heal(self) -> None:
        """Whatever state a fault has left behind."""
        self.sea.heal()
        for twin in self.box.twins.values():
            with twin.lock:
                twin.faults = {}
        self.database.start_again()

    def keep_traces(self) -> Path:
        """The cells' logs, and what the shoppers wrote, for whoever looks into what did not hold."""
        kept = ROOT / TRACES
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        for file in (*self.folder.glob("*/cell.log"), *self.folder.glob("*.*s")):
            is_log = file.suffix == ".log"
            shutil.copy(file, kept / (f"{file.parent.name}.log" if is_log else file.name))
        return kept

    def is_ready(self, cell: str) -> bool:
        return self.box.cells[cell].ask("ready") is not None

    def wait_until_whole(self, seconds: float) -> bool:
        """Every cell answers."""
        ends = time.monotonic() + seconds
        while not all(self.is_ready(cell) for cell in self.box.cells):
            if time.monotonic() > ends:
                return False
            time.sleep(0.1)
        return True

    def _service_token(self, cell: str) -> str:
        secrets = json.loads((self.folder / cell / "secrets.json").read_text(encoding="utf-8"))
        signer = signer_from_secret(cell, secrets["session_keys"])
        return signer.issue("service", {"sub": SERVICE}, TOKEN_SECONDS, int(time.time()))

    def _started(self, dsn: str) -> Box:
        for _ in range(PORT_TRIES):
            base = random.SystemRandom().randrange(LOWEST_BASE, HIGHEST_BASE, STEP)
            box = Box(self.folder, base, self.said.append, databases={ON_POSTGRESQL: dsn}, twins_remember=False)
            try:
                require_free(box.ports)
            except PortTaken:
                continue
            box.start()
            return box
        raise PortTaken("no free ports were found for the box")

    def _throw_away(self) -> None:
        self.database.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def end_on_signals() -> None:
    """SIGTERM ends the run like Ctrl-C, so that nothing is left behind."""

    def end(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
