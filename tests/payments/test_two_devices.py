"""One order, two devices: what one of them closes, the other cannot give to the payer a moment later."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from tests.support.paper_shop import Shop
from twinshore.errors import Unavailable
from twinshore.payments import port
from twinshore.payments.methods import Place
from twinshore.payments.starting import OrderPaid, PaymentReplaced

BROWSER = Place("DE", "h5")
WORDS = {"VOID": "nobody can pay it", "OPEN": "it can be paid"}


class Busy:
    """A provider: the call named is met by something else that happens right before it, or right behind it."""

    def __init__(self, provider: Any, call: str, before: Callable[[], None], after: Callable[[], None]) -> None:
        self._provider = provider
        self._call = call
        self._around = [before, after]

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._provider, name)
        if name != self._call or not self._around:
            return real
        before, after = self._around
        self._around = []

        def call(*given: Any) -> Any:
            before()
            answer = real(*given)
            after()
            return answer

        return call


def nothing() -> None:
    pass


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_payment_that_is_replaced_while_it_is_made_is_given_to_nobody(shop: Shop, when: str) -> None:
    order_id = shop.order()

    def other_device() -> None:
        shop.start(order_id, "card", place=BROWSER)

    steps = (other_device, nothing) if when == "before" else (nothing, other_device)
    shop.providers["paper"] = Busy(shop.paper, "create", *steps)
    with pytest.raises(PaymentReplaced):
        shop.start(order_id)
    assert WORDS[shop.paper.payments[f"{order_id}-1"].word] == "nobody can pay it"
    assert WORDS[shop.other.payments[f"{order_id}-2"].word] == "it can be paid"
    assert [one.state for one in shop.read(order_id).attempts] == [port.CLOSED, port.PENDING]


def test_a_payment_that_is_made_behind_the_back_of_its_close_is_closed_again(shop: Shop) -> None:
    order_id = shop.order()
    shop.paper.fault = "unreachable"
    with pytest.raises(Unavailable):
        shop.start(order_id)
    shop.paper.fault = ""
    given: list[Any] = []
    shop.providers["paper"] = Busy(shop.paper, "close", nothing, lambda: given.append(shop.start(order_id)))
    shop.start(order_id, "card", place=BROWSER)
    assert given[0]["reference"] == f"{order_id}-1"
    assert WORDS[shop.paper.payments[f"{order_id}-1"].word] == "nobody can pay it"
    assert [one.state for one in shop.read(order_id).attempts] == [port.CLOSED, port.PENDING]


def test_what_was_paid_behind_the_back_of_its_close_has_paid_the_order(shop: Shop) -> None:
    order_id = shop.order()
    shop.paper.fault = "unreachable"
    with pytest.raises(Unavailable):
        shop.start(order_id)
    shop.paper.fault = ""

    def pays_here() -> None:
        reference = shop.start(order_id)["reference"]
        shop.paper.pay(reference, shop.now)
        shop.webhook(shop.paper.webhook(reference))

    shop.providers["paper"] = Busy(shop.paper, "close", nothing, pays_here)
    with pytest.raises(OrderPaid):
        shop.start(order_id, "card", place=BROWSER)
    assert shop.other.payments == {}
    assert (shop.state(order_id), shop.read(order_id).flags) == (port.CAPTURED, ())
