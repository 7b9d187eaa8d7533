"""A payment at the Adyen twin, as its tests need it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Mapping

from sandbox.twins.adyen import AdyenTwin
from tests.support.receiver import Receiver
from tests.support.vaults import sqlite_vault
from twinshore import outbound
from twinshore.money import Money
from twinshore.payments.port import Attempt, Notice, Payer, Started
from twinshore.providers.adyen.client import Adyen, adyen_from_secret
from twinshore.providers.exchange import send_outbound

NOW = int(time.time())
EUR_1299 = Money(1299, "EUR")
ORDER = "attempt-000001"


def provider(twin: AdyenTwin, folder: Path, send: Any = send_outbound, **changes: Any) -> Adyen:
    vault = sqlite_vault(folder, "adyen")
    return adyen_from_secret(twin.url, json.dumps({**twin.secret(), **changes}), vault, send=send)


def attempt(amount: Money = EUR_1299, method: str = "card", **changes: Any) -> Attempt:
    made = Attempt(ORDER, "order-1", amount, "两罐茶", "https://shop.example/n", Payer(), NOW + 900, method)
    return made._replace(**changes)


def control(twin: AdyenTwin, path: str, wanted: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    reply = outbound.send("POST", f"{twin.url}/_twin/{path}", {}, json.dumps(wanted).encode())
    return reply.status, json.loads(reply.body)


def paid(twin: AdyenTwin, started: Started) -> str:
    """The payment's id, as the webhook would tell it."""
    status, answer = control(twin, "pay", started.client)
    assert status == 200
    return str(answer["pspReference"])


def news(twin: AdyenTwin, pay: Adyen, count: int, receiver: Receiver) -> list[Notice]:
    got = receiver.wait_for(count)
    return [notice for one in got for notice in pay.read_webhook(one.headers, one.body, NOW)[0]]
