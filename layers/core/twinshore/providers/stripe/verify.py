"""The Stripe-Signature header: `t=<seconds>,v1=<hex>[,v1=<hex>…]`, HMAC-SHA256 over `<t>.<raw body>`."""

from __future__ import annotations

import hmac
from typing import Sequence

from twinshore.payments.port import SignatureRefused

WINDOW_SECONDS = 300
"""Inclusive and both ways. Stripe's own client has no limit for the future; a clock that far ahead is not Stripe's."""
HEADER_LIMIT_CHARACTERS = 4096


def check(header: str, body: bytes, secrets: Sequence[str], now: int) -> None:
    """secrets: all live endpoint secrets (`whsec_…`, the whole text is the key). While one is rolled, Stripe signs with
    both and sends two v1. Other schemes (v0 marks test data) are ignored. Raises SignatureRefused."""
    timestamp, candidates = _parse(header)
    if abs(now - int(timestamp)) > WINDOW_SECONDS:
        raise SignatureRefused
    message = timestamp.encode() + b"." + body
    genuine = False
    for secret in secrets:
        # An HMAC under the empty key can be made by anyone.
        expected = hmac.digest(secret.encode(), message, "sha256").hex().encode() if secret else b""
        for candidate in candidates:
            genuine |= bool(expected) and hmac.compare_digest(expected, candidate)
    if not genuine:
        raise SignatureRefused


def _parse(header: str) -> tuple[str, list[bytes]]:
    if len(header) > HEADER_LIMIT_CHARACTERS:
        raise SignatureRefused
    pairs = [part.partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) <= 12):
        raise SignatureRefused
    return times[0], [value.encode() for name, _, value in pairs if name == "v1"]
