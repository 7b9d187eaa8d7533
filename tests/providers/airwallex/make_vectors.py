"""Writes vectors.json anew: invented events, signed by an HMAC that is written out here.

PYTHONPATH=. python tests/providers/airwallex/make_vectors.py       (from the root)
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

NOW = 1_790_000_000
SECRETS = ["whsec_vector_new", "whsec_vector_old"]


def mac(secret: str, message: str) -> str:
    """RFC 2104, written out."""
    key = secret.encode().ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + message.encode()).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()


def headers(body: str, secret: str, milliseconds: str = str(NOW * 1000 + 123), between: str = "") -> dict[str, str]:
    return {"x-timestamp": milliseconds, "x-signature": mac(secret, f"{milliseconds}{between}{body}")}


def event(name: str, subject: str) -> str:
    """`subject` as text, so that the numbers stand as they are written."""
    start = json.dumps({"id": "evt_v", "name": name, "created_at": "2026-09-21T14:13:20+0000"}, ensure_ascii=False)
    return f'{start[:-1]}, "data": {{"object": {subject}}}}}'


def build() -> dict[str, Any]:
    intent = '"id": "int_v", "merchant_order_id": "茶-1", "status": "SUCCEEDED"'
    paid = event("payment_intent.succeeded", f'{{{intent}, "captured_amount": 12.990, "currency": "EUR"}}')
    large = event("payment_intent.succeeded", f'{{{intent}, "captured_amount": 1.0E7, "currency": "IDR"}}')
    names = '"metadata": {"reference": "茶-1", "refund_reference": "茶-r1"}'
    back = event("refund.settled", f'{{"id": "rfd_v", "status": "SETTLED", "payment_intent_id": "int_v", {names}}}')
    new, old = SECRETS
    good = headers(paid, new)
    return {
        "source": "made by make_vectors.py; invented data, invented secrets",
        "secrets": SECRETS,
        "genuine": [
            {"name": "paid", "body": paid, "now": NOW, "headers": good, "states": ["captured"]},
            {"name": "old_secret", "body": large, "now": NOW, "headers": headers(large, old), "states": ["captured"]},
            {"name": "refund", "body": back, "now": NOW, "headers": headers(back, new), "states": ["part_refunded"]},
            {"name": "edge", "body": paid, "now": NOW + 300, "headers": good, "states": ["captured"]},
        ],
        "forged": [
            {"name": "body", "body": paid.replace("12.990", "99.990"), "now": NOW, "headers": good},
            {"name": "stale", "body": paid, "now": NOW + 301, "headers": good},
            {"name": "future", "body": paid, "now": NOW - 301, "headers": good},
            {"name": "other_secret", "body": paid, "now": NOW, "headers": headers(paid, "whsec_other")},
            {"name": "empty_secret", "body": paid, "now": NOW, "headers": headers(paid, "")},
            {"name": "body_alone", "body": paid, "now": NOW, "headers": {**good, "x-signature": mac(new, paid)}},
            {"name": "separator", "body": paid, "now": NOW, "headers": headers(paid, new, between=".")},
            {"name": "seconds", "body": paid, "now": NOW, "headers": headers(paid, new, str(NOW))},
            {
                "name": "upper",
                "body": paid,
                "now": NOW,
                "headers": {**good, "x-signature": good["x-signature"].upper()},
            },
        ],
    }


if __name__ == "__main__":
    text = json.dumps(build(), ensure_ascii=False, indent=1)
    (Path(__file__).parent / "vectors.json").write_text(text + "\n", encoding="utf-8")
