"""Writes vectors.json anew: invented notices under throwaway keys; nothing keeps the platform's private halves.

python -m tests.providers.wechat_pay.make_vectors       (from the root, with layers/core on PYTHONPATH)
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sandbox.twins import wechat_pay_keys as party
from tests.support import wechat_pay_notices as made
from tests.support.wechat_pay_notices import NEW_CERTIFICATE, NOW, OLD_CERTIFICATE, PUBLIC_KEY

TYPES = {"transaction": "TRANSACTION.SUCCESS", "refund": "REFUND.SUCCESS"}


def entry(
    name: str, content: Any, kind: str, key: str, *, aad: str | None = None, escape: bool = False
) -> dict[str, Any]:
    sealed = made.envelope(content, TYPES[kind], aad=kind if aad is None else aad)
    body = json.dumps(sealed, ensure_ascii=False, separators=(",", ":"))
    body = body.replace("/", "\\/") if escape else body
    headers = {name.title(): value for name, value in made.signed(body.encode(), key).items()}
    plain = json.dumps(content, ensure_ascii=False)
    return {"name": name, "now": NOW + 7, "headers": headers, "body": body, "plaintext": plain}


def tampered(genuine: dict[str, Any], name: str, why: str, **changes: Any) -> dict[str, Any]:
    headers = {**genuine["headers"], **changes.pop("headers", {})}
    return {"name": name, "why": why, "now": genuine["now"], "body": genuine["body"], **changes, "headers": headers}


def build() -> dict[str, Any]:
    first = entry("public_key_transaction", made.transaction(attach="茶"), "transaction", PUBLIC_KEY)
    genuine = [
        first,
        entry("public_key_refund", made.refund(), "refund", PUBLIC_KEY),
        entry("old_certificate_transaction", made.transaction(), "transaction", OLD_CERTIFICATE),
        entry("new_certificate_transaction", made.transaction(), "transaction", NEW_CERTIFICATE),
        entry("empty_associated_data", made.transaction(), "transaction", PUBLIC_KEY, aad=""),
        entry("escaped_slashes", made.transaction(attach="a/b"), "transaction", PUBLIC_KEY, escape=True),
    ]
    signature = first["headers"]["Wechatpay-Signature"]
    reserialised = json.dumps(json.loads(genuine[-1]["body"]), ensure_ascii=False, separators=(",", ":"))
    forged = [
        tampered(first, "body_changed", "one letter", body=first["body"].replace("notice-1", "notice-2")),
        tampered(first, "stale", "300 s is too old", now=NOW + 300),
        tampered(first, "future", "300 s is too far ahead", now=NOW - 300),
        tampered(first, "nonce_changed", "", headers={"Wechatpay-Nonce": "n0nce-2"}),
        tampered(
            first, "other_key", "the serial of another", headers={"Wechatpay-Serial": made.serial_of(OLD_CERTIFICATE)}
        ),
        tampered(first, "unknown_serial", "", headers={"Wechatpay-Serial": "A1" * 20}),
        tampered(first, "probe", "", headers={"Wechatpay-Signature": "WECHATPAY/SIGNTEST/" + signature[19:]}),
        tampered(first, "sm2", "another suite", headers={"Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3"}),
        tampered(genuine[-1], "reserialised", "a parse and dump loses the escaped slashes", body=reserialised),
    ]
    keys = {made.serial_of(key): made.platform_pem(key) for key in (PUBLIC_KEY, OLD_CERTIFICATE, NEW_CERTIFICATE)}
    return {
        "source": "made by make_vectors.py; invented data, throwaway keys",
        "platform_keys": keys,
        "api_v3_key": made.keys()["api_v3_keys"][-1],
        "genuine": genuine,
        "forged": forged,
        "request": request(),
    }


def request() -> dict[str, Any]:
    """The merchant's private key is part of it, for its signature must be made again: it is used nowhere else."""
    message = 'POST\n/v3/pay/transactions/jsapi\n1790000000\nNONCE1\n{"a":"茶"}\n'
    pem = made.keys()["merchant_private_key_pem"]
    return {"private_key_pem": pem, "message": message, "signature": party.sign(pem, message.encode())}


if __name__ == "__main__":
    text = json.dumps(build(), ensure_ascii=False, indent=1)
    (Path(__file__).parent / "vectors.json").write_text(text + "\n", encoding="utf-8")
