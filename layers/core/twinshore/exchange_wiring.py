"""How points cross: who answers other cells' messages about them, and what timers ask for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Callable, Mapping

if TYPE_CHECKING:
    from twinshore.cells import Residency
    from twinshore.intercell.client import Peers
    from twinshore.intercell.port import Handler
    from twinshore.store.port import Store


def handlers_of(store: Store, peers: Peers) -> Mapping[str, Handler]:
    """peers: for this cell's key and the cells file; nobody is asked."""
    from twinshore.exchange.crediting import hear_credit
    from twinshore.exchange.linking import hear_link, hear_unlink
    from twinshore.exchange.settlement import hear_settlements

    return {
        "points-credit": partial(hear_credit, store, peers),
        "points-link": partial(hear_link, store, peers),
        "points-unlink": partial(hear_unlink, store, peers),
        "points-settlements": partial(hear_settlements, store, peers),
    }


def sweep_points(store: Store, residency: Residency, peers: Callable[[], Peers], now: int) -> dict[str, object]:
    """The job `points-sweep`: all that waits for a time, in one timer, for a function has ten at most on SCF. What asks
    other cells comes last: it may take all the time there is. peers: asked for when there is somebody to ask."""
    from twinshore.exchange.sweeping import Swept, ask_again, is_anything_due
    from twinshore.points.expiry import expire_due
    from twinshore.points.holds import release_due
    from twinshore.points.pending import activate_due

    return {
        "activated": activate_due(store, residency, now),
        "released": release_due(store, residency, now),
        "expired": expire_due(store, residency, now),
        "exchanges": ask_again(store, peers(), now) if is_anything_due(store, now) else Swept(),
    }
