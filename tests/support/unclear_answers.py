"""A provider that does not answer, or not so that it could be understood: unknown is pending, and asked about later."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.party import PRICE, Party
from tests.support.scenario import Scene, paid_once

FAULTS = ({"status": 503}, {"status": 500, "json": True}, {"status": 200}, {"reset": True}, {"lose_answer": True})
"""5xx, 5xx in JSON that says "failed", a page that says 200, a cut before and a cut after it was carried out."""
UNCLEAR = pytest.mark.parametrize("fault", FAULTS, ids=["5xx", "5xx-json", "html", "reset", "lost-answer"])


THEIRS = "words of theirs"
TEXTS = dict.fromkeys(("code", "message", "name", "detail", "reason", "errorCode", "error_type", "title"), THEIRS)
REFUSAL = {
    **TEXTS, "error": TEXTS, "errors": [TEXTS], "details": [TEXTS], "error_codes": [THEIRS], "result": TEXTS,
    "responseCode": THEIRS, "responseMessage": THEIRS,
}  # fmt: skip
"""A refusal of nobody's form, with a text wherever one of them might have one."""


class UnclearAnswers:
    party: Party

    def test_a_refusal_in_words_of_theirs(self, scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
        order = scene.place_order()
        scene.faults(status=400, json=REFUSAL)
        refused = scene.begin(order)
        assert refused.status in (422, 503), refused.text
        logged = "".join(capsys.readouterr())
        assert THEIRS not in refused.text + logged + str(scene.rows())

    @UNCLEAR
    def test_an_unclear_answer_to_create(self, scene: Scene, fault: dict[str, Any]) -> None:
        order = scene.place_order()
        scene.faults(**fault)
        unclear = scene.begin(order, "begin")
        assert unclear.status == 503, unclear.text
        assert scene.status(order) == "pending"
        scene.faults()
        again = scene.begin(order, "begin")
        if again.status != 201:  # the party knows the number, and says no more of it
            assert again.problem() == "payment-refused"
            again = scene.begin(order, "begin-2")
        assert again.status == 201, again.text
        scene.payer(again.json())
        scene.settle()
        paid_once(scene, order)

    @UNCLEAR
    def test_an_unclear_answer_to_a_query(self, scene: Scene, fault: dict[str, Any]) -> None:
        order = scene.place_order()
        started = scene.begun(order)
        scene.settle()
        scene.gateway.is_open = False
        scene.payer(started, comes_back=False)
        scene.faults(**fault)
        scene.poll(31)
        assert scene.status(order) == "pending"
        assert not scene.told_of(order, "payment.captured")
        scene.faults()
        scene.poll(61)
        assert (scene.status(order) == "paid") is self.party.can.query_finds_payment
        scene.gateway.is_open = True
        scene.settle()
        paid_once(scene, order)

    @UNCLEAR
    def test_an_unclear_answer_to_a_refund(self, scene: Scene, fault: dict[str, Any]) -> None:
        order = scene.paid_order()
        scene.faults(**fault, in_order=True)
        scene.gateway.is_open = False
        unclear = scene.refund(order, PRICE // 2, "refund")
        assert unclear.status == 503, unclear.text
        assert scene.status(order) == "paid"
        scene.faults()
        scene.poll(31)
        scene.gateway.is_open = True
        scene.settle()
        assert scene.refund(order, PRICE // 2, "refund").status == 201
        scene.settle()
        assert scene.status(order) == "part_refunded"
        assert scene.returned() == 1 and len(scene.told_of(order, "payment.refunded")) == 1
