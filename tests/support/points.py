"""A member's points on a store whose clock the test moves."""

from __future__ import annotations

from typing import Any

from twinshore.cells import Residency, load_cells
from twinshore.idempotency import IdempotencyKey
from twinshore.points import ledger
from twinshore.points.book import Entry, Ledger, all_entries
from twinshore.points.standing import standing

NOW = 1_800_000_000
CELLS = load_cells()


class Book:
    """`ledger` is Anna's, in the cell `eu`."""

    def __init__(self, open_store: Any) -> None:
        self.now = NOW
        self.store = open_store(now=lambda: self.now)
        self.residency = Residency(CELLS, "eu")
        self.ledger = self.of("m_anna")
        self._orders = 0

    def of(self, member_id: str, programme: str = "overseas") -> Ledger:
        return Ledger(self.store, self.residency, member_id, programme)

    def earn(self, points: int, expires_at: int | None = None, at: int = NOW) -> Entry:
        """For an order that no other has."""
        self._orders += 1
        return ledger.earn(self.ledger, points, f"order:{self._orders}", f"o{self._orders}", at, expires_at=expires_at)


def key(name: str, content: str = "same") -> IdempotencyKey:
    return IdempotencyKey(name, content)


def assert_sound(*books: Ledger) -> None:
    """Every entry's lines cancel, the balance is the sum of the member's lines and of the live lots, nothing is below
    zero, and the account is due no later than its first lot expires."""
    for book in books:
        found = list(all_entries(book))
        assert all(sum(points for _, points in entry.lines) == 0 for entry in found)
        assert all(sum(points for points, _ in entry.lots) == max(entry.points, 0) for entry in found)
        mine = sum(points for entry in found for account, points in entry.lines if account == book.line("member", 0)[0])
        whole = standing(book)
        assert mine == sum(entry.points for entry in found) == ledger.balance(book) == whole.spendable
        assert min(whole[:3]) >= 0
        account = book.store.get(book.account)
        if whole.lots:
            assert account is not None
            assert account.due is not None
            assert account.due.at <= whole.lots[0].expires_at
