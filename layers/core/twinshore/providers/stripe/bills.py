"""Stripe's balance transactions: what moved on our balance, page by page, with the charge or refund behind each.

A balance transaction is in the currency of the balance; what the payer paid stands in its source. A day is one of UTC,
by `created`. Sources: Stripe's pages on balance transaction types and on reporting categories.
"""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from twinshore.errors import Problem
from twinshore.money import Money
from twinshore.providers.setup import Setup
from twinshore.providers.stripe.amounts import from_stripe
from twinshore.providers.stripe.capabilities import CAPABILITIES
from twinshore.providers.stripe.client import Stripe
from twinshore.providers.stripe.entry import build as build_party
from twinshore.reconciliation.days import ends_at, starts_at
from twinshore.reconciliation.port import (
    ACCOUNT,
    ACCOUNT_FEE,
    DISPUTE,
    DISPUTE_REVERSAL,
    DISPUTES,
    OTHER_MOVEMENT,
    PAYMENT,
    PAYOUT,
    PAYOUT_RETURNED,
    REFUND,
    REFUND_UNDONE,
    RESERVE,
    BillDamaged,
    BillLine,
    BillNotDue,
    BillTooLarge,
)

ZONE = CAPABILITIES.bill_zone
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
    "dispute": DISPUTE,
    "dispute_reversal": DISPUTE_REVERSAL,
    "payout": PAYOUT,
    "payout_cancel": PAYOUT_RETURNED,
    "payout_failure": PAYOUT_RETURNED,
    "payout_reversal": PAYOUT_RETURNED,
    "fee": ACCOUNT_FEE,
    "network_cost": ACCOUNT_FEE,
    "stripe_fee": ACCOUNT_FEE,
    "stripe_fx_fee": ACCOUNT_FEE,
    "tax": ACCOUNT_FEE,
    "tax_fee": ACCOUNT_FEE,
    "contribution": ACCOUNT_FEE,
    "risk_reserved_funds": RESERVE,
    "reserve_transaction": RESERVE,
    "reserve_hold": RESERVE,
    "reserve_release": RESERVE,
    "reserved_funds": RESERVE,
    "payment_network_reserve_hold": RESERVE,
    "payment_network_reserve_release": RESERVE,
}
"""A movement's `type`, or the `reporting_category` of an "adjustment" (disputes are adjustments). Any other word is a
movement that a person looks at."""


class StripeBills:
    authentic = True
    tells_disputes = True

    def __init__(self, party: Stripe) -> None:
        self._party = party

    def mark(self, day: str, now: int) -> str:
        """What is on the balance is corrected by another movement, on its own day."""
        return ""

    def lines(self, day: str, now: int) -> Iterator[BillLine]:
        starts, ends = starts_at(day, ZONE), ends_at(day, ZONE)
        if now < ends:
            raise BillNotDue("The day is not over.")
        window = f"created%5Bgte%5D={starts}&created%5Blt%5D={ends}"
        after = ""
        for _ in range(PAGES_LIMIT):
            page = self._party.read(
                f"/v1/balance_transactions?{window}&limit={PAGE_LINES}&expand%5B%5D=data.source{after}"
            )
            movements = page.get("data")
            if not isinstance(movements, list) or not isinstance(page.get("has_more"), bool):
                raise BillDamaged("A page of the bill cannot be read.")
            yield from map(_line, movements)
            if not page["has_more"]:
                return
            if not movements:
                raise BillDamaged("A page of the bill is empty, and not the last.")
            after = f"&starting_after={movements[-1]['id']}"
        raise BillTooLarge("The bill has more pages than one run can read.")


def build(setup: Setup) -> StripeBills:
    return StripeBills(build_party(setup))


def _line(movement: Any) -> BillLine:
    try:
        kind = KIND.get(_word(movement), OTHER_MOVEMENT)
        if kind in ACCOUNT:
            return BillLine(
                "", "", kind, from_stripe(movement["amount"], movement["currency"]), line_id=str(movement["id"]),
                occurred_at=int(movement["created"]), fee=_fee(movement),
            )  # fmt: skip
        source = movement["source"]
        own = kind not in DISPUTES  # a dispute has metadata of its own
        return BillLine(
            reference=_metadata(source, "reference") if own else "",
            provider_id=str(source.get("payment_intent") or source.get("charge") or source["id"]),
            kind=kind,
            amount=from_stripe(source["amount"], source["currency"]),
            refund_reference=_metadata(source, "refund_reference") if own and kind != PAYMENT else "",
            occurred_at=int(movement["created"]),
            fee=_fee(movement),
            line_id=str(source["id"]),
            pending=source.get("status") == "pending",
        )
    except (AttributeError, KeyError, TypeError, ValueError, Problem):
        raise BillDamaged("A line of the bill cannot be read.") from None


def _word(movement: Mapping[str, Any]) -> str:
    word = str(movement["type"])
    return str(movement.get("reporting_category") or word) if word == "adjustment" else word


def _fee(movement: Mapping[str, Any]) -> Money:
    return from_stripe(movement["fee"], movement["currency"])


def _metadata(source: Mapping[str, Any], name: str) -> str:
    metadata = source.get("metadata")
    return str(metadata.get(name, "")) if isinstance(metadata, dict) else ""
