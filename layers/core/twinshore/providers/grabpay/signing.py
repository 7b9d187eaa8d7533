"""What GrabPay wants signed: the request HMAC, the proof of possession beside a payer's token, and PKCE (RFC 7636).

Source: grab/grabpay-merchant-sdk, whose test vectors are among ours.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from binascii import b2a_base64
from typing import NamedTuple

CONTENT_TYPE = "application/json"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Signed(NamedTuple):
    """What the request HMAC covers. `target`: path with query exactly as sent."""

    method: str
    content_type: str
    date: str
    target: str
    body: bytes


def request_hmac(secret: str, signed: Signed) -> str:
    """Base64. Five lines, each ended by LF; the body's hash is empty for GET and for no body."""
    digest = ""
    if signed.body and signed.method != "GET":
        digest = b2a_base64(hashlib.sha256(signed.body).digest(), newline=False).decode()
    text = f"{signed.method}\n{signed.content_type}\n{signed.date}\n{signed.target}\n{digest}\n"
    return b2a_base64(hmac.digest(secret.encode(), text.encode(), "sha256"), newline=False).decode()


def proof_of_possession(client_secret: str, access_token: str, now: int) -> str:
    """The X-GID-AUX-POP header of a call that carries a payer's token."""
    signature = base64url(hmac.digest(client_secret.encode(), f"{now}{access_token}".encode(), "sha256"))
    return base64url(json.dumps({"time_since_epoch": now, "sig": signature}, separators=(",", ":")).encode())


def challenge_of(verifier: str) -> str:
    """PKCE, method S256."""
    return base64url(hashlib.sha256(verifier.encode()).digest())


def random_text() -> str:
    """43 characters of base64url: a code verifier, or anything that nobody may guess."""
    return base64url(os.urandom(32))


def base64url(raw: bytes) -> str:
    return b2a_base64(raw, newline=False).decode().translate({43: "-", 47: "_", 61: None})


def http_date(at: int) -> str:
    """IMF-fixdate (RFC 9110, 5.6.7), whatever the machine's locale."""
    moment = time.gmtime(at)
    day, month = DAYS[moment.tm_wday], MONTHS[moment.tm_mon - 1]
    return f"{day}, {moment.tm_mday:02} {month} {time.strftime('%Y %H:%M:%S', moment)} GMT"
