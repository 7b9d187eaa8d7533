"""GrabPay and the payments room together: consent, return, a notice that proves nothing, refunds, another method."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox.twins.grabpay import GrabPayTwin
from tests.support.grabpay_place import SGD_1299, control, present, provider
from tests.support.paper_shop import ANNA, Shop, new_key
from twinshore.cells import Method
from twinshore.payments.port import AUTHORISED, CAPTURED, PART_REFUNDED, REFUNDED, OutcomeUnknown
from twinshore.payments.starting import Wish, start_payment
from twinshore.vault import StoreVault

VAULT_KEYS = json.dumps([{"id": "k1", "secret": "5a" * 32}])


class GrabPayShop(Shop):
    def __init__(self, path: Path, twin: GrabPayTwin) -> None:
        super().__init__(path, now=present())
        self.twin = twin
        vault = StoreVault(self.store, "grabpay", lambda: VAULT_KEYS)
        self.providers["grabpay"] = provider(twin.url, twin.secret(), vault)  # type: ignore[assignment]
        offered = (Method("grabpay", "grabpay", ()), Method("paper_money", "paper", ()))
        self.tills = self.tills._replace(methods=offered)

    def agreed(self, **wanted: Any) -> tuple[str, str, dict[str, str]]:
        """Order, reference, and what the payer's browser brings back."""
        order_id = self.order(SGD_1299)
        started = self.start(order_id, "grabpay")
        reply = control(self.twin, "pay", {**started["client"], **wanted})
        back = dict(parse_qsl(urlsplit(json.loads(reply.body)["return_to"]).query))
        return order_id, str(started["reference"]), back

    def knock(self, reference: str, word: str = "success") -> None:
        """A notice that anybody could have sent."""
        body = json.dumps({"partnerTxID": reference, "txID": "invented", "txStatus": word}).encode()
        assert self.webhook(({"content-type": "application/json"}, body), "grabpay").status == 200


@pytest.fixture
def till(tmp_path: Path) -> Iterator[GrabPayShop]:
    with GrabPayTwin() as twin:
        made = GrabPayShop(tmp_path / "store.db", twin)
        yield made
        made.store.close()


def test_the_payers_return_takes_the_money_once(till: GrabPayShop) -> None:
    order_id, reference, back = till.agreed()
    assert back["state"].startswith(f"{reference}.")
    for _ in range(2):
        assert till.come_back(order_id, reference, **back)["status"] == "paid"
    till.knock(reference)
    till.poll()
    assert [event.name for event in till.told()].count("payment.captured") == 1
    assert till.read(order_id).flags == ()


def test_an_unsigned_notice_makes_us_ask_and_pays_nothing_that_is_not_paid(till: GrabPayShop) -> None:
    order_id = till.order(SGD_1299)
    started = till.start(order_id, "grabpay")
    till.knock(started["reference"])
    till.knock("o-of-nobody-1")
    assert (till.state(order_id), till.read(order_id).flags) == ("pending", ())
    control(till.twin, "pay", started["client"])
    till.knock(started["reference"], "failed")
    assert till.state(order_id) == AUTHORISED
    till.consume_authorised()
    assert till.state(order_id) == CAPTURED


def test_a_payer_who_never_comes_back_is_found_by_asking(till: GrabPayShop) -> None:
    order_id, _, _ = till.agreed()
    till.refresh(order_id)
    assert till.state(order_id) == CAPTURED


def test_a_start_whose_answer_was_lost_goes_on_under_another_number_when_the_same_request_comes_again(
    till: GrabPayShop,
) -> None:
    """GrabPay has taken the first number for good, and nobody was ever told where to pay it."""
    order_id = till.order(SGD_1299)
    wish = Wish(order_id, ANNA, "grabpay", new_key("once"))
    control(till.twin, "faults", {"lose_answer": True})
    with pytest.raises(OutcomeUnknown):
        start_payment(till.store, till.tills, wish, till.now)
    control(till.twin, "faults", {})
    started = start_payment(till.store, till.tills, wish, till.now)
    assert started["reference"] == f"{order_id}-2"
    assert start_payment(till.store, till.tills, wish, till.now) == started
    reply = control(till.twin, "pay", started["client"])
    back = dict(parse_qsl(urlsplit(json.loads(reply.body)["return_to"]).query))
    assert till.come_back(order_id, started["reference"], **back)["status"] == "paid"
    assert [one["txStatus"] for one in till.twin.book.charges.values()] == ["processing", "success"]


def test_a_payer_who_declines_may_pay_in_another_way(till: GrabPayShop) -> None:
    order_id, reference, back = till.agreed(decline="insufficient_balance")
    assert till.come_back(order_id, reference, **back)["status"] == "failed"
    again = till.start(order_id, "paper_money")
    till.paper.pay(again["reference"], till.now)
    till.webhook(till.paper.webhook(again["reference"]))
    assert till.state(order_id) == CAPTURED


def test_who_changes_the_method_is_not_charged_for_a_consent_that_comes_after(till: GrabPayShop) -> None:
    order_id = till.order(SGD_1299)
    first = till.start(order_id, "grabpay")
    till.start(order_id, "paper_money")
    control(till.twin, "pay", first["client"])
    till.knock(first["reference"])
    till.consume_authorised()
    assert till.twin.book.charges[first["reference"]]["txStatus"] == "authorised"


def test_refunds_in_part_and_of_the_rest(till: GrabPayShop) -> None:
    order_id, reference, back = till.agreed()
    till.come_back(order_id, reference, **back)
    till.refund(order_id, 300)
    assert till.state(order_id) == PART_REFUNDED
    till.knock(reference)
    assert till.state(order_id) == PART_REFUNDED
    till.refund(order_id)
    assert till.state(order_id) == REFUNDED
    assert sum(one["amount"] for one in till.twin.book.refunds.values()) == 1299
