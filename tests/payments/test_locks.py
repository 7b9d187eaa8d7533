"""The rate lock is kept by the time of the payment: as the provider signed it, not as we heard of it."""

from __future__ import annotations

import pytest

from tests.support.paper_shop import NOW, Shop
from tests.support.rates import fresh
from twinshore.errors import Unavailable
from twinshore.fx import quote as fx
from twinshore.fx.port import RateTable
from twinshore.money import Money
from twinshore.payments import holding, port, starting
from twinshore.payments.completion import apply
from twinshore.payments.holding import OrderNotHeld
from twinshore.payments.locks import CLOCK_SKEW_SECONDS
from twinshore.payments.order import OrderNotFound
from twinshore.payments.port import Notice

DAY = 86_400
HOUR = 3_600
PRICE, CHARGED = Money(10_000, "CNY"), Money(1299, "EUR")
ENDS = NOW + HOUR


def begun(shop: Shop, charged: Money = CHARGED) -> tuple[str, str]:
    """A locked order with an attempt that is open at the provider."""
    order_id = shop.locked_order(PRICE, charged)
    return order_id, shop.start(order_id)["reference"]


def reasons(shop: Shop) -> list[str]:
    return [event.data["reason"] for event in shop.told("payment.flagged")]


@pytest.mark.parametrize("heard_after_seconds", [1, HOUR, DAY, 8 * DAY])
def test_museum_9_a_late_webhook_of_a_payment_in_time_is_honoured(shop: Shop, heard_after_seconds: int) -> None:
    """No peer test was found for a webhook that arrives after the rate lock has ended: our lead."""
    order_id, reference = begun(shop)
    shop.paper.pay(reference, ENDS - 1)
    shop.now = ENDS + heard_after_seconds
    shop.webhook(shop.paper.webhook(reference))
    assert shop.state(order_id) == port.CAPTURED
    assert shop.read(order_id).attempts[0].captured_at == ENDS - 1
    assert [event.name for event in shop.told()] == ["payment.captured"]
    assert not shop.read(order_id).flags


def test_museum_9_a_payment_in_time_that_only_the_poll_hears_of_is_honoured(shop: Shop) -> None:
    """As above: the fetched object's time counts like the signed one."""
    order_id, reference = begun(shop)
    shop.paper.pay(reference, ENDS - 1)
    shop.now = ENDS + DAY
    shop.poll()
    assert [event.name for event in shop.told()] == ["payment.captured"]
    assert shop.state(order_id) == port.CAPTURED


def test_museum_9_a_payment_after_the_end_is_held_and_requoted(shop: Shop) -> None:
    """The second case of the row: paid after the lock's end, at whatever time we hear of it."""
    order_id, reference = begun(shop)
    shop.paper.pay(reference, ENDS + 2 * CLOCK_SKEW_SECONDS)
    shop.now = ENDS + DAY
    for _ in range(2):
        shop.webhook(shop.paper.webhook(reference))
    assert shop.state(order_id) == port.CAPTURED
    assert [event.name for event in shop.told()] == ["payment.flagged"]
    assert reasons(shop) == ["lock_expired"]
    shop.requote()
    shown = shop.shown(order_id)
    assert shown["amount"] == CHARGED._asdict()
    assert shown["requote"]["amount"]["currency"] == "EUR"
    difference = shown["requote"]["amount"]["amount_minor"] - CHARGED.amount_minor
    assert shown["requote"]["difference"] == {"amount_minor": difference, "currency": "EUR"}


SKEWS = [
    (ENDS - 1, "honoured"),
    (ENDS, "honoured"),
    (ENDS + CLOCK_SKEW_SECONDS - 1, "honoured"),  # the provider's clock may be a little ahead of ours
    (ENDS + CLOCK_SKEW_SECONDS, "requoted"),
    (ENDS + DAY, "requoted"),
]


@pytest.mark.parametrize(("paid_at", "becomes"), SKEWS)
def test_museum_9_clocks_may_differ_by_the_bound_and_no_more(shop: Shop, paid_at: int, becomes: str) -> None:
    """The third case of the row: the provider's clock is not ours."""
    _, reference = begun(shop)
    shop.paper.pay(reference, paid_at)
    shop.now = ENDS + 2 * DAY
    shop.webhook(shop.paper.webhook(reference))
    assert [event.name for event in shop.told()] == ["payment.captured" if becomes == "honoured" else "payment.flagged"]


