"""The client against the twin; and the official SDK against it, so that the twin speaks Mercado Pago and not us."""

from __future__ import annotations

import json
from typing import Any, Mapping

import mercadopago
import pytest
import requests
from mercadopago.config import RequestOptions
from mercadopago.http import HttpClient

from sandbox.twins.mercado_pago import MercadoPagoTwin
from tests.support.mercado_pago_place import NOW, REFERENCE, TOTAL, attempt, control, hasty, paid, provider, reason
from twinshore import outbound
from twinshore.errors import Unavailable
from twinshore.money import Money
from twinshore.payments.port import (
    CAPTURED,
    CLOSED,
    CREATED,
    DISPUTED,
    FAILED,
    PART_REFUNDED,
    PENDING,
    REFUNDED,
    OutcomeUnknown,
    ProviderRefused,
)
from twinshore.providers.mercado_pago.client import mercado_pago_from_secret


def test_the_payer_is_sent_to_their_page_and_our_reference_travels(twin: MercadoPagoTwin) -> None:
    started = provider(twin).create(attempt(return_url="https://shop.example/back"), NOW)
    account, _, order_id = started.provider_id.partition(":")
    order = twin.book.orders[order_id]
    assert (account, order["external_reference"], order["description"]) == ("BRL", REFERENCE, "两罐茶")
    assert outbound.send("GET", started.client["redirect_url"], {}).status == 200
    back = outbound.send("POST", started.client["redirect_url"], {})
    assert back.headers["location"].startswith("https://shop.example/back?")
    assert provider(twin).query(REFERENCE, started.provider_id, NOW).state == CAPTURED


def test_the_same_attempt_is_the_same_order_and_other_content_is_refused(twin: MercadoPagoTwin) -> None:
    pay = provider(twin)
    assert pay.create(attempt(), NOW) == pay.create(attempt(), NOW + 60)
    assert len(twin.book.orders) == 1
    with pytest.raises(ProviderRefused) as refused:
        pay.create(attempt(amount=Money(1300, "BRL")), NOW)
    assert reason(refused) == "reference_used"


@pytest.mark.parametrize(("amount", "sent"), [(Money(1000, "CLP"), "1000"), (Money(500_000, "COP"), "5000")])
def test_each_currency_has_its_account_and_its_decimals(twin: MercadoPagoTwin, amount: Money, sent: str) -> None:
    pay = provider(twin)
    started = paid(twin, pay, amount)
    assert twin.book.orders[started.provider_id.partition(":")[2]]["total_amount"] == sent
    assert pay.query(REFERENCE, started.provider_id, NOW).amount == amount


def test_a_currency_without_an_account_is_refused_by_name(twin: MercadoPagoTwin) -> None:
    only = {name: {"BRL": twin.secret()[name]["BRL"]} for name in ("access_tokens", "webhook_secrets")}
    for amount in (Money(1000, "CLP"), Money(1000, "EUR")):
        with pytest.raises(ProviderRefused) as refused:
            provider(twin, **only).create(attempt(amount=amount), NOW)
        assert reason(refused) == "currency"


def test_another_accounts_order_is_not_seen(twin: MercadoPagoTwin) -> None:
    pay = provider(twin)
    order_id = pay.create(attempt(), NOW).provider_id.partition(":")[2]
    for provider_id in (f"CLP:{order_id}", f"EUR:{order_id}", order_id, f"BRL:{order_id}/../x", "BRL:", ""):
        assert pay.query(REFERENCE, provider_id, NOW).state == CREATED


def test_a_payment_goes_from_created_to_refunded(twin: MercadoPagoTwin) -> None:
    pay = provider(twin)
    started = pay.create(attempt(), NOW)
    assert pay.query(REFERENCE, started.provider_id, NOW).state == CREATED
    control(twin, "pay", {**started.client, "outcome": "failed"})
    assert pay.query(REFERENCE, started.provider_id, NOW).state == FAILED
    control(twin, "pay", {**started.client, "outcome": "action_required"})
    assert pay.query(REFERENCE, started.provider_id, NOW).state == PENDING
    control(twin, "pay", started.client)
    captured = pay.capture(REFERENCE, started.provider_id, {}, TOTAL, NOW)
    assert (captured.state, captured.amount, captured.reference) == (CAPTURED, TOTAL, REFERENCE)
    assert pay.refund(REFERENCE, started.provider_id, "r-1", Money(300, "BRL"), TOTAL, NOW) == REFUNDED
    part = pay.query(REFERENCE, started.provider_id, NOW)
    assert (part.state, part.amount) == (PART_REFUNDED, Money(300, "BRL"))
    pay.refund(REFERENCE, started.provider_id, "r-2", Money(999, "BRL"), TOTAL, NOW)
    whole = pay.query(REFERENCE, started.provider_id, NOW)
    assert (whole.state, whole.amount) == (REFUNDED, TOTAL)


