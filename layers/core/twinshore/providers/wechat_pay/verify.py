"""Is this from WeChat Pay? Signatures of notices and replies, and the encrypted resource.

API v3: RSA PKCS #1 v1.5 with SHA-256 over timestamp, nonce and raw body, each ended by LF; the serial chooses the key,
and during a switch from certificates to the public key both kinds arrive, so all live keys are held at once.
"""

from __future__ import annotations

import json
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from typing import Any, Callable, Mapping, Sequence

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from twinshore.errors import BadRequest
from twinshore.payments.port import SignatureRefused
from twinshore.providers.configuration import ProviderNotConfigured
from twinshore.providers.wechat_pay.keys import SMALLEST_MODULUS_BITS, public_key

WINDOW_SECONDS = 300
"""Exclusive: a notice signed 300 s ago is refused, as WeChat's own Go client does."""
REFRESH_INTERVAL_SECONDS = 600
PUBLIC_KEY_ID_PREFIX = "PUB_KEY_ID_"
_PROBE_PREFIX = "WECHATPAY/SIGNTEST/"
"""WeChat sends some notices and answers with a wrong signature to see whether we look; this one may be valid base64."""
_SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"
_PADDING, _HASH = PKCS1v15(), SHA256()
_JSON_BLANKS = " \t\n\r"
_read = json.JSONDecoder().raw_decode

Refresh = Callable[[int], Mapping[str, str]]
"""Given now, downloads the platform certificates that are valid: PEM by serial. May raise a Problem."""


class Verifier:
    """keys: PEM public key or certificate by serial number or PUB_KEY_ID_….
    refresh: asked for newer certificates when a serial is not known; None where the merchant has none.

    The serial is whatever the caller of our webhook wrote, so it may cause at most one download in
    REFRESH_INTERVAL_SECONDS per instance, and only after everything that can be checked without a key holds.
    """

    def __init__(self, keys: Mapping[str, str], refresh: Refresh | None = None) -> None:
        self._pems = dict(keys)
        self._keys: dict[str, RSAPublicKey] = {}
        self._refresh = refresh
        self._refreshed_at: int | None = None

    @property
    def public_key_id(self) -> str:
        """The first PUB_KEY_ID_…: named in our requests, it asks for replies signed by that key. "" without one."""
        return next((serial for serial in self._pems if serial.startswith(PUBLIC_KEY_ID_PREFIX)), "")

    def check(self, headers: Mapping[str, str], body: bytes, now: int) -> None:
        """headers: names in lower case. Raises SignatureRefused, and says nothing of why."""
        timestamp, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
        if headers.get("wechatpay-signature-type", _SIGNATURE_TYPE) != _SIGNATURE_TYPE:
            raise SignatureRefused
        # The text is what was signed, so it is not parsed and printed again. isdigit() alone takes other scripts.
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            raise SignatureRefused
        # A line end in the nonce would let a piece of the body pass as nonce.
        if abs(now - int(timestamp)) >= WINDOW_SECONDS or not (nonce.isascii() and nonce.isprintable()):
            raise SignatureRefused
        signature = _signature(headers.get("wechatpay-signature", ""))
        key = self._key(headers.get("wechatpay-serial", ""), now)
        if key is None:
            raise SignatureRefused
        try:
            key.verify(signature, f"{timestamp}\n{nonce}\n".encode() + body + b"\n", _PADDING, _HASH)
        except InvalidSignature:
            raise SignatureRefused from None

    def add(self, certificates: Mapping[str, str]) -> None:
        """Take more keys; those we hold stay, for old and new live side by side."""
        self._pems = {**certificates, **self._pems}

    def _key(self, serial: str, now: int) -> RSAPublicKey | None:
        key = self._keys.get(serial)
        if key is not None:
            return key
        if serial not in self._pems and self._may_refresh(serial, now):
            self._refreshed_at = now  # before the call: a failing or slow download must not be repeated either
            self.add(self._refresh(now) if self._refresh else {})
        pem = self._pems.get(serial)
        if pem is None:
            return None
        try:
            key = self._keys[serial] = public_key(pem)
        except ValueError:
            raise ProviderNotConfigured("A platform key of wechat_pay is no PEM key or certificate.") from None
        return key

    def _may_refresh(self, serial: str, now: int) -> bool:
        if self._refresh is None or not _looks_like_certificate_serial(serial):
            return False
        return self._refreshed_at is None or now - self._refreshed_at >= REFRESH_INTERVAL_SECONDS


def _looks_like_certificate_serial(serial: str) -> bool:
    """Upper-case hex of up to 20 bytes (RFC 5280, 4.1.2.2). A PUB_KEY_ID_… cannot be downloaded."""
    return 8 <= len(serial) <= 40 and not serial.strip("0123456789ABCDEF")


def _signature(text: str) -> bytes:
    """Strict base64: one signature has one spelling."""
    if text.startswith(_PROBE_PREFIX):
        raise SignatureRefused
    try:
        raw = a2b_base64(text)
    except (Base64Error, ValueError):
        raise SignatureRefused from None
    # The lenient decoder skips foreign characters and ignores the unused bits of the last one.
    if len(raw) < SMALLEST_MODULUS_BITS // 8 or b2a_base64(raw, newline=False).decode() != text:
        raise SignatureRefused
    return raw


class ResourceKeys:
    """The live APIv3 keys, newest first. During a change in the console notices under the old key still arrive."""

    def __init__(self, api_v3_keys: Sequence[str]) -> None:
        self._ciphers = [AESGCM(key.encode()) for key in api_v3_keys]

    def open(self, resource: Mapping[str, Any]) -> bytes:
        """AEAD_AES_256_GCM; the associated data may be empty or absent. Raises BadRequest."""
        try:
            if resource["algorithm"] != "AEAD_AES_256_GCM":
                raise BadRequest("The resource is encrypted in another way than agreed.")
            nonce, sealed = resource["nonce"].encode(), a2b_base64(resource["ciphertext"])
            associated = (resource.get("associated_data") or "").encode()
        except (KeyError, AttributeError, TypeError, ValueError) as err:
            raise BadRequest("The encrypted resource is not complete.") from err
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(nonce, sealed, associated)
            except (InvalidTag, ValueError):
                continue
        raise BadRequest("No live APIv3 key opens the resource.")


def object_of(raw: bytes) -> dict[str, Any]:
    """A JSON object in UTF-8, with a byte order mark or without. Raises BadRequest."""
    try:
        text = raw.decode()  # json would first guess the encoding, which takes as long as reading
        text = text if text.startswith("{") else text.removeprefix("\ufeff").lstrip(_JSON_BLANKS)
        value, end = _read(text)
    except ValueError:
        raise BadRequest("The notice is not JSON.") from None
    if end != len(text) and text[end:].strip(_JSON_BLANKS):
        raise BadRequest("The notice is not JSON.")
    if not isinstance(value, dict):
        raise BadRequest("The notice is not a JSON object.")
    return value
