"""Cards with Stripe, in Europe, and its wallets."""

from __future__ import annotations

from typing import Any

from sandbox.twins.stripe import StripeTwin
from tests.support.one_method import OneMethod
from tests.support.party import LOST, OPENED, WON, Act, Party
from tests.support.scenarios import Scenarios

STATUSES = {OPENED: "needs_response", WON: "won", LOST: "lost"}


def dispute(book: Any, reference: str, what: str) -> Act:
    [intent] = book.search("reference", reference)
    return Act("dispute", {"payment_intent": intent["id"], "status": STATUSES[what]})


PARTY = Party(
    name="stripe",
    cell="eu",
    twin=StripeTwin,
    method="card",
    currency="EUR",
    taken=lambda book: len(book.charges),
    returned=lambda book: len(book.refunds),
    declines={"decline": "insufficient_funds"},
    dispute=dispute,
    more_currencies=("HUF", "INR", "CLP", "ISK", "UGX", "KWD"),
)


class TestStripe(Scenarios):
    party = PARTY


class TestApplePay(OneMethod):
    party = PARTY.by("apple_pay", "eu", "EUR")


class TestGrabPay(OneMethod):
    party = PARTY.by("grabpay", "sea", "SGD")


class TestGrabPayInMalaysia(OneMethod):
    party = PARTY.by("grabpay", "sea", "MYR")
