"""Is this from GrabPay? The request HMAC, the other way round, where a notice carries one.

The form of its notices is not published (docs/decisions/0110). So a notice is never believed, only taken as a reason to
ask: one without a signature is as good as a knock, one with a wrong signature is refused.
"""

from __future__ import annotations

import hmac
from calendar import timegm
from typing import Mapping, Sequence

from twinshore.payments.port import SignatureRefused
from twinshore.providers.grabpay.signing import DAYS, MONTHS, Signed, request_hmac

WINDOW_SECONDS = 300
"""Inclusive and both ways; of our own choice."""


def check(
    headers: Mapping[str, str], body: bytes, path: str, partner_id: str, secrets: Sequence[str], now: int
) -> bool:
    """True: signed, and rightly. False: not signed at all. path: of our webhook, as it is registered with GrabPay.
    secrets: all live partner secrets. Raises SignatureRefused."""
    authorization = headers.get("authorization", "")
    if not authorization:
        return False
    partner, colon, given = authorization.partition(":")
    date = headers.get("date", "")
    if not colon or abs(now - _seconds(date)) > WINDOW_SECONDS:
        raise SignatureRefused
    signed = Signed("POST", headers.get("content-type", ""), date, path, body)
    genuine = False
    for secret in secrets:
        # An HMAC under the empty key can be made by anyone.
        expected = request_hmac(secret, signed).encode() if secret else b""
        genuine |= bool(expected) and hmac.compare_digest(expected, given.encode())
    if not (genuine and hmac.compare_digest(partner.encode(), partner_id.encode())):
        raise SignatureRefused
    return True


def _seconds(date: str) -> int:
    """Of an IMF-fixdate. Raises SignatureRefused."""
    parts = date.split(" ")
    if len(parts) != 6 or parts[0].rstrip(",") not in DAYS or parts[2] not in MONTHS or parts[5] != "GMT":
        raise SignatureRefused
    numbers = (parts[1], parts[3], *parts[4].split(":"))
    if len(numbers) != 5 or not all(text.isascii() and text.isdigit() and len(text) <= 4 for text in numbers):
        raise SignatureRefused
    day, year, hour, minute, second = (int(text) for text in numbers)
    return timegm((year, MONTHS.index(parts[2]) + 1, day, hour, minute, second))
