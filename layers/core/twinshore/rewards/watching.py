"""The timer's look at every stock: what has become low is told once, and writes are counted anew."""

from __future__ import annotations

from typing import Sequence

from twinshore.events import Event
from twinshore.rewards import stock
from twinshore.rewards.catalogue import Offer
from twinshore.store.port import CommitConflict, Replace, Store

NOTED_SECONDS = 60


def watch(store: Store, offers: Sequence[Offer], now: int) -> int:
    """How many were found low that were not before."""
    return sum(_look(stock.Stock(store, offer.id), offer, now) for offer in offers)


def _look(shelf: stock.Stock, offer: Offer, now: int) -> bool:
    state = stock.state_of(shelf)
    if state.item is None:
        return False
    if now - int(state.fields.get("base_at", now)) >= NOTED_SECONDS:
        stock.note(shelf, now)
        state = stock.state_of(shelf)
    left = stock.left(shelf, state)
    low = left < offer.reward.low_at
    if state.item is None or low == state.fields.get("low", False):
        return False
    event = Event(
        f"reward.stock_low:{offer.id}:{state.item.version}", "reward.stock_low", now,
        {"reward": offer.reward.name, "region": offer.region, "partner": offer.partner.name, "left": left},
    )  # fmt: skip
    try:
        changed = Replace(shelf.key, {**state.fields, "low": low}, state.item.version)
        shelf.store.commit(changed, events=(event,) if low else ())
    except CommitConflict:
        return False  # filled or grown meanwhile: the next look tells
    return low
