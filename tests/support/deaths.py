"""A function that dies when the provider has done what it was asked, before anything of it was written down."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.party import PRICE, Party
from tests.support.scenario import Scene, paid_once

LEASE_SECONDS = 61
"""After these a request that never ended may be made again with its own key."""


class FunctionDied(BaseException):
    """No error that anything of ours could handle: the instance is gone."""


class Dying:
    """The real provider; from a call that is in `calls` nobody returns. With a gateway, the party's news of that call
    finds it closed: it may be there before the function is dead."""

    def __init__(self, provider: Any, calls: tuple[str, ...], gateway: Any = None) -> None:
        self._provider, self._calls, self._gateway = provider, calls, gateway

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._provider, name)

        def dies(*args: Any) -> None:
            if self._gateway is not None:
                self._gateway.is_open = False
            call(*args)
            raise FunctionDied(name)

        return dies if name in self._calls else call


class Deaths:
    party: Party

    def test_dies_after_create(self, scene: Scene) -> None:
        order = scene.place_order()
        scene.wrap_provider(lambda provider: Dying(provider, ("create",)))
        with pytest.raises(FunctionDied):
            scene.begin(order, "begin")
        scene.next_instance()
        scene.poll(LEASE_SECONDS)
        assert scene.status(order) == "pending" and scene.taken() == 0
        again = scene.begin(order, "begin")
        if again.status != 201:  # the party knows the number, and says no more of it
            assert again.problem() == "payment-refused"
            again = scene.begin(order, "begin-2")
        assert again.status == 201, again.text
        scene.payer(again.json())
        scene.settle()
        paid_once(scene, order)

    def test_dies_after_capture(self, scene: Scene) -> None:
        """Where the provider captures by itself, a function that asks dies of the answer."""
        order = scene.place_order()
        started = scene.begun(order)
        scene.settle()
        scene.gateway.is_open = self.party.can.we_capture
        last = "capture" if self.party.can.we_capture else "query"
        scene.wrap_provider(lambda provider: Dying(provider, (last,), scene.gateway))
        if self.party.can.query_finds_payment or self.party.can.we_capture:
            with pytest.raises(FunctionDied):
                self.paid(scene, started)
        scene.next_instance()
        assert not scene.told_of(order, "payment.captured")
        scene.gateway.is_open = True
        scene.poll(LEASE_SECONDS)
        scene.settle()
        paid_once(scene, order)
        scene.found = "by us" if self.party.can.we_capture else "by itself"

    def paid(self, scene: Scene, started: dict[str, Any]) -> None:
        """Until somebody has taken the money, or has asked."""
        scene.payer(started, comes_back=self.party.comes_back)
        if self.party.can.we_capture:
            scene.settle()
        scene.poll(31)

    def test_dies_after_refund(self, scene: Scene) -> None:
        order = scene.paid_order()
        scene.gateway.is_open = False
        scene.wrap_provider(lambda provider: Dying(provider, ("refund",)))
        with pytest.raises(FunctionDied):
            scene.refund(order, PRICE // 2, "refund")
        scene.next_instance()
        assert scene.status(order) == "paid"
        scene.poll(LEASE_SECONDS)
        scene.gateway.is_open = True
        scene.settle()
        assert scene.refund(order, PRICE // 2, "refund").status == 201
        scene.settle()
        assert scene.status(order) == "part_refunded"
        assert scene.returned() == 1 and len(scene.told_of(order, "payment.refunded")) == 1
