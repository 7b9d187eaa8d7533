"""mada with HyperPay, from a cell in Europe. It tells of a chargeback and of its reversal, never that one is final."""

from __future__ import annotations

from typing import Any

from sandbox.twins.hyperpay import HyperPayTwin
from sandbox.twins.hyperpay_book import SUCCESS
from tests.support.one_method import DAY, OneMethod
from tests.support.party import OPENED, WON, Act, Party
from tests.support.scenario import Scene
from tests.support.scenarios import Scenarios


def succeeded(kind: str) -> Any:
    return lambda book: sum(
        one["paymentType"] == kind and one["result"]["code"] == SUCCESS for one in book.transactions
    )


def dispute(book: Any, reference: str, what: str) -> Act:
    debit = next(one for one in book.transactions if one["merchantTransactionId"] == reference)
    return Act("dispute", {"payment": debit["id"], "won": what == WON})


PARTY = Party(
    name="hyperpay",
    cell="eu",
    twin=HyperPayTwin,
    method="mada",
    elsewhere="card",
    currency="SAR",
    market="SA",
    taken=succeeded("DB"),
    returned=succeeded("RF"),
    declines={"decline": "800.100.153"},
    dispute=dispute,
    dispute_ends=(WON,),
    more_currencies=("EUR", "KWD"),
)


class TestHyperPay(Scenarios):
    party = PARTY

    def test_a_chargeback_that_is_lost_is_told_at_the_desk(self, scene: Scene) -> None:
        """Nobody else tells it: the order stays disputed until the desk has looked it up, and pays nothing back."""
        order = scene.paid_order()
        (points,) = scene.credits(order)
        assert scene.act(dispute(scene.book, f"{order}-1", OPENED)).status == 200
        scene.settle()
        scene.poll(30 * DAY)
        (flag,) = scene.desk("GET", "/v1/flags")["items"]
        assert (flag["order_id"], flag["reason"], flag["actions"]) == (order, "disputed", ["lost", "write_off"])
        assert (scene.status(order), scene.credits(order)) == ("disputed", [points])
        decision = {"action": "lost", "reason": "lost, case 4711 in the portal"}
        for _ in range(2):
            assert scene.desk("POST", f"/v1/flags/{flag['id']}/resolutions", decision)["status"] == "resolved"
            scene.settle()
        assert scene.desk("GET", "/v1/flags")["items"] == []
        assert (scene.status(order), scene.shown(order)["needs_review"]) == ("dispute_lost", False)
        assert sum(scene.credits(order)) == 0
        assert scene.refund(order).problem() == "order-disputed" and scene.returned() == 0


class TestCard(OneMethod):
    party = PARTY.by("card", "eu", "SAR")


class TestApplePay(OneMethod):
    party = PARTY.by("apple_pay", "eu", "SAR")
