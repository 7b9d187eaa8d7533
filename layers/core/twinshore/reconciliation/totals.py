"""Counts and sums of a bill or a book, by kind and currency, and how they are kept."""

from __future__ import annotations

from typing import Any

from twinshore.money import Money

FEE = "fee"
"""What the party keeps of the lines, beside their amounts."""


class Totals:
    def __init__(self, fields: dict[str, Any] | None = None) -> None:
        """`fields`: as another one's `fields` gave them; they are added to, so they are this one's from now on."""
        kept = fields or {}
        self.counts: dict[str, dict[str, int]] = kept.get("counts", {})
        self.sums_minor: dict[str, dict[str, int]] = kept.get("sums_minor", {})

    def add(self, kind: str, money: Money, count: int = 1) -> None:
        for table, by in ((self.counts, count), (self.sums_minor, money.amount_minor)):
            row = table.setdefault(kind, {})
            row[money.currency] = row.get(money.currency, 0) + by

    def add_all(self, others: Totals) -> None:
        for kind, row in others.counts.items():
            for currency, count in row.items():
                self.add(kind, Money(others.sums_minor[kind][currency], currency), count)

    def fields(self) -> dict[str, Any]:
        return {"counts": self.counts, "sums_minor": self.sums_minor}
