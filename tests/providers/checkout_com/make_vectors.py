"""Writes vectors.json anew: invented events, signed by an HMAC that is written out here.

PYTHONPATH=. python tests/providers/checkout_com/make_vectors.py       (from the root)
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

KEYS = ["workflow key new", "workflow key old"]


def mac(key: str, message: bytes) -> str:
    """RFC 2104, written out."""
    padded = key.encode().ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in padded) + inner).hexdigest()


def event(kind: str, **data: Any) -> str:
    content = {"id": "evt_v", "type": kind, "created_on": "2026-03-01T04:00:07Z", "data": {"id": "pay_v", **data}}
    return json.dumps(content, ensure_ascii=False)


def build() -> dict[str, Any]:
    paid = event("payment_captured", reference="order-1", amount=9200, currency="SAR", metadata={"note": "®™ مدى"})
    balances = {"total_captured": 12340, "total_refunded": 10}
    back = event("payment_refunded", reference="order-2.r1", amount=10, currency="KWD", balances=balances)
    other = event("payment_instrument_verified")
    new, old = KEYS
    escaped = json.dumps(json.loads(paid))
    return {
        "source": "made by make_vectors.py; invented data, invented keys",
        "keys": KEYS,
        "genuine": [
            {"name": "paid", "body": paid, "header": mac(new, paid.encode()), "states": ["captured"]},
            {"name": "old_key", "body": paid, "header": mac(old, paid.encode()), "states": ["captured"]},
            {"name": "refund", "body": back, "header": mac(new, back.encode()), "states": ["part_refunded"]},
            {"name": "other_news", "body": other, "header": mac(new, other.encode()), "states": []},
        ],
        "forged": [
            {"name": "amount", "body": paid.replace("9200", "9201"), "header": mac(new, paid.encode())},
            {"name": "escaped_again", "body": escaped, "header": mac(new, paid.encode())},
            {"name": "other_key", "body": paid, "header": mac("workflow key of another", paid.encode())},
            {"name": "empty_key", "body": paid, "header": mac("", paid.encode())},
            {"name": "no_header", "body": paid, "header": ""},
            {"name": "upper_case", "body": paid, "header": mac(new, paid.encode()).upper()},
            {"name": "cut", "body": paid, "header": mac(new, paid.encode())[:-1]},
        ],
    }


if __name__ == "__main__":
    text = json.dumps(build(), ensure_ascii=False, indent=1)
    (Path(__file__).parent / "vectors.json").write_text(text + "\n", encoding="utf-8")
