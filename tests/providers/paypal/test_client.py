"""The client against the twin, over real HTTP."""

from __future__ import annotations

import json
import time
from typing import Mapping

import pytest

from sandbox.twins.paypal import PayPalTwin
from tests.support.at_twins import control, reason
from tests.support.paypal_place import EUR_1299, NOW, REFERENCE, approved, attempt, paid, provider
from twinshore import outbound
from twinshore.money import Money
from twinshore.payments.port import (
    AUTHORISED,
    CAPTURED,
    CREATED,
    FAILED,
    PENDING,
    REFUNDED,
    OutcomeUnknown,
    ProviderRefused,
)
from twinshore.providers.paypal.client import paypal_from_secret


def test_the_payer_is_sent_to_paypals_page_and_our_reference_travels_with_the_order(twin: PayPalTwin) -> None:
    started = provider(twin).create(attempt(return_url="https://shop.example/back"), NOW)
    assert started.client["redirect_url"].endswith(f"?token={started.provider_id}")
    order = twin.book.orders[started.provider_id]
    unit = order["purchase_units"][0]
    assert (unit["custom_id"], unit["invoice_id"], unit["description"]) == (REFERENCE, REFERENCE, "两罐茶")
    assert order["_return_url"] == "https://shop.example/back"


def test_a_browser_that_approves_comes_back_with_the_orders_id(twin: PayPalTwin) -> None:
    started = provider(twin).create(attempt(return_url="https://shop.example/back"), NOW)
    page = started.client["redirect_url"]
    assert outbound.send("GET", page, {}).status == 200
    back = outbound.send("POST", page, {})
    assert back.headers["location"].startswith(f"https://shop.example/back?token={started.provider_id}&PayerID=")
    assert provider(twin).query(REFERENCE, started.provider_id, NOW).state == AUTHORISED


@pytest.mark.parametrize(("amount", "sent"), [(Money(5000, "JPY"), "5000"), (Money(500_000, "HUF"), "5000")])
def test_amounts_go_out_as_paypal_writes_them(twin: PayPalTwin, amount: Money, sent: str) -> None:
    started = provider(twin).create(attempt(amount=amount), NOW)
    unit = twin.book.orders[started.provider_id]["purchase_units"][0]
    assert unit["amount"] == {"currency_code": amount.currency, "value": sent}


def test_money_is_taken_once_however_often_we_capture(twin: PayPalTwin) -> None:
    pay = provider(twin)
    started = approved(twin, pay)
    first = pay.capture(REFERENCE, started.provider_id, {}, EUR_1299, NOW)
    assert pay.capture(REFERENCE, started.provider_id, {}, EUR_1299, NOW + 1) == first
    assert provider(twin).capture(REFERENCE, "", {"token": started.provider_id}, EUR_1299, NOW) == first
    assert len(twin.book.order_of) == 1


def test_a_capture_that_another_instance_was_faster_with_is_read_and_counts(twin: PayPalTwin) -> None:
    """PayPal answers ORDER_ALREADY_CAPTURED to the slower one."""
    pay = provider(twin)
    started = approved(twin, pay)
    raced: list[int] = []

    def race(method: str, url: str, headers: Mapping[str, str], body: bytes, limit: float) -> outbound.Reply:
        if url.endswith("/capture") and not raced:
            raced.append(1)
            pay.capture(REFERENCE, started.provider_id, {}, EUR_1299, NOW)
            twin.answers.clear()  # another request id: PayPal does not know the two as one
        return outbound.send(method, url, headers, body, limit)

    slower = paypal_from_secret(twin.url, json.dumps(twin.secret()), send=race)
    taken = slower.capture(REFERENCE, started.provider_id, {}, EUR_1299, NOW)
    assert (taken.state, taken.amount, raced) == (CAPTURED, EUR_1299, [1])
    assert len(twin.book.order_of) == 1


def test_a_declined_instrument_is_refused_and_the_payer_may_choose_another(twin: PayPalTwin) -> None:
    pay = provider(twin)
    started = pay.create(attempt(), NOW)
    control(twin, "pay", {**started.client, "decline": "INSTRUMENT_DECLINED"})
    with pytest.raises(ProviderRefused) as refused:
        pay.capture(REFERENCE, started.provider_id, {}, EUR_1299, NOW)
    assert reason(refused) == "declined"
    assert pay.query(REFERENCE, started.provider_id, NOW).state == CREATED
    time.sleep(1.1)  # PayPal's clock has whole seconds, and nobody chooses another card in less
    control(twin, "pay", started.client)
    assert pay.capture(REFERENCE, started.provider_id, {}, EUR_1299, NOW).state == CAPTURED


@pytest.mark.parametrize(("outcome", "state"), [("PENDING", PENDING), ("DECLINED", FAILED)])
def test_a_capture_answers_in_our_words(twin: PayPalTwin, outcome: str, state: str) -> None:
    pay = provider(twin)
    started = approved(twin, pay)
    control(twin, "faults", {"capture_outcome": outcome})
    assert pay.capture(REFERENCE, started.provider_id, {}, EUR_1299, NOW).state == state


def test_nothing_is_taken_before_the_payer_agreed(twin: PayPalTwin) -> None:
    pay = provider(twin)
    started = pay.create(attempt(), NOW)
    assert pay.capture(REFERENCE, started.provider_id, {}, EUR_1299, NOW).state == CREATED
    assert twin.book.order_of == {}


