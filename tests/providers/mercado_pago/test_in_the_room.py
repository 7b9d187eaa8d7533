"""Mercado Pago and the payments room together."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.twins.mercado_pago import MercadoPagoTwin
from tests.support.at_twins import control
from tests.support.mercado_pago_place import TOTAL, provider
from tests.support.paper_shop import Shop
from tests.support.receiver import Receiver
from twinshore.cells import Method
from twinshore.payments.port import CAPTURED, DISPUTED, PART_REFUNDED, REFUNDED
from twinshore.payments.webhooks import with_query


class MercadoPagoShop(Shop):
    def __init__(self, path: Path, twin: MercadoPagoTwin, receiver: Receiver) -> None:
        super().__init__(path, now=int(time.time()))
        self.twin, self._receiver, self._read = twin, receiver, 0
        self.providers["mercado_pago"] = provider(twin)  # type: ignore[assignment]
        self.tills = self.tills._replace(methods=(Method("mercado_pago", "mercado_pago", ()),))

    def news(self, count: int) -> None:
        got = self._receiver.wait_for(self._read + count)
        for one in got[self._read :]:
            headers = with_query(one.headers, parse_qs(urlsplit(one.target).query))
            assert self.webhook((headers, one.body), "mercado_pago").status == 200
        self._read = len(got)

    def started(self) -> tuple[str, dict[str, Any]]:
        order_id = self.order(TOTAL)
        return order_id, dict(self.start(order_id, "mercado_pago"))


@pytest.fixture
def till(tmp_path: Path, twin: MercadoPagoTwin) -> Iterator[MercadoPagoShop]:
    with Receiver() as receiver:
        twin.webhook_url = receiver.url
        made = MercadoPagoShop(tmp_path / "store.db", twin, receiver)
        yield made
        made.store.close()


def test_a_declined_card_a_good_one_refunds_and_a_chargeback(till: MercadoPagoShop) -> None:
    order_id, started = till.started()
    control(till.twin, "pay", {**started["client"], "outcome": "failed"})
    till.news(2)
    assert till.state(order_id) == "failed"
    control(till.twin, "pay", started["client"])
    till.news(2)
    assert till.state(order_id) == CAPTURED
    till.refund(order_id, 300)
    till.news(2)
    assert till.state(order_id) == PART_REFUNDED
    control(till.twin, "refund", {**started["client"], "amount": "2.00"})
    till.news(2)
    assert till.read(order_id).attempts[0].refunded_minor == 500
    control(till.twin, "pay", {**started["client"], "outcome": "charged_back"})
    till.news(2)
    assert till.state(order_id) == DISPUTED
    assert [event.name for event in till.told()].count("payment.captured") == 1


def test_a_whole_refund_ends_refunded(till: MercadoPagoShop) -> None:
    order_id, started = till.started()
    control(till.twin, "pay", started["client"])
    till.news(2)
    till.refund(order_id)
    till.news(2)
    assert till.state(order_id) == REFUNDED


def test_what_is_over_is_cancelled_at_the_party_so_that_nobody_can_pay_it(till: MercadoPagoShop) -> None:
    order_id, started = till.started()
    till.now += 40 * 60
    till.poll()
    assert till.state(order_id) == "closed"
    assert control(till.twin, "pay", started["client"]) == 409
