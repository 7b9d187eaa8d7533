"""PayPal, in America: the payer approves, and we capture."""

from __future__ import annotations

from typing import Any

from sandbox.twins.paypal import PayPalTwin
from tests.support.party import LOST, OPENED, WON, Act, Party
from tests.support.scenarios import Scenarios

OUTCOMES = {OPENED: "", WON: "RESOLVED_SELLER_FAVOUR", LOST: "RESOLVED_BUYER_FAVOUR"}


def captured(book: Any) -> list[dict[str, Any]]:
    return [order for order in book.orders.values() if order["status"] == "COMPLETED"]


def dispute(book: Any, reference: str, what: str) -> Act:
    return Act("dispute", {"order_id": captured(book)[0]["id"], "outcome": OUTCOMES[what]})


PARTY = Party(
    name="paypal",
    cell="us",
    twin=PayPalTwin,
    method="paypal",
    currency="USD",
    taken=lambda book: len(captured(book)),
    returned=lambda book: sum(len(order["purchase_units"][0]["payments"]["refunds"]) for order in captured(book)),
    declines={"decline": "INSTRUMENT_DECLINED"},
    dispute=dispute,
    more_currencies=("EUR", "HUF", "TWD", "JPY"),
)


class TestPayPal(Scenarios):
    party = PARTY
