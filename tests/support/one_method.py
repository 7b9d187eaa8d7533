"""What every method of every provider must live through, through the real doors of its cell."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from tests.support.party import Party
from tests.support.scenario import Scene, paid_once, scene_of

HOUR, DAY = 3_600, 86_400


class OneMethod:
    party: Party

    @pytest.fixture
    def scene(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
        yield from scene_of(self.party, tmp_path, monkeypatch)

    def test_happy(self, scene: Scene) -> None:
        order = scene.paid_order()
        paid_once(scene, order)
        assert {answer.status for answer in scene.gateway.answers if answer.status != 401} <= {200, 204}

    def test_declined_then_paid(self, scene: Scene) -> None:
        order = scene.place_order()
        first = scene.begun(order)
        if self.party.declines is None:
            assert not self.party.can.tells_failure
            scene.found = "silent"
        else:
            scene.payer(first, **self.party.declines)
        scene.settle()
        scene.poll(31)
        assert scene.status(order) in ("failed", "pending", "closed")
        assert scene.taken() == 0 and not scene.told_of(order, "payment.captured")
        scene.payer(scene.begun(order))
        scene.settle()
        paid_once(scene, order)

    def test_duplicate(self, scene: Scene) -> None:
        order = scene.paid_order()
        before, known = scene.rows(), scene.genuine()[-1]
        scene.at_once(*[lambda: scene.gateway.deliver(known)] * 2)
        assert scene.rows() == before
        for wait_seconds in (HOUR, DAY - HOUR, 7 * DAY):
            scene.clock.advance(wait_seconds)
            scene.twin.notices.send_again()
            scene.delivered()
            assert scene.rows() == before
        assert len(scene.told_of(order, "payment.captured")) == 1 and scene.taken() == 1

    def test_refunded_in_part_and_the_rest(self, scene: Scene) -> None:
        part, rest = self.party.price // 3, self.party.price - self.party.price // 3
        order = scene.paid_order()
        assert self.party.can.part_refunds
        assert scene.refund(order, part).status == 201
        scene.settle()
        assert scene.status(order) == "part_refunded"
        assert scene.shown(order)["refunded"] == {"amount_minor": part, "currency": self.party.currency}
        assert scene.refund(order, rest + 100).problem() == "refund-too-large"
        assert scene.refund(order).status == 201
        scene.settle()
        assert scene.status(order) == "refunded"
        steps = [event.data["amount_minor"] for event in scene.told_of(order, "payment.refunded")]
        assert steps == [part, rest] and scene.returned() == 2
        assert sum(scene.credits(order)) == 0 and not scene.order_of(order).flags