@pytest.mark.parametrize(
    ("reference", "amount"), [("attempt-000002", EUR_1299), (REFERENCE, Money(1298, "EUR")),
                              (REFERENCE, Money(1299, "USD"))],
)  # fmt: skip
def test_an_order_of_another_attempt_or_amount_is_not_captured(twin: PayPalTwin, reference: str, amount: Money) -> None:
    """The order's id may come from a browser, and one reference may have been sent twice with two amounts."""
    pay = provider(twin)
    started = approved(twin, pay)
    for provider_id, returned in ((started.provider_id, {}), ("", {"token": started.provider_id})):
        with pytest.raises(ProviderRefused):
            pay.capture(reference, provider_id, returned, amount, NOW)
    assert twin.book.order_of == {}


@pytest.mark.parametrize("token", ["", "../../x", "5O190127TN364715T", "a b", "茶", "x" * 100, "capture:../x"])
def test_a_token_of_no_order_captures_nothing(twin: PayPalTwin, token: str) -> None:
    with pytest.raises(ProviderRefused) as refused:
        provider(twin).capture(REFERENCE, "", {"token": token}, EUR_1299, NOW)
    assert reason(refused) == "not_found"


def test_a_payment_is_found_by_its_capture(twin: PayPalTwin) -> None:
    pay = provider(twin)
    started = paid(twin, pay)
    (capture_id,) = twin.book.order_of
    found = pay.query("", f"capture:{capture_id}", NOW)
    assert (found.reference, found.provider_id, found.state) == (REFERENCE, started.provider_id, CAPTURED)
    assert pay.query("", "capture:2GG279541U471931P", NOW).state == CREATED


def test_what_was_fetched_names_its_own_attempt_not_the_one_that_was_asked_for(twin: PayPalTwin) -> None:
    pay = provider(twin)
    started = paid(twin, pay)
    assert pay.query("attempt-000999", started.provider_id, NOW).reference == REFERENCE


def test_a_refund_repeated_is_one_refund_even_when_paypal_has_forgotten_the_request(twin: PayPalTwin) -> None:
    pay = provider(twin)
    started = paid(twin, pay)
    for _ in range(3):
        assert pay.refund(REFERENCE, started.provider_id, "r-1", Money(700, "EUR"), EUR_1299, NOW) == REFUNDED
        twin.answers.clear()
    assert pay.query(REFERENCE, started.provider_id, NOW).amount == Money(700, "EUR")
    with pytest.raises(ProviderRefused) as refused:
        pay.refund(REFERENCE, started.provider_id, "r-2", Money(600, "EUR"), EUR_1299, NOW)
    assert reason(refused) == "amount"
    pay.refund(REFERENCE, started.provider_id, "r-3", Money(599, "EUR"), EUR_1299, NOW)
    with pytest.raises(ProviderRefused) as refused:
        pay.refund(REFERENCE, started.provider_id, "r-4", Money(1, "EUR"), EUR_1299, NOW)
    assert reason(refused) == "already_refunded"


def test_a_refund_of_what_is_not_captured_is_not_made(twin: PayPalTwin) -> None:
    pay = provider(twin)
    started = approved(twin, pay)
    for provider_id in ("", started.provider_id):
        with pytest.raises(OutcomeUnknown):
            pay.refund(REFERENCE, provider_id, "r-1", EUR_1299, EUR_1299, NOW)
    paid_for = pay.capture(REFERENCE, started.provider_id, {}, EUR_1299, NOW)
    with pytest.raises(ProviderRefused):
        pay.refund("attempt-000002", paid_for.provider_id, "r-1", EUR_1299, EUR_1299, NOW)


def test_closing_asks_whether_money_was_taken_and_is_repeatable(twin: PayPalTwin) -> None:
    pay = provider(twin)
    pay.close(REFERENCE, "", NOW)
    started = pay.create(attempt(), NOW)
    for _ in range(2):
        pay.close(REFERENCE, started.provider_id, NOW)
    control(twin, "pay", started.client)
    pay.close(REFERENCE, started.provider_id, NOW)
    pay.capture(REFERENCE, started.provider_id, {}, EUR_1299, NOW)
    with pytest.raises(ProviderRefused) as refused:
        pay.close(REFERENCE, started.provider_id, NOW)
    assert reason(refused) == "already_paid"


def test_a_payment_in_process_cannot_be_closed(twin: PayPalTwin) -> None:
    pay = provider(twin)
    started = approved(twin, pay)
    control(twin, "faults", {"capture_outcome": "PENDING"})
    pay.capture(REFERENCE, started.provider_id, {}, EUR_1299, NOW)
    with pytest.raises(ProviderRefused) as refused:
        pay.close(REFERENCE, started.provider_id, NOW)
    assert reason(refused) == "in_process"


def test_a_second_order_under_the_same_invoice_cannot_be_captured(twin: PayPalTwin) -> None:
    """PayPal forgets request ids after hours: what then becomes a second order takes no second sum."""
    pay = provider(twin)
    paid(twin, pay)
    twin.answers.clear()
    second = approved(twin, pay)
    with pytest.raises(ProviderRefused) as refused:
        pay.capture(REFERENCE, second.provider_id, {}, EUR_1299, NOW)
    assert reason(refused) == "invoice_used"
