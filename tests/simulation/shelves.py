"""Rewards of which there are a few: partners have brought codes to each cell, and no more are sold than there are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.simulation.place import CELLS, declared
from tests.simulation.plan import MEMBERS
from twinshore.rewards import stock
from twinshore.rewards.catalogue import Shop
from twinshore.rewards.pool import take_in
from twinshore.rewards.port import Code
from twinshore.rewards.vouchers import CLAIMED, RETURNED, Desk, vouchers_of
from twinshore.vault import TextSeals

if TYPE_CHECKING:
    from tests.simulation.world import World

SOLD = ("taxi_coupon",)
"""Its partner leaves the codes to us; one that is to be asked (the lounges') is not simulated."""
CODES = 4
LIFE_SECONDS = 5 * 366 * 86_400


def fill(world: World) -> None:
    for cell in CELLS:
        place, shop = world.places[cell], Shop(declared(), cell)
        seals = TextSeals(lambda keys=place.vault_keys: keys)  # type: ignore[misc]
        for name in SOLD:
            offer = shop.offer(name)
            codes = [Code(f"{cell}-{name}-{number}", f"secret{number}", int(world.now) + LIFE_SECONDS)
                     for number in range(CODES)]  # fmt: skip
            take_in(place.engine, offer, codes, seals, int(world.now))


def check(world: World) -> None:
    """Units left and vouchers that stand are as many as there were codes, and each voucher has a code of its own."""
    for cell in CELLS:
        place, shop = world.places[cell], Shop(declared(), cell)
        desk = Desk(place.engine, place.residency)
        vouchers = [voucher for member in MEMBERS if member.split("_")[1] == cell
                    for voucher in vouchers_of(desk, member, limit=1000)[0]]  # fmt: skip
        for name in SOLD:
            offer = shop.offer(name)
            mine = [voucher for voucher in vouchers if voucher.offer_id == offer.id]
            left = stock.left(stock.Stock(place.engine, offer.id))
            standing = [voucher for voucher in mine if voucher.state != RETURNED]
            serials = Counter(voucher.serial for voucher in standing if voucher.serial)
            facts = f"{cell} {offer.id}: {left} left, {[(voucher.state, voucher.serial) for voucher in mine]}"
            if left + len(standing) != CODES or left < 0:
                world.violated("no more is sold than there is, and nothing is lost", facts)
            if max(serials.values(), default=0) > 1 or any(voucher.state == CLAIMED for voucher in mine):
                world.violated("each voucher has a code of its own", facts)
