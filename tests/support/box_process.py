"""A box of the tests' own: `python -m sandbox` as a newcomer starts it, on free ports, its data in a given folder."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PORTS_OF_A_BOX = 40
READY_SECONDS = 60.0


def free_base() -> int:
    """A base port with nothing on it nor behind it. Workers draw from the whole range, so they hardly ever meet."""
    draw = random.SystemRandom()
    while True:
        base = draw.randrange(20_000, 32_000, PORTS_OF_A_BOX)
        if all(_is_free(base + step) for step in range(PORTS_OF_A_BOX)):
            return base


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class BoxProcess:
    """Use as a context manager: whatever happens, nothing is left running."""

    def __init__(self, folder: Path, base: int = 0, *, once: bool = False, arguments: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.base = base or free_base()
        self.url = f"http://127.0.0.1:{self.base}"
        environ = {name: value for name, value in os.environ.items() if not name.startswith("TWINSHORE_")}
        environ.update(
            PYTHONPATH=os.pathsep.join([str(ROOT), str(ROOT / "layers" / "core")]), PYTHONUNBUFFERED="1",
            TWINSHORE_PORT=str(self.base), TWINSHORE_SANDBOX=str(folder), LANG="C.UTF-8",
            **({"TWINSHORE_RUN_ONCE": "1"} if once else {}),
        )  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", *arguments], cwd=ROOT, env=environ, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

    def __enter__(self) -> BoxProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def finish(self, timeout_seconds: float = READY_SECONDS) -> tuple[int, str]:
        """Exit code and everything it printed."""
        output, _ = self.process.communicate(timeout=timeout_seconds)
        return self.process.returncode, output

    def read_until(self, words: str) -> str:
        """What it printed up to and including the line with these words. Fails if it ends before."""
        seen = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            seen += line
            if words in line:
                return seen
        raise AssertionError(f"{words!r} never came:\n{seen}")

    def interrupt(self) -> None:
        """Ctrl-C: the whole group hears it, as in a terminal."""
        os.killpg(self.process.pid, signal.SIGINT)

    def kill(self, whole_group: bool = False) -> None:
        """SIGKILL: to the box alone, whose cells must notice by themselves, or to all of them in one blow."""
        if whole_group:
            os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.kill()
        self.process.wait()

    def wait_for_page(self) -> None:
        ends = time.monotonic() + READY_SECONDS
        while time.monotonic() < ends:
            try:
                self.get("/box.json")
                return
            except OSError:
                assert self.process.poll() is None, self.process.stdout and self.process.stdout.read()
                time.sleep(0.05)
        raise AssertionError("the page never came up")

    def wait_until_it_hears(self) -> None:
        """Until the box has handlers of its own for signals: when that is, the machine decides."""
        ends = time.monotonic() + READY_SECONDS
        while not self._has_handlers():
            assert self.process.poll() is None and time.monotonic() < ends
            time.sleep(0.01)

    def _has_handlers(self) -> bool:
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        caught = int(status.partition("SigCgt:")[2].split()[0], 16)
        return bool(caught >> (signal.SIGTERM - 1) & 1)  # set after SIGINT's, and Python by itself leaves it alone

    def get(self, path: str) -> Any:
        return fetch(self.url + path)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return fetch(self.url + path, body or {})

    def ports_in_use(self) -> list[int]:
        return [self.base + step for step in range(PORTS_OF_A_BOX) if not _is_free(self.base + step)]


def fetch(url: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)
