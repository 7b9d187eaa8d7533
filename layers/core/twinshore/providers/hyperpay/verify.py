"""Is this from HyperPay? Its notices are encrypted whole, AES-256-GCM, so what opens is what it wrote.

Headers X-Initialization-Vector and X-Authentication-Tag, both hex; the body is the hex ciphertext, or JSON
{"encryptedBody": "<hex>"} where the listener is set so. No associated data. The scheme has no time: an old notice sent
again is old news, which the state machine knows.
"""

from __future__ import annotations

import json
from typing import Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from twinshore.payments.port import SignatureRefused
from twinshore.providers.configuration import ProviderNotConfigured

KEY_BYTES = 32
TAG_BYTES = 16
IV_BYTES = range(12, 17)
"""12 is what it sends; the platform's documents do not promise it."""


class NoticeKeys:
    """keys_hex: the live listener keys (64 hex digits each). While a listener's key is changed, both open.
    Raises ProviderNotConfigured for a key of another form, without repeating it."""

    def __init__(self, keys_hex: Sequence[str]) -> None:
        keys = [_unhex(text) for text in keys_hex]
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ProviderNotConfigured("A webhook key of hyperpay is not 64 hex digits.")
        self._ciphers = [AESGCM(key) for key in keys]

    def open(self, headers: Mapping[str, str], body: bytes) -> bytes:
        """The plain notice. headers: names in lower case. Raises SignatureRefused, and says nothing of why."""
        iv = _unhex(headers.get("x-initialization-vector", ""))
        tag = _unhex(headers.get("x-authentication-tag", ""))
        sealed = _unhex(_ciphertext(body))
        # A short tag would be completed from the ciphertext's end: 4 bytes could be guessed.
        if len(iv) not in IV_BYTES or len(tag) != TAG_BYTES or not sealed:
            raise SignatureRefused
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(iv, sealed + tag, None)
            except InvalidTag:
                continue
        raise SignatureRefused


def _ciphertext(body: bytes) -> str:
    try:
        text = body.decode("utf-8-sig").strip()
        if text.startswith("{"):
            wrapped = json.loads(text)["encryptedBody"]
            text = wrapped if isinstance(wrapped, str) else ""
    except (ValueError, KeyError, RecursionError):
        return ""
    return text


def _unhex(text: str) -> bytes:
    """b"" for anything but hex digits: `fromhex` alone takes blanks between them."""
    try:
        return bytes.fromhex(text) if text.isalnum() else b""
    except ValueError:
        return b""
