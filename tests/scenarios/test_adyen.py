"""Cards with Adyen, in Europe; this account captures by hand."""

from __future__ import annotations

from functools import partial
from typing import Any

from sandbox.twins.adyen import AdyenTwin
from tests.support.party import LOST, OPENED, WON, Act, Party
from tests.support.scenarios import Scenarios

EVENTS = {OPENED: "CHARGEBACK", WON: "CHARGEBACK_REVERSED", LOST: "SECOND_CHARGEBACK"}


def dispute(book: Any, reference: str, what: str) -> Act:
    return Act("dispute", {"reference": reference, "event": EVENTS[what]})


PARTY = Party(
    name="adyen",
    cell="eu",
    twin=partial(AdyenTwin, capture="manual"),
    method="card",
    currency="EUR",
    taken=lambda book: sum(payment["captured"] > 0 for payment in book.payments.values()),
    returned=lambda book: sum(payment.get("refunds", 0) for payment in book.payments.values()),
    declines={"decline": "Refused"},
    dispute=dispute,
)


class TestAdyen(Scenarios):
    party = PARTY
