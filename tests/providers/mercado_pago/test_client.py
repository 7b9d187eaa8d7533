"""The client against the twin; and the official SDK against it, so that the twin speaks Mercado Pago and not us."""

from __future__ import annotations

from typing import Any

import mercadopago
import pytest
import requests
from mercadopago.config import RequestOptions
from mercadopago.http import HttpClient

from sandbox.twins.mercado_pago import MercadoPagoTwin
from tests.support.at_twins import control, reason
from tests.support.mercado_pago_place import NOW, REFERENCE, TOTAL, attempt, paid, provider
from twinshore import outbound
from twinshore.money import Money
from twinshore.payments.port import (
    CAPTURED,
    CLOSED,
    CREATED,
    DISPUTED,
    PART_REFUNDED,
    PENDING,
    REFUNDED,
    OutcomeUnknown,
    ProviderRefused,
)


def test_the_payer_is_sent_to_their_page_and_our_reference_travels(twin: MercadoPagoTwin) -> None:
    started = provider(twin).create(attempt(return_url="https://shop.example/back"), NOW)
    account, _, order_id = started.provider_id.partition(":")
    order = twin.book.orders[order_id]
    assert (account, order["external_reference"], order["description"]) == ("BRL", REFERENCE, "两罐茶")
    assert outbound.send("GET", started.client["redirect_url"], {}).status == 200
    back = outbound.send("POST", started.client["redirect_url"], {})
    assert back.headers["location"].startswith("https://shop.example/back?")
    assert provider(twin).query(REFERENCE, started.provider_id, NOW).state == CAPTURED


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


def test_a_slip_that_is_paid_later_is_pending_until_then(twin: MercadoPagoTwin) -> None:
    pay = provider(twin)
    started = pay.create(attempt(), NOW)
    control(twin, "pay", {**started.client, "outcome": "action_required"})
    assert pay.query(REFERENCE, started.provider_id, NOW).state == PENDING
    control(twin, "pay", started.client)
    assert pay.query(REFERENCE, started.provider_id, NOW).state == CAPTURED


def test_the_order_of_another_attempt_is_not_refunded(twin: MercadoPagoTwin) -> None:
    pay = provider(twin)
    started = paid(twin, pay)
    with pytest.raises(ProviderRefused):
        pay.refund("attempt-000002", started.provider_id, "r-3", Money(1, "BRL"), TOTAL, NOW)


def test_a_whole_refund_is_repeatable_even_when_the_key_is_forgotten(twin: MercadoPagoTwin) -> None:
    pay = provider(twin)
    started = paid(twin, pay)
    for _ in range(3):
        assert pay.refund(REFERENCE, started.provider_id, "r-1", TOTAL, TOTAL, NOW) == REFUNDED
        twin.answers.clear()
    assert pay.query(REFERENCE, started.provider_id, NOW).amount == TOTAL


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


def test_a_slip_that_is_not_paid_yet_can_be_closed(twin: MercadoPagoTwin) -> None:
    pay = provider(twin)
    pay.close(REFERENCE, "BRL:ORD01NONE", NOW)
    started = pay.create(attempt(), NOW)
    control(twin, "pay", {**started.client, "outcome": "action_required"})
    for later in range(2):
        pay.close(REFERENCE, started.provider_id, NOW + later)
    assert control(twin, "pay", started.client) == 409
    assert pay.query(REFERENCE, started.provider_id, NOW).state == CLOSED


def test_a_charge_back_shows(twin: MercadoPagoTwin) -> None:
    pay = provider(twin)
    started = paid(twin, pay)
    control(twin, "pay", {**started.client, "outcome": "charged_back"})
    assert pay.query(REFERENCE, started.provider_id, NOW).state == DISPUTED


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
