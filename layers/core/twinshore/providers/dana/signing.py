"""Signatures of SNAP, Indonesia's open API standard, in both directions: RSA PKCS #1 v1.5 with SHA-256 over method,
path, hash of the body, and time. The path is as the caller calls it, so a notice is checked against our registered one.

Keys are read by the small reader of `wechat_pay.keys`: the two providers are handed RSA keys in the same forms.
"""

from __future__ import annotations

import hashlib
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from typing import Mapping, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from twinshore.payments.port import SignatureRefused
from twinshore.providers.configuration import ProviderNotConfigured
from twinshore.providers.dana.times import jakarta, seconds
from twinshore.providers.wechat_pay.keys import private_key, public_key

WINDOW_SECONDS = 300
"""Inclusive and both ways; of our own choice: DANA's scheme has none, and signs anew what it sends again (0113)."""
_PADDING, _HASH = PKCS1v15(), SHA256()


def message(method: str, path: str, body: bytes, timestamp: str) -> bytes:
    """`body` as it is sent, which is minified JSON."""
    return f"{method}:{path}:{hashlib.sha256(body).hexdigest()}:{timestamp}".encode()


class Signer:
    """Keeps the parsed key of a warm function. private_key_pem: PKCS #8."""

    def __init__(self, private_key_pem: str) -> None:
        self._pem = private_key_pem
        self._key: RSAPrivateKey | None = None

    def headers(self, path: str, body: bytes, now: int) -> dict[str, str]:
        if self._key is None:
            try:
                self._key = private_key(self._pem)
            except ValueError:
                raise ProviderNotConfigured("The private key of dana is no PEM key (PKCS #8).") from None
        timestamp = jakarta(now)
        signature = self._key.sign(message("POST", path, body, timestamp), _PADDING, _HASH)
        return {"X-TIMESTAMP": timestamp, "X-SIGNATURE": b2a_base64(signature, newline=False).decode()}


class Verifier:
    """public_keys: PEM, all of them live. path: of our webhook, as DANA calls it."""

    def __init__(self, public_keys: Sequence[str], path: str) -> None:
        if not public_keys or not all(public_keys):
            raise ProviderNotConfigured("dana has no key to verify notices with.")
        self._pems = tuple(public_keys)
        self._path = path
        self._keys: tuple[RSAPublicKey, ...] = ()

    def check(self, headers: Mapping[str, str], body: bytes, now: int) -> None:
        """headers: names in lower case. The raw body only: the same JSON written in another way is another body.
        Raises SignatureRefused, and says nothing of why."""
        timestamp = headers.get("x-timestamp", "")
        at = seconds(timestamp)
        if at is None or abs(now - at) > WINDOW_SECONDS:
            raise SignatureRefused
        signature = _signature(headers.get("x-signature", ""))
        signed = message("POST", self._path, body, timestamp)
        if not any(_verifies(key, signature, signed) for key in self._parsed()):
            raise SignatureRefused

    def _parsed(self) -> tuple[RSAPublicKey, ...]:
        if not self._keys:
            try:
                self._keys = tuple(public_key(pem) for pem in self._pems)
            except ValueError:
                raise ProviderNotConfigured("A public key of dana is no PEM key.") from None
        return self._keys


def _verifies(key: RSAPublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, _PADDING, _HASH)
    except InvalidSignature:
        return False
    return True


def _signature(text: str) -> bytes:
    """Strict base64: one signature has one spelling."""
    try:
        raw = a2b_base64(text)
    except (Base64Error, ValueError):
        raise SignatureRefused from None
    if not raw or b2a_base64(raw, newline=False).decode() != text:
        raise SignatureRefused
    return raw
