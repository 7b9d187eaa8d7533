"""Writes vectors.json anew: invented events, signed by keys that are made and forgotten here.

python -m tests.providers.paypal.make_vectors       (from the root)
"""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from zlib import crc32

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from sandbox.twins.paypal_keys import Issued, issue, pem

NAME = "messageverificationcerts.paypal.com"
URL = "https://api.paypal.com/v1/notifications/certs/CERT-00000000-00000000-00000001"
WEBHOOK_ID = "0VECTOR0WEBHOOK00"
YEARS = (-1, 3650)


def headers(signer: Issued, body: str, at: int, webhook_id: str = WEBHOOK_ID, url: str = URL) -> dict[str, str]:
    sent = datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = f"11111111-2222-11f0-8000-333333333333|{sent}|{webhook_id}|{crc32(body.encode())}"
    signature = signer.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return {
        "PAYPAL-TRANSMISSION-ID": "11111111-2222-11f0-8000-333333333333",
        "PAYPAL-TRANSMISSION-TIME": sent,
        "PAYPAL-TRANSMISSION-SIG": b64encode(signature).decode(),
        "PAYPAL-CERT-URL": url,
        "PAYPAL-AUTH-ALGO": "SHA256withRSA",
        "PAYPAL-AUTH-VERSION": "v2",
    }


def event(kind: str, **resource: Any) -> str:
    content = {"id": "WH-V", "create_time": "2026-09-21T10:00:00.000Z", "event_type": kind, "resource": resource}
    return json.dumps(content, ensure_ascii=False)


def build() -> dict[str, Any]:
    now = int(datetime.now(timezone.utc).timestamp())
    root = issue("Vector Root", None, authority=True, days=YEARS)
    between = issue("Vector CA", root, authority=True, days=YEARS)
    leaf, other = issue(NAME, between, days=YEARS), issue(NAME, None, days=YEARS)
    approved = event("CHECKOUT.ORDER.APPROVED", id="5O1", purchase_units=[{"custom_id": "茶-1"}])
    paid = event("PAYMENT.CAPTURE.COMPLETED", id="2C1", custom_id="茶-1", amount={"currency_code": "JPY", "value": "5"})
    genuine = [
        {"name": "approved", "body": approved, "now": now, "headers": headers(leaf, approved, now)},
        {"name": "late", "body": paid, "now": now + 3 * 86400, "headers": headers(leaf, paid, now)},
    ]
    forged = [
        {"name": "body", "body": paid.replace('"5"', '"1"'), "now": now, "headers": headers(leaf, paid, now)},
        {"name": "stale", "body": paid, "now": now + 4 * 86400, "headers": headers(leaf, paid, now)},
        {"name": "future", "body": paid, "now": now - 301, "headers": headers(leaf, paid, now)},
        {"name": "other_key", "body": paid, "now": now, "headers": headers(other, paid, now)},
        {"name": "simulator", "body": paid, "now": now, "headers": headers(leaf, paid, now, "WEBHOOK_ID")},
        {"name": "no_webhook_id", "body": paid, "now": now, "headers": headers(leaf, paid, now, "")},
        {"name": "foreign_host", "body": paid, "now": now, "headers": headers(
            leaf, paid, now, url=URL.replace("paypal.com", "paypal.com.evil.example"))},
    ]  # fmt: skip
    states = {"approved": ["authorised"], "late": ["captured"]}
    return {
        "source": "made by make_vectors.py; invented data, keys forgotten",
        "webhook_id": WEBHOOK_ID,
        "root_pem": pem(root.certificate),
        "chain_pem": pem(leaf.certificate) + pem(between.certificate),
        "genuine": [{**one, "states": states[one["name"]]} for one in genuine],
        "forged": forged,
    }


if __name__ == "__main__":
    text = json.dumps(build(), ensure_ascii=False, indent=1)
    (Path(__file__).parent / "vectors.json").write_text(text + "\n", encoding="utf-8")
