"""News and what it makes of an order, without a store: every order of arrival ends in the same place."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.payment_news import NOW, ORDER_ID, PRICE, after, fresh_order, names, news
from twinshore.events import Event
from twinshore.money import Money
from twinshore.payments import port
from twinshore.payments.order import Order, OrderRefund
from twinshore.payments.port import Notice


def test_a_capture_is_told_once_with_what_others_need_to_know() -> None:
    order, told = after(fresh_order(), news(port.CAPTURED), news(port.CAPTURED))
    assert order.state(NOW) == port.CAPTURED
    assert told == [
        Event(f"{ORDER_ID}.captured", "payment.captured", NOW, {
            "order_id": ORDER_ID, "member_id": "m_anna", "amount_minor": 1299, "currency": "EUR",
            "provider": "paper", "reference": f"{ORDER_ID}-1", "captured_at": NOW + 5,
        })
    ]  # fmt: skip


PART, WHOLE = news(port.PART_REFUNDED, Money(300, "EUR")), news(port.REFUNDED, PRICE)


def test_museum_3_refund_before_paid_and_a_stale_word_last_end_in_the_newest_state() -> None:
    """juspay/hyperswitch #9278, #11687: a webhook that arrives late must not set the payment back.

    https://github.com/juspay/hyperswitch/issues/9278
    https://github.com/juspay/hyperswitch/issues/11687
    """
    for arrived in permutations([news(port.CAPTURED), PART, WHOLE, news(port.PENDING, None), news(port.FAILED, None)]):
        order, told = after(fresh_order(), *arrived, *reversed(arrived))
        assert order.state(NOW) == port.REFUNDED
        assert names(told).count("payment.captured") == 1
        assert sum(event.data["amount_minor"] for event in told if event.name == "payment.refunded") == 1299
        assert names(told)[0] == "payment.captured"
        assert not order.flags


SAYINGS = [news(port.CAPTURED), PART, WHOLE, news(port.PENDING, None), news(port.FAILED, None),
           news(port.CREATED, None), news(port.PART_REFUNDED, Money(900, "EUR"))]  # fmt: skip


@given(st.lists(st.sampled_from(SAYINGS), max_size=12))
def test_what_is_known_depends_on_what_was_said_not_on_its_order_or_number(said: list[Notice]) -> None:
    order, told = after(fresh_order(), *said)
    again, more = after(fresh_order(), *sorted(said, reverse=True), *said)
    assert order.state(NOW) == again.state(NOW) or {order.state(NOW), again.state(NOW)} <= {"pending", "failed"}
    assert order.attempts[0].refunded_minor == again.attempts[0].refunded_minor
    assert sorted(event.id for event in told if event.name == "payment.captured") == sorted(
        event.id for event in more if event.name == "payment.captured"
    )


def test_a_refund_is_not_told_before_the_capture_is_known() -> None:
    order, told = after(fresh_order(), WHOLE)
    assert order.state(NOW) == port.PENDING
    assert told == []
    order, told = after(order, news(port.CAPTURED))
    assert order.state(NOW) == port.REFUNDED
    assert names(told) == ["payment.captured", "payment.refunded"]


@pytest.mark.parametrize("amount", [Money(1298, "EUR"), Money(1300, "EUR"), Money(1299, "USD"), Money(129900, "EUR")])
def test_another_amount_or_currency_is_flagged_and_never_credited(amount: Money) -> None:
    order, told = after(fresh_order(), news(port.CAPTURED, amount), news(port.CAPTURED, amount))
    assert order.state(NOW) == port.PENDING
    assert names(told) == ["payment.flagged"]
    assert told[0].data["reason"] == "amount_differs"
    assert (told[0].data["amount_minor"], told[0].data["currency"]) == amount


def test_a_capture_without_an_amount_is_flagged_unless_it_is_known_already() -> None:
    _, told = after(fresh_order(), news(port.CAPTURED, None))
    assert [event.data["reason"] for event in told] == ["amount_unknown"]
    _, told = after(fresh_order(), news(port.CAPTURED), news(port.CAPTURED, None))
    assert names(told) == ["payment.captured"]


def test_money_on_a_closed_order_is_held_and_flagged_not_lost_and_not_credited() -> None:
    order, told = after(fresh_order(), news(port.CLOSED, None), news(port.CAPTURED), news(port.CAPTURED))
    assert order.state(NOW) == port.CAPTURED
    assert order.attempts[0].captured_at == NOW + 5
    assert names(told) == ["payment.flagged"]
    assert told[0].data["reason"] == "captured_after_close"


def test_an_order_paid_twice_is_credited_once_and_flagged() -> None:
    order, told = after(fresh_order(attempts=2), news(port.CAPTURED), news(port.CAPTURED, number=2))
    assert names(told) == ["payment.captured", "payment.flagged"]
    assert told[1].data["reason"] == "paid_twice"
    assert order.paid_by == 1
    assert [one.state for one in order.attempts] == [port.CAPTURED, port.CAPTURED]


def test_a_declined_card_may_be_followed_by_a_good_one() -> None:
    order, told = after(fresh_order(), news(port.FAILED, None), news(port.CAPTURED))
    assert order.state(NOW) == port.CAPTURED
    assert names(told) == ["payment.captured"]


def test_an_order_with_one_open_attempt_is_pending_whatever_became_of_the_others() -> None:
    order, _ = after(fresh_order(attempts=2), news(port.FAILED, None, number=2))
    assert order.state(NOW) == port.PENDING


def with_refund(amount_minor: int = 300) -> Order:
    order, _ = after(fresh_order(), news(port.CAPTURED))
    return order._replace(refunds=(OrderRefund(1, 1, amount_minor, NOW, "request"),))


def refund_news(state: str, of: str = f"{ORDER_ID}-r1", payment: str = port.CAPTURED) -> Notice:
    return news(payment, None, refund_reference=of, refund_state=state)


def test_our_refund_settles_once() -> None:
    order, told = after(
        with_refund(), refund_news(port.PENDING), refund_news(port.REFUNDED), refund_news(port.REFUNDED)
    )
    assert order.state(NOW) == port.PART_REFUNDED
    assert [(event.name, event.data["amount_minor"]) for event in told] == [("payment.refunded", 300)]


def test_the_same_refund_told_by_its_reference_and_by_the_total_counts_once() -> None:
    order, told = after(with_refund(), refund_news(port.REFUNDED), PART, refund_news(port.REFUNDED))
    assert order.attempts[0].refunded_minor == 300
    assert sum(event.data["amount_minor"] for event in told) == 300


def test_a_failed_refund_is_told_and_leaves_the_payment_captured() -> None:
    order, told = after(with_refund(), refund_news(port.FAILED), refund_news(port.FAILED))
    assert order.state(NOW) == port.CAPTURED
    assert order.promised_refunds_minor() == 0
    assert names(told) == ["refund.failed"]


@pytest.mark.parametrize(
    ("notices", "reason"),
    [
        ((refund_news(port.REFUNDED), refund_news(port.FAILED)), "refund_undone"),
        ((refund_news(port.REFUNDED, of=f"{ORDER_ID}-r9"),), "refund_not_ours"),
        ((news(port.PART_REFUNDED, Money(300, "USD")),), "refund_differs"),
        ((news(port.REFUNDED, Money(1300, "EUR")),), "refund_differs"),
    ],
)
def test_refund_news_that_does_not_fit_calls_a_person(notices: tuple[Notice, ...], reason: str) -> None:
    order, told = after(with_refund(), *notices)
    assert [flag.reason for flag in order.flags] == [reason]
    assert [event.data["reason"] for event in told if event.name == "payment.flagged"] == [reason]


def test_a_provider_id_is_kept_from_the_first_news_that_names_it() -> None:
    order, _ = after(fresh_order(), news(port.PENDING, None)._replace(provider_id="p_1"))
    assert order.attempts[0].provider_id == "p_1"
