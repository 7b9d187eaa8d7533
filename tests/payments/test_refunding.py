"""Giving money back: never more than was captured, in the captured currency, the same refund when asked again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.paper_shop import NOW, Shop
from twinshore.errors import Unavailable
from twinshore.money import InexactAmount, Money
from twinshore.payments import port, refunding
from twinshore.payments.order import OrderNotFound
from twinshore.payments.port import OutcomeUnknown, ProviderRefused
from twinshore.payments.refunding import OrderNotPaid, RefundTooLarge, RefundWish, TooManyRefunds


def refunded_minor(shop: Shop, order_id: str) -> int:
    return sum(minor for one in shop.paper.payments.values() if one.attempt.order_id == order_id
               for _, minor in one.refunds)  # fmt: skip


def test_a_whole_refund(shop: Shop) -> None:
    order_id = shop.paid_order()
    answer = shop.refund(order_id)
    assert answer == {
        "reference": f"{order_id}-r1", "status": "refunded", "amount": {"amount_minor": 1299, "currency": "EUR"},
        "order_id": order_id, "order_status": "refunded",
    }  # fmt: skip
    assert [event.data["amount_minor"] for event in shop.told("payment.refunded")] == [1299]


def test_parts_and_the_rest_add_up(shop: Shop) -> None:
    order_id = shop.paid_order()
    assert shop.refund(order_id, 300)["order_status"] == "part_refunded"
    assert shop.refund(order_id, 1)["order_status"] == "part_refunded"
    assert shop.refund(order_id)["order_status"] == "refunded"
    assert refunded_minor(shop, order_id) == 1299
    told = [(event.data["amount_minor"], event.data["refunded_minor"]) for event in shop.told("payment.refunded")]
    assert told == [(300, 300), (1, 301), (998, 1299)]


@pytest.mark.parametrize(
    "amount",
    [Money(1999, "JPY"), Money(123_457, "HUF"), Money(12_345, "KWD"), Money(99_999, "INR"), Money(17_771, "CLP")],
)
def test_museum_8_part_and_rest_are_in_the_captured_currency_to_the_unit(shop: Shop, amount: Money) -> None:
    """Automattic/woocommerce-payments #5215, #2934, smartstore/Smartstore #1584: converted anew, refunds lost units.

    https://github.com/Automattic/woocommerce-payments/issues/5215
    https://github.com/Automattic/woocommerce-payments/issues/2934
    https://github.com/smartstore/Smartstore/issues/1584
    """
    order_id = shop.paid_order(amount)
    part = shop.refund(order_id, amount.amount_minor // 3)["amount"]
    rest = shop.refund(order_id)["amount"]
    assert {part["currency"], rest["currency"]} == {amount.currency}
    assert part["amount_minor"] + rest["amount_minor"] == amount.amount_minor == refunded_minor(shop, order_id)


@pytest.mark.parametrize("amount_minor", [1300, 10**15])
def test_more_than_was_captured_is_refused(shop: Shop, amount_minor: int) -> None:
    order_id = shop.paid_order()
    with pytest.raises(RefundTooLarge) as caught:
        shop.refund(order_id, amount_minor)
    assert caught.value.extensions == {"refundable_minor": 1299, "currency": "EUR"}
    assert refunded_minor(shop, order_id) == 0


def test_twenty_at_once_never_give_back_more_than_was_captured(shop: Shop) -> None:
    order_id = shop.paid_order()

    def ask(_: int) -> str:
        try:
            return str(shop.refund(order_id, 300)["status"])
        except (RefundTooLarge, OrderNotPaid):
            return "no"
        except Unavailable:
            return "busy"

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(ask, range(20)))
    assert refunded_minor(shop, order_id) == 300 * answers.count("refunded") <= 1299
    assert set(answers) <= {"refunded", "no", "busy"}


def test_the_same_request_is_the_same_refund(shop: Shop) -> None:
    order_id = shop.paid_order()
    assert shop.refund(order_id, 300, key="once") == shop.refund(order_id, 300, key="once")
    assert refunded_minor(shop, order_id) == 300


@pytest.mark.parametrize("paid", [False, True])
def test_what_is_not_paid_or_all_given_back_has_nothing_to_refund(shop: Shop, paid: bool) -> None:
    order_id = shop.paid_order() if paid else shop.order()
    if paid:
        shop.refund(order_id)
    with pytest.raises(OrderNotPaid):
        shop.refund(order_id, 1)


def test_the_order_of_another_member_does_not_exist(shop: Shop) -> None:
    from tests.support.paper_shop import new_key

    wish = RefundWish(shop.paid_order(), "m_ben", None, new_key(), "mine")
    with pytest.raises(OrderNotFound):
        refunding.refund_order(shop.store, shop.tills, wish, NOW)


def test_a_refund_that_takes_time_is_pending_and_counts_as_promised(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.paper.refunds_settle_at_once = False
    assert shop.refund(order_id, 1000)["status"] == "pending"
    assert shop.state(order_id) == port.CAPTURED
    with pytest.raises(RefundTooLarge):
        shop.refund(order_id, 300)
    shop.webhook(shop.paper.refund_webhook(f"{order_id}-1", 1000, refund_reference=f"{order_id}-r1",
                                           refund_state=port.REFUNDED))  # fmt: skip
    assert shop.state(order_id) == port.PART_REFUNDED
    assert [event.data["amount_minor"] for event in shop.told("payment.refunded")] == [1000]


@pytest.mark.parametrize("fault", ["lost", "unreachable"])
def test_a_refund_without_a_clear_answer_is_asked_about_and_given_once(shop: Shop, fault: str) -> None:
    order_id = shop.paid_order()
    shop.paper.fault = fault
    with pytest.raises(Unavailable):
        shop.refund(order_id, 300)
    assert shop.state(order_id) == port.CAPTURED
    shop.paper.fault = ""
    shop.now += 30
    shop.poll()
    assert shop.state(order_id) == port.PART_REFUNDED
    assert refunded_minor(shop, order_id) == 300
    assert len(shop.told("payment.refunded")) == 1


def test_a_refused_refund_fails_and_frees_the_sum(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.paper.fault = "refuses"
    with pytest.raises(ProviderRefused):
        shop.refund(order_id)
    assert [event.name for event in shop.told()] == ["payment.captured", "refund.failed"]
    shop.paper.fault = ""
    assert shop.refund(order_id)["order_status"] == "refunded"


def test_a_provider_that_does_not_take_our_signature_has_said_nothing_of_a_refund_sent_before(shop: Shop) -> None:
    """The simulation found it: the first try was carried out and its answer lost, and the next one was signed by an
    instance whose clock was twelve minutes off. It was told as failed, the sum was free, the money had gone back."""
    order_id = shop.paid_order()
    shop.paper.fault = "lost"
    with pytest.raises(OutcomeUnknown):
        shop.refund(order_id, 300)
    shop.paper.fault, shop.paper.refusal = "refuses", "configuration"
    shop.now += 40
    shop.poll()
    assert shop.read(order_id).refunds[0].state == port.PENDING
    assert not shop.told("refund.failed")
    shop.paper.fault = ""
    shop.now += 70
    shop.poll()
    assert shop.state(order_id) == port.PART_REFUNDED
    assert refunded_minor(shop, order_id) == 300


def test_a_part_that_the_provider_cannot_express_fails_and_frees_the_sum(shop: Shop) -> None:
    shop.paper.decimals = 0
    order_id = shop.paid_order(Money(1_050_000, "IDR"))
    with pytest.raises(InexactAmount):
        shop.refund(order_id, 50)
    assert [event.name for event in shop.told()] == ["payment.captured", "refund.failed"]
    assert shop.refund(order_id, 100)["order_status"] == "part_refunded"
    assert shop.refund(order_id)["order_status"] == "refunded"
    assert refunded_minor(shop, order_id) == 1_050_000


def test_a_refund_is_not_sent_again_once_the_provider_may_have_forgotten_it(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.paper.refunds_settle_at_once = False
    shop.refund(order_id, 300, key="once")
    shop.paper.calls.clear()
    shop.now += refunding.RESEND_SECONDS
    assert shop.refund(order_id, 300, key="once")["status"] == "pending"
    shop.poll()
    assert shop.paper.calls == []
    shop.now += 7 * 86_400
    shop.poll()
    assert [flag.reason for flag in shop.read(order_id).flags] == ["unresolved"]


def test_refunds_are_limited(shop: Shop) -> None:
    order_id = shop.paid_order()
    for _ in range(refunding.REFUND_LIMIT):
        shop.refund(order_id, 1)
    with pytest.raises(TooManyRefunds):
        shop.refund(order_id, 1)
