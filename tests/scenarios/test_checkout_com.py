"""mada with Checkout.com, from a cell in Europe."""

from __future__ import annotations

from typing import Any

from sandbox.twins.checkout_com import CheckoutComTwin
from tests.support.party import LOST, OPENED, WON, Act, Party
from tests.support.scenarios import Scenarios

EVENTS = {OPENED: "dispute_received", WON: "dispute_won", LOST: "dispute_lost"}


def dispute(book: Any, reference: str, what: str) -> Act:
    payment = next(one for one in book.payments.values() if one["reference"] == reference and one["approved"])
    return Act("dispute", {"payment": payment["id"], "event": EVENTS[what]})


PARTY = Party(
    name="checkout_com",
    cell="eu",
    twin=CheckoutComTwin,
    method="mada",
    elsewhere="card",
    currency="SAR",
    market="SA",
    taken=lambda book: sum(payment["approved"] for payment in book.payments.values()),
    returned=lambda book: sum(action["type"] == "Refund" for actions in book.actions.values() for action in actions),
    declines={"decline": "20051"},
    dispute=dispute,
)


class TestCheckoutCom(Scenarios):
    party = PARTY
