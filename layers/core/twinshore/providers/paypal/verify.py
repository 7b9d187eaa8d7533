"""The headers of a PayPal notice: RSA-SHA256 over `transmission id|its time|our webhook id|CRC-32 of the body`.

The checksum binds the body weakly: who holds one genuine notice can write another body with the same sum. So this says
that PayPal sent a notice, not what it said; `status` lets every notice that moves money be read back.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from typing import Mapping, Sequence
from zlib import crc32

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from twinshore.payments.port import SignatureRefused
from twinshore.providers.configuration import ProviderNotConfigured
from twinshore.providers.paypal.certificates import SMALLEST_MODULUS_BITS, Certificates
from twinshore.providers.paypal.times import seconds

OLDEST_SECONDS = 3 * 24 * 3600 + 3600
"""PayPal repeats for three days, and does not say whether a repetition has a new time."""
FUTURE_SECONDS = 300
SIMULATOR_WEBHOOK_ID = "WEBHOOK_ID"
"""What PayPal's simulator signs with, for everybody and anything: its notices are genuine and mean nothing."""
_ALGORITHM = "SHA256withRSA"
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", re.ASCII)
_PADDING, _HASH = PKCS1v15(), SHA256()


class Verifier:
    """webhook_ids: every live id of our webhook in PayPal's dashboard."""

    def __init__(self, webhook_ids: Sequence[str], certificates: Certificates) -> None:
        if not webhook_ids or not all(webhook_ids):
            raise ProviderNotConfigured("paypal has no webhook id to verify with.")
        if SIMULATOR_WEBHOOK_ID in (webhook_id.strip().upper() for webhook_id in webhook_ids):
            raise ProviderNotConfigured("WEBHOOK_ID is the simulator's, it is no webhook id of paypal.")
        self._webhook_ids = tuple(webhook_ids)
        self._certificates = certificates

    def check(self, headers: Mapping[str, str], body: bytes, now: int) -> None:
        """headers: names in lower case. May fetch a certificate. Raises SignatureRefused, and says nothing of why."""
        transmission_id = headers.get("paypal-transmission-id", "")
        sent = headers.get("paypal-transmission-time", "")
        if headers.get("paypal-auth-algo") != _ALGORITHM or not _ID.fullmatch(transmission_id):
            raise SignatureRefused
        if not _TIME.fullmatch(sent) or not now - OLDEST_SECONDS <= _moment(sent) <= now + FUTURE_SECONDS:
            raise SignatureRefused
        signature = _signature(headers.get("paypal-transmission-sig", ""))
        key = self._certificates.key(headers.get("paypal-cert-url", ""), now)
        if key is None:
            raise SignatureRefused
        if not any(
            is_signed(key, signature, signed_text(transmission_id, sent, webhook_id, body))
            for webhook_id in self._webhook_ids
        ):
            raise SignatureRefused


def signed_text(transmission_id: str, sent: str, webhook_id: str, body: bytes) -> bytes:
    return f"{transmission_id}|{sent}|{webhook_id}|{crc32(body)}".encode()


def is_signed(key: RSAPublicKey, signature: bytes, text: bytes) -> bool:
    try:
        key.verify(signature, text, _PADDING, _HASH)
    except InvalidSignature:
        return False
    return True


def _moment(text: str) -> int:
    try:
        return seconds(text)
    except ValueError:
        raise SignatureRefused from None


def _signature(text: str) -> bytes:
    """Strict base64: one signature has one spelling."""
    try:
        raw = a2b_base64(text)
    except (Base64Error, ValueError):
        raise SignatureRefused from None
    if len(raw) < SMALLEST_MODULUS_BITS // 8 or b2a_base64(raw, newline=False).decode() != text:
        raise SignatureRefused
    return raw
