"""Disputes: the bank's words in any order, beside refunds in any order; points go back once, when it is lost."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.paper_shop import Shop
from tests.support.payment_news import NOW, ORDER_ID, PRICE, after, fresh_order, names, news
from twinshore.events import Event
from twinshore.money import Money
from twinshore.payments import port
from twinshore.payments.port import Notice
from twinshore.payments.refunding import OrderDisputed

CAPTURED = news(port.CAPTURED)
DISPUTED, WON, LOST = (news(state, None) for state in (port.DISPUTED, port.DISPUTE_WON, port.DISPUTE_LOST))
PART, WHOLE = news(port.PART_REFUNDED, Money(300, "EUR")), news(port.REFUNDED, PRICE)


def test_a_dispute_is_shown_flagged_and_told_once_and_touches_no_points() -> None:
    order, told = after(fresh_order(), CAPTURED, DISPUTED, DISPUTED)
    assert order.state(NOW) == port.DISPUTED
    assert names(told) == ["payment.captured", "payment.disputed", "payment.flagged"]
    assert told[1].data == {
        "order_id": ORDER_ID, "member_id": "m_anna", "provider": "paper", "reference": f"{ORDER_ID}-1",
        "amount_minor": 1299, "currency": "EUR",
    }  # fmt: skip
    assert [flag.reason for flag in order.flags] == ["disputed"]


def test_a_dispute_that_is_won_calls_nobody_any_more() -> None:
    order, told = after(fresh_order(), CAPTURED, DISPUTED, WON, DISPUTED, WON)
    assert order.state(NOW) == port.DISPUTE_WON
    assert order.open_flags == ()
    assert names(told) == ["payment.captured", "payment.disputed", "payment.flagged", "dispute.won", "flag.resolved"]


def test_a_dispute_that_is_lost_takes_back_the_whole_payment_once() -> None:
    order, told = after(fresh_order(), CAPTURED, DISPUTED, LOST, LOST, DISPUTED)
    assert order.state(NOW) == port.DISPUTE_LOST
    (lost,) = [event for event in told if event.name == "dispute.lost"]
    assert (lost.data["amount_minor"], lost.data["currency"]) == (1299, "EUR")


def test_a_lost_dispute_over_a_part_takes_that_part() -> None:
    order, told = after(fresh_order(), CAPTURED, news(port.DISPUTE_LOST, Money(500, "EUR")))
    assert order.attempts[0].lost_minor == 500
    assert [event.data["amount_minor"] for event in told if event.name == "dispute.lost"] == [500]


@pytest.mark.parametrize("named", [Money(2000, "EUR"), Money(500, "USD"), Money(0, "EUR")])
def test_a_loss_that_does_not_fit_the_payment_is_taken_for_the_whole(named: Money) -> None:
    order, _ = after(fresh_order(), CAPTURED, news(port.DISPUTE_LOST, named))
    assert order.attempts[0].lost_minor == 1299


def test_a_second_round_may_lose_what_was_won_and_what_was_lost_stays_lost() -> None:
    order, _told = after(fresh_order(), CAPTURED, DISPUTED, WON, LOST)
    assert order.state(NOW) == port.DISPUTE_LOST
    order, more = after(order, WON, WON)
    assert order.state(NOW) == port.DISPUTE_LOST
    assert names(more) == ["payment.flagged"]
    assert more[0].data["reason"] == "won_after_lost"


def test_what_was_refunded_before_is_not_taken_back_twice() -> None:
    _order, told = after(fresh_order(), CAPTURED, PART, DISPUTED, LOST)
    amounts = [(event.name, event.data["amount_minor"]) for event in told if event.name in TAKEN_BACK]
    assert amounts == [("payment.refunded", 300), ("dispute.lost", 999)]


def test_a_refund_that_shows_up_after_the_loss_is_a_persons_business() -> None:
    order, told = after(fresh_order(), CAPTURED, LOST, PART, PART)
    assert sum(event.data["amount_minor"] for event in told if event.name in TAKEN_BACK) == 1299
    assert "refunded_and_lost" in [flag.reason for flag in order.flags]


def test_a_refund_shows_again_when_the_dispute_is_won() -> None:
    order, told = after(fresh_order(), CAPTURED, PART, DISPUTED)
    assert order.state(NOW) == port.DISPUTED
    order, _ = after(order, WON)
    assert order.state(NOW) == port.PART_REFUNDED
    order, told = after(order, WHOLE)
    assert order.state(NOW) == port.REFUNDED
    assert [event.data["amount_minor"] for event in told] == [999]


def test_a_dispute_of_a_payment_whose_capture_is_not_known_waits_for_it() -> None:
    order, told = after(fresh_order(), LOST)
    assert order.state(NOW) == port.PENDING
    assert names(told) == ["payment.flagged"]
    order, told = after(order, CAPTURED)
    assert order.state(NOW) == port.DISPUTE_LOST
    assert names(told) == ["payment.captured", "dispute.lost"]


TAKEN_BACK = ("payment.refunded", "dispute.lost")
SAYINGS = [CAPTURED, PART, WHOLE, DISPUTED, WON, LOST, news(port.PENDING, None), news(port.FAILED, None)]


def taken_back_minor(told: list[Event]) -> int:
    return sum(event.data["amount_minor"] for event in told if event.name in TAKEN_BACK)


def test_every_order_of_arrival_ends_in_the_same_state_and_takes_back_the_same_sum() -> None:
    for said in ([CAPTURED, PART, DISPUTED, LOST], [CAPTURED, PART, DISPUTED, WON], [CAPTURED, WHOLE, DISPUTED, LOST]):
        ends = set()
        for arrived in permutations(said):
            order, told = after(fresh_order(), *arrived, *arrived)
            assert names(told).count("payment.captured") == 1
            ends.add((order.state(NOW), taken_back_minor(told), order.attempts[0].dispute))
        assert len(ends) == 1, ends


@given(st.lists(st.sampled_from(SAYINGS), max_size=12))
def test_never_more_is_taken_back_than_was_given_and_the_dispute_depends_on_what_was_said(said: list[Notice]) -> None:
    order, told = after(fresh_order(), *said)
    again, _ = after(fresh_order(), *sorted(said, reverse=True), *said)
    assert 0 <= taken_back_minor(told) <= 1299
    assert order.attempts[0].dispute == again.attempts[0].dispute
    if CAPTURED in said:
        assert order.state(NOW) == again.state(NOW)
    order, more = after(order, *said)  # all of it once more
    assert taken_back_minor(more) == 0


def test_a_lost_dispute_of_money_that_was_never_credited_takes_no_points() -> None:
    held = after(fresh_order(), news(port.CLOSED, None), CAPTURED)[0]
    order, told = after(held, LOST)
    assert order.state(NOW) == port.DISPUTE_LOST
    assert names(told) == ["payment.flagged"]
    assert told[0].data["reason"] == "dispute_lost"


def test_while_the_bank_decides_nothing_is_refunded(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.webhook(shop.paper.webhook(f"{order_id}-1", word="CONTESTED", amount=None))
    with pytest.raises(OrderDisputed):
        shop.refund(order_id, 300)
    assert "refund" not in shop.paper.calls
    shop.webhook(shop.paper.webhook(f"{order_id}-1", word="UPHELD", amount=None))
    assert shop.refund(order_id, 300)["order_status"] == "part_refunded"


def test_a_refund_on_its_way_is_not_sent_again_while_the_bank_decides(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.paper.refunds_settle_at_once = False
    shop.refund(order_id, 300)
    shop.webhook(shop.paper.webhook(f"{order_id}-1", word="CONTESTED", amount=None))
    shop.paper.calls.clear()
    shop.now += 30
    shop.poll()
    assert shop.paper.calls == []
    assert [one.state for one in shop.read(order_id).refunds] == [port.PENDING]


def test_a_dispute_webhook_is_not_fetched_and_costs_one_write(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.paper.calls.clear()
    version = shop.read(order_id).version
    for _ in range(2):
        shop.webhook(shop.paper.webhook(f"{order_id}-1", word="CONTESTED", amount=None))
    assert shop.paper.calls == []
    assert shop.read(order_id).version == version + 1
