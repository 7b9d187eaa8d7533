"""What went through a cell lately, for the page: calls, deliveries and timers with times. No bodies, no secrets."""

from __future__ import annotations

import collections
import threading
import time
from typing import Any

LIMIT_ENTRIES = 200


class Flow:
    def __init__(self) -> None:
        self._entries: collections.deque[dict[str, Any]] = collections.deque(maxlen=LIMIT_ENTRIES)
        self._lock = threading.Lock()
        self._number = 0

    def note(self, kind: str, what: str, began: float, **facts: object) -> None:
        """`kind` is call, event or timer; `began` is time.monotonic() at the start of the work."""
        spent_ms = round((time.monotonic() - began) * 1000, 1)
        with self._lock:
            self._number += 1
            entry = {"number": self._number, "at": round(time.time(), 3), "kind": kind, "what": what, "ms": spent_ms}
            self._entries.append({**entry, **facts})

    def entries(self) -> list[dict[str, Any]]:
        """Newest first."""
        with self._lock:
            return list(reversed(self._entries))
