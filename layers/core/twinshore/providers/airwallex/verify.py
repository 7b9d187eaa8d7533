"""Airwallex' webhooks: `x-signature` is the hex HMAC-SHA256 of `x-timestamp` (milliseconds) and the raw body, with
nothing between them. Their table of headers speaks of the body alone; their own plugin signs both."""

from __future__ import annotations

import hmac
from typing import Sequence

from twinshore.payments.port import SignatureRefused

WINDOW_SECONDS = 300
"""Inclusive, and both ways: they name none, and make the timestamp when they send."""
TIMESTAMP_DIGITS = 13
"""Of milliseconds from 2001 to 2286. Nothing separates them from the body, so that only a fixed length does."""


def check(timestamp: str, signature: str, body: bytes, secrets: Sequence[str], now: int) -> None:
    """secrets: of the endpoint, all live ones; the whole text is the key. Raises SignatureRefused."""
    if not (len(timestamp) == TIMESTAMP_DIGITS and timestamp.isascii() and timestamp.isdigit()):
        raise SignatureRefused
    if abs(now * 1000 - int(timestamp)) > WINDOW_SECONDS * 1000:
        raise SignatureRefused
    message = timestamp.encode() + body
    candidate = signature.encode("utf-8", "surrogatepass")
    genuine = False
    for secret in secrets:
        # An HMAC under the empty key can be made by anyone.
        expected = hmac.digest(secret.encode(), message, "sha256").hex().encode() if secret else b""
        genuine |= bool(expected) and hmac.compare_digest(expected, candidate)
    if not genuine:
        raise SignatureRefused