def test_a_refund_repeated_is_one_refund_and_more_than_was_paid_is_refused(twin: MercadoPagoTwin) -> None:
    pay = provider(twin)
    started = paid(twin, pay)
    for _ in range(3):
        assert pay.refund(REFERENCE, started.provider_id, "r-1", Money(700, "BRL"), TOTAL, NOW) == REFUNDED
    with pytest.raises(ProviderRefused) as refused:
        pay.refund(REFERENCE, started.provider_id, "r-2", Money(600, "BRL"), TOTAL, NOW)
    assert reason(refused) == "amount"
    with pytest.raises(ProviderRefused):
        pay.refund("attempt-000002", started.provider_id, "r-3", Money(1, "BRL"), TOTAL, NOW)


def test_a_whole_refund_is_repeatable_even_when_the_key_is_forgotten(twin: MercadoPagoTwin) -> None:
    pay = provider(twin)
    started = paid(twin, pay)
    for _ in range(3):
        assert pay.refund(REFERENCE, started.provider_id, "r-1", TOTAL, TOTAL, NOW) == REFUNDED
        twin.answers.clear()
    assert pay.query(REFERENCE, started.provider_id, NOW).amount == TOTAL


@pytest.mark.parametrize(("outcome", "state"), [("processing", PENDING), ("failed", FAILED), ("new_word", PENDING)])
def test_a_refund_answers_in_our_words(twin: MercadoPagoTwin, outcome: str, state: str) -> None:
    pay = provider(twin)
    started = paid(twin, pay)
    control(twin, "faults", {"refund_outcome": outcome})
    assert pay.refund(REFERENCE, started.provider_id, "r-1", Money(300, "BRL"), TOTAL, NOW) == state


def test_a_refund_in_process_is_read_again_though_the_key_repeats_its_first_answer(twin: MercadoPagoTwin) -> None:
    pay = provider(twin)
    started = paid(twin, pay)
    control(twin, "faults", {"refund_outcome": "processing"})
    assert pay.refund(REFERENCE, started.provider_id, "r-1", Money(300, "BRL"), TOTAL, NOW) == PENDING
    order = twin.book.orders[started.provider_id.partition(":")[2]]
    order["transactions"]["refunds"][0]["status"] = "processed"
    assert pay.refund(REFERENCE, started.provider_id, "r-1", Money(300, "BRL"), TOTAL, NOW) == REFUNDED


def test_a_refund_of_what_is_not_paid_is_not_made(twin: MercadoPagoTwin) -> None:
    pay = provider(twin)
    started = pay.create(attempt(), NOW)
    for provider_id in ("", started.provider_id):
        with pytest.raises(OutcomeUnknown):
            pay.refund(REFERENCE, provider_id, "r-1", TOTAL, TOTAL, NOW)


@pytest.mark.parametrize("outcome", ["", "action_required"])
def test_a_closed_payment_cannot_be_paid_and_closing_is_repeatable(twin: MercadoPagoTwin, outcome: str) -> None:
    pay = provider(twin)
    pay.close(REFERENCE, "", NOW)
    pay.close(REFERENCE, "BRL:ORD01NONE", NOW)
    started = pay.create(attempt(), NOW)
    if outcome:
        control(twin, "pay", {**started.client, "outcome": outcome})
    for later in range(2):
        pay.close(REFERENCE, started.provider_id, NOW + later)
    assert control(twin, "pay", started.client) == 409
    assert pay.query(REFERENCE, started.provider_id, NOW).state == CLOSED


def test_a_paid_payment_cannot_be_closed_whatever_was_answered_before(twin: MercadoPagoTwin) -> None:
    pay = provider(twin)
    started = paid(twin, pay)
    for later in range(2):
        with pytest.raises(ProviderRefused) as refused:
            pay.close(REFERENCE, started.provider_id, NOW + later)
        assert reason(refused) == "already_paid"


def test_a_charge_back_shows(twin: MercadoPagoTwin) -> None:
    pay = provider(twin)
    started = paid(twin, pay)
    control(twin, "pay", {**started.client, "outcome": "charged_back"})
    assert pay.query(REFERENCE, started.provider_id, NOW).state == DISPUTED


