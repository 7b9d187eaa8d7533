"""Starting to pay: one open attempt, stored before the provider hears of it, and the same payment when asked again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.paper_shop import ANNA, NOW, Shop
from twinshore.errors import Unavailable
from twinshore.fx import quote as fx
from twinshore.idempotency import IdempotencyKeyReused
from twinshore.money import Money
from twinshore.payments import orders, port, starting
from twinshore.payments.methods import MethodNotOffered, Place
from twinshore.payments.order import OrderNotFound, load_own
from twinshore.payments.port import OutcomeUnknown, ProviderRefused
from twinshore.payments.return_urls import ReturnUrlRefused
from twinshore.payments.starting import OrderClosed, OrderPaid, TooManyAttempts


def test_a_new_order_waits_to_be_paid(shop: Shop) -> None:
    order = shop.read(shop.order())
    assert len(order.id) == 26
    assert orders.shown(order, NOW) == {
        "order_id": order.id, "status": "created", "description": "A kettle", "created_at": NOW,
        "expires_at": NOW + 86_400, "amount": {"amount_minor": 1299, "currency": "EUR"}, "needs_review": False,
    }  # fmt: skip


def test_twenty_posts_with_one_key_make_one_order(shop: Shop) -> None:
    new = shop.wanted()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: shop.place(new), range(20)))
    assert len({answer["order_id"] for answer in answers}) == 1


def test_the_key_of_another_order_is_refused(shop: Shop) -> None:
    new = shop.wanted()
    shop.place(new)
    with pytest.raises(IdempotencyKeyReused):
        shop.place(new._replace(request=new.request._replace(fingerprint="of other content")))


PRICE_CNY, CHARGED = Money(10_000, "CNY"), Money(1299, "EUR")


def locked(shop: Shop) -> orders.NewOrder:
    return shop.wanted(PRICE_CNY, quote_token=shop.lock(PRICE_CNY, CHARGED))


def test_a_rate_lock_sets_what_is_charged_and_until_when(shop: Shop) -> None:
    answer = shop.place(locked(shop))
    assert answer["amount"] == {"amount_minor": 1299, "currency": "EUR"}
    assert answer["price"] == {"amount_minor": 10_000, "currency": "CNY"}
    assert answer["expires_at"] == NOW + 3_600


def test_a_rate_lock_pays_for_one_order_only(shop: Shop) -> None:
    token = shop.lock(PRICE_CNY, CHARGED)

    def place(_: int) -> str:
        try:
            return str(shop.place(shop.wanted(PRICE_CNY, quote_token=token))["order_id"])
        except fx.QuoteUsed:
            return "used"

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(place, range(10)))
    assert answers.count("used") == 9


def test_a_repeated_request_finds_its_order_though_the_lock_is_used_and_over(shop: Shop) -> None:
    new = locked(shop)
    first = shop.place(new)
    shop.now += 86_400
    assert shop.place(new) == first


def test_a_rate_lock_of_somebody_else_or_for_another_price_is_refused(shop: Shop) -> None:
    with pytest.raises(fx.QuoteNotYours):
        shop.place(locked(shop)._replace(quote_token=shop.lock(PRICE_CNY, CHARGED, member_id="m_ben")))
    with pytest.raises(fx.QuoteAmountDiffers):
        shop.place(locked(shop)._replace(amount=Money(9_999, "CNY")))
    with pytest.raises(fx.QuoteInvalid):
        shop.place(locked(shop)._replace(quote_token=shop.lock(PRICE_CNY, CHARGED)[:-2]))


def test_the_order_of_another_member_does_not_exist(shop: Shop) -> None:
    order_id = shop.order()
    with pytest.raises(OrderNotFound):
        load_own(shop.store, order_id, "m_ben")
    with pytest.raises(OrderNotFound):
        shop.start(order_id, member_id="m_ben")
    for nonsense in ("", "x", "z" * 26, "../" * 9, "é" * 26):
        with pytest.raises(OrderNotFound):
            load_own(shop.store, nonsense, ANNA)


def test_a_started_payment_goes_to_the_provider_with_our_reference(shop: Shop) -> None:
    order_id = shop.order()
    answer = shop.start(order_id)
    assert answer["reference"] == f"{order_id}-1"
    assert len(answer["reference"]) <= 32
    sent = shop.paper.payments[answer["reference"]].attempt
    assert sent.amount == Money(1299, "EUR")
    assert sent.notify_url == "https://cell.example/v1/webhooks/paper"
    assert (answer["provider"], answer["status"]) == ("paper", "pending")
    assert answer["client"] == {"pay_with": shop.paper.payments[answer["reference"]].provider_id}
    assert answer["expires_at"] == NOW + starting.ATTEMPT_LIFE_SECONDS


def test_the_provider_is_told_the_method_the_page_to_come_back_to_and_of_the_payer(shop: Shop) -> None:
    order_id = shop.order()
    page = "https://shop.example/orders/done"
    reference = shop.start(order_id, return_url=page, place=Place("FR"), language="zh-CN")["reference"]
    sent = shop.paper.payments[reference].attempt
    assert (sent.method, sent.return_url) == ("paper_money", page)
    assert sent.payer == port.Payer(f"openid of {ANNA}", country="FR", language="zh-CN")
    # Asked again from another page: the same attempt is sent, or the provider would call it a changed one.
    assert shop.start(order_id, return_url="", language="en")["reference"] == reference


def test_who_names_no_page_comes_back_to_the_cells_own(shop: Shop) -> None:
    reference = shop.start(shop.order())["reference"]
    assert shop.paper.payments[reference].attempt.return_url == "https://shop.example/paid"


@pytest.mark.parametrize(
    "page",
    [
        "http://shop.example/paid", "https://evil.example/", "https://shop.example.evil.example/", "//shop.example/",
        "https://shop.example@evil.example/", "https://evil.example\\@shop.example/", "https://shop.example:8443/paid",
        "https://shop.example/paid?next=https://evil.example", "https://shop.example/paid#x", "javascript:alert(1)",
        "https://shop.example/\npaid", "https://", "shop.example", "https://SHOP.example.", "https://shop.exämple/",
    ],
)  # fmt: skip
def test_a_page_that_is_not_ours_is_refused_before_anything_is_stored(shop: Shop, page: str) -> None:
    order_id = shop.order()
    with pytest.raises(ReturnUrlRefused) as caught:
        shop.start(order_id, return_url=page)
    assert caught.value.extensions["hosts"] == ["cell.example", "shop.example"]
    assert shop.read(order_id).attempts == ()


def test_a_page_of_the_cell_itself_is_ours(shop: Shop) -> None:
    reference = shop.start(shop.order(), return_url="https://CELL.example/back")["reference"]
    assert shop.paper.payments[reference].attempt.return_url == "https://CELL.example/back"


def test_asking_again_is_the_same_payment(shop: Shop) -> None:
    order_id = shop.order()
    assert shop.start(order_id) == shop.start(order_id)
    assert len(shop.paper.payments) == 1


def test_twenty_at_once_open_one_attempt(shop: Shop) -> None:
    order_id = shop.order()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: shop.start(order_id)["reference"], range(20)))
    assert set(answers) == {f"{order_id}-1"}
    assert len(shop.paper.payments) == 1


def test_another_method_ends_the_first_attempt_before_it_begins(shop: Shop) -> None:
    order_id = shop.order()
    first = shop.start(order_id)["reference"]
    second = shop.start(order_id, "card")["reference"]
    assert shop.paper.payments[first].word == "VOID"
    assert second == f"{order_id}-2"
    assert [one.state for one in shop.read(order_id).attempts] == [port.CLOSED, port.PENDING]


def test_changing_the_method_after_paying_finds_the_payment(shop: Shop) -> None:
    order_id = shop.order()
    shop.paper.pay(shop.start(order_id)["reference"], NOW)
    with pytest.raises(OrderPaid):
        shop.start(order_id, "card")
    assert shop.state(order_id) == port.CAPTURED
    assert shop.other.payments == {}
    assert len(shop.told("payment.captured")) == 1


def test_changing_the_method_while_the_first_cannot_be_closed_is_refused_for_now(shop: Shop) -> None:
    order_id = shop.order()
    shop.start(order_id)
    shop.paper.fault = "unreachable"
    with pytest.raises(Unavailable):
        shop.start(order_id, "card")
    assert shop.other.payments == {}


@pytest.mark.parametrize(
    ("method", "amount"), [("cash", Money(1, "EUR")), ("card", Money(1, "JPY")), ("", Money(1, "EUR"))]
)
def test_a_method_that_is_not_offered_for_the_currency_is_refused(shop: Shop, method: str, amount: Money) -> None:
    with pytest.raises(MethodNotOffered) as caught:
        shop.start(shop.order(amount), method)
    assert "paper_money" in caught.value.extensions["offered"]


def test_a_paid_order_cannot_be_paid_again(shop: Shop) -> None:
    with pytest.raises(OrderPaid):
        shop.start(shop.paid_order())


def test_an_order_past_its_time_is_closed(shop: Shop) -> None:
    order_id = shop.order()
    shop.now += orders.ORDER_LIFE_SECONDS - 30
    with pytest.raises(OrderClosed):
        shop.start(order_id)
    shop.now += 30
    assert shop.state(order_id) == port.CLOSED


def test_an_attempt_past_its_time_is_followed_by_a_new_one(shop: Shop) -> None:
    order_id = shop.order()
    shop.start(order_id)
    shop.now += starting.ATTEMPT_LIFE_SECONDS
    assert shop.start(order_id)["reference"] == f"{order_id}-2"
    assert shop.paper.payments[f"{order_id}-1"].word == "VOID"


def test_attempts_are_limited(shop: Shop) -> None:
    order_id = shop.order()
    for number in range(starting.ATTEMPT_LIMIT):
        shop.start(order_id, ("paper_money", "card")[number % 2])
    with pytest.raises(TooManyAttempts):
        shop.start(order_id)


def test_a_refusal_fails_the_attempt_and_the_next_one_is_new(shop: Shop) -> None:
    order_id = shop.order()
    shop.paper.fault = "refuses"
    with pytest.raises(ProviderRefused):
        shop.start(order_id)
    assert shop.state(order_id) == port.FAILED
    shop.paper.fault = ""
    assert shop.start(order_id)["reference"] == f"{order_id}-2"


@pytest.mark.parametrize("fault", ["lost", "unreachable"])
def test_museum_4_no_clear_answer_is_pending_and_asked_about_later(shop: Shop, fault: str) -> None:
    """juspay/hyperswitch #13180: a 5xx was taken for a failure, and the payer was charged all the same.

    https://github.com/juspay/hyperswitch/issues/13180
    """
    order_id = shop.order()
    shop.paper.fault = fault
    with pytest.raises(Unavailable):
        shop.start(order_id)
    assert shop.state(order_id) == port.PENDING
    shop.paper.fault = ""
    if fault == "lost":
        shop.paper.pay(f"{order_id}-1", NOW + 10)
    shop.now += 30
    shop.poll()
    assert shop.state(order_id) == (port.CAPTURED if fault == "lost" else port.PENDING)


def test_museum_7_a_function_that_dies_after_the_provider_accepted_charges_once(shop: Shop) -> None:
    """aws-powertools/powertools-lambda-python #8049, #4759: the retry must find the first payment.

    https://github.com/aws-powertools/powertools-lambda-python/issues/8049
    https://github.com/aws-powertools/powertools-lambda-python/issues/4759
    """

    class Died(BaseException):
        pass

    class DiesAfterTheCall(type(shop.paper)):  # type: ignore[misc]
        def create(self, attempt: port.Attempt, now: int) -> port.Started:
            shop.paper.create(attempt, now)
            raise Died

    order_id = shop.order()
    shop.providers["paper"] = DiesAfterTheCall()
    with pytest.raises(Died):
        shop.start(order_id)
    shop.providers["paper"] = shop.paper
    shop.paper.pay(f"{order_id}-1", NOW + 1)
    assert shop.start(order_id)["reference"] == f"{order_id}-1"  # the client tries again
    shop.now += 30
    shop.poll()
    assert shop.state(order_id) == port.CAPTURED
    assert shop.paper.charged() == {order_id: 1299}
    assert len(shop.told("payment.captured")) == 1


def test_an_unclear_answer_raises_the_ports_own_word(shop: Shop) -> None:
    shop.paper.fault = "lost"
    with pytest.raises(OutcomeUnknown):
        shop.start(shop.order())
