"""Our side of the Mercado Pago twin: a provider with its secret, and what a test needs to bring a payment along."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sandbox.twins.mercado_pago import MercadoPagoTwin
from tests.support.at_twins import control
from tests.support.receiver import Received
from twinshore.money import Money
from twinshore.payments.port import Attempt, Notice, Payer, SignatureRefused, Started
from twinshore.payments.webhooks import with_query
from twinshore.providers.exchange import send_outbound
from twinshore.providers.mercado_pago.client import MercadoPago, mercado_pago_from_secret

NOW = int(time.time())
TOTAL = Money(1299, "BRL")
REFERENCE = "attempt-000001"


def provider(twin: MercadoPagoTwin, **changes: Any) -> MercadoPago:
    return mercado_pago_from_secret(twin.url, json.dumps({**twin.secret(), **changes}), send=send_outbound)


def attempt(reference: str = REFERENCE, amount: Money = TOTAL, **changes: Any) -> Attempt:
    made = Attempt(reference, "order-1", amount, "两罐茶", "https://shop.example/n", Payer(), NOW + 900)
    return made._replace(**changes)


def paid(twin: MercadoPagoTwin, pay: MercadoPago, amount: Money = TOTAL) -> Started:
    started = pay.create(attempt(amount=amount), NOW)
    assert control(twin, "pay", started.client) == 200
    return started


def read(pay: MercadoPago, got: Received) -> Notice | None:
    """None where the signature was refused."""
    headers = with_query(got.headers, parse_qs(urlsplit(got.target).query))
    try:
        (notice,), _ = pay.read_webhook(headers, got.body, int(time.time()))
    except SignatureRefused:
        return None
    return notice
