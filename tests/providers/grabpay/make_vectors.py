"""Writes vectors.json anew: invented notices, signed by an HMAC that is written out here.

python -m tests.providers.grabpay.make_vectors       (from the root)
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

NOW = 1_790_000_000
DATE = "Mon, 21 Sep 2026 14:13:20 GMT"
PARTNER, SECRETS, PATH = "partner-of-nobody", ["vector-secret-new", "vector-secret-old"], "/v1/webhooks/grabpay"


def mac(secret: str, message: bytes) -> str:
    """RFC 2104, written out."""
    key = secret.encode().ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + message).digest()
    return base64.b64encode(hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).digest()).decode()


def headers(body: str, secret: str, *, date: str = DATE, path: str = PATH, partner: str = PARTNER) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
    mark = mac(secret, f"POST\napplication/json\n{date}\n{path}\n{digest}\n".encode())
    return {"Authorization": f"{partner}:{mark}", "Date": date, "Content-Type": "application/json"}


def build() -> dict[str, Any]:
    body = json.dumps({"partnerTxID": "o1-1", "txID": "t1", "txStatus": "success", "note": "茶"}, ensure_ascii=False)
    new, old = (headers(body, secret) for secret in SECRETS)
    other = body.replace("o1-1", "o2-1")
    return {
        "source": "made by make_vectors.py; invented data, invented secrets",
        "partner_id": PARTNER, "partner_secrets": SECRETS, "path": PATH,
        "genuine": [
            {"name": "new_secret", "body": body, "now": NOW, "headers": new},
            {"name": "old_secret", "body": body, "now": NOW, "headers": old},
            {"name": "edge", "body": body, "now": NOW + 300, "headers": new},
        ],
        "forged": [
            {"name": "body", "body": other, "now": NOW, "headers": new},
            {"name": "stale", "body": body, "now": NOW + 301, "headers": new},
            {"name": "future", "body": body, "now": NOW - 301, "headers": new},
            {"name": "date", "body": body, "now": NOW, "headers": {**new, "Date": DATE.replace(":20", ":21")}},
            {"name": "type", "body": body, "now": NOW, "headers": {**new, "Content-Type": "text/plain"}},
            {"name": "other_path", "body": body, "now": NOW, "headers": headers(body, SECRETS[0], path="/v1/other")},
            {"name": "other_partner", "body": body, "now": NOW, "headers": headers(body, SECRETS[0], partner="x")},
            {"name": "other_secret", "body": body, "now": NOW, "headers": headers(body, "another")},
            {"name": "empty_secret", "body": body, "now": NOW, "headers": headers(body, "")},
        ],
    }  # fmt: skip


if __name__ == "__main__":
    text = json.dumps(build(), ensure_ascii=False, indent=1)
    (Path(__file__).parent / "vectors.json").write_text(text + "\n", encoding="utf-8")
