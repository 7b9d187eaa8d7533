"""Cards with Adyen, in Europe, and its wallets; this account captures by hand."""

from __future__ import annotations

from functools import partial
from typing import Any

from sandbox.twins.adyen import AdyenTwin
from tests.support.one_method import HOUR, OneMethod
from tests.support.party import LOST, OPENED, WON, Act, Party
from tests.support.scenario import Scene
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
    more_currencies=("HUF", "INR", "IDR", "CLP", "ISK", "KWD"),
)


class TestAdyen(Scenarios):
    party = PARTY

    def test_a_payment_whose_webhook_never_comes_is_looked_into_after_a_day(self, scene: Scene) -> None:
        """Nothing but its notice says what was paid; that somebody paid, the link says."""
        order = scene.place_order()
        started = scene.begun(order)
        scene.settle()
        scene.faults(drop_notices=True)
        scene.payer(started, comes_back=False)
        scene.poll(40 * 60)
        for _ in range(3):
            scene.poll(6 * HOUR)
        assert scene.status(order) == "pending" and not scene.shown(order)["needs_review"]
        for _ in range(2):
            scene.poll(6 * HOUR)
        assert [event.data["reason"] for event in scene.told_of(order, "payment.flagged")] == ["notice_missing"]

    def test_a_capture_that_fails_after_all_calls_a_person(self, scene: Scene) -> None:
        order = scene.place_order()
        started = scene.begun(order)
        scene.faults(capture_outcome="failed")
        scene.payer(started)
        scene.settle()
        reasons = [event.data["reason"] for event in scene.told_of(order, "payment.flagged")]
        assert reasons == ["capture_failed"] and scene.shown(order)["needs_review"]


class TestApplePay(OneMethod):
    party = PARTY.by("apple_pay", "eu", "EUR")


class TestGrabPay(OneMethod):
    party = PARTY.by("grabpay", "sea", "SGD")


class TestGrabPayInMalaysia(OneMethod):
    party = PARTY.by("grabpay", "sea", "MYR")


class TestDana(OneMethod):
    """Adyen knows no sen."""

    party = PARTY.by("dana", "sea", "IDR", price=999_900)
