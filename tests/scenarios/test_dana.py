"""DANA, in Indonesia. It has no news of refunds, and none of a payer who does not pay but that the time is over."""

from __future__ import annotations

from sandbox.twins.dana import DanaTwin
from tests.support.party import Party
from tests.support.scenarios import Scenarios

PARTY = Party(
    name="dana",
    cell="sea",
    twin=DanaTwin,
    method="dana",
    currency="IDR",
    taken=lambda book: sum(order["state"] == "SUCCESS" for order in book.orders.values()),
    returned=lambda book: sum(refund["outcome"] == "200" for refund in book.refunds.values()),
    declines={"expire": True},
)


class TestDana(Scenarios):
    party = PARTY
