"""Writes vectors.json anew: invented events, signed by an HMAC that is written out here.

python -m tests.providers.stripe.make_vectors       (from the root)
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

NOW = 1_790_000_000
SECRETS = ["whsec_vector_new", "whsec_vector_old"]


def mac(secret: str, message: bytes) -> str:
    """RFC 2104, written out."""
    key = secret.encode().ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()


def header(body: str, *secrets: str, t: int = NOW, scheme: str = "v1") -> str:
    return ",".join([f"t={t}", *(f"{scheme}={mac(secret, f'{t}.{body}'.encode())}" for secret in secrets)])


def event(kind: str, **subject: Any) -> str:
    content = {"id": "evt_v", "object": "event", "created": NOW, "type": kind, "data": {"object": subject}}
    return json.dumps(content, ensure_ascii=False)


def build() -> dict[str, Any]:
    paid = event(
        "payment_intent.succeeded", id="pi_v", amount_received=5000, currency="jpy", metadata={"reference": "茶-1"}
    )
    back = event(
        "charge.refunded", id="ch_v", amount_refunded=10, currency="kwd", refunded=False, payment_intent="pi_v"
    )
    new, old = SECRETS
    return {
        "source": "made by make_vectors.py; invented data, invented secrets",
        "secrets": SECRETS,
        "genuine": [
            {"name": "paid", "body": paid, "now": NOW + 5, "header": header(paid, new), "states": ["captured"]},
            {"name": "old_secret", "body": paid, "now": NOW, "header": header(paid, old), "states": ["captured"]},
            {"name": "both", "body": back, "now": NOW, "header": header(back, new, old), "states": ["part_refunded"]},
            {"name": "edge", "body": paid, "now": NOW + 300, "header": header(paid, new), "states": ["captured"]},
        ],
        "forged": [
            {"name": "body", "body": paid.replace("5000", "1"), "now": NOW, "header": header(paid, new)},
            {"name": "stale", "body": paid, "now": NOW + 301, "header": header(paid, new)},
            {"name": "future", "body": paid, "now": NOW - 301, "header": header(paid, new)},
            {"name": "other_secret", "body": paid, "now": NOW, "header": header(paid, "whsec_other")},
            {"name": "empty_secret", "body": paid, "now": NOW, "header": header(paid, "")},
            {"name": "v0", "body": paid, "now": NOW, "header": header(paid, new, scheme="v0")},
        ],
    }


if __name__ == "__main__":
    text = json.dumps(build(), ensure_ascii=False, indent=1)
    (Path(__file__).parent / "vectors.json").write_text(text + "\n", encoding="utf-8")
