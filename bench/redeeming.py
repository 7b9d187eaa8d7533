"""Redemptions by the room's own code (`points.ledger.redeem`) on a store, for some seconds."""

from __future__ import annotations

import random
import time
import uuid
from typing import Any, Callable

PRICE_POINTS = 600
ACCOUNT = "account#overseas#balance"


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


def for_seconds(once: Callable[[], None], seconds: float) -> tuple[int, float]:
    """How many were done, and in how many seconds."""
    start = time.perf_counter()
    end, done = start + seconds, 0
    while time.perf_counter() < end:
        once()
        done += 1
    return done, time.perf_counter() - start
