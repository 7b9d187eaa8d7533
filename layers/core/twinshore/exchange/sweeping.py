"""A part of the job `points-sweep`: what waits for another cell's word is asked for again, until there is one."""

from __future__ import annotations

from typing import Callable, NamedTuple

from twinshore import deadline, log, metrics, tracing
from twinshore.errors import BrokenInvariant, Problem
from twinshore.exchange.exchanges import EXCHANGES, PENDING, exchange_of
from twinshore.exchange.exchanging import ask_for, postpone
from twinshore.exchange.linking import tell
from twinshore.exchange.links import LINKS, link_of
from twinshore.exchange.pauses import next_try
from twinshore.intercell.client import Peers
from twinshore.store.port import CommitConflict, Due, Item, Replace, Store

SWEEP_LIMIT = 100
STUCK_SECONDS = 3600
"""Points held for longer than that, and no word of the other cell: a person must look."""
LEAST_SECONDS = 1.0
"""With less than this left of the invocation nothing more is begun."""


class Swept(NamedTuple):
    decided: int = 0
    waiting: int = 0
    failed: int = 0


def is_anything_due(store: Store, now: int) -> bool:
    return any(store.due(queue, now, 1) for queue in (LINKS, EXCHANGES))


def ask_again(store: Store, peers: Peers, now: int, limit: int = SWEEP_LIMIT) -> Swept:
    """A cell that is silent is asked once in a run; what else waits for it is put off together."""
    silent: set[str] = set()
    links = _each(store, LINKS, now, limit, lambda item: _link(store, peers, item, now, silent))
    exchanges = _each(store, EXCHANGES, now, limit, lambda item: _exchange(store, peers, item, now, silent))
    return Swept(*(one + other for one, other in zip(links, exchanges)))


def _each(store: Store, queue: str, now: int, limit: int, work: Callable[[Item], bool]) -> Swept:
    counts = {True: 0, False: 0}
    failed = stuck = 0
    for item in store.due(queue, now, limit):
        if deadline.within(LEAST_SECONDS, 0) < LEAST_SECONDS:
            break
        before, decided = log.bound(), False
        tracing.follow(item.fields.get("trace"))
        try:
            decided = work(item)
            counts[decided] += 1
        except CommitConflict:
            log.line("info", "moved meanwhile", queue=queue)
            decided = True  # by another run; if not, it comes round again
        except (BrokenInvariant, Problem) as err:
            log.line("error", "could not be swept", queue=queue, error=err)
            failed += 1
        stuck += queue == EXCHANGES and not decided and exchange_of(item).held_at < now - STUCK_SECONDS
        log.bind(*before)
    if stuck:
        metrics.put("held", {"holds_stuck": stuck}, queue=queue)
    return Swept(counts[True], counts[False], failed)


def _exchange(store: Store, peers: Peers, item: Item, now: int, silent: set[str]) -> bool:
    other = exchange_of(item).other
    if other in silent:
        postpone(store, peers, item, now, tried=False)
        return False
    decided = ask_for(store, peers, item, now).state != PENDING
    if not decided:
        silent.add(other)
    return decided


def _link(store: Store, peers: Peers, item: Item, now: int, silent: set[str]) -> bool:
    link = link_of(item)
    if link.other in silent:
        due = Due(LINKS, next_try(now, link.tries))
        store.commit(Replace(item.key, item.fields, item.version, due))
        return False
    tell(store, peers, item, now)
    after = store.get(item.key)
    told = after is not None and after.due is None
    if not told:
        silent.add(link.other)
    return told
