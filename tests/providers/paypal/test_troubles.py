"""What is no clear answer, tokens, and refusals."""

from __future__ import annotations

import json
from typing import Any, Mapping

import pytest

from sandbox.twins.paypal import PayPalTwin
from tests.support.at_twins import control, hasty
from tests.support.paypal_place import EUR_1299, NOW, REFERENCE, approved, attempt, provider
from twinshore import outbound
from twinshore.errors import Unavailable
from twinshore.payments.port import (
    CAPTURED,
    OutcomeUnknown,
)
from twinshore.providers.paypal.client import paypal_from_secret
from twinshore.providers.paypal.status import refusal


@pytest.mark.parametrize("fault", [{"status": 502}, {"status": 200}, {"reset": True}, {"delay_seconds": 1}], ids=str)
def test_without_a_token_nothing_was_asked_for(twin: PayPalTwin, fault: dict[str, Any]) -> None:
    control(twin, "faults", fault)
    with pytest.raises(Unavailable) as unavailable:
        paypal_from_secret(twin.url, json.dumps(twin.secret()), send=hasty).create(attempt(), NOW)
    assert not isinstance(unavailable.value, OutcomeUnknown)


def test_a_capture_whose_answer_was_lost_is_found_by_asking_again(twin: PayPalTwin) -> None:
    pay = provider(twin)
    started = approved(twin, pay)
    control(twin, "faults", {"lose_answer": "/capture"})
    with pytest.raises(OutcomeUnknown):
        pay.capture(REFERENCE, started.provider_id, {}, EUR_1299, NOW)
    control(twin, "faults", {})
    assert pay.capture(REFERENCE, started.provider_id, {}, EUR_1299, NOW).state == CAPTURED
    assert len(twin.book.order_of) == 1


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
