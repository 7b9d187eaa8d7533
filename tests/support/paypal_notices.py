"""Invented PayPal notices, signed under an authority of the test's own."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any
from zlib import crc32

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from sandbox.twins.paypal_keys import Issued, issue, pem
from twinshore.providers.paypal.api import Api
from twinshore.providers.paypal.certificates import PRODUCTION, Certificates
from twinshore.providers.paypal.client import PayPal
from twinshore.providers.paypal.verify import Verifier

NAME = "messageverificationcerts.paypal.com"
PATH = "/v1/notifications/certs/CERT-360caa42-fca2a594-1a5f47cb"
URL = f"https://api.paypal.com{PATH}"
WEBHOOK_ID = "8PT597110X687430L"
SENT_AT = int(datetime.now(timezone.utc).timestamp())


@lru_cache(maxsize=None)
def root() -> Issued:
    return issue("Test Root", None, authority=True)


@lru_cache(maxsize=None)
def between() -> Issued:
    return issue("Test CA", root(), authority=True)


@lru_cache(maxsize=None)
def leaf() -> Issued:
    return issue(NAME, between())


def chain_pem() -> bytes:
    return (pem(leaf().certificate) + pem(between().certificate)).encode()


class Host:
    """Where certificates are fetched from: it counts, and serves what it was given for every path."""

    def __init__(self, served: bytes | None = None) -> None:
        self.served = chain_pem() if served is None else served
        self.asked: list[str] = []

    def __call__(self, path: str) -> bytes:
        self.asked.append(path)
        return self.served


def certificates(host: Host) -> Certificates:
    return Certificates(PRODUCTION, pem(root().certificate), host)


def verifier(host: Host | None = None) -> Verifier:
    return Verifier([WEBHOOK_ID], certificates(host or Host()))


def provider() -> PayPal:
    """Reads notices; calls nobody."""

    def nobody(*_: object) -> Any:
        raise AssertionError("a webhook asks nothing of the API")

    return PayPal(Api("https://api.example", "id", "secret", nobody), verifier())


def sent(at: int = SENT_AT) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def signed(body: bytes, *, webhook_id: str = WEBHOOK_ID, time: str = "", url: str = URL) -> dict[str, str]:
    time = time or sent()
    text = f"1c6772d0-5106-11ef-9b66-89f3f924d48a|{time}|{webhook_id}|{crc32(body)}"
    signature = leaf().key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return {
        "paypal-transmission-id": "1c6772d0-5106-11ef-9b66-89f3f924d48a",
        "paypal-transmission-time": time,
        "paypal-transmission-sig": b64encode(signature).decode(),
        "paypal-cert-url": url,
        "paypal-auth-algo": "SHA256withRSA",
        "paypal-auth-version": "v2",
    }


def event(kind: Any, resource: Any, **changes: Any) -> bytes:
    content = {"id": "WH-1", "create_time": "2026-09-21T10:00:00.940Z", "event_type": kind, "resource": resource}
    return json.dumps({**content, **changes}, ensure_ascii=False).encode()
