"""The client against the twin."""

from __future__ import annotations

import json
import time
from typing import Any, Iterator

import pytest

from sandbox.twins.hyperpay import HyperPayTwin
from tests.support.at_twins import control, reason
from twinshore import outbound
from twinshore.money import Money
from twinshore.payments.port import (
    CREATED,
    DISPUTED,
    FAILED,
    PENDING,
    REFUNDED,
    Attempt,
    OutcomeUnknown,
    Payer,
    ProviderRefused,
)
from twinshore.providers.configuration import ProviderNotConfigured
from twinshore.providers.exchange import send_outbound
from twinshore.providers.hyperpay.client import HyperPay, hyperpay_from_secret
from twinshore.vault import StoreVault

NOW = int(time.time())
SAR_92 = Money(9200, "SAR")
BACK = "https://shop.example/back"


@pytest.fixture
def twin() -> Iterator[HyperPayTwin]:
    with HyperPayTwin() as running:
        yield running


def provider(twin: HyperPayTwin, vault: StoreVault, **changes: Any) -> HyperPay:
    return hyperpay_from_secret(twin.url, json.dumps({**twin.secret(), **changes}), vault, send=send_outbound)


def attempt(reference: str = "order-1", amount: Money = SAR_92, method: str = "mada") -> Attempt:
    payer = Payer(client_ip="203.0.113.7", country="SA")
    return Attempt(reference, "order", amount, "قهوة", "https://shop.example/n", payer, NOW + 900, method, BACK)


def test_the_device_gets_what_the_form_needs_and_no_more(twin: HyperPayTwin, vault: StoreVault) -> None:
    started = provider(twin, vault).create(attempt(), NOW)
    assert set(started.client) == {"checkout_id", "script", "integrity", "brands", "result_url"}
    assert started.client["brands"] == "MADA" and started.client["result_url"] == BACK
    assert started.client["integrity"].startswith("sha384-")
    assert outbound.send("GET", started.client["script"]).status == 200
    assert control(twin, "pay", {"checkout_id": "x"}) == 404
    assert control(twin, "pay", started.client) == 200


@pytest.mark.parametrize(
    ("method", "amount", "sent"),
    [("mada", SAR_92, "92.00"), ("card", Money(1250, "KWD"), "1.250"), ("apple_pay", Money(5, "BHD"), "0.005"),
     ("card", Money(100, "EUR"), "1.00")],
)  # fmt: skip
def test_amounts_go_out_in_the_currencys_decimals_to_the_methods_entity(
    twin: HyperPayTwin, vault: StoreVault, method: str, amount: Money, sent: str
) -> None:
    started = provider(twin, vault).create(attempt(amount=amount, method=method), NOW)
    checkout = twin.book.checkouts[started.client["checkout_id"]]
    assert (checkout["amount"], checkout["entityId"]) == (sent, twin.secret()["entity_ids"][method])
    assert (checkout["billing.country"], checkout["merchantTransactionId"]) == ("SA", "order-1")


@pytest.mark.parametrize(
    ("method", "amount", "why"),
    [("mada", Money(100, "USD"), "currency"), ("card", Money(100, "JPY"), "currency"), ("dana", SAR_92, "method")],
)
def test_what_cannot_be_paid_this_way_is_refused_by_name(
    twin: HyperPayTwin, vault: StoreVault, method: str, amount: Money, why: str
) -> None:
    with pytest.raises(ProviderRefused) as refused:
        provider(twin, vault).create(attempt(amount=amount, method=method), NOW)
    assert reason(refused) == why


def test_a_method_without_an_entity_is_not_set_up(twin: HyperPayTwin, vault: StoreVault) -> None:
    only_card = {"card": twin.secret()["entity_ids"]["card"]}
    with pytest.raises(ProviderNotConfigured):
        provider(twin, vault, entity_ids=only_card).create(attempt(), NOW)


