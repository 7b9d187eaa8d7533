"""PayPal and the payments room together: from the start of a payment to a refund in the dashboard and a dispute."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Iterator

import pytest

from sandbox.twins.paypal import PayPalTwin
from tests.support.at_twins import control
from tests.support.checksum import same_checksum
from tests.support.paper_shop import PRICE, Shop
from tests.support.paypal_place import provider
from tests.support.receiver import Receiver
from twinshore.cells import Method
from twinshore.payments.order import number_in
from twinshore.payments.port import AUTHORISED, CAPTURED, DISPUTED, PART_REFUNDED, REFUNDED


class PayPalShop(Shop):
    def __init__(self, path: Path, twin: PayPalTwin, receiver: Receiver) -> None:
        super().__init__(path, now=int(time.time()))
        self.twin, self._receiver, self._read = twin, receiver, 0
        self.providers["paypal"] = provider(twin)  # type: ignore[assignment]
        self.tills = self.tills._replace(methods=(Method("paypal", "paypal", ()),))

    def news(self, count: int) -> None:
        """Take in what has come since, each of it as often as it came."""
        got = self._receiver.wait_for(self._read + count)
        for one in got[self._read :]:
            assert self.webhook((one.headers, one.body), "paypal").status == 200
        self._read = len(got)

    def approved(self) -> tuple[str, dict[str, Any]]:
        order_id = self.order()
        started = self.start(order_id, "paypal")
        control(self.twin, "pay", started["client"])
        self.news(2)
        return order_id, started

    def paid(self) -> tuple[str, dict[str, Any]]:
        order_id, started = self.approved()
        self.consume_authorised()
        self.news(4)
        return order_id, started


@pytest.fixture
def till(tmp_path: Path, twin: PayPalTwin) -> Iterator[PayPalShop]:
    with Receiver() as receiver:
        twin.webhook_url = receiver.url
        made = PayPalShop(tmp_path / "store.db", twin, receiver)
        yield made
        made.store.close()
    twin.webhook_url = ""


def test_an_approval_is_captured_by_us_once_and_told_once(till: PayPalShop) -> None:
    order_id, _ = till.approved()
    assert till.state(order_id) == AUTHORISED
    till.consume_authorised()
    till.consume_authorised()
    assert till.state(order_id) == CAPTURED
    till.news(4)
    assert till.state(order_id) == CAPTURED
    assert [event.name for event in till.told()].count("payment.captured") == 1
    assert till.read(order_id).flags == ()


def test_the_payers_return_captures_before_any_notice_has_come(till: PayPalShop) -> None:
    control(till.twin, "faults", {"drop_notices": True})
    order_id = till.order()
    started = till.start(order_id, "paypal")
    control(till.twin, "pay", started["client"])
    shown = till.come_back(order_id, started["reference"], token=started["client"]["order_id"], PayerID="TWINPAYER0001")
    assert shown["status"] == "paid"


def test_an_attempt_that_was_given_up_is_not_captured(till: PayPalShop) -> None:
    control(till.twin, "faults", {"drop_notices": True})
    order_id = till.order()
    started = till.start(order_id, "paypal")
    till.now += 40 * 60
    till.poll()
    assert till.state(order_id) == "closed"
    control(till.twin, "pay", started["client"])
    till.refresh(order_id)
    till.consume_authorised()
    assert till.twin.book.order_of == {}


def test_a_refund_by_us_and_one_in_the_dashboard_add_up(till: PayPalShop) -> None:
    order_id, started = till.paid()
    till.refund(order_id, 300)
    till.news(2)
    assert till.state(order_id) == PART_REFUNDED
    control(till.twin, "refund", {"order_id": started["client"]["order_id"], "value": "9.99"})
    till.news(2)
    assert till.state(order_id) == REFUNDED


def test_a_dispute_finds_its_order(till: PayPalShop) -> None:
    order_id, started = till.paid()
    control(till.twin, "dispute", {"order_id": started["client"]["order_id"]})
    till.news(2)
    assert till.state(order_id) == DISPUTED


def test_a_forged_body_under_a_genuine_signature_pays_nothing(till: PayPalShop) -> None:
    """Anna's notice of a payment, rewritten to name an unpaid order: its checksum holds, and no money moves."""
    import json
    from zlib import crc32

    till.paid()
    unpaid = till.order(PRICE)
    reference = till.start(unpaid, "paypal")["reference"]
    assert number_in(reference) == 1
    genuine = till._receiver.received[2]
    content = json.loads(genuine.body)
    assert content["event_type"] == "PAYMENT.CAPTURE.COMPLETED"
    content["resource"].update(custom_id=reference, invoice_id=reference)

    def write(salt: str) -> bytes:
        return json.dumps({**content, "summary": f"{salt}????"}).encode()

    forged = same_checksum(crc32(genuine.body), write)
    till.webhook((genuine.headers, forged), "paypal")
    assert till.state(unpaid) != CAPTURED
