"""Our side of the PayPal twin: a provider with its secret, and payments brought as far as a test needs them."""

from __future__ import annotations

import json
import time
from typing import Any

from sandbox.twins.paypal import PayPalTwin
from tests.support.at_twins import control
from twinshore.money import Money
from twinshore.payments.port import CAPTURED, Attempt, Payer, Started
from twinshore.providers.exchange import send_outbound
from twinshore.providers.paypal.client import PayPal, paypal_from_secret

NOW = int(time.time())
EUR_1299 = Money(1299, "EUR")
REFERENCE = "attempt-000001"


def provider(twin: PayPalTwin, **changes: Any) -> PayPal:
    return paypal_from_secret(twin.url, json.dumps({**twin.secret(), **changes}), send=send_outbound)


def attempt(reference: str = REFERENCE, amount: Money = EUR_1299, **changes: Any) -> Attempt:
    made = Attempt(reference, "order-1", amount, "两罐茶", "https://shop.example/n", Payer(), NOW + 900)
    return made._replace(**changes)


def approved(twin: PayPalTwin, pay: PayPal, **changes: Any) -> Started:
    started = pay.create(attempt(**changes), NOW)
    assert control(twin, "pay", started.client) == 200
    return started


def paid(twin: PayPalTwin, pay: PayPal) -> Started:
    started = approved(twin, pay)
    assert pay.capture(REFERENCE, started.provider_id, {}, EUR_1299, NOW).state == CAPTURED
    return started