@pytest.mark.parametrize("said", [NOW - CLOCK_SKEW_SECONDS - 1, NOW - 10 * DAY, ENDS + 30 * DAY, 1])
@pytest.mark.parametrize(("heard_at", "becomes"), [(ENDS - 1, "payment.captured"), (ENDS + DAY, "payment.flagged")])
def test_museum_9_a_time_before_the_order_or_in_the_future_is_not_believed(
    shop: Shop, said: int, heard_at: int, becomes: str
) -> None:
    """A clock that is out by more than the bound proves nothing, in either direction: the time of hearing counts."""
    order_id, reference = begun(shop)
    shop.now = heard_at
    apply(shop.store, "paper", Notice("n", reference, "", port.CAPTURED, CHARGED, said), shop.now)
    assert [event.name for event in shop.told()] == [becomes]
    assert shop.read(order_id).attempts[0].captured_at == heard_at


def test_a_notice_that_does_not_say_when_is_fetched_if_the_lock_is_over(shop: Shop) -> None:
    _, reference = begun(shop)
    shop.paper.pay(reference, ENDS - 1)
    shop.paper.calls.clear()
    shop.now = ENDS + DAY
    shop.webhook(shop.paper.webhook(reference, at=0))
    assert shop.paper.calls == ["query"]
    assert [event.name for event in shop.told()] == ["payment.captured"]


def test_a_notice_that_does_not_say_when_is_not_fetched_while_the_lock_holds_or_where_there_is_none(shop: Shop) -> None:
    _, reference = begun(shop)
    unlocked = shop.start(shop.order())["reference"]
    for each in (reference, unlocked):
        shop.paper.pay(each, NOW)
    shop.paper.calls.clear()
    shop.webhook(shop.paper.webhook(reference, at=0))
    shop.now += 30 * DAY
    shop.webhook(shop.paper.webhook(unlocked, at=0))
    assert shop.paper.calls == []
    assert [event.name for event in shop.told()] == ["payment.captured"] * 2


def test_a_late_notice_without_a_time_waits_while_the_provider_is_down(shop: Shop) -> None:
    order_id, reference = begun(shop)
    shop.paper.pay(reference, ENDS - 1)
    shop.now = ENDS + DAY
    sent = shop.paper.webhook(reference, at=0)
    shop.paper.fault = "unreachable"
    with pytest.raises(Unavailable):
        shop.webhook(sent)
    assert shop.state(order_id) != port.CAPTURED
    shop.paper.fault = "refuses"  # it will never say: then it is when we heard that counts, and a person looks
    shop.webhook(sent)
    assert reasons(shop) == ["lock_expired"]


def test_an_agreement_in_time_is_honoured_though_we_take_the_money_later(shop: Shop) -> None:
    shop.paper.we_capture = True
    order_id, reference = begun(shop)
    shop.paper.pay(reference, ENDS - 1)
    shop.now = ENDS + DAY
    shop.webhook(shop.paper.webhook(reference))
    shop.consume_authorised()
    assert shop.paper.payments[reference].paid_at == ENDS + DAY
    assert [event.name for event in shop.told()] == ["payment.authorised", "payment.captured"]
    assert not shop.read(order_id).flags


def test_an_agreement_after_the_end_is_let_go_of_and_nothing_is_taken(shop: Shop) -> None:
    shop.paper.we_capture = True
    order_id, reference = begun(shop)
    shop.paper.pay(reference, ENDS + 2 * CLOCK_SKEW_SECONDS)
    shop.now = ENDS + DAY
    shop.webhook(shop.paper.webhook(reference))
    shop.consume_authorised()
    assert shop.paper.charged() == {}
    assert shop.state(order_id) == port.CLOSED
    with pytest.raises(starting.OrderClosed):  # a new lock, a new order
        shop.start(order_id)


@pytest.mark.parametrize("how", ["return", "client", "poll"])
def test_whoever_comes_after_the_end_takes_nothing_that_was_agreed_late(shop: Shop, how: str) -> None:
    shop.paper.we_capture = True
    order_id, reference = begun(shop)
    shop.paper.pay(reference, ENDS + 2 * CLOCK_SKEW_SECONDS)
    shop.now = ENDS + 3 * CLOCK_SKEW_SECONDS
    if how == "return":
        assert shop.come_back(order_id, reference)["status"] == "closed"
    elif how == "client":
        shop.refresh(order_id)
    else:
        shop.poll()
    assert shop.paper.charged() == {}
    assert shop.state(order_id) == port.CLOSED


def test_a_return_after_the_end_takes_what_was_agreed_in_time(shop: Shop) -> None:
    shop.paper.we_capture = True
    order_id, reference = begun(shop)
    shop.paper.pay(reference, ENDS - 1)
    shop.now = ENDS + DAY
    assert shop.come_back(order_id, reference)["status"] == "paid"
    assert not shop.read(order_id).flags