@pytest.mark.parametrize(
    "fault",
    [{"status": 502}, {"status": 500}, {"status": 302}, {"status": 200}, {"status": 403}, {"reset": True},
     {"delay_seconds": 1}, {"lose_answer": True}],
    ids=lambda fault: next(iter(fault)) + str(next(iter(fault.values()))),
)  # fmt: skip
def test_whatever_is_no_clear_answer_leaves_the_outcome_unknown(twin: MercadoPagoTwin, fault: dict[str, Any]) -> None:
    pay = mercado_pago_from_secret(twin.url, json.dumps(twin.secret()), send=hasty)
    control(twin, "faults", fault)
    for call in (
        lambda: pay.create(attempt(), NOW),
        lambda: pay.query(REFERENCE, "BRL:ORD01", NOW),
        lambda: pay.capture(REFERENCE, "BRL:ORD01", {}, TOTAL, NOW),
        lambda: pay.close(REFERENCE, "BRL:ORD01", NOW),
        lambda: pay.refund(REFERENCE, "BRL:ORD01", "r-1", TOTAL, TOTAL, NOW),
    ):
        with pytest.raises(OutcomeUnknown):
            call()


def test_answers_that_were_lost_are_found_by_asking_again(twin: MercadoPagoTwin) -> None:
    pay = provider(twin)

    def losing(method: str, url: str, headers: Mapping[str, str], body: bytes, limit: float) -> outbound.Reply:
        reply = outbound.send(method, url, headers, body, limit)
        if method == "POST":
            raise outbound.NoAnswer("lost")
        return reply

    deaf = mercado_pago_from_secret(twin.url, json.dumps(twin.secret()), send=losing)
    with pytest.raises(OutcomeUnknown):
        deaf.create(attempt(), NOW)
    started = paid(twin, pay)
    assert len(twin.book.orders) == 1
    with pytest.raises(OutcomeUnknown):
        deaf.refund(REFERENCE, started.provider_id, "r-1", Money(300, "BRL"), TOTAL, NOW)
    assert pay.refund(REFERENCE, started.provider_id, "r-1", Money(300, "BRL"), TOTAL, NOW) == REFUNDED
    assert pay.query(REFERENCE, started.provider_id, NOW).amount == Money(300, "BRL")


def test_nobody_at_the_address_is_surely_not_delivered(twin: MercadoPagoTwin) -> None:
    with pytest.raises(Unavailable) as unavailable:
        mercado_pago_from_secret("http://127.0.0.1:9", json.dumps(twin.secret())).create(attempt(), NOW)
    assert not isinstance(unavailable.value, OutcomeUnknown)


def test_a_wrong_token_is_a_refusal_for_our_configuration(twin: MercadoPagoTwin) -> None:
    wrong = {**twin.secret()["access_tokens"], "BRL": "of-another"}
    with pytest.raises(ProviderRefused) as refused:
        provider(twin, access_tokens=wrong).create(attempt(), NOW)
    assert reason(refused) == "configuration"
    assert "of-another" not in repr(refused.value)


class Redirected(HttpClient):
    """The SDK knows one host: its calls go to the twin instead."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    def request(self, method: str, url: str, maxretries: Any = None, **options: Any) -> dict[str, Any]:
        known = {name: options[name] for name in ("headers", "data", "params", "timeout") if name in options}
        reply = requests.request(method, url.replace("https://api.mercadopago.com", self._base_url), **known)
        return {"status": reply.status_code, "response": reply.json()}


def test_the_official_sdk_pays_at_our_twin(twin: MercadoPagoTwin) -> None:
    sdk = mercadopago.SDK(twin.secret()["access_tokens"]["BRL"], http_client=Redirected(twin.url))
    wanted = {
        "type": "online", "processing_mode": "manual", "total_amount": "12.99", "external_reference": "sdk-000001",
        "items": [{"title": "tea", "unit_price": "12.99", "quantity": 1}],
    }  # fmt: skip
    keyed = RequestOptions(custom_headers={"x-idempotency-key": "sdk-1"})
    made = sdk.order().create(wanted, keyed)["response"]
    assert sdk.order().create(wanted, keyed)["response"]["id"] == made["id"]
    control(twin, "pay", {"redirect_url": made["checkout_url"]})
    fetched = sdk.order().get(made["id"])["response"]
    assert (fetched["status"], fetched["status_detail"]) == ("processed", "accredited")
    payment = fetched["transactions"]["payments"][0]["id"]
    sdk.order().refund(made["id"], {"transactions": [{"id": payment, "amount": "3.00"}]})
    ours = provider(twin).query("sdk-000001", f"BRL:{made['id']}", NOW)
    assert (ours.state, ours.amount, ours.reference) == (PART_REFUNDED, Money(300, "BRL"), "sdk-000001")
