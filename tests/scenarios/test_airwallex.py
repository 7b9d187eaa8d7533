"""Cards with Airwallex, in Southeast Asia."""

from __future__ import annotations

from typing import Any

from sandbox.twins.airwallex import AirwallexTwin
from tests.support.party import LOST, OPENED, WON, Act, Party
from tests.support.scenarios import Scenarios

EVENTS = {OPENED: "requires_response", WON: "won", LOST: "lost"}


def dispute(book: Any, reference: str, what: str) -> Act:
    return Act("dispute", {"reference": reference, "event": f"payment_dispute.{EVENTS[what]}"})


PARTY = Party(
    name="airwallex",
    cell="sea",
    twin=AirwallexTwin,
    method="card",
    currency="SGD",
    taken=lambda book: sum(intent["status"] == "SUCCEEDED" for intent in book.intents.values()),
    returned=lambda book: len(book.refunds),
    declines={"decline": "issuer_declined"},
    dispute=dispute,
)


class TestAirwallex(Scenarios):
    party = PARTY
