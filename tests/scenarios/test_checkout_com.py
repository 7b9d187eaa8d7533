"""mada with Checkout.com, from a cell in Europe."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.twins.checkout_com import CheckoutComTwin
from tests.support.one_method import OneMethod
from tests.support.party import LOST, OPENED, WON, Act, Party
from tests.support.scenario import Scene
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
    more_currencies=("EUR", "HUF", "INR", "CLP", "ISK", "KWD"),
)


class TestCheckoutCom(Scenarios):
    party = PARTY

    @pytest.mark.parametrize(("ip", "market", "country"), [("8.8.8.8", "", "US"), ("8.8.8.8", "DE", "DE")])
    def test_the_page_is_made_for_the_payers_address_and_country(
        self, scene: Scene, ip: str, market: str, country: str
    ) -> None:
        order = scene.place_order(1299, "EUR")
        begun = scene.call("POST", f"/v1/orders/{order}/payments", {"method": "card", "market": market}, ip=ip)
        assert begun.status == 201, begun.text
        (link,) = scene.book.links.values()
        assert (link["payment_ip"], link["billing"]) == (ip, {"address": {"country": country}})

    def test_without_a_country_it_is_refused_by_name(self, scene: Scene) -> None:
        order = scene.place_order(1299, "EUR")
        refused = scene.call("POST", f"/v1/orders/{order}/payments", {"method": "card"}, ip="203.0.113.7")
        assert (refused.problem(), refused.json()["reason"]) == ("payment-refused", "country")


class TestCard(OneMethod):
    party = PARTY.by("card", "eu", "EUR", market="DE")


class TestApplePay(OneMethod):
    party = PARTY.by("apple_pay", "eu", "EUR", market="DE")
