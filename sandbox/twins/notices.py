"""A party's notices on their way to us: signed anew at each try, tried again on a short ladder, kept over a restart.

One thread per twin sends what is due, in order of its time. What a party does to a shop's webhook is told by switches
of the twin (`POST /_twin/faults`):
    duplicate             how often each notice is delivered even when acknowledged (default 2: at least once)
    drop_notices          true: notices are made and journalled, and never sent: only a query finds out
    notice_delay_seconds  how long each new notice waits before its first try
    wrong_signature       true: every try is signed wrongly while the switch is on
    reorder               true: see the twin, which news overtakes which
"""

from __future__ import annotations

import http.client
import threading
import time
from typing import Any, Callable
from urllib.parse import urlsplit

from sandbox.twins.server import Twin

SHORT_LADDER_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
DELIVERY_TIMEOUT_SECONDS = 5.0
MADE_LIMIT = 100

Sign = Callable[[dict[str, Any], bool], tuple[dict[str, str], bytes]]
"""(notice, wrongly) -> headers and body of one try."""


class Notices:
    """twin: whose journal, switches and folder are used. sign: makes one try, with the present time."""

    def __init__(self, twin: Twin, sign: Sign, ladder_seconds: tuple[float, ...] = SHORT_LADDER_SECONDS) -> None:
        self._twin = twin
        self._sign = sign
        self._ladder_seconds = ladder_seconds
        self._waiting: list[dict[str, Any]] = twin.recall("notices", [])
        self._made: list[tuple[str, str, str]] = []
        self._changed = threading.Condition(twin.lock)
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=f"{self._twin.name}-notices", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(DELIVERY_TIMEOUT_SECONDS + 1)

    def add(self, notice_id: str, url: str, body: str, *, hold: str = "", probe: bool = False) -> None:
        """hold: it waits until `release` is called with the same word. probe: one wrong try goes first."""
        faults = self._twin.faults
        if faults.get("drop_notices") or not url:
            self._twin.note("notice dropped", id=notice_id)
            return
        due = time.time() + float(faults.get("notice_delay_seconds", 0))
        copies = max(1, int(faults.get("duplicate", 2)))
        with self._changed:
            self._made = [*self._made, (notice_id, url, body)][-MADE_LIMIT:]
            for copy in range(copies):
                self._waiting.append(
                    {"id": notice_id, "url": url, "body": body, "due": due, "tries": 0, "hold": hold, "copy": copy}
                )
            if probe:
                self._waiting.insert(
                    len(self._waiting) - copies,
                    {"id": notice_id, "url": url, "body": body, "due": due, "tries": 0, "hold": hold, "probe": True},
                )
            self._keep()

    def release(self, hold: str) -> None:
        """Let go what was held under this word; it comes after everything that waits already."""
        with self._changed:
            for notice in self._waiting:
                if notice["hold"] == hold:
                    notice.update(hold="", due=max(time.time(), *(other["due"] + 0.01 for other in self._waiting)))
            self._keep()

    def send_again(self) -> None:
        """Every notice that was made since the start, once more and at once: as when a person presses "resend"."""
        with self._changed:
            self._waiting += [
                {"id": notice_id, "url": url, "body": body, "due": time.time(), "tries": 0, "hold": "", "copy": 0}
                for notice_id, url, body in self._made
            ]
            self._keep()

    def waiting(self) -> list[dict[str, Any]]:
        """What is not delivered yet."""
        with self._changed:
            return [dict(notice) for notice in self._waiting]

    def _keep(self) -> None:
        self._twin.remember("notices", self._waiting)
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._stopping:
                    return
                held = [notice for notice in self._waiting if notice["hold"] and self._twin.faults.get("reorder")]
                ready = [notice for notice in self._waiting if notice not in held]
                first = min(ready, key=lambda notice: notice["due"], default=None)
                wait_seconds = 60.0 if first is None else first["due"] - time.time()
                if first is None or wait_seconds > 0:
                    # What is held goes as soon as somebody heals the twin, of which nobody tells us.
                    self._changed.wait(min(wait_seconds, 0.2) if held else wait_seconds)
                    continue
            self._deliver(first)

    def _deliver(self, notice: dict[str, Any]) -> None:
        wrongly = bool(self._twin.faults.get("wrong_signature"))
        headers, body = self._sign(notice, wrongly)
        said = _post(notice["url"], body, headers)
        kind = "probe" if notice.get("probe") else "wrong" if wrongly else "right"
        self._twin.note("notice sent", id=notice["id"], url=notice["url"], signature=kind, answer=said)
        with self._changed:
            if notice.get("probe") or (isinstance(said, int) and 200 <= said < 300):
                self._waiting.remove(notice)
            elif notice["tries"] >= len(self._ladder_seconds):
                self._waiting.remove(notice)
                self._twin.note("notice given up", id=notice["id"])
            else:
                notice["due"] = time.time() + self._ladder_seconds[notice["tries"]]
                notice["tries"] += 1
            self._keep()


def _post(url: str, body: bytes, headers: dict[str, str]) -> int | str:
    """The status, or the name of what went wrong. Redirects are not followed: parties count them as failure."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=DELIVERY_TIMEOUT_SECONDS)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body=body, headers=headers)
        response = connection.getresponse()
        response.read()
        return response.status
    except (OSError, http.client.HTTPException) as err:
        return type(err).__name__
    finally:
        connection.close()
