"""A payment that went back before we ever heard that it was made: what says that it is refunded says what was captured
as well, and the order walks both steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import pytest

from tests.support.paper_shop import NOW, PRICE, Shop
from tests.support.payment_news import ORDER_ID, after, fresh_order, names, news
from twinshore.money import Money
from twinshore.payments import port
from twinshore.payments.order import OrderRefund
from twinshore.payments.port import Notice
from twinshore.payments.postings import PROVIDER, postings_of


def back(total_minor: int | None, captured: Money | None = PRICE, **more: Any) -> Notice:
    """A fetched object: captured at NOW + 5, and some of it gone back at NOW + 50."""
    state = port.REFUNDED if total_minor == PRICE.amount_minor else port.PART_REFUNDED
    amount = None if total_minor is None else Money(total_minor, PRICE.currency)
    made = news(state, amount, captured=captured, captured_at=NOW + 5)
    return made._replace(occurred_at=NOW + 50, **more)


@pytest.mark.parametrize("state", [port.CREATED, port.PENDING, port.AUTHORISED, port.FAILED])
@pytest.mark.parametrize(("total_minor", "becomes"), [(1299, port.REFUNDED), (300, port.PART_REFUNDED)])
def test_both_steps_are_walked_in_order(state: str, total_minor: int, becomes: str) -> None:
    order, told = after(fresh_order(state), back(total_minor), back(total_minor), now=NOW + 90)
    assert order.state(NOW) == becomes
    assert names(told) == ["payment.captured", "payment.refunded"]
    assert told[0].data["captured_at"] == NOW + 5
    assert (told[1].data["amount_minor"], told[1].data["refunded_at"]) == (total_minor, NOW + 50)
    assert not order.flags


def test_the_news_of_the_capture_that_comes_after_all_changes_nothing() -> None:
    order, told = after(fresh_order(), back(300), news(port.CAPTURED), news(port.PENDING, None), now=NOW + 90)
    assert order.state(NOW) == port.PART_REFUNDED
    assert names(told) == ["payment.captured", "payment.refunded"]


def test_another_amount_than_the_orders_is_flagged_and_nothing_is_credited() -> None:
    order, told = after(fresh_order(), back(300, captured=Money(1300, "EUR")))
    assert order.state(NOW) == port.PENDING and not order.credited
    assert [event.data["reason"] for event in told] == ["amount_differs"]


def test_after_the_close_it_is_held_for_a_person_and_no_refund_is_told_of_money_that_was_never_credited() -> None:
    order, told = after(fresh_order(port.CLOSED), back(1299))
    assert order.state(NOW) == port.REFUNDED
    assert [event.data.get("reason") for event in told] == ["captured_after_close"]


def test_a_dispute_brings_its_capture_along() -> None:
    disputed = news(port.DISPUTED, None, captured=PRICE, captured_at=NOW + 5)
    order, told = after(fresh_order(), disputed)
    assert order.state(NOW) == port.DISPUTED
    assert names(told) == ["payment.captured", "payment.disputed", "payment.flagged"]


def test_a_party_that_does_not_say_how_much_went_back_calls_a_person_once() -> None:
    order, told = after(fresh_order(), back(None), back(None))
    assert order.state(NOW) == port.CAPTURED
    assert [event.data.get("reason") for event in told] == [None, "refund_unknown"]
    order, told = after(order, back(400))
    assert (order.state(NOW), names(told)) == (port.PART_REFUNDED, ["payment.refunded"])


def test_a_refund_of_our_own_explains_it() -> None:
    order, _ = after(fresh_order(), news(port.CAPTURED))
    order, told = after(order._replace(refunds=(OrderRefund(1, 1, 300, NOW, "request"),)), back(None))
    assert not told


@pytest.mark.parametrize("of", ["news of the refund", "the total"])
def test_a_refund_of_ours_is_told_with_its_reference_and_the_providers_time(of: str) -> None:
    order, _ = after(fresh_order(), news(port.CAPTURED))
    order = order._replace(refunds=(OrderRefund(1, 1, 300, NOW, "request"),))
    said = {"refund_reference": f"{ORDER_ID}-r1", "refund_state": port.REFUNDED} if of != "the total" else {}
    amount = Money(300, "EUR") if of == "the total" else None
    _, told = after(order, news(port.PART_REFUNDED, amount, **said)._replace(occurred_at=NOW + 70), now=NOW + 90)
    assert (told[0].data["refund_reference"], told[0].data["refunded_at"]) == (f"{ORDER_ID}-r1", NOW + 70)


def test_a_step_that_may_be_either_of_two_refunds_or_none_of_ours_names_none() -> None:
    order, _ = after(fresh_order(), news(port.CAPTURED))
    two = (OrderRefund(1, 1, 300, NOW, "one"), OrderRefund(2, 1, 300, NOW, "two"))
    for refunds in (two, ()):
        _, told = after(order._replace(refunds=refunds), news(port.PART_REFUNDED, Money(300, "EUR")))
        assert told[0].data["refund_reference"] == ""


def test_the_time_of_a_refund_that_was_heard_of_first_is_kept_for_its_telling() -> None:
    early = news(port.PART_REFUNDED, Money(300, "EUR"))._replace(occurred_at=NOW + 40)
    _, told = after(fresh_order(), early, news(port.CAPTURED), now=NOW + 90)
    assert told[1].data["refunded_at"] == NOW + 40


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "store.db")
    yield made
    made.store.close()


@pytest.mark.parametrize("parts", [(1299,), (300,), (300, 400, 599)])
def test_the_poll_finds_it_and_everything_that_hangs_on_it_is_right(shop: Shop, parts: tuple[int, ...]) -> None:
    order_id = shop.order()
    reference = shop.start(order_id)["reference"]
    shop.paper.pay(reference, shop.now)
    shop.now += 40
    for number, minor in enumerate(parts):
        shop.paper.refund(reference, "", f"console-{number}", Money(minor, "EUR"), PRICE, shop.now)
    shop.poll()
    order = shop.read(order_id)
    assert order.state(shop.now) == (port.REFUNDED if sum(parts) == 1299 else port.PART_REFUNDED)
    assert [event.name for event in shop.told()] == ["payment.captured", "payment.refunded"]
    assert shop.told("payment.captured")[0].data["captured_at"] == shop.now - 40
    assert not order.flags
    shop.post_all()
    kept = sum(line.amount.amount_minor for posting in postings_of(shop.store, order_id) for line in posting
               if line.account == PROVIDER)  # fmt: skip
    assert kept == 1299 - sum(parts)
    shop.now += 3_600
    assert shop.poll().waiting == 0
