"""Where reference rates come from, in the words of this room."""

from __future__ import annotations

from typing import Callable, NamedTuple


class RateTable(NamedTuple):
    """One day's rates of one source. Never edited: a correction is another table."""

    source: str
    """Short stable name: "ecb"."""
    date: str
    """The day the source set them for, ISO 8601."""
    base: str
    rates: dict[str, str]
    """Currency to units of it per 1 `base`, as the source's own decimal text."""
    fetched_at: int
    """Seconds since the epoch; 0 for a table that came with the package."""


class RateSourceFailed(Exception):
    """The source gave no whole table. `reason`: "unreachable", "no-answer", "status" or "shape"; safe to log."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


RateSource = Callable[[int], RateTable]
"""Given now, the source's latest table, whole; raises RateSourceFailed. A second source is another such function."""
