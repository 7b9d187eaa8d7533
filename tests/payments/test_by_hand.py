"""Cash on delivery: promised, collected or refused, on the path that every payment goes."""

from __future__ import annotations

import pytest

from tests.support.paper_shop import NOW, PRICE, Shop
from twinshore.cells import BY_HAND
from twinshore.money import Money
from twinshore.payments import by_hand, desk, port
from twinshore.payments.by_hand import ByHand
from twinshore.payments.desk import Delivery, NotPaidByHand, Payout, RefundNotFound
from twinshore.payments.order import OrderNotFound
from twinshore.payments.polling import Polled
from twinshore.payments.port import SignatureRefused

DAY = 86_400


def promised(shop: Shop) -> tuple[str, str]:
    order_id = shop.order()
    return order_id, shop.start(order_id, "cash_on_delivery")["reference"]


def deliver(shop: Shop, order_id: str, collected: Money | None = PRICE, at: int = 0) -> dict:  # type: ignore[type-arg]
    return desk.report_delivery(shop.store, Delivery(order_id, collected, at), shop.now)


def collected_order(shop: Shop) -> str:
    order_id, _ = promised(shop)
    deliver(shop, order_id)
    return order_id


def test_choosing_it_tells_that_the_parcel_may_go_and_nothing_is_paid(shop: Shop) -> None:
    order_id = shop.order()
    answer = shop.start(order_id, "cash_on_delivery")
    assert (answer["status"], answer["client"], answer["provider"]) == ("pending", {}, BY_HAND)
    assert answer["expires_at"] == NOW + by_hand.LIFE_SECONDS
    assert shop.start(order_id, "cash_on_delivery") == answer
    assert [event.name for event in shop.told()] == ["payment.promised"]
    assert shop.told()[0].data["amount_minor"] == 1299


def test_cash_at_the_door_pays_the_order_once(shop: Shop) -> None:
    order_id, _ = promised(shop)
    shop.now += 5 * DAY  # the order's own day is long over: the promise holds
    for _ in range(3):
        assert deliver(shop, order_id, at=NOW + 4 * DAY)["status"] == "paid"
    assert [event.name for event in shop.told()] == ["payment.promised", "payment.captured"]
    assert shop.read(order_id).attempts[0].captured_at == NOW + 4 * DAY


def test_another_sum_at_the_door_is_flagged_and_not_credited(shop: Shop) -> None:
    order_id, _ = promised(shop)
    for wrong in (Money(1298, "EUR"), Money(1299, "USD")):
        assert deliver(shop, order_id, wrong)["status"] == "pending"
    assert [event.data["reason"] for event in shop.told("payment.flagged")] == ["amount_differs"]
    assert deliver(shop, order_id)["status"] == "paid"


def test_a_parcel_that_is_refused_closes_the_order_and_cash_after_that_is_held(shop: Shop) -> None:
    order_id, _ = promised(shop)
    assert deliver(shop, order_id, None)["status"] == "closed"
    assert deliver(shop, order_id)["needs_review"] is True
    assert [event.data["reason"] for event in shop.told("payment.flagged")] == ["captured_after_close"]


def test_nobody_is_asked_until_the_parcel_is_given_up(shop: Shop) -> None:
    order_id, _ = promised(shop)
    for _ in range(29):
        shop.now += DAY
        assert shop.poll() == Polled()
    assert shop.state(order_id) == port.PENDING
    shop.now = NOW + by_hand.LIFE_SECONDS + 120
    shop.poll()
    assert shop.state(order_id) == port.CLOSED
    shop.now += DAY
    shop.poll()
    shop.now += 8 * DAY
    assert shop.poll() == Polled()
    assert shop.told("payment.flagged") == []


def test_who_pays_online_after_all_ends_the_promise(shop: Shop) -> None:
    order_id, _reference = promised(shop)
    card = shop.start(order_id, "paper_money")["reference"]
    shop.paper.pay(card, NOW)
    shop.webhook(shop.paper.webhook(card))
    assert [one.state for one in shop.read(order_id).attempts] == [port.CLOSED, port.CAPTURED]
    deliver(shop, order_id)  # and the courier took the money all the same
    assert "paid_twice" in [flag.reason for flag in shop.read(order_id).flags]
    assert len(shop.told("payment.captured")) == 1


def test_a_refund_is_paid_out_by_a_person_and_said_so(shop: Shop) -> None:
    order_id = collected_order(shop)
    answer = shop.refund(order_id, 300)
    assert (answer["status"], answer["order_status"]) == ("pending", "paid")
    shop.now += 30
    shop.poll()
    for _ in range(2):
        shown = desk.report_refund(shop.store, Payout(order_id, answer["reference"], True), shop.now)
        assert shown["status"] == "part_refunded"
    assert [event.data["amount_minor"] for event in shop.told("payment.refunded")] == [300]


def test_a_refund_that_cannot_be_paid_out_frees_the_sum(shop: Shop) -> None:
    order_id = collected_order(shop)
    reference = shop.refund(order_id)["reference"]
    desk.report_refund(shop.store, Payout(order_id, reference, False), shop.now)
    assert [event.name for event in shop.told()][-1] == "refund.failed"
    assert shop.refund(order_id)["reference"] == f"{order_id}-r2"


def test_a_refund_that_nobody_pays_out_calls_a_person(shop: Shop) -> None:
    order_id = collected_order(shop)
    shop.refund(order_id)
    shop.now += 8 * DAY
    shop.poll()
    assert [flag.reason for flag in shop.read(order_id).flags] == ["unresolved"]


def test_the_desk_speaks_for_what_goes_by_hand_only(shop: Shop) -> None:
    paid = shop.paid_order()
    refund = shop.refund(paid, 1)["reference"]
    with pytest.raises(NotPaidByHand):
        deliver(shop, paid)
    with pytest.raises(RefundNotFound):
        desk.report_refund(shop.store, Payout(paid, refund, True), shop.now)
    with pytest.raises(RefundNotFound):
        desk.report_refund(shop.store, Payout(collected_order(shop), "x", True), shop.now)
    for nobody in ("z" * 26, ""):
        with pytest.raises(OrderNotFound):
            deliver(shop, nobody)


def test_nobody_can_send_a_webhook_in_its_name() -> None:
    with pytest.raises(SignatureRefused):
        ByHand().read_webhook({}, b"{}", NOW)
