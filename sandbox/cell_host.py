"""Holds one cell's process: starts it, waits until it answers, starts it again when it dies, ends it.

The process is told where it is by one argument and what it uses by its environment, as a cloud function is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any, Callable

from sandbox.cell_gateway import CellPlace
from sandbox.ports import HOST

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 30.0
END_SECONDS = 5.0
LOG_LIMIT_BYTES = 5_000_000
RESTART_LIMIT = 5
"""Deaths within RESTART_WINDOW_SECONDS after which a cell stays down: a restart does not heal what is wrong."""
RESTART_WINDOW_SECONDS = 30.0


class CellFailed(Exception):
    """A cell did not come up. `str(err)` says which and where its log is."""


class CellHost:
    def __init__(self, place: CellPlace, settings: dict[str, str], say: Callable[[str], None]) -> None:
        self.place = place
        self._settings = settings
        self._say = say
        self.log_limit_bytes = LOG_LIMIT_BYTES
        """Of a log that is gone on with when the cell starts again."""
        self._ending = threading.Event()
        self._deaths: list[float] = []
        self.restarts = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.place.port}"

    @property
    def process_id(self) -> int:
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        self._spawn()
        threading.Thread(target=self._watch, name=f"watch-{self.place.cell}", daemon=True).start()

    def wait_until_ready(self) -> None:
        """Raises CellFailed."""
        ends = time.monotonic() + READY_SECONDS
        while time.monotonic() < ends and not (self._process and self._process.poll() is not None):
            if self.ask("ready") is not None:
                return
            time.sleep(0.03)
        raise CellFailed(f"Cell {self.place.cell} did not start; its log: {Path(self.place.folder) / 'cell.log'}")

    def ask(self, word: str, timeout_seconds: float = 2.0) -> Any:
        """The cell's own desk, `GET /_box/<word>`; None if it does not answer."""
        try:
            with urllib.request.urlopen(f"{self.url}/_box/{word}", timeout=timeout_seconds) as reply:
                return json.load(reply)
        except (OSError, ValueError):
            return None

    def tell(self, word: str, body: dict[str, Any]) -> int:
        """`POST /_box/<word>`: the HTTP status, 0 if the cell does not answer."""
        request = urllib.request.Request(
            f"{self.url}/_box/{word}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return int(reply.status)
        except urllib.error.HTTPError as err:
            return err.code
        except OSError:
            return 0

    def kill(self) -> None:
        """SIGKILL, as a crash: the watch starts it again on the same data."""
        if self._process is not None:
            self._process.kill()

    def end(self) -> None:
        self._ending.set()
        if self._process is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._log is not None:
            self._log.close()

    def _spawn(self) -> None:
        folder = Path(self.place.folder)
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "cell.log"
        too_long = file.exists() and file.stat().st_size > self.log_limit_bytes
        if self._log is not None:
            self._log.close()
        self._log = file.open("wb" if too_long else "ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.cell_process", json.dumps(self.place._asdict())],
            cwd=ROOT, env=self._environment(), stdin=subprocess.PIPE, stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def _environment(self) -> dict[str, str]:
        """Nothing of the caller's own TWINSHORE settings reaches a cell; proxies would take 127.0.0.1 away from us."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TWINSHORE_")}
        return {
            **kept,
            **self._settings,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "core")]),
            "PYTHONUNBUFFERED": "1",
            "NO_PROXY": HOST,
            "no_proxy": HOST,
            "TZ": "UTC",
        }

    def _watch(self) -> None:
        while not self._ending.is_set() and self._process is not None:
            self._process.wait()
            if self._ending.is_set():
                return
            now = time.monotonic()
            self._deaths = [at for at in self._deaths if at > now - RESTART_WINDOW_SECONDS] + [now]
            if len(self._deaths) > RESTART_LIMIT:
                self._say(f"Cell {self.place.cell} keeps dying; its log: {Path(self.place.folder) / 'cell.log'}")
                return
            self._say(f"Cell {self.place.cell} died and starts again on the same data.")
            self.restarts += 1
            self._spawn()
