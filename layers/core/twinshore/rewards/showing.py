"""The catalogue as a member sees it: what there is for a market, and whether there is any left."""

from __future__ import annotations

from twinshore.rewards import stock
from twinshore.rewards.catalogue import Offer, Shop
from twinshore.store.port import Store

UNLIMITED, AVAILABLE, LOW, SOLD_OUT = "unlimited", "available", "low", "sold_out"


def shown(store: Store, shop: Shop, market: str) -> list[tuple[Offer, str]]:
    """Raises RewardNotFound, Misdirected. One read for each stocked reward: what is low was noted by the timer."""
    return [(offer, _availability(store, offer)) for offer in shop.offers(market)]


def _availability(store: Store, offer: Offer) -> str:
    if not offer.reward.stocked:
        return UNLIMITED
    state = stock.state_of(stock.Stock(store, offer.id), consistent=False)
    if state.sold_out:
        return SOLD_OUT
    return LOW if state.fields.get("low") else AVAILABLE
