"""The client against the twin; and the official SDK against the twin, so that the twin speaks Stripe and not us."""

from __future__ import annotations

import json
from typing import Any, Iterator

import pytest
import stripe

from sandbox.twins.stripe import StripeTwin
from tests.support.at_twins import control, reason
from tests.support.receiver import Receiver
from twinshore.money import Money
from twinshore.payments.port import (
    CAPTURED,
    CREATED,
    PART_REFUNDED,
    REFUNDED,
    Attempt,
    OutcomeUnknown,
    Payer,
    ProviderRefused,
)
from twinshore.providers.exchange import send_outbound
from twinshore.providers.stripe.capabilities import CAPABILITIES
from twinshore.providers.stripe.client import Stripe, stripe_from_secret

NOW = 1_790_000_000
EUR_1299 = Money(1299, "EUR")


@pytest.fixture
def twin() -> Iterator[StripeTwin]:
    with StripeTwin() as running:
        yield running


def provider(twin: StripeTwin, **changes: Any) -> Stripe:
    return stripe_from_secret(twin.url, json.dumps({**twin.secret(), **changes}), send=send_outbound)


def attempt(reference: str = "attempt-000001", amount: Money = EUR_1299, method: str = "card") -> Attempt:
    return Attempt(
        reference, "order-1", amount, "两罐茶", "https://shop.example/n", Payer(), NOW + 900, method,
        "https://shop.example/paid",
    )  # fmt: skip


def test_the_device_gets_what_it_needs_to_pay_and_no_more(twin: StripeTwin) -> None:
    started = provider(twin).create(attempt(), NOW)
    assert set(started.client) == {"client_secret", "publishable_key"}
    assert started.provider_id.startswith("pi_")
    assert control(twin, "pay", {"client_secret": started.client["client_secret"] + "x"}) == 400
    assert control(twin, "pay", started.client) == 200


@pytest.mark.parametrize(
    ("method", "amount", "theirs"),
    [
        ("card", EUR_1299, "card"), ("apple_pay", EUR_1299, "card"),
        ("grabpay", Money(900, "SGD"), "grabpay"), ("grabpay", Money(900, "MYR"), "grabpay"),
    ],
)  # fmt: skip
def test_each_method_is_asked_for_by_their_name(twin: StripeTwin, method: str, amount: Money, theirs: str) -> None:
    started = provider(twin).create(attempt(amount=amount, method=method), NOW)
    assert twin.book.intents[started.provider_id]["payment_method_types"] == [theirs]
    assert method in CAPABILITIES.methods


@pytest.mark.parametrize(("method", "amount"), [("grabpay", EUR_1299), ("dana", EUR_1299), ("paypal", EUR_1299)])
def test_a_method_that_it_does_not_carry_is_refused_by_name(twin: StripeTwin, method: str, amount: Money) -> None:
    with pytest.raises(ProviderRefused) as refused:
        provider(twin).create(attempt(amount=amount, method=method), NOW)
    assert reason(refused) == "method"
    assert not twin.book.intents


def test_grabpay_goes_from_the_redirect_to_refunded_and_knows_no_dispute(twin: StripeTwin) -> None:
    pay, amount = provider(twin), Money(900, "SGD")
    started = pay.create(attempt(amount=amount, method="grabpay"), NOW)
    assert started.client["return_url"] == "https://shop.example/paid"
    assert control(twin, "pay", {"client_secret": started.client["client_secret"]}) == 200
    assert pay.query("attempt-000001", started.provider_id, NOW)[3:5] == (CAPTURED, amount)
    assert control(twin, "dispute", {"payment_intent": started.provider_id}) == 400
    assert pay.refund("attempt-000001", "", "r-1", Money(300, "SGD"), amount, NOW) == REFUNDED
    assert pay.query("attempt-000001", started.provider_id, NOW).state == PART_REFUNDED


def test_our_order_and_reference_travel_as_metadata_and_other_languages_survive_the_form(twin: StripeTwin) -> None:
    started = provider(twin).create(attempt(), NOW)
    intent = twin.book.intents[started.provider_id]
    assert intent["metadata"] == {"order_id": "order-1", "reference": "attempt-000001"}
    assert intent["description"] == "两罐茶"


@pytest.mark.parametrize(
    ("amount", "sent"), [(Money(5000, "JPY"), 5000), (Money(500, "UGX"), 50000), (Money(12340, "KWD"), 12340)]
)
def test_amounts_go_out_in_stripes_scale(twin: StripeTwin, amount: Money, sent: int) -> None:
    started = provider(twin).create(attempt(amount=amount), NOW)
    assert twin.book.intents[started.provider_id]["amount"] == sent


def test_a_search_that_lags_never_says_paid_or_failed_and_never_refunds(twin: StripeTwin) -> None:
    pay = provider(twin)
    control(twin, "pay", pay.create(attempt(), NOW).client)
    control(twin, "faults", {"search_lags": True})
    assert pay.query("attempt-000001", "", NOW).state == CREATED
    with pytest.raises(OutcomeUnknown):
        pay.refund("attempt-000001", "", "r-1", EUR_1299, EUR_1299, NOW)


def test_too_small_an_amount_is_refused_by_name(twin: StripeTwin) -> None:
    with pytest.raises(ProviderRefused) as refused:
        provider(twin).create(attempt(amount=Money(1, "EUR")), NOW)
    assert reason(refused) == "amount"


def test_the_official_sdk_pays_at_our_twin_and_reads_its_events(twin: StripeTwin) -> None:
    with Receiver() as receiver:
        twin.webhook_url = receiver.url
        secret = twin.secret()
        client = stripe.StripeClient(secret["secret_key"], base_addresses={"api": twin.url})
        made = client.v1.payment_intents.create(
            {"amount": 1299, "currency": "eur", "automatic_payment_methods": {"enabled": True},
             "metadata": {"reference": "sdk-000001"}},
            {"idempotency_key": "sdk-1"},
        )  # fmt: skip
        control(twin, "pay", {"client_secret": made.client_secret})
        fetched = client.v1.payment_intents.retrieve(made.id, {"expand": ["latest_charge"]})
        assert fetched.status == "succeeded"
        client.v1.refunds.create({"payment_intent": made.id, "amount": 300})
        ours = provider(twin)
        for got in receiver.wait_for(10):
            event = stripe.Webhook.construct_event(
                got.body, got.headers["stripe-signature"], secret["webhook_secrets"][0]
            )
            (notice,), _ = ours.read_webhook(got.headers, got.body, event.created)
            assert notice.id == event.id
        assert ours.query("sdk-000001", "", NOW).state == PART_REFUNDED
