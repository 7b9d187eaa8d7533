"""Our side of the PayPal twin: a provider with its secret, and payments brought as far as a test needs them."""

from __future__ import annotations

import json
import time
from typing import Any, Mapping

import pytest

from sandbox.twins.paypal import PayPalTwin
from twinshore import outbound
from twinshore.money import Money
from twinshore.payments.port import CAPTURED, Attempt, Payer, ProviderRefused, Started
from twinshore.providers.paypal.client import PayPal, paypal_from_secret

NOW = int(time.time())
EUR_1299 = Money(1299, "EUR")
REFERENCE = "attempt-000001"


def hasty(method: str, url: str, headers: Mapping[str, str], body: bytes, _: float) -> outbound.Reply:
    """The real sender with little patience, so that a time-out takes a moment."""
    return outbound.send(method, url, headers, body, 0.3)


def provider(twin: PayPalTwin, **changes: Any) -> PayPal:
    return paypal_from_secret(twin.url, json.dumps({**twin.secret(), **changes}))


def attempt(reference: str = REFERENCE, amount: Money = EUR_1299, **changes: Any) -> Attempt:
    made = Attempt(reference, "order-1", amount, "两罐茶", "https://shop.example/n", Payer(), NOW + 900)
    return made._replace(**changes)


def control(twin: PayPalTwin, path: str, wanted: Mapping[str, Any]) -> int:
    return outbound.send("POST", f"{twin.url}/_twin/{path}", {}, json.dumps(wanted).encode()).status


def approved(twin: PayPalTwin, pay: PayPal, **changes: Any) -> Started:
    started = pay.create(attempt(**changes), NOW)
    assert control(twin, "pay", started.client) == 200
    return started


def paid(twin: PayPalTwin, pay: PayPal) -> Started:
    started = approved(twin, pay)
    assert pay.capture(REFERENCE, started.provider_id, {}, EUR_1299, NOW).state == CAPTURED
    return started


def reason(refused: pytest.ExceptionInfo[ProviderRefused]) -> object:
    return refused.value.extensions["reason"]
