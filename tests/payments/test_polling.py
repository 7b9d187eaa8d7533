"""Asking what became of payments: the ladder, the end of an attempt, and giving up loudly."""

from __future__ import annotations

import pytest

from tests.support.paper_shop import NOW, Shop
from twinshore.payments import poll_items, port
from twinshore.payments.methods import Place
from twinshore.payments.polling import CLOSE_GRACE_SECONDS, Polled
from twinshore.payments.starting import ATTEMPT_LIFE_SECONDS
from twinshore.store.port import Key


def waits(shop: Shop, reference: str) -> int | None:
    """Seconds until the next question, or None if nothing is to be asked any more."""
    item = shop.store.get(Key(f"poll#{reference}", "poll"))
    return None if item is None or item.due is None else item.due.at - shop.now


def started(shop: Shop) -> tuple[str, str]:
    order_id = shop.order()
    return order_id, shop.start(order_id)["reference"]


def test_a_lost_webhook_is_made_good_by_the_first_question(shop: Shop) -> None:
    order_id, reference = started(shop)
    shop.paper.pay(reference, NOW + 5)
    assert shop.poll() == Polled()  # not yet due
    shop.now += 30
    assert shop.poll() == Polled(settled=1)
    assert shop.state(order_id) == port.CAPTURED
    assert shop.read(order_id).attempts[0].captured_at == NOW + 5
    assert waits(shop, reference) is None


