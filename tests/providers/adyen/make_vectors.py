"""Writes vectors.json anew: invented notifications, signed by an HMAC that is written out here.

PYTHONPATH=. python tests/providers/adyen/make_vectors.py       (from the root)
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

KEYS = ["0F" * 32, "A1" * 32]
ACCOUNT = "TeaShopECOM"


def mac(key: str, message: str) -> str:
    """RFC 2104, written out."""
    block = bytes.fromhex(key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + message.encode()).digest()
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()
    return base64.b64encode(outer).decode()


def item(event: str, key: str, signed_as: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    made = {
        "pspReference": "TEA0000000000001", "originalReference": "", "merchantAccountCode": ACCOUNT,
        "merchantReference": "attempt-000001", "amount": {"value": 1299, "currency": "EUR"},
        "eventCode": event, "success": "true", "eventDate": "2026-09-21T10:00:00+02:00", **changes,
    }  # fmt: skip
    signed = {**made, **(signed_as or {})}
    fields = [signed[name] for name in ("pspReference", "originalReference", "merchantAccountCode")]
    fields += [signed["merchantReference"], signed["amount"]["value"], signed["amount"]["currency"]]
    text = ":".join(map(str, [*fields, signed["eventCode"], signed["success"]]))
    return {**made, "additionalData": {"hmacSignature": mac(key, text)}}


def body(*items: dict[str, Any]) -> str:
    wrapped = [{"NotificationRequestItem": one} for one in items]
    return json.dumps({"live": "false", "notificationItems": wrapped}, ensure_ascii=False)


def build() -> dict[str, Any]:
    new, old = KEYS
    paid, back = item("AUTHORISATION", new), {"originalReference": "TEA0000000000001", "pspReference": "TEA2"}
    yen = {"value": 5000, "currency": "JPY"}
    kept = item("REFUND", new, merchantReference="attempt-000001.茶-r1", **back)
    return {
        "source": "made by make_vectors.py; invented data, invented keys",
        "hmac_keys": KEYS,
        "merchant_account": ACCOUNT,
        "genuine": [
            {"name": "paid", "body": body(paid), "states": ["captured"]},
            {"name": "old_key", "body": body(item("AUTHORISATION", old, amount=yen)), "states": ["captured"]},
            {"name": "two_items", "body": body(kept, paid), "states": ["part_refunded", "captured"]},
            {"name": "declined", "body": body(item("AUTHORISATION", new, success="false")), "states": ["failed"]},
            {"name": "unsigned_date", "body": body({**paid, "eventDate": "1999-01-01"}), "states": ["captured"]},
            {"name": "colon", "body": body(item("AUTHORISATION", new, merchantReference="a:b")), "states": []},
            {"name": "other_account", "body": body(item("AUTHORISATION", new, merchantAccountCode="X")), "states": []},
        ],
        "forged": [
            {"name": "amount", "body": body({**paid, "amount": {"value": 1, "currency": "EUR"}})},
            {"name": "currency", "body": body({**paid, "amount": {"value": 1299, "currency": "JPY"}})},
            {"name": "success", "body": body({**paid, "success": "false"})},
            {"name": "reference", "body": body({**paid, "merchantReference": "attempt-000002"})},
            {"name": "second_item", "body": body(paid, {**kept, "pspReference": "TEA3"})},
            {"name": "first_item", "body": body({**kept, "pspReference": "TEA3"}, paid)},
            {"name": "unsigned", "body": body({**paid, "additionalData": {}})},
            {"name": "empty_signature", "body": body({**paid, "additionalData": {"hmacSignature": ""}})},
            {"name": "other_key", "body": body(item("AUTHORISATION", "BB" * 32))},
            {"name": "empty_key", "body": body(item("AUTHORISATION", ""))},
            {"name": "bool_success", "body": body(item("AUTHORISATION", new, success=True))},
            {"name": "none", "body": body()},
        ],
    }


if __name__ == "__main__":
    text = json.dumps(build(), ensure_ascii=False, indent=1)
    (Path(__file__).parent / "vectors.json").write_text(text + "\n", encoding="utf-8")
