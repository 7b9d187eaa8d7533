"""Redemptions by the room's own code (`points.ledger.redeem`) on a store, for some seconds."""

from __future__ import annotations

import random
import time
import uuid
from typing import Any, Callable

PRICE_POINTS = 600
ACCOUNT = "account#overseas#balance"
HOT_REWARD = "taxi_coupon"
"""Of the catalogue: stocked, at most five a month for a member."""


def redeemer(store: Any, hot: bool, seed: int, accounts: int) -> Callable[[], None]:
    from twinshore.cells import Residency, load_cells
    from twinshore.idempotency import IdempotencyKey
    from twinshore.points.book import Ledger
    from twinshore.points.ledger import redeem

    residency = Residency(load_cells(), "eu")
    pick = random.Random(seed)

    def once() -> None:
        book = Ledger(store, residency, "m_7" if hot else f"m_{pick.randrange(1, accounts + 1)}")
        redeem(book, PRICE_POINTS, "bench_voucher", IdempotencyKey(str(uuid.uuid4()), "f" * 64), int(time.time()))

    return once


def reward_redeemer(store: Any, seed: int, accounts: int) -> Callable[[], None]:
    """Everybody wants the same reward, of which there are so many: a unit of its stock, the member's cap and a voucher
    beside the points."""
    from twinshore.cells import Residency, load_cells
    from twinshore.idempotency import IdempotencyKey
    from twinshore.points.book import Ledger
    from twinshore.rewards.catalogue import Shop
    from twinshore.rewards.redeeming import redeem

    cells = load_cells()
    residency, offer = Residency(cells, "eu"), Shop(cells, "eu").offer(HOT_REWARD)
    pick = random.Random(seed)

    def once() -> None:
        book = Ledger(store, residency, f"m_{pick.randrange(1, accounts + 1)}")
        redeem(book, offer, IdempotencyKey(str(uuid.uuid4()), "f" * 64), int(time.time()))

    return once


def for_seconds(once: Callable[[], None], seconds: float) -> tuple[int, float]:
    """How many were done, and in how many seconds."""
    start = time.perf_counter()
    end, done = start + seconds, 0
    while time.perf_counter() < end:
        once()
        done += 1
    return done, time.perf_counter() - start