def test_a_settled_payment_is_not_asked_about(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.paper.calls.clear()
    shop.now += 30
    assert shop.poll() == Polled(settled=1)
    assert shop.paper.calls == []
    assert waits(shop, f"{order_id}-1") is None


@pytest.mark.parametrize("fault", ["lost", "unreachable"])
def test_museum_4_while_the_provider_is_down_the_questions_climb_the_ladder(shop: Shop, fault: str) -> None:
    """juspay/hyperswitch #13180: 502 HTML, 500 JSON, time-out and reset say nothing; the payment stays pending."""
    order_id, reference = started(shop)
    shop.paper.fault = fault
    for wait_seconds in (60, 300, 900, 3_600, 21_600, 21_600):
        shop.now += waits(shop, reference) or 0
        assert shop.poll() == Polled(waiting=1)
        assert waits(shop, reference) == wait_seconds
        assert shop.state(order_id) in (port.PENDING, port.CLOSED)
        assert shop.read(order_id).attempts[0].state == port.PENDING


def test_an_attempt_past_its_time_is_closed_at_the_provider_and_here(shop: Shop) -> None:
    order_id, reference = started(shop)
    shop.now += ATTEMPT_LIFE_SECONDS
    assert shop.poll() == Polled(waiting=1)
    shop.now += CLOSE_GRACE_SECONDS + 21_600
    assert shop.poll() == Polled(settled=1)
    assert shop.paper.payments[reference].word == "VOID"
    assert shop.read(order_id).attempts[0].state == port.CLOSED
    assert waits(shop, reference) is None


def test_what_was_paid_at_a_page_that_could_not_be_taken_back_is_found_without_a_notice(shop: Shop) -> None:
    order_id = shop.order()
    reference = shop.start(order_id)["reference"]
    shop.paper.keeps_pages = True
    other = shop.start(order_id, "card", place=Place("DE", "h5"))["reference"]
    shop.other.pay(other, shop.now)
    shop.webhook(shop.other.webhook(other), "other")
    shop.paper.pay(reference, shop.now)
    for _ in range(6):
        shop.now += 600
        shop.poll()
    assert shop.paper.calls.count("query") == 2, "when it was closed, and when its time was over"
    order = shop.read(order_id)
    assert [one.state for one in order.attempts] == [port.CAPTURED, port.CAPTURED]
    assert [(flag.reason, flag.attempt) for flag in order.flags] == [("paid_twice", 1)]
    shop.now += 86_400
    assert shop.poll() == Polled()


def test_an_approval_of_what_was_closed_calls_nobody(shop: Shop) -> None:
    shop.paper.we_capture = shop.paper.keeps_pages = True
    order_id = shop.order()
    reference = shop.start(order_id)["reference"]
    shop.start(order_id, "card", place=Place("DE", "h5"))
    shop.paper.pay(reference, shop.now)
    shop.now += 3_600
    shop.poll()
    assert shop.read(order_id).flags == ()


def test_a_payment_in_the_last_second_wins_over_the_close(shop: Shop) -> None:
    order_id, _reference = started(shop)
    shop.now += ATTEMPT_LIFE_SECONDS + CLOSE_GRACE_SECONDS

    query = shop.paper.query

    def pays_just_after(reference: str, provider_id: str, now: int) -> port.Notice:
        shop.paper.query = query  # type: ignore[method-assign]
        before = query(reference, provider_id, now)
        shop.paper.pay(reference, now)
        return before

    shop.paper.query = pays_just_after  # type: ignore[method-assign]
    assert shop.poll() == Polled(settled=1)
    assert shop.state(order_id) == port.CAPTURED
    assert not shop.read(order_id).flags


def test_a_declined_payment_is_asked_about_until_its_time_is_over(shop: Shop) -> None:
    order_id, reference = started(shop)
    shop.paper.decline(reference)
    shop.now += 30
    assert shop.poll() == Polled(waiting=1)
    assert shop.state(order_id) == port.FAILED
    shop.paper.pay(reference, shop.now)
    shop.now += 60
    assert shop.poll() == Polled(settled=1)
    assert shop.state(order_id) == port.CAPTURED


def test_giving_up_is_loud(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    order_id, reference = started(shop)
    shop.paper.fault = "unreachable"
    shop.now += poll_items.GIVE_UP_SECONDS
    assert shop.poll() == Polled(given_up=1)
    assert [event.data["reason"] for event in shop.told("payment.flagged")] == ["unresolved"]
    assert waits(shop, reference) is None
    assert "payment poll given up" in capsys.readouterr().out
    assert shop.read(order_id).attempts[0].state == port.PENDING


def test_one_payment_that_cannot_be_asked_about_does_not_hold_up_the_others(shop: Shop) -> None:
    started(shop)
    other_id = shop.order()
    other = shop.start(other_id, "card")["reference"]
    shop.other.pay(other, NOW)
    shop.paper.fault = "unreachable"
    shop.now += 30
    assert shop.poll() == Polled(settled=1, waiting=1)
    assert shop.state(other_id) == port.CAPTURED


def test_a_run_asks_no_more_than_its_limit(shop: Shop) -> None:
    from twinshore.payments.polling import poll_due

    for _ in range(4):
        started(shop)
    shop.now += 30
    assert poll_due(shop.store, shop.providers.__getitem__, shop.now, limit=3) == Polled(waiting=3)


def test_two_runs_at_once_do_not_harm_each_other(shop: Shop) -> None:
    from concurrent.futures import ThreadPoolExecutor

    paid = [started(shop) for _ in range(6)]
    for _, reference in paid:
        shop.paper.pay(reference, NOW)
    shop.now += 30
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: shop.poll(), range(4)))
    assert [shop.state(order_id) for order_id, _ in paid] == [port.CAPTURED] * 6
    assert len(shop.told("payment.captured")) == 6


def test_a_client_that_has_paid_sees_it_at_once(shop: Shop) -> None:
    order_id, reference = started(shop)
    assert shop.refresh(order_id).state(NOW) == port.PENDING
    shop.paper.pay(reference, NOW)
    assert shop.refresh(order_id).state(NOW) == port.CAPTURED


def test_a_client_is_answered_pending_while_the_provider_is_down(shop: Shop) -> None:
    order_id, _ = started(shop)
    shop.paper.fault = "unreachable"
    assert shop.refresh(order_id).state(NOW) == port.PENDING
