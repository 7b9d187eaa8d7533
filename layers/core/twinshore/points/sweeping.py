"""One run of a timer over what has come due. What fails stays in its queue, with a loud line, and is nobody else's
trouble."""

from __future__ import annotations

from typing import Callable, NamedTuple

from twinshore import log, metrics
from twinshore.errors import BrokenInvariant, Problem
from twinshore.store.port import CommitConflict, Item, Store

SWEEP_LIMIT = 100
STUCK_SECONDS = 600
"""Due for longer than that and not done: a person must look."""


class Swept(NamedTuple):
    done: int = 0
    failed: int = 0


def sweep(store: Store, queue: str, now: int, work: Callable[[Item], object], limit: int = SWEEP_LIMIT) -> Swept:
    """Call `work` with each item that waits in `queue`. What another has done meanwhile (CommitConflict) comes round
    again if anything is left of it."""
    done = failed = stuck = 0
    for item in store.due(queue, now, limit):
        try:
            work(item)
            done += 1
        except CommitConflict:
            log.line("info", "points moved meanwhile", queue=queue)
        except (BrokenInvariant, Problem) as err:
            log.line("error", "points could not be swept", queue=queue, error=err)
            failed += 1
            stuck += item.due is not None and item.due.at < now - STUCK_SECONDS
    if stuck:
        metrics.put("held", {"holds_stuck": stuck}, queue=queue)
    return Swept(done, failed)
