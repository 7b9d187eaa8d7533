"""Signatures in the form of Standard Webhooks 1.0.0: `v1,` and base64 of HMAC-SHA256 over `<id>.<timestamp>.<body>`.

No secret of a subscription is kept anywhere: each is derived from a key of the cell (HMAC-SHA256 as a KDF, NIST
SP 800-108 in spirit) with the subscription's id, the time it was made and the secret's number, and can be shown again
only by deriving it again. Several are live while one is changed: then a webhook carries a signature of each.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from typing import NamedTuple, Sequence

from twinshore.errors import Unavailable

KEY_BYTES = 32
PREFIX = "whsec_"
_PURPOSE = "twinshore webhook secret"


class WebhookKeysMissing(Unavailable):
    slug = "webhook-keys-missing"
    title_en = "Webhooks are not set up here"
    title_zh = "webhook 尚未配置"


class SigningKeys(NamedTuple):
    newest: str
    """Id of the key that new secrets are derived from."""
    keys: dict[str, bytes]

    def secret(self, key_id: str, *facts: object) -> bytes:
        """32 bytes. Raises WebhookKeysMissing: the key was taken out while secrets of it are live."""
        key = self.keys.get(key_id)
        if key is None:
            raise WebhookKeysMissing
        return hmac.digest(key, "\n".join([_PURPOSE, *(str(fact) for fact in facts)]).encode(), "sha256")


def signing_keys(secret_json: str) -> SigningKeys:
    """From the cell's secret `webhook_signing_keys`: a JSON list of {"id", "secret" in hex}, the newest first.
    Raises WebhookKeysMissing without repeating any of it."""
    try:
        keys = {str(row["id"]): bytes.fromhex(row["secret"]) for row in json.loads(secret_json)}
    except (ValueError, TypeError, KeyError):
        raise WebhookKeysMissing from None
    if not keys or any(len(key) != KEY_BYTES for key in keys.values()):
        raise WebhookKeysMissing
    return SigningKeys(next(iter(keys)), keys)


def shown(secret: bytes) -> str:
    """As the receiver's library takes it."""
    return PREFIX + b64encode(secret).decode()


def signed_headers(message_id: str, at: int, body: bytes, secrets: Sequence[bytes]) -> dict[str, str]:
    """secrets: all live ones of the subscription, at least one, none empty."""
    message = f"{message_id}.{at}.".encode() + body
    marks = [b64encode(hmac.digest(secret, message, "sha256")).decode() for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
    }
