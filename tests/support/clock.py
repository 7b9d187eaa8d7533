"""A clock for a whole test: whatever reads the time in this process reads this one."""

from __future__ import annotations

import time

import pytest


class Clock:
    """The world's clock, which twins and doors both read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ahead_seconds = 0
        real_time, real_gmtime = time.time, time.gmtime
        monkeypatch.setattr(time, "time", lambda: real_time() + self._ahead_seconds)
        monkeypatch.setattr(time, "gmtime", lambda at=None: real_gmtime(time.time() if at is None else at))

    def advance(self, seconds: int) -> None:
        self._ahead_seconds += seconds
