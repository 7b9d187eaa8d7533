"""The client against the twin, and every way of not answering."""

from __future__ import annotations

import json
from typing import Any, Iterator

import pytest

from sandbox.twins.airwallex import AirwallexTwin
from tests.support.at_twins import control, hasty, reason
from tests.support.pairs import in_words
from twinshore import outbound
from twinshore.errors import Unavailable
from twinshore.money import Money
from twinshore.payments.port import (
    AUTHORISED,
    CAPTURED,
    CREATED,
    FAILED,
    PENDING,
    REFUNDED,
    Attempt,
    OutcomeUnknown,
    Payer,
    ProviderRefused,
)
from twinshore.providers.airwallex.capabilities import CAPABILITIES
from twinshore.providers.airwallex.client import TOKEN_SECONDS, Airwallex, airwallex_from_secret
from twinshore.providers.exchange import send_outbound

NOW = 1_790_000_000
EUR_1299 = Money(1299, "EUR")
ORDER = "attempt-000001"


@pytest.fixture
def twin() -> Iterator[AirwallexTwin]:
    with AirwallexTwin() as running:
        yield running


def provider(twin: AirwallexTwin, send: Any = send_outbound, **changes: Any) -> Airwallex:
    return airwallex_from_secret(twin.url, json.dumps({**twin.secret(), **changes}), send=send)


def attempt(amount: Money = EUR_1299, method: str = "card", reference: str = ORDER) -> Attempt:
    return Attempt(reference, "order-1", amount, "两罐茶", "https://shop.example/n", Payer(), NOW + 900, method)


def test_the_device_gets_what_it_needs_to_pay_and_no_more(twin: AirwallexTwin) -> None:
    started = provider(twin).create(attempt()._replace(return_url="https://shop.example/back"), NOW)
    assert set(started.client) == {"intent_id", "client_secret", "currency", "methods"}
    assert started.provider_id == started.client["intent_id"]
    assert control(twin, "pay", {**started.client, "client_secret": "another"}) == 401
    assert control(twin, "pay", started.client) == 200
    intent = twin.book.intents[started.provider_id]
    assert (intent["merchant_order_id"], intent["metadata"]) == (ORDER, {"order_id": "order-1"})
    assert intent["return_url"] == "https://shop.example/back"


@pytest.mark.parametrize("method", CAPABILITIES.methods)
def test_each_method_is_offered_by_their_name_and_no_other(twin: AirwallexTwin, method: str) -> None:
    theirs = {"apple_pay": "applepay"}.get(method, method)
    assert provider(twin).create(attempt(method=method), NOW).client["methods"] == [theirs]
    with pytest.raises(ProviderRefused) as refused:
        provider(twin).create(attempt(method="wechat_pay"), NOW)
    assert reason(refused) == "method"


@pytest.mark.parametrize(
    ("amount", "sent"),
    [(Money(5000, "JPY"), "5000"), (Money(12345, "KWD"), "12.345"), (Money(1000000, "IDR"), "10000.00")],
)
def test_amounts_go_out_in_whole_units(twin: AirwallexTwin, amount: Money, sent: str) -> None:
    started = provider(twin).create(attempt(amount), NOW)
    assert twin.book.intents[started.provider_id]["amount"] == sent


def test_large_amounts_written_with_an_exponent_are_read(twin: AirwallexTwin) -> None:
    pay = provider(twin)
    control(twin, "faults", {"exponents": True})
    rupiah = Money(1_000_000_000, "IDR")
    control(twin, "pay", pay.create(attempt(rupiah, "dana"), NOW).client)
    assert pay.query(ORDER, "", NOW).amount == rupiah


@pytest.mark.parametrize(("outcome", "state"), [("SETTLED", REFUNDED), ("ACCEPTED", PENDING), ("FAILED", FAILED)])
def test_a_refund_repeated_is_one_refund_and_answers_what_became_of_it(
    twin: AirwallexTwin, outcome: str, state: str
) -> None:
    pay = provider(twin)
    started = pay.create(attempt(), NOW)
    control(twin, "pay", started.client)
    control(twin, "faults", {"refund_outcome": outcome})
    assert pay.refund(ORDER, started.provider_id, "r-1", EUR_1299, EUR_1299, NOW) == PENDING
    for _ in range(2):
        assert pay.refund(ORDER, started.provider_id, "r-1", EUR_1299, EUR_1299, NOW) == state
    assert len(twin.book.refunds) == 1
    with pytest.raises(ProviderRefused) as refused:
        pay.refund(ORDER, started.provider_id, "r-1", Money(1, "EUR"), EUR_1299, NOW)
    assert reason(refused) == "reference_used"


