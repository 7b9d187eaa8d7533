"""Where reference rates come from, in the words of this room."""

from __future__ import annotations

from typing import Callable, NamedTuple

ECB = "ecb"
TREASURY = "treasury"
IN_ORDER_OF_TRUST = (ECB, TREASURY)
"""Where tables come from. Each currency is taken from the first that has it fresh, else from the first that has it."""


class RateTable(NamedTuple):
    """One day's rates of one source. Never edited: a correction is another table."""

    source: str
    """How it is called to those who see its rates: "ecb", or the name that a further source gives itself."""
    date: str
    """The day the source set them for, ISO 8601."""
    base: str
    rates: dict[str, str]
    """Currency to units of it per 1 `base`, as the source's own decimal text."""
    fetched_at: int
    """Seconds since the epoch; 0 for a table that came with the package."""
    licence: str = ""
    """What a further source wants to be said beside its rates; never empty for one."""
    published_at: int = 0
    """Seconds since the epoch, where the source says it; else the ECB's timetable goes by the date."""
    further: tuple[RateTable, ...] = ()
    """What to ask for a currency that this one lacks, the better first. Never stored."""


class RateSourceFailed(Exception):
    """The source gave no whole table. `reason`: "unreachable", "no-answer", "status", "shape", "licence" (none is
    given), "configuration" or "secrets" (ours); safe to log."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class RateSourceAbsent(Exception):
    """This cell has no such source, or no longer: what it gave before is not to be used either."""


RateSource = Callable[[int], RateTable]
"""Given now, the source's latest table, whole; raises RateSourceFailed, RateSourceAbsent."""
