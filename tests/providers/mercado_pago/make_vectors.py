"""Writes vectors.json anew: invented notices, signed by an HMAC that is written out here.

python -m tests.providers.mercado_pago.make_vectors       (from the root)
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

NOW = 1_790_000_000
ORDER = "ORD01AAAABBBBCCCCDDDDEEEEFFFF"
REQUEST = "11111111-2222-4333-8444-555555555555"


def mac(secret: str, text: str) -> str:
    """RFC 2104, written out."""
    key = secret.encode().ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + text.encode()).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()


def headers(stamp: str, secret: str, data_id: str = ORDER, signed_id: str = "", request: str = REQUEST) -> Any:
    text = f"id:{signed_id or data_id.lower()};request-id:{request};ts:{stamp};"
    return {"x-signature": f"ts={stamp},v1={mac(secret, text)}", "x-request-id": request, "?data.id": data_id}


def build() -> dict[str, Any]:
    seconds, milliseconds = str(NOW), f"{NOW}123"
    good = headers(milliseconds, "vector_brl")
    return {
        "source": "made by make_vectors.py; invented data, invented secrets",
        "accounts": [["BRL", "vector_brl"], ["CLP", "vector_clp"], ["BRL", "vector_brl_old"]],
        "order": ORDER,
        "genuine": [
            {"name": "milliseconds", "now": NOW, "headers": good, "account": "BRL"},
            {"name": "seconds", "now": NOW, "headers": headers(seconds, "vector_clp"), "account": "CLP"},
            {"name": "old", "now": NOW, "headers": headers(milliseconds, "vector_brl_old"), "account": "BRL"},
            {"name": "small", "now": NOW, "headers": headers(seconds, "vector_brl", ORDER.lower()), "account": "BRL"},
            {"name": "as_given", "now": NOW, "headers": headers(seconds, "vector_brl", ORDER, ORDER), "account": "BRL"},
            {"name": "late", "now": NOW + 3 * 86400, "headers": good, "account": "BRL"},
        ],
        "forged": [
            {"name": "other_order", "now": NOW, "headers": {**good, "?data.id": ORDER[:-1] + "0"}},
            {"name": "no_order", "now": NOW, "headers": {key: good[key] for key in ("x-signature", "x-request-id")}},
            {"name": "other_request", "now": NOW, "headers": {**good, "x-request-id": REQUEST[:-1] + "0"}},
            {"name": "stale", "now": NOW + 3 * 86400 + 1, "headers": good},
            {"name": "future", "now": NOW - 301, "headers": good},
            {"name": "other_secret", "now": NOW, "headers": headers(seconds, "vector_none")},
            {"name": "empty_secret", "now": NOW, "headers": headers(seconds, "")},
        ],
    }


if __name__ == "__main__":
    text = json.dumps(build(), ensure_ascii=False, indent=1)
    (Path(__file__).parent / "vectors.json").write_text(text + "\n", encoding="utf-8")
