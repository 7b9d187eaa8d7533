"""Signed promises: session tokens, service tokens, FX quotes. JWS compact form (RFC 7515) with HMAC SHA-256 only.

The header is not a menu: the only one accepted is the one we write, for a key that we hold and the kind that is asked
for, so there is no algorithm to confuse (RFC 8725, sections 3.1 and 3.11). Several keys are live during a rotation:
the first signs, all verify.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from typing import Any, NamedTuple

from twinshore.errors import Unauthenticated

TOKEN_LIMIT_CHARACTERS = 4096
KEY_MINIMUM_BYTES = 32
_CLOCK_SKEW_SECONDS = 30
"""How far in the future `iat` may lie: instances' clocks differ a little."""


class TokenExpired(Unauthenticated):
    slug = "token-expired"
    title_en = "The session has ended, please renew it"
    title_zh = "会话已过期，请刷新"


class TokenInvalid(Unauthenticated):
    slug = "token-invalid"
    title_en = "The token is not valid"
    title_zh = "令牌无效"


class SigningKey(NamedTuple):
    id: str
    """Goes into the token's header (`kid`); 1 to 32 of [A-Za-z0-9_-]."""
    secret: bytes
    """At least 32 bytes (RFC 7518, section 3.2)."""


class Signer:
    """Issues and verifies tokens of one cell. `issuer` is the cell's name and becomes the `iss` claim.

    Raises ValueError for no key, a short key or an id twice: an empty secret is a closed door.
    """

    def __init__(self, issuer: str, keys: list[SigningKey]) -> None:
        if not keys or len({key.id for key in keys}) != len(keys):
            raise ValueError("at least one key, each with an id of its own, is needed")
        if any(len(key.secret) < KEY_MINIMUM_BYTES for key in keys):
            raise ValueError(f"a key needs at least {KEY_MINIMUM_BYTES} bytes")
        self._issuer = issuer
        self._current = keys[0]
        self._secrets = {key.id: key.secret for key in keys}

    def issue(self, kind: str, claims: dict[str, Any], ttl_seconds: int, now: int) -> str:
        """`claims` are JSON values; `iss`, `iat` and `exp` (seconds since the epoch) are added."""
        full = {**claims, "iss": self._issuer, "iat": now, "exp": now + ttl_seconds}
        signed = f"{_header(kind, self._current.id)}.{_encode(_json(full))}"
        return f"{signed}.{_encode(_mac(self._current.secret, signed))}"

    def verify(self, kind: str, token: str, now: int) -> dict[str, Any]:
        """The claims of a token that this cell issued for this kind. Raises TokenInvalid, TokenExpired."""
        if len(token) > TOKEN_LIMIT_CHARACTERS or not token.isascii():
            raise TokenInvalid("the token cannot be read")
        signed, _, signature = token.rpartition(".")
        header, _, payload = signed.partition(".")
        secret = self._secret_for(kind, header)
        if not hmac.compare_digest(_encode(_mac(secret, signed)), signature):
            raise TokenInvalid("the signature does not match")
        claims: dict[str, Any] = json.loads(_decode(payload))
        if claims["iss"] != self._issuer:
            raise TokenInvalid("the token is of another cell")
        if claims["iat"] > now + _CLOCK_SKEW_SECONDS:
            raise TokenInvalid("the token is of the future")
        if claims["exp"] <= now:
            raise TokenExpired("renew the session, or ask for a new promise")
        return claims

    def _secret_for(self, kind: str, header: str) -> bytes:
        # Comparing whole headers, one per live key, leaves nothing of the caller's to be interpreted.
        for key_id, secret in self._secrets.items():
            if header == _header(kind, key_id):
                return secret
        raise TokenInvalid("the token is of another kind, or its key is not in use")


def signer_from_secret(issuer: str, secret_json: str) -> Signer:
    """From the secret `session_keys`: a JSON list of {"id", "secret"}, the secret in hex, the signing one first.

    Raises ValueError without repeating any of the secret.
    """
    try:
        rows = json.loads(secret_json)
        keys = [SigningKey(str(row["id"]), bytes.fromhex(row["secret"])) for row in rows]
    except (ValueError, TypeError, KeyError):
        raise ValueError('session_keys must be a JSON list of {"id", "secret" in hex}') from None
    return Signer(issuer, keys)


def _header(kind: str, key_id: str) -> str:
    return _encode(_json({"alg": "HS256", "kid": key_id, "typ": f"{kind}+jwt"}))


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _mac(secret: bytes, signed: str) -> bytes:
    return hmac.digest(secret, signed.encode("ascii"), hashlib.sha256)


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    try:
        return a2b_base64(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))
    except Base64Error:
        raise TokenInvalid("the token cannot be read") from None
