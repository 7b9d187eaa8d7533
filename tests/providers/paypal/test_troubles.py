"""What is no clear answer, tokens, and refusals."""

from __future__ import annotations

import json
from typing import Any, Mapping

import pytest

from sandbox.twins.paypal import PayPalTwin
from tests.support.paypal_place import (
    EUR_1299,
    NOW,
    REFERENCE,
    attempt,
    control,
    hasty,
    provider,
    reason,
)
from twinshore import outbound
from twinshore.errors import Unavailable
from twinshore.money import Money
from twinshore.payments.port import (
    CAPTURED,
    REFUNDED,
    OutcomeUnknown,
    ProviderRefused,
)
from twinshore.providers.paypal.client import paypal_from_secret
from twinshore.providers.paypal.status import refusal


@pytest.mark.parametrize(
    "fault",
    [{"status": 502}, {"status": 500}, {"status": 302}, {"status": 200}, {"status": 403}, {"status": 409},
     {"reset": True}, {"delay_seconds": 1}, {"lose_answer": True}],
    ids=lambda fault: next(iter(fault)) + str(next(iter(fault.values()))),
)  # fmt: skip
def test_whatever_is_no_clear_answer_leaves_the_outcome_unknown(twin: PayPalTwin, fault: dict[str, Any]) -> None:
    pay = paypal_from_secret(twin.url, json.dumps(twin.secret()), send=hasty)
    pay.query(REFERENCE, "5O190127TN364715T", NOW)  # has a token now
    control(twin, "faults", fault)
    for call in (
        lambda: pay.create(attempt(), NOW),
        lambda: pay.query(REFERENCE, "5O1", NOW),
        lambda: pay.capture(REFERENCE, "5O1", {}, EUR_1299, NOW),
        lambda: pay.close(REFERENCE, "5O1", NOW),
        lambda: pay.refund(REFERENCE, "5O1", "r-1", EUR_1299, EUR_1299, NOW),
    ):
        with pytest.raises(OutcomeUnknown):
            call()


@pytest.mark.parametrize("fault", [{"status": 502}, {"status": 200}, {"reset": True}, {"delay_seconds": 1}], ids=str)
def test_without_a_token_nothing_was_asked_for(twin: PayPalTwin, fault: dict[str, Any]) -> None:
    control(twin, "faults", fault)
    with pytest.raises(Unavailable) as unavailable:
        paypal_from_secret(twin.url, json.dumps(twin.secret()), send=hasty).create(attempt(), NOW)
    assert not isinstance(unavailable.value, OutcomeUnknown)


def test_answers_that_were_lost_are_found_by_asking_again(twin: PayPalTwin) -> None:
    pay = provider(twin)
    pay.query(REFERENCE, "5O190127TN364715T", NOW)
    lost = {"lose_answer": True}
    control(twin, "faults", lost)
    with pytest.raises(OutcomeUnknown):
        pay.create(attempt(), NOW)
    control(twin, "faults", {})
    started = pay.create(attempt(), NOW)
    control(twin, "pay", started.client)

    def losing(method: str, url: str, headers: Mapping[str, str], body: bytes, limit: float) -> outbound.Reply:
        reply = outbound.send(method, url, headers, body, limit)
        if url.endswith(("/capture", "/refund")):
            raise outbound.NoAnswer("lost")
        return reply

    deaf = paypal_from_secret(twin.url, json.dumps(twin.secret()), send=losing)
    with pytest.raises(OutcomeUnknown):
        deaf.capture(REFERENCE, started.provider_id, {}, EUR_1299, NOW)
    assert pay.capture(REFERENCE, started.provider_id, {}, EUR_1299, NOW).state == CAPTURED
    with pytest.raises(OutcomeUnknown):
        deaf.refund(REFERENCE, started.provider_id, "r-1", Money(300, "EUR"), EUR_1299, NOW)
    assert pay.refund(REFERENCE, started.provider_id, "r-1", Money(300, "EUR"), EUR_1299, NOW) == REFUNDED
    assert pay.query(REFERENCE, started.provider_id, NOW).amount == Money(300, "EUR")
    assert len(twin.book.orders) == 1


def test_nobody_at_the_address_is_surely_not_delivered(twin: PayPalTwin) -> None:
    with pytest.raises(Unavailable) as unavailable:
        paypal_from_secret("http://127.0.0.1:9", json.dumps(twin.secret())).create(attempt(), NOW)
    assert not isinstance(unavailable.value, OutcomeUnknown)


def test_a_token_serves_until_it_ends_and_one_that_was_called_back_is_replaced(twin: PayPalTwin) -> None:
    asked: list[str] = []

    def counting(method: str, url: str, headers: Mapping[str, str], body: bytes, limit: float) -> outbound.Reply:
        asked.append(url.removeprefix(twin.url))
        return outbound.send(method, url, headers, body, limit)

    pay = paypal_from_secret(twin.url, json.dumps(twin.secret()), send=counting)
    for _ in range(3):
        pay.query(REFERENCE, "5O1", NOW)
    assert asked.count("/v1/oauth2/token") == 1
    control(twin, "revoke_tokens", {})
    started = pay.create(attempt(), NOW)
    assert asked.count("/v1/oauth2/token") == 2 and len(twin.book.orders) == 1
    pay.query(REFERENCE, started.provider_id, NOW + 32_400 - 120)
    assert asked.count("/v1/oauth2/token") == 3


def test_wrong_credentials_are_a_refusal_for_our_configuration_and_stand_in_no_error(twin: PayPalTwin) -> None:
    with pytest.raises(ProviderRefused) as refused:
        provider(twin, client_secret="of-another").create(attempt(), NOW)
    assert reason(refused) == "configuration"
    assert "of-another" not in repr(refused.value) + str(refused.value.__cause__)


def test_the_token_is_neither_logged_nor_shown(twin: PayPalTwin, capfd: pytest.CaptureFixture[str]) -> None:
    pay = provider(twin)
    pay.query(REFERENCE, "5O1", NOW)
    token = pay._api._token
    assert token
    assert token not in repr(pay) + repr(vars(pay)) + str(pay._api)
    out, err = capfd.readouterr()
    assert token not in out + err


def test_too_many_requests_were_not_carried_out(twin: PayPalTwin) -> None:
    limited = refusal(429, {"name": "RATE_LIMIT_REACHED"})
    assert isinstance(limited, Unavailable) and not isinstance(limited, OutcomeUnknown)


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (422, {"name": "UNPROCESSABLE_ENTITY", "details": [{"issue": "INSTRUMENT_DECLINED"}]}, "declined"),
        (422, {"name": "UNPROCESSABLE_ENTITY", "details": [{"issue": "A_NEW_WORD"}]}, "refused"),
        (422, {"details": [{"issue": "A_NEW_WORD"}, {"issue": "DUPLICATE_INVOICE_ID"}]}, "invoice_used"),
        (404, {"name": "RESOURCE_NOT_FOUND"}, "not_found"), (401, {"error": "invalid_token"}, "configuration"),
        (403, {}, "configuration"), (400, {"details": "none"}, "refused"),
    ],
)  # fmt: skip
def test_refusals_carry_a_word_of_ours(status: int, answer: dict[str, Any], expected: str) -> None:
    assert refusal(status, answer).extensions["reason"] == expected
