"""The Content-Digest of a message (RFC 9530): one digest, SHA-256, in the one spelling there is of it."""

import hashlib
import hmac
from base64 import b64encode


def content_digest(body: bytes) -> str:
    return f"sha-256=:{b64encode(hashlib.sha256(body).digest()).decode('ascii')}:"


def matches(header: str, body: bytes) -> bool:
    """Whether `header` is this very text. Further digests beside it are no reason to let one be wrong: refused."""
    return hmac.compare_digest(header.encode("utf-8", "replace"), content_digest(body).encode("ascii"))
