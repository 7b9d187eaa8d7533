"""Cards with Airwallex, in Southeast Asia."""

from __future__ import annotations

from typing import Any

from sandbox.twins.airwallex import AirwallexTwin
from tests.support.one_method import OneMethod
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
    more_currencies=("HUF", "INR", "IDR", "JPY", "CLP", "KWD"),
)


class TestAirwallex(Scenarios):
    party = PARTY


class TestApplePay(OneMethod):
    party = PARTY.by("apple_pay", "sea", "SGD")


class TestGrabPay(OneMethod):
    party = PARTY.by("grabpay", "sea", "SGD")


class TestDana(OneMethod):
    party = PARTY.by("dana", "sea", "IDR", price=999_900)
