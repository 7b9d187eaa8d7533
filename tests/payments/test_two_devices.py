"""One order, two devices: what one of them closes, the other cannot give to the payer a moment later."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random
from typing import Any, Callable

import pytest

from tests.support.paper_shop import Shop
from twinshore.errors import Problem, Unavailable
from twinshore.payments import port
from twinshore.payments.methods import Place
from twinshore.payments.starting import OrderPaid, PaymentReplaced
from twinshore.store.port import StoreUnavailable

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


class Slow:
    """A provider at the end of a long line, on which some questions and some answers are lost."""

    def __init__(self, provider: Any, chance: Random) -> None:
        self._provider = provider
        self._chance = chance

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._provider, name)

        def call(*given: Any) -> Any:
            time.sleep(self._chance.random() * 0.004)
            if self._chance.random() < 0.05:
                raise Unavailable("the question was lost")
            answer = real(*given)
            time.sleep(self._chance.random() * 0.004)
            if self._chance.random() < 0.05:
                raise port.OutcomeUnknown("the answer was lost")
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


def test_an_attempt_counts_as_closed_only_when_what_is_there_now_was_closed(shop: Shop) -> None:
    order_id = shop.order()
    shop.paper.fault = "unreachable"
    with pytest.raises(Unavailable):
        shop.start(order_id)
    shop.paper.fault = ""

    def starts_here_and_then_the_line_is_cut() -> None:
        shop.start(order_id)
        shop.paper.fault = "unreachable"

    shop.providers["paper"] = Busy(shop.paper, "close", nothing, starts_here_and_then_the_line_is_cut)
    with pytest.raises(Unavailable):
        shop.start(order_id, "card", place=BROWSER)
    assert (shop.state(order_id), shop.other.payments) == (port.PENDING, {})
    shop.paper.fault = ""
    shop.paper.pay(f"{order_id}-1", shop.now)
    shop.webhook(shop.paper.webhook(f"{order_id}-1"))
    assert (shop.state(order_id), shop.read(order_id).flags) == (port.CAPTURED, ())


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


@pytest.mark.parametrize("seed", range(4))
def test_many_devices_at_once_pay_an_order_once(shop: Shop, seed: int) -> None:
    order_id, given = shop.order(), list[tuple[str, str]]()
    parties = {"paper": shop.paper, "other": shop.other}
    shop.providers.update({name: Slow(party, Random(seed)) for name, party in parties.items()})

    def start(method: str) -> None:
        answer = shop.start(order_id, method, place=BROWSER)
        given.append((answer["provider"], answer["reference"]))

    def pay(chance: Random) -> None:
        provider, reference = chance.choice(given)
        with suppress(AssertionError):  # paid or void
            parties[provider].pay(reference, shop.now)

    def device(number: int) -> None:
        chance = Random(f"{seed}.{number}")
        for _ in range(10):
            with suppress(Problem, StoreUnavailable, IndexError):
                step = chance.choice([start, start, pay, pay, shop.poll, shop.refresh])
                if step == start:
                    start(chance.choice(["paper_money", "card"]))
                elif step == pay:
                    pay(chance)
                elif step == shop.poll:
                    shop.poll()
                else:
                    shop.refresh(order_id)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(device, range(8)))
    shop.providers.update(parties)
    for _ in range(12):
        shop.now += 600
        shop.poll()
    charged = shop.paper.charged().get(order_id, 0) + shop.other.charged().get(order_id, 0)
    assert charged == (1299 if shop.read(order_id).paid_by else 0)
    assert shop.read(order_id).flags == ()
    assert len({str(event.data) for event in shop.told("payment.captured")}) == (1 if charged else 0)
    payable = [ref for party in parties.values() for ref, payment in party.payments.items() if payment.word == "OPEN"]
    assert not {reference for _, reference in given} & set(payable)
