"""Writes vectors.json anew: invented notices, sealed by another implementation of AES-GCM than ours (pycryptodome).

python -m tests.providers.hyperpay.make_vectors       (from the root)
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from Crypto.Cipher import AES

KEYS = ["6b" * 32, "7c" * 32]
IV = "0a0b0c0d0e0f101112131415"


def sealed(name: str, plain: str, key: str = KEYS[0], iv: str = IV, **changes: Any) -> dict[str, Any]:
    cipher = AES.new(bytes.fromhex(key), AES.MODE_GCM, nonce=bytes.fromhex(iv))
    body, tag = cipher.encrypt_and_digest(plain.encode())
    return {"name": name, "iv": iv, "tag": tag.hex().upper(), "body": body.hex().upper(), **changes}


def payment(kind: str, amount: str, currency: str, code: str, **more: Any) -> str:
    payload = {
        "id": "8ac7a4a0000000000000000000000009",
        "paymentType": kind,
        "paymentBrand": "MADA",
        "amount": amount,
        "currency": currency,
        "result": {"code": code, "description": "مدى"},
        "timestamp": "2026-03-01 04:00:07+0000",
        **more,
    }
    return json.dumps({"type": "PAYMENT", "payload": payload}, ensure_ascii=False)


def build() -> dict[str, Any]:
    paid = payment("DB", "92.00", "SAR", "000.000.000", merchantTransactionId="order-1")
    dinar = payment("DB", "1.250", "KWD", "000.000.000", merchantTransactionId="order-2")
    back = payment("RF", "10.00", "SAR", "000.000.000", merchantTransactionId="order-1.r1", referencedId="8ac7")
    good = sealed("paid", paid)
    return {
        "source": "made by make_vectors.py; invented data. published_*: the platform's own examples of decryption",
        "keys": KEYS,
        "published": [
            {
                "name": "published_zero_iv",
                "key": "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f",
                "iv": "000000000000000000000000",
                "tag": "CE573FB7A41AB78E743180DC83FF09BD",
                "body": "0A3471C72D9BE49A8520F79C66BBD9A12FF9",
            },
            {
                "name": "published_other_iv",
                "key": "000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F",
                "iv": "3D575574536D450F71AC76D8",
                "tag": "19FDD068C6F383C173D3A906F7BD1D83",
                "body": "F8E2F759E528CB69375E51DB2AF9B53734E393",
            },
        ],
        "genuine": [
            {**good, "states": ["captured"]},
            sealed("old_key", paid, KEYS[1], states=["captured"]),
            sealed("dinar", dinar, states=["captured"]),
            sealed("refund", back, states=["part_refunded"]),
            {**good, "name": "wrapped", "body": json.dumps({"encryptedBody": good["body"]}), "states": ["captured"]},
            {**good, "name": "lower_case", "body": good["body"].lower(), "states": ["captured"]},
            sealed("registration", '{"type":"REGISTRATION","action":"CREATED","payload":{"id":"x"}}', states=[]),
        ],
        "forged": [
            {**good, "name": "body", "body": "00" + good["body"][2:]},
            {**good, "name": "iv", "iv": "ff" + IV[2:]},
            {**good, "name": "tag", "tag": "0" * 32},
            {**good, "name": "short_tag", "tag": good["tag"][:8], "body": good["body"]},
            {**good, "name": "tag_split_elsewhere", "tag": good["tag"][2:], "body": good["body"] + good["tag"][:2]},
            {**good, "name": "no_tag", "tag": ""},
            {**good, "name": "no_iv", "iv": ""},
            {**good, "name": "not_hex", "body": "zz" + good["body"][2:]},
            {**good, "name": "blanks", "body": " ".join(good["body"])},
            {**good, "name": "empty", "body": ""},
            {**good, "name": "plain", "body": paid},
            {**good, "name": "wrapped_list", "body": '{"encryptedBody": ["' + good["body"] + '"]}'},
            sealed("other_key", paid, "8d" * 32),
        ],
    }


if __name__ == "__main__":
    text = json.dumps(build(), ensure_ascii=False, indent=1)
    (Path(__file__).parent / "vectors.json").write_text(text + "\n", encoding="utf-8")
