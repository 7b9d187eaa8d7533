"""An approved payment whose money we take ourselves: whoever comes first takes it, and it is taken once."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.interleaving import Stage
from tests.support.paper_shop import ANNA, NOW, Shop
from twinshore.errors import Unavailable
from twinshore.events import Event
from twinshore.money import Money
from twinshore.payments import capturing, polling, port, webhooks
from twinshore.payments.capturing import PaymentNotFound, Return
from twinshore.payments.completion import apply
from twinshore.payments.order import OrderNotFound, load
from twinshore.payments.port import Notice


def approved(shop: Shop, amount: Money | None = None) -> tuple[str, str]:
    """An order whose payer has approved while we know nothing of it."""
    shop.paper.we_capture = True
    order_id = shop.order()
    reference = shop.start(order_id)["reference"]
    shop.paper.pay(reference, NOW + 3, amount)
    return order_id, reference


def test_an_approval_is_told_once_and_is_no_payment(shop: Shop) -> None:
    order_id, reference = approved(shop)
    for _ in range(3):
        shop.webhook(shop.paper.webhook(reference))
    assert shop.state(order_id) == port.AUTHORISED
    assert [event.name for event in shop.told()] == ["payment.authorised"]
    assert shop.told()[0].data == {
        "order_id": order_id, "member_id": ANNA, "provider": "paper", "reference": reference,
    }  # fmt: skip
    assert shop.paper.charged() == {}


def test_the_consumer_takes_the_money_once(shop: Shop) -> None:
    order_id, reference = approved(shop)
    shop.webhook(shop.paper.webhook(reference))
    for _ in range(3):
        shop.consume_authorised()
    assert shop.state(order_id) == port.CAPTURED
    assert shop.paper.charged() == {order_id: 1299}
    assert shop.paper.calls.count("capture") == 1
    assert [event.name for event in shop.told()] == ["payment.authorised", "payment.captured"]
    assert shop.read(order_id).attempts[0].authorised_at == NOW + 3


def test_the_poll_takes_it_when_the_consumer_has_died(shop: Shop) -> None:
    order_id, reference = approved(shop)
    shop.webhook(shop.paper.webhook(reference))
    shop.now += 30
    assert shop.poll() == polling.Polled(settled=1)
    assert shop.state(order_id) == port.CAPTURED


def test_the_poll_takes_it_when_nobody_told_us_anything(shop: Shop) -> None:
    order_id, _ = approved(shop)
    shop.now += 30
    assert shop.poll() == polling.Polled(settled=1)
    assert shop.state(order_id) == port.CAPTURED


def test_a_client_that_asks_takes_it(shop: Shop) -> None:
    order_id, _ = approved(shop)
    assert shop.refresh(order_id).state(NOW) == port.CAPTURED
    assert len(shop.told("payment.captured")) == 1


def test_the_payers_return_is_handed_on_and_takes_it(shop: Shop) -> None:
    order_id, reference = approved(shop)
    shown = shop.come_back(order_id, reference, token="EC-1", PayerID="P1")
    assert shown["status"] == "paid"
    assert shop.paper.returned == [{"token": "EC-1", "PayerID": "P1"}]
    assert shop.come_back(order_id, reference, token="EC-1", PayerID="P1") == shown
    assert shop.paper.calls.count("capture") == 1


def test_a_payer_who_comes_back_without_having_approved_has_paid_nothing(shop: Shop) -> None:
    shop.paper.we_capture = True
    order_id = shop.order()
    reference = shop.start(order_id)["reference"]
    assert shop.come_back(order_id, reference)["status"] == "pending"
    assert shop.paper.charged() == {}


def test_a_return_to_a_provider_that_captures_by_itself_asks_it(shop: Shop) -> None:
    order_id = shop.order()
    reference = shop.start(order_id)["reference"]
    shop.paper.pay(reference, NOW)
    assert shop.come_back(order_id, reference)["status"] == "paid"


@pytest.mark.parametrize("fault", ["unreachable", "lost"])
def test_a_return_while_the_provider_is_down_is_shown_as_it_is_known(shop: Shop, fault: str) -> None:
    order_id, reference = approved(shop)
    shop.paper.fault = fault
    assert shop.come_back(order_id, reference)["status"] == "pending"
    shop.paper.fault = ""
    shop.now += 30
    shop.poll()
    assert shop.state(order_id) == port.CAPTURED
    assert shop.paper.charged() == {order_id: 1299}


def test_a_return_to_an_order_or_payment_that_is_not_there_is_not_found(shop: Shop) -> None:
    order_id, reference = approved(shop)
    other = shop.order()
    providers = shop.providers.__getitem__
    with pytest.raises(OrderNotFound):
        capturing.on_return(shop.store, providers, Return(order_id, "m_ben", reference, {}), NOW)
    for nonsense in (f"{order_id}-2", f"{order_id}-0", f"{order_id}-r1", f"{other}-1", "", "x", order_id):
        with pytest.raises(PaymentNotFound):
            capturing.on_return(shop.store, providers, Return(order_id, ANNA, nonsense, {}), NOW)
    assert shop.paper.returned == []


def test_a_capture_whose_answer_is_lost_is_found_and_not_taken_twice(shop: Shop) -> None:
    order_id, reference = approved(shop)
    shop.webhook(shop.paper.webhook(reference))
    shop.paper.fault = "lost"
    with pytest.raises(Unavailable):
        shop.consume_authorised()
    assert shop.state(order_id) == port.AUTHORISED
    shop.paper.fault = ""
    shop.consume_authorised()
    assert shop.state(order_id) == port.CAPTURED
    assert shop.paper.charged() == {order_id: 1299}


def test_an_approval_that_the_provider_lets_go_of_ends_as_the_provider_says(shop: Shop) -> None:
    order_id, reference = approved(shop)
    shop.webhook(shop.paper.webhook(reference))
    shop.paper.payments[reference] = shop.paper.payments[reference]._replace(word="DECLINED", aside=None)
    shop.consume_authorised()
    assert shop.state(order_id) == port.FAILED
    assert len(shop.told("payment.captured")) == 0


def test_another_amount_set_aside_is_flagged_and_not_taken(shop: Shop) -> None:
    order_id, reference = approved(shop, Money(1, "EUR"))
    shop.webhook(shop.paper.webhook(reference))
    assert shop.state(order_id) == port.PENDING
    assert [event.data["reason"] for event in shop.told("payment.flagged")] == ["amount_differs"]
    shop.consume_authorised()
    shop.now += 30
    shop.poll()
    assert shop.paper.charged() == {}


def test_an_approval_that_names_no_sum_is_taken_for_the_orders(shop: Shop) -> None:
    order_id, reference = approved(shop)
    shop.webhook(shop.paper.webhook(reference, amount=None))
    shop.consume_authorised()
    assert shop.state(order_id) == port.CAPTURED


def test_an_approval_after_the_close_is_flagged_and_not_taken(shop: Shop) -> None:
    order_id, reference = approved(shop)
    apply(shop.store, "paper", Notice("c", reference, "", port.CLOSED, None, NOW), NOW)
    shop.webhook(shop.paper.webhook(reference))
    shop.consume_authorised()
    assert shop.state(order_id) == port.CLOSED
    assert [event.data["reason"] for event in shop.told("payment.flagged")] == ["authorised_after_close"]
    assert shop.paper.charged() == {}


def test_a_second_approval_of_a_paid_order_is_let_go_of(shop: Shop) -> None:
    order_id, reference = approved(shop)
    order = shop.read(order_id)
    paid = order.attempts[0]._replace(number=2, provider="other", method="card", state=port.PENDING)
    from twinshore.payments.order import replace

    shop.store.commit(replace(order._replace(attempts=(*order.attempts, paid))))
    apply(shop.store, "other", Notice("c", f"{order_id}-2", "", port.CAPTURED, order.amount, NOW), NOW)
    shop.webhook(shop.paper.webhook(reference))
    shop.consume_authorised()
    assert shop.paper.payments[reference].word == "VOID"
    assert [one.state for one in shop.read(order_id).attempts] == [port.CLOSED, port.CAPTURED]
    assert shop.paper.charged() == {}


def test_another_method_after_an_approval_lets_go_of_it_first(shop: Shop) -> None:
    order_id, reference = approved(shop)
    shop.webhook(shop.paper.webhook(reference))
    assert shop.start(order_id, "card")["reference"] == f"{order_id}-2"
    shop.consume_authorised()
    assert shop.paper.payments[reference].word == "VOID"
    assert shop.paper.charged() == {}


def test_an_approval_past_the_attempts_time_is_taken_not_closed(shop: Shop) -> None:
    order_id, reference = approved(shop)
    shop.webhook(shop.paper.webhook(reference))
    shop.now += 3 * 3_600
    shop.poll()
    assert shop.state(order_id) == port.CAPTURED


def test_a_card_declined_after_its_approval_may_be_followed_by_a_good_one(shop: Shop) -> None:
    order_id, reference = approved(shop)
    shop.webhook(shop.paper.webhook(reference))
    shop.paper.decline(reference)
    shop.webhook(shop.paper.webhook(reference))
    assert shop.state(order_id) == port.FAILED
    shop.paper.pay(reference, NOW + 60)
    shop.webhook(shop.paper.webhook(reference))
    assert len({event.id for event in shop.told("payment.authorised")}) == 2
    shop.consume_authorised()
    assert shop.state(order_id) == port.CAPTURED


def actors(shop: Shop, order_id: str, reference: str) -> dict[str, Any]:
    providers = shop.providers.__getitem__
    approval = shop.paper.webhook(reference)

    def webhook(store: Any) -> int:
        return webhooks.receive(store, "paper", shop.paper, *approval, NOW).status

    def consumer(store: Any) -> str:
        capturing.capture_authorised(Event("e", "payment.authorised", NOW, {"reference": reference}), store, providers,
                                     NOW)  # fmt: skip
        return "done"

    def client(store: Any) -> str:
        order = load(store, order_id)
        assert order is not None
        return polling.refresh(store, providers, order, NOW).state(NOW)

    def comes_back(store: Any) -> str:
        return str(capturing.on_return(store, providers, Return(order_id, ANNA, reference, {}), NOW)["status"])

    def poll(store: Any) -> polling.Polled:
        return polling.poll_due(store, providers, NOW + 60)

    return {"webhook": webhook, "consumer": consumer, "client": client, "return": comes_back, "poll": poll}


def check_completed_once(shop: Shop, order_id: str, results: dict[str, Any]) -> None:
    assert results.get("webhook", 200) == 200
    assert results.get("client", port.CAPTURED) == port.CAPTURED
    assert results.get("return", "paid") == "paid"
    order = shop.read(order_id)
    assert order.state(NOW) == port.CAPTURED
    assert not order.flags
    assert [event.name for event in shop.told()].count("payment.captured") == 1
    assert len({event.id for event in shop.told("payment.authorised")}) <= 1
    assert shop.paper.charged() == {order_id: 1299}


def test_museum_1_webhook_consumer_and_return_in_every_interleaving_take_the_money_once(tmp_path: Path) -> None:
    """medusajs/medusa #13301, mercurjs/mercur #1418, where the capture is ours to make."""
    shop = Shop(tmp_path / "store.db")
    scripts = sorted(set(permutations(["webhook", "webhook", "consumer", "consumer", "return", "return", "return"])))
    for script in scripts:
        order_id, reference = approved(shop)
        cast = {name: act for name, act in actors(shop, order_id, reference).items() if name in script}
        shop.forget_events()
        shop.paper.payments = {reference: shop.paper.payments[reference]}
        check_completed_once(shop, order_id, Stage(shop.store).play(cast, script))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=st.lists(st.sampled_from(["webhook", "consumer", "client", "return", "poll"]), min_size=6, max_size=20))
def test_museum_1_with_client_and_poll_beside_them(script: list[str], tmp_path: Path) -> None:
    """medusajs/medusa #13301, mercurjs/mercur #1418: five ways to learn of one approval."""
    shop = Shop(tmp_path / f"{abs(hash(tuple(script)))}.db")
    order_id, reference = approved(shop)
    shop.forget_events()
    check_completed_once(shop, order_id, Stage(shop.store).play(actors(shop, order_id, reference), script))
    shop.store.close()


def test_two_captures_of_two_attempts_credit_once(shop: Shop) -> None:
    order_id, _reference = approved(shop)
    order = shop.read(order_id)
    second = order.attempts[0]._replace(number=2)
    from twinshore.payments.order import replace

    shop.store.commit(replace(order._replace(attempts=(*order.attempts, second))))
    for number in (2, 1, 2, 1):
        captured = Notice("c", f"{order_id}-{number}", "", port.CAPTURED, order.amount, NOW)
        apply(shop.store, "paper", captured, NOW)
    assert [event.name for event in shop.told()] == ["payment.captured", "payment.flagged"]
    assert [flag.reason for flag in shop.read(order_id).flags] == ["paid_twice"]
