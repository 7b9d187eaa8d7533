"""Cards with Stripe, in Europe."""

from __future__ import annotations

from sandbox.twins.stripe import StripeTwin
from tests.support.party import Party
from tests.support.scenarios import Scenarios

PARTY = Party(
    name="stripe",
    cell="eu",
    twin=StripeTwin,
    method="card",
    currency="EUR",
    taken=lambda book: len(book.charges),
    returned=lambda book: len(book.refunds),
    declines={"decline": "insufficient_funds"},
)


class TestStripe(Scenarios):
    party = PARTY