def test_no_attempt_outlives_the_lock(shop: Shop) -> None:
    order_id = shop.locked_order(PRICE, CHARGED, valid_seconds=600)
    assert shop.start(order_id)["expires_at"] == NOW + 600
    assert shop.read(order_id).expires_at == NOW + 600
    other = shop.locked_order(PRICE, CHARGED, valid_seconds=starting.SHORTEST_LIFE_SECONDS - 1)
    with pytest.raises(starting.OrderClosed):
        shop.start(other)


# What requoting makes of a late payment.

BASE_CNY_TO_EUR = fx.make_quote(fresh(NOW), PRICE, "EUR", fx.Holder("eu", "m_anna"), fx.Terms(100, Money(10**9, "EUR")),
                                NOW)  # fmt: skip
TODAY = BASE_CNY_TO_EUR.amount_to
WORTH = BASE_CNY_TO_EUR.amount_to - BASE_CNY_TO_EUR.margin


def held_order(shop: Shop, charged: Money) -> str:
    order_id, reference = begun(shop, charged)
    shop.paper.pay(reference, ENDS + 2 * CLOCK_SKEW_SECONDS)
    shop.now = ENDS + 3 * CLOCK_SKEW_SECONDS
    shop.webhook(shop.paper.webhook(reference))
    return order_id


@pytest.mark.parametrize("charged", [WORTH, TODAY, TODAY + TODAY])
def test_a_late_payment_that_is_worth_the_price_at_the_base_rate_is_accepted_as_it_is(
    shop: Shop, charged: Money
) -> None:
    order_id = held_order(shop, charged)
    for _ in range(2):
        shop.requote()
    assert [event.name for event in shop.told()] == ["payment.flagged", "payment.captured", "flag.resolved"]
    order = shop.read(order_id)
    assert (order.requoted_minor, order.open_flags, order.credited) == (TODAY.amount_minor, (), True)
    assert shop.shown(order_id)["needs_review"] is False


def test_a_late_payment_that_is_worth_less_waits_for_a_person(shop: Shop) -> None:
    order_id = held_order(shop, WORTH - Money(1, "EUR"))
    shop.requote()
    assert [event.name for event in shop.told()] == ["payment.flagged"]
    shown = shop.shown(order_id)
    assert (shown["status"], shown["needs_review"]) == ("paid", True)
    assert shown["requote"]["difference"]["amount_minor"] == BASE_CNY_TO_EUR.margin.amount_minor + 1
    for _ in range(2):
        assert holding.accept(shop.store, order_id, "crm", shop.now)["needs_review"] is False
    assert [event.name for event in shop.told()] == ["payment.flagged", "payment.captured", "flag.resolved"]


def test_a_late_payment_may_be_refunded_instead_and_then_accepted_no_more(shop: Shop) -> None:
    order_id = held_order(shop, WORTH - Money(1, "EUR"))
    assert shop.refund(order_id)["order_status"] == "refunded"
    with pytest.raises(OrderNotHeld):
        holding.accept(shop.store, order_id, "crm", shop.now)
    shop.requote()
    assert [event.name for event in shop.told()] == ["payment.flagged"]


def test_a_requote_on_stale_rates_is_asked_for_again(shop: Shop) -> None:
    order_id = held_order(shop, TODAY)

    def stale() -> RateTable:
        return fresh(NOW)._replace(date="2026-01-02")

    with pytest.raises(fx.RatesStale):
        shop.requote(stale)
    assert shop.read(order_id).requoted_minor == 0


def test_money_after_the_close_may_be_accepted_too(shop: Shop) -> None:
    order_id, reference = begun(shop)
    apply(shop.store, "paper", Notice("c", reference, "", port.CLOSED, None, NOW), NOW)
    apply(shop.store, "paper", Notice("n", reference, "", port.CAPTURED, CHARGED, NOW), NOW)
    assert reasons(shop) == ["captured_after_close"]
    assert holding.accept(shop.store, order_id, "crm", NOW)["status"] == "paid"
    assert [event.name for event in shop.told()] == ["payment.flagged", "payment.captured", "flag.resolved"]


def test_what_is_not_held_cannot_be_accepted(shop: Shop) -> None:
    with pytest.raises(OrderNotHeld):
        holding.accept(shop.store, shop.order(), "crm", NOW)
    with pytest.raises(OrderNotFound):
        holding.accept(shop.store, "z" * 26, "crm", NOW)
    paid = shop.paid_order()
    shop.forget_events()
    assert (
        holding.accept(shop.store, paid, "crm", NOW)["status"] == "paid"
    )  # credited already: the same answer, no news
    assert shop.told() == []
