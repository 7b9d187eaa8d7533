"""The x-signature header: `ts=<time>,v1=<hex>`, HMAC-SHA256 over the id of the query, the request id and the time.

Nothing of the body is covered. The id stands in the query (`?data.id=…`), is signed in small letters, and comes in
small or capital ones. Parts that are absent are left out of what is signed.
"""

from __future__ import annotations

import hmac
import re
from typing import Mapping, Sequence

from twinshore.payments.port import SignatureRefused

OLDEST_SECONDS = 3 * 24 * 3600
"""Mercado Pago does not say whether a repeated notice is signed anew. A replay makes us look, and no more."""
FUTURE_SECONDS = 300
HEADER_LIMIT_CHARACTERS = 1024
DATA_ID, TOPIC = "?data.id", "?type"
_ORDINARY = re.compile(r"ts=([0-9]{10,13}),v1=([0-9a-f]{64})")
_DIGITS = re.compile(r"[0-9]{10,13}")


def check(headers: Mapping[str, str], secrets: Sequence[tuple[str, str]], now: int) -> str:
    """secrets: account and its secret, all live ones. Gives the account whose notice it is. Raises SignatureRefused."""
    stamp, mark = _parse(headers.get("x-signature", ""))
    if not now - OLDEST_SECONDS <= _seconds(stamp) <= now + FUTURE_SECONDS:
        raise SignatureRefused
    data_id, request_id = headers.get(DATA_ID, "").strip(), headers.get("x-request-id", "").strip()
    # Whose secret it is, is told anyway: the first that matches ends the search, the documented spelling goes first.
    for spelled in dict.fromkeys((data_id.lower(), data_id)):
        text = manifest(spelled, request_id, stamp).encode()
        for account, secret in secrets:
            # An HMAC under the empty key can be made by anyone.
            expected = hmac.digest(secret.encode(), text, "sha256").hex().encode() if secret else b""
            if expected and hmac.compare_digest(expected, mark):
                return account
    raise SignatureRefused


def manifest(data_id: str, request_id: str, stamp: str) -> str:
    if data_id and request_id:
        return f"id:{data_id};request-id:{request_id};ts:{stamp};"
    parts = [("id", data_id), ("request-id", request_id), ("ts", stamp)]
    return "".join(f"{name}:{value};" for name, value in parts if value)


def _parse(header: str) -> tuple[str, bytes]:
    ordinary = _ORDINARY.fullmatch(header)
    if ordinary is not None:
        return ordinary[1], ordinary[2].encode()
    if len(header) > HEADER_LIMIT_CHARACTERS:
        raise SignatureRefused
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "ts"]
    marks = [value for name, _, value in pairs if name == "v1"]
    if len(times) != 1 or len(marks) != 1 or not _DIGITS.fullmatch(times[0]):
        raise SignatureRefused
    return times[0], marks[0].encode()


def _seconds(stamp: str) -> int:
    """Mercado Pago has sent both seconds and milliseconds; ten digits are seconds until the year 2286."""
    return int(stamp) // 1000 if len(stamp) > 10 else int(stamp)