def test_a_payment_on_its_way_is_pending(twin: HyperPayTwin, vault: StoreVault) -> None:
    pay = provider(twin, vault)
    started = pay.create(attempt(method="card"), NOW)
    assert control(twin, "pay", {**started.client, "decline": "000.200.000"}) == 402
    assert pay.query("order-1", "", NOW).state == PENDING


def test_a_chargeback_is_found_by_asking(twin: HyperPayTwin, vault: StoreVault) -> None:
    pay = provider(twin, vault)
    control(twin, "pay", pay.create(attempt(), NOW).client)
    paid = pay.query("order-1", "", NOW)
    assert control(twin, "dispute", {"payment": paid.provider_id}) == 200
    assert pay.query("order-1", paid.provider_id, NOW).state == DISPUTED


def test_a_refund_whose_answer_was_lost_is_found_again(twin: HyperPayTwin, vault: StoreVault) -> None:
    """Issue museum, row 7: powertools #8049, #4759. The report is asked first, and a twin name is refused there."""
    pay = provider(twin, vault)
    control(twin, "pay", pay.create(attempt(), NOW).client)
    found = pay.query("order-1", "", NOW)
    pay._call("POST", f"/v1/payments/{found.provider_id}",
              {"entityId": twin.secret()["entity_ids"]["mada"], "amount": "92.00", "currency": "SAR",
               "paymentType": "RF", "merchantTransactionId": "order-1.order-r1"})  # fmt: skip
    assert pay.refund("order-1", "", "order-r1", SAR_92, SAR_92, NOW) == REFUNDED
    assert sum(one["paymentType"] == "RF" for one in twin.book.transactions) == 1


def test_a_declined_refund_is_refused_by_name_and_stays_failed(twin: HyperPayTwin, vault: StoreVault) -> None:
    pay = provider(twin, vault)
    control(twin, "pay", pay.create(attempt(), NOW).client)
    control(twin, "faults", {"refund_outcome": "800.100.100"})
    with pytest.raises(ProviderRefused) as refused:
        pay.refund("order-1", "", "order-r1", SAR_92, SAR_92, NOW)
    assert reason(refused) == "declined"
    assert pay.refund("order-1", "", "order-r1", SAR_92, SAR_92, NOW) == FAILED


def test_a_checkout_cannot_be_closed_while_it_lives_and_a_paid_one_never(twin: HyperPayTwin, vault: StoreVault) -> None:
    pay = provider(twin, vault)
    pay.close("order-1", "", NOW)
    started = pay.create(attempt(), NOW)
    with pytest.raises(ProviderRefused) as refused:
        pay.close("order-1", "", NOW)
    assert reason(refused) == "cannot_close"
    control(twin, "pay", {**started.client, "decline": "000.200.000"})
    with pytest.raises(ProviderRefused) as refused:
        pay.close("order-1", "", NOW)
    assert reason(refused) == "in_process"
    control(twin, "pay", started.client)
    with pytest.raises(ProviderRefused) as refused:
        pay.close("order-1", "", NOW)
    assert reason(refused) == "already_paid"


def test_a_report_that_lags_never_says_paid_or_failed_and_never_refunds(twin: HyperPayTwin, vault: StoreVault) -> None:
    pay = provider(twin, vault)
    control(twin, "pay", pay.create(attempt(), NOW).client)
    control(twin, "faults", {"search_lags": True})
    assert pay.query("order-1", "", NOW).state == CREATED
    with pytest.raises(OutcomeUnknown):
        pay.refund("order-1", "", "order-r1", SAR_92, SAR_92, NOW)


def test_of_two_checkouts_that_are_made_at_once_the_payer_hears_of_one(twin: HyperPayTwin, vault: StoreVault) -> None:
    first: list[Any] = []

    def slow(method: str, url: str, *rest: Any) -> Any:
        if url.endswith("/v1/checkouts") and not first:
            first.append(provider(twin, vault).create(attempt(), NOW).client)
        return send_outbound(method, url, *rest)

    late = hyperpay_from_secret(twin.url, json.dumps(twin.secret()), vault, send=slow)
    assert late.create(attempt(), NOW).client == first[0]
