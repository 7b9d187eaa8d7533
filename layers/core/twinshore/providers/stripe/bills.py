"""Stripe's balance transactions: what moved on our balance, page by page, with the charge or refund behind each.

A balance transaction is in the currency of the balance; what the payer paid stands in its source. A day is one of UTC,
by `created`. Payouts, Stripe's own fees, disputes and transfers concern no order's money movement and are left out.
"""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from twinshore.errors import Problem
from twinshore.money import Money
from twinshore.providers.setup import Setup
from twinshore.providers.stripe.amounts import from_stripe
from twinshore.providers.stripe.client import Stripe
from twinshore.providers.stripe.entry import build as build_party
from twinshore.reconciliation.days import DAY_SECONDS, starts_at
from twinshore.reconciliation.port import (
    PAYMENT,
    REFUND,
    REFUND_UNDONE,
    BillDamaged,
    BillLine,
    BillNotDue,
    BillTooLarge,
)

PAGE_LINES = 100
"""The most that Stripe gives at once."""
PAGES_LIMIT = 300
"""30,000 movements in a day; with 0.1 s each the run of a timer holds them. A shop with more reads Stripe's own report
and hands it in as CSV."""
KIND = {
    "charge": PAYMENT,
    "payment": PAYMENT,
    "refund": REFUND,
    "payment_refund": REFUND,
    "refund_failure": REFUND_UNDONE,
    "payment_failure_refund": REFUND_UNDONE,
}


class StripeBills:
    authentic = True

    def __init__(self, party: Stripe) -> None:
        self._party = party

    def lines(self, day: str, now: int) -> Iterator[BillLine]:
        starts = starts_at(day, 0)
        if now < starts + DAY_SECONDS:
            raise BillNotDue("The day is not over.")
        window = f"created%5Bgte%5D={starts}&created%5Blt%5D={starts + DAY_SECONDS}"
        after = ""
        for _ in range(PAGES_LIMIT):
            page = self._party.read(
                f"/v1/balance_transactions?{window}&limit={PAGE_LINES}&expand%5B%5D=data.source{after}"
            )
            movements = page.get("data")
            if not isinstance(movements, list) or not isinstance(page.get("has_more"), bool):
                raise BillDamaged("A page of the bill cannot be read.")
            for movement in movements:
                line = _line(movement)
                if line is not None:
                    yield line
            if not page["has_more"]:
                return
            if not movements:
                raise BillDamaged("A page of the bill is empty, and not the last.")
            after = f"&starting_after={movements[-1]['id']}"
        raise BillTooLarge("The bill has more pages than one run can read.")


def build(setup: Setup) -> StripeBills:
    return StripeBills(build_party(setup))


def _line(movement: Any) -> BillLine | None:
    try:
        kind = KIND.get(movement["type"])
        if kind is None:
            return None
        source = movement["source"]
        return BillLine(
            reference=_metadata(source, "reference"),
            provider_id=str(source.get("payment_intent") or source.get("charge") or source["id"]),
            kind=kind,
            amount=from_stripe(source["amount"], source["currency"]),
            refund_reference="" if kind == PAYMENT else _metadata(source, "refund_reference"),
            occurred_at=int(movement["created"]),
            fee=_fee(movement),
            line_id=str(source["id"]),
            pending=source.get("status") == "pending",
        )
    except (AttributeError, KeyError, TypeError, ValueError, Problem):
        raise BillDamaged("A line of the bill cannot be read.") from None


def _fee(movement: Mapping[str, Any]) -> Money:
    return from_stripe(movement["fee"], movement["currency"])


def _metadata(source: Mapping[str, Any], name: str) -> str:
    metadata = source.get("metadata")
    return str(metadata.get(name, "")) if isinstance(metadata, dict) else ""
