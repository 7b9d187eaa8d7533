"""DANA's twin with one set of keys for this process, our provider beside it, notices made to order. All invented."""

from __future__ import annotations

import hashlib
import json
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.twins import wechat_pay_keys as rsa
from sandbox.twins.dana import DanaTwin, make_keys
from twinshore.money import Money
from twinshore.payments.port import Attempt, Payer
from twinshore.providers.dana.client import Dana, dana_from_secret
from twinshore.providers.dana.times import jakarta
from twinshore.providers.exchange import send_outbound

if TYPE_CHECKING:
    from twinshore.providers.exchange import Send

NOTIFY_URL = "https://sea.api.shop.example/v1/webhooks/dana"
PATH = "/v1/webhooks/dana"
RETURN_URL = "https://shop.example/pay/return"
REFERENCE = "o0000000000000000000000001-1"
IDR_50000, IDR_20000 = Money(5_000_000, "IDR"), Money(2_000_000, "IDR")


@lru_cache(maxsize=1)
def keys() -> dict[str, Any]:
    return make_keys()


def twin(folder: Path | None = None, **changes: Any) -> DanaTwin:
    return DanaTwin(folder, keys=keys(), **changes)


def secret(**changes: Any) -> dict[str, Any]:
    return {
        "partner_id": keys()["partner_id"],
        "merchant_id": keys()["merchant_id"],
        "merchant_category": "5732",
        "private_key_pem": keys()["merchant_private_key_pem"],
        "dana_public_keys": [rsa.public_pem(keys()["dana_private_key_pem"])],
        **changes,
    }


def provider(
    url: str = "http://127.0.0.1:9", send: Send = send_outbound, notify: str = NOTIFY_URL, **changes: Any
) -> Dana:
    return dana_from_secret(url, json.dumps(secret(**changes)), notify, send=send)


def attempt(reference: str = REFERENCE, amount: Money = IDR_50000, notify: str = NOTIFY_URL) -> Attempt:
    return Attempt(
        reference, "o0000000000000000000000001", amount, "两罐茶" * 20, notify, Payer(country="ID"),
        (present() // 1000 + 1) * 1000 + 900, "dana", RETURN_URL,
    )  # fmt: skip


def present() -> int:
    return int(time.time())


def told(**changes: Any) -> dict[str, Any]:
    return {
        "originalPartnerReferenceNo": REFERENCE, "originalReferenceNo": "20260921000000000000000000000001",
        "merchantId": keys()["merchant_id"], "amount": {"value": "50000.00", "currency": "IDR"},
        "latestTransactionStatus": "00", "transactionStatusDesc": "SUCCESS",
        "createdTime": "2026-09-21T21:10:00+07:00", "finishedTime": "2026-09-21T21:13:20+07:00",
        "additionalInfo": {"paidTime": "2026-09-21T21:13:00+07:00",
                           "paymentInfo": {"extendInfo": '{"note":"\\"茶\\""}'}}, **changes,
    }  # fmt: skip


def minified(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def signed(body: bytes, at: int, *, path: str = PATH, timestamp: str = "") -> dict[str, str]:
    """The headers, in lower case."""
    written = timestamp or jakarta(at)
    message = f"POST:{path}:{hashlib.sha256(body).hexdigest()}:{written}".encode()
    return {"x-timestamp": written, "x-signature": rsa.sign(keys()["dana_private_key_pem"], message)}
