"""What a partner pushes is signed as Standard Webhooks 1.0.0 has it: HMAC-SHA256 over `<id>.<timestamp>.<body>`.

A push is no older or newer than the window; a repeat inside it, or after it by a new signature, does no harm: all news
has its effect once.
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from typing import Mapping, Sequence

from twinshore.rewards.problems import PartnerSignatureRefused, refused

WINDOW_SECONDS = 300
_ID_LIMIT_CHARS = 256
_SIGNATURES_LIMIT = 10


def verify(secrets: Sequence[bytes], headers: Mapping[str, str], body: bytes, now: int) -> None:
    """headers: names in lower case. Raises PartnerSignatureRefused; without a secret, always."""
    message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not 0 < len(message_id) <= _ID_LIMIT_CHARS or not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise refused(PartnerSignatureRefused("send webhook-id, webhook-timestamp and webhook-signature"))
    if abs(now - int(stamp)) > WINDOW_SECONDS:
        raise refused(PartnerSignatureRefused("the timestamp is too far from our clock"))
    message = f"{message_id}.{stamp}.".encode() + body
    wanted = [hmac.digest(secret, message, "sha256") for secret in secrets if secret]
    given = [_mark(text) for text in headers.get("webhook-signature", "").split()[:_SIGNATURES_LIMIT]]
    if not any(hmac.compare_digest(one, other) for one in wanted for other in given):
        raise refused(PartnerSignatureRefused("no signature of a live secret"))


def _mark(text: str) -> bytes:
    version, _, mark = text.partition(",")
    try:
        return b64decode(mark, validate=True) if version == "v1" else b""
    except ValueError:
        return b""
