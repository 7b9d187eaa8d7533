"""GrabPay, in Southeast Asia: the payer agrees at Grab and comes back, and we complete the charge."""

from __future__ import annotations

from sandbox.twins.grabpay import GrabPayTwin
from tests.support.party import Party
from tests.support.scenarios import Scenarios

PARTY = Party(
    name="grabpay",
    cell="sea",
    twin=GrabPayTwin,
    method="grabpay",
    currency="SGD",
    taken=lambda book: sum(charge["txStatus"] == "success" for charge in book.charges.values()),
    returned=lambda book: sum(refund["txStatus"] == "success" for refund in book.refunds.values()),
    declines={"decline": "user_canceled"},
    comes_back=True,
)


class TestGrabPay(Scenarios):
    party = PARTY
