"""When a cell that did not answer is asked again."""

from __future__ import annotations

PAUSES_SECONDS = (6, 6, 12, 24, 60, 120, 300, 600, 1_800, 3_600)
"""After the first try, the second ...; from then on the last. The first is longer than the way out waits for an answer
(`intercell_wiring.ANSWER_SECONDS`), none is much longer than the silence has lasted. A timer of a minute rounds up."""


def next_try(now: int, tries: int) -> int:
    """tries: how often the cell has been asked by now, 1 or more."""
    return now + PAUSES_SECONDS[min(max(tries, 1), len(PAUSES_SECONDS)) - 1]
