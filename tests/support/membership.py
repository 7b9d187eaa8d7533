"""Members to test with: a programme on a store, a desk to check in at, moments by name."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from twinshore.cells import Residency, load_cells
from twinshore.members.check_ins import Desk
from twinshore.members.standing import Members
from twinshore.members.tiers import Rules
from twinshore.points import ledger
from twinshore.points.book import Ledger

CELLS = load_cells()
ANNA = "m_anna"


def moment(text: str, zone: str = "UTC") -> int:
    """`2026-11-23 08:00` by the clock of a zone."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def members_on(store: Any, cell: str = "eu", **rules: Any) -> Members:
    return Members(store, Residency(CELLS, cell), CELLS, Rules(**{"time_zone": CELLS.all[cell].time_zone, **rules}))


def book_of(store: Any, member_id: str = ANNA, cell: str = "eu") -> Ledger:
    return Ledger(store, Residency(CELLS, cell), member_id)


def desk_on(
    store: Any, zone: str = "Europe/Berlin", member_id: str = ANNA, now: int = 1_790_000_000, cell: str = "eu"
) -> Desk:
    book = book_of(store, member_id, cell)
    return Desk(store, book.residency, member_id, zone, lambda *what: ledger.earn(book, *what, now))
