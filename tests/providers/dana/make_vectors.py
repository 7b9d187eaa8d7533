"""Writes vectors.json anew: invented notices under a throwaway key, of which nothing keeps the private half.

python -m tests.providers.dana.make_vectors       (from the root, with layers/core on PYTHONPATH)
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sandbox.twins import wechat_pay_keys as rsa
from tests.support.dana_place import PATH, keys, minified, signed, told
from twinshore.providers.dana.times import jakarta

NOW = 1_790_000_000


def entry(name: str, body: bytes, at: int = NOW, **changes: Any) -> dict[str, Any]:
    return {"name": name, "now": NOW, "body": body.decode(), "headers": signed(body, at, **changes)}


def build() -> dict[str, Any]:
    paid = minified(told())
    genuine = [
        {**entry("paid", paid), "state": "captured"},
        {**entry("expired", minified(told(latestTransactionStatus="05"))), "state": "closed"},
        {**entry("edge", paid, NOW - 300), "state": "captured"},
        {**entry("utc", paid, timestamp="2026-09-21T14:13:20+00:00"), "state": "captured"},
    ]
    first = genuine[0]
    later = {**first["headers"], "x-timestamp": jakarta(NOW + 1)}
    forged = [
        {**first, "name": "amount", "body": first["body"].replace("50000.00", "5.00")},
        {**first, "name": "reparsed", "body": json.dumps(json.loads(first["body"]), ensure_ascii=False)},
        {**first, "name": "timestamp", "headers": later},
        entry("stale", paid, NOW - 301),
        entry("future", paid, NOW + 301),
        entry("other_path", paid, path="/v1/webhooks/other"),
    ]
    public = rsa.public_pem(keys()["dana_private_key_pem"])
    return {
        "source": "made by make_vectors.py; invented data, throwaway key",
        "public_key": public, "path": PATH, "merchant_id": keys()["merchant_id"], "genuine": genuine, "forged": forged,
    }  # fmt: skip


if __name__ == "__main__":
    text = json.dumps(build(), ensure_ascii=False, indent=1)
    (Path(__file__).parent / "vectors.json").write_text(text + "\n", encoding="utf-8")
