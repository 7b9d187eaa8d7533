"""DANA and the payments room together: notices, another method, refunds in progress."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import pytest

from sandbox.twins.dana import DanaTwin
from tests.support.at_twins import control
from tests.support.dana_place import IDR_50000, present, provider
from tests.support.paper_shop import Shop
from tests.support.receiver import Receiver
from twinshore.cells import Method
from twinshore.payments.port import CAPTURED, PART_REFUNDED, REFUNDED


class DanaShop(Shop):
    def __init__(self, path: Path, twin: DanaTwin, receiver: Receiver) -> None:
        super().__init__(path, now=present())
        self.twin, self._receiver, self._read = twin, receiver, 0
        self.providers["dana"] = provider(twin.url, notify=receiver.url)  # type: ignore[assignment]
        offered = (Method("dana", "dana", ()), Method("paper_money", "paper", ()))
        self.tills = self.tills._replace(methods=offered, notify_url=lambda _: receiver.url)

    def news(self, count: int) -> None:
        got = self._receiver.wait_for(self._read + count)
        for one in got[self._read :]:
            assert self.webhook((one.headers, one.body), "dana").status == 200
        self._read = len(got)

    def started(self) -> tuple[str, dict[str, Any]]:
        order_id = self.order(IDR_50000)
        return order_id, self.start(order_id, "dana")


@pytest.fixture
def till(tmp_path: Path, twin: DanaTwin) -> Iterator[DanaShop]:
    with Receiver() as receiver:
        made = DanaShop(tmp_path / "store.db", twin, receiver)
        yield made
        made.store.close()


def test_a_payment_is_told_twice_and_counted_once_and_refunds_add_up(till: DanaShop) -> None:
    order_id, started = till.started()
    control(till.twin, "pay", started["client"])
    till.news(2)
    assert till.state(order_id) == CAPTURED
    assert [event.name for event in till.told()].count("payment.captured") == 1
    till.refund(order_id, 2_000_000)
    assert till.state(order_id) == PART_REFUNDED
    till.refund(order_id)
    assert (till.state(order_id), till.read(order_id).flags) == (REFUNDED, ())


def test_an_order_whose_time_is_over_is_closed_by_its_notice(till: DanaShop) -> None:
    order_id, started = till.started()
    control(till.twin, "pay", {**started["client"], "expire": True})
    till.news(2)
    assert till.state(order_id) == "closed"


def test_who_changes_the_method_cannot_pay_the_first_any_more(till: DanaShop) -> None:
    order_id, started = till.started()
    till.start(order_id, "paper_money")
    assert control(till.twin, "pay", started["client"]) == 404


def test_a_refund_in_progress_is_asked_for_until_it_is_done(till: DanaShop) -> None:
    order_id, started = till.started()
    control(till.twin, "pay", started["client"])
    till.news(2)
    control(till.twin, "faults", {"refund_outcome": "202"})
    till.refund(order_id)
    assert till.state(order_id) == CAPTURED
    for refund in till.twin.book.refunds.values():
        refund["outcome"] = "200"
    till.now += 120
    till.poll()
    assert till.state(order_id) == REFUNDED