def test_more_than_was_paid_is_not_refunded(twin: AirwallexTwin) -> None:
    pay = provider(twin)
    started = pay.create(attempt(), NOW)
    with pytest.raises(ProviderRefused) as refused:
        pay.refund(ORDER, started.provider_id, "r-0", Money(1, "EUR"), EUR_1299, NOW)
    assert reason(refused) == "wrong_state"
    control(twin, "pay", started.client)
    pay.refund(ORDER, started.provider_id, "r-1", Money(700, "EUR"), EUR_1299, NOW)
    with pytest.raises(ProviderRefused) as refused:
        pay.refund(ORDER, started.provider_id, "r-2", Money(600, "EUR"), EUR_1299, NOW)
    assert reason(refused) == "amount"


def test_an_account_that_leaves_the_capture_to_us(twin: AirwallexTwin) -> None:
    pay = provider(twin)
    control(twin, "faults", {"manual_capture": True})
    with pytest.raises(OutcomeUnknown):
        pay.capture(ORDER, "", {}, EUR_1299, NOW)
    started = pay.create(attempt(), NOW)
    assert pay.capture(ORDER, started.provider_id, {}, EUR_1299, NOW).state == CREATED
    control(twin, "pay", started.client)
    assert pay.query(ORDER, "", NOW).state == AUTHORISED
    for _ in range(2):
        taken = pay.capture(ORDER, started.provider_id, {}, EUR_1299, NOW)
        assert (taken.state, taken.amount) == (CAPTURED, EUR_1299)


def test_one_token_serves_until_it_is_old_or_refused(twin: AirwallexTwin) -> None:
    def logins() -> int:
        return sum(entry.get("path") == "/api/v1/authentication/login" for entry in twin.journal)

    pay = provider(twin)
    for now in (NOW, NOW + TOKEN_SECONDS - 1):
        pay.query(ORDER, "", now)
    assert logins() == 1
    pay.query(ORDER, "", NOW + TOKEN_SECONDS)
    assert logins() == 2
    control(twin, "faults", {"stale_token": True})
    pay.create(attempt(), NOW + TOKEN_SECONDS)
    assert logins() == 3
    assert len(twin.book.intents) == 1


@pytest.mark.parametrize(
    "fault", [{"status": 502}, {"status": 200}, {"reset": True}, {"delay_seconds": 1}], ids=in_words
)
def test_a_login_without_a_clear_answer_leaves_everything_unknown(twin: AirwallexTwin, fault: dict[str, Any]) -> None:
    pay = provider(twin, hasty)
    control(twin, "faults", fault)
    for call in (
        lambda: pay.create(attempt(), NOW),
        lambda: pay.query(ORDER, "int_1", NOW),
        lambda: pay.close(ORDER, "int_1", NOW),
        lambda: pay.capture(ORDER, "int_1", {}, EUR_1299, NOW),
        lambda: pay.refund(ORDER, "int_1", "r-1", EUR_1299, EUR_1299, NOW),
    ):
        with pytest.raises(OutcomeUnknown):
            call()


def test_nobody_at_the_address_is_surely_not_delivered(twin: AirwallexTwin) -> None:
    with pytest.raises(Unavailable) as unavailable:
        airwallex_from_secret("http://127.0.0.1:9", json.dumps(twin.secret()), send=send_outbound).create(
            attempt(), NOW
        )
    assert not isinstance(unavailable.value, OutcomeUnknown)


@pytest.mark.parametrize("change", [{"client_id": "another"}, {"api_key": "another"}])
def test_a_wrong_key_is_a_refusal_for_our_configuration(twin: AirwallexTwin, change: dict[str, str]) -> None:
    with pytest.raises(ProviderRefused) as refused:
        provider(twin, **change).create(attempt(), NOW)
    assert reason(refused) == "configuration"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(429, "too_many_requests", Unavailable), (400, "internal_error", OutcomeUnknown), (409, "", OutcomeUnknown),
     (400, "a_word_of_next_year", ProviderRefused), (403, "", ProviderRefused)],
)  # fmt: skip
def test_each_kind_of_refusal(twin: AirwallexTwin, status: int, code: str, kind: type[Exception]) -> None:
    def refuse(*_: Any) -> outbound.Reply:
        return outbound.Reply(status, {}, json.dumps({"code": code}).encode())

    with pytest.raises(kind):
        provider(twin, refuse).create(attempt(), NOW)
