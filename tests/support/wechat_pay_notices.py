"""Notices as Weixin Pay sends them, made to order: any key, any time, any content. All invented."""

from __future__ import annotations

import json
import time
from functools import lru_cache
from typing import Any

from sandbox.twins import wechat_pay_keys as party
from twinshore.providers.exchange import send_outbound
from twinshore.providers.wechat_pay.client import WechatPay, wechat_pay_from_secret

NOW = 1_790_000_000
APPID, MCHID = "wx0000000000000001", "1900000001"
PUBLIC_KEY, OLD_CERTIFICATE, NEW_CERTIFICATE = "public key", "old certificate", "new certificate"


@lru_cache(maxsize=1)
def keys() -> dict[str, Any]:
    """One set for this process: a public key and two platform certificates, as during a switch."""
    made = party.make_keys()
    party.add_certificate(made)
    party.add_certificate(made)
    return made


def serial_of(key: str) -> str:
    if key == PUBLIC_KEY:
        return str(keys()["public_key_id"])
    return str(keys()["certificates"][key == NEW_CERTIFICATE]["serial"])


def platform_pem(key: str) -> str:
    if key == PUBLIC_KEY:
        return party.public_pem(keys()["public_key_private_pem"])
    return str(keys()["certificates"][key == NEW_CERTIFICATE]["certificate_pem"])


def transaction(**changes: Any) -> dict[str, Any]:
    return {
        "mchid": MCHID, "appid": APPID, "out_trade_no": "attempt-000001",
        "transaction_id": "4200000000000000000000000001", "trade_type": "JSAPI",
        "trade_state": "SUCCESS", "success_time": "2026-09-21T22:13:00+08:00",
        "payer": {"openid": "openid-of-nobody"}, "amount": {"total": 1299, "payer_total": 1199, "currency": "CNY"},
        **changes,
    }  # fmt: skip


def refund(**changes: Any) -> dict[str, Any]:
    return {
        "mchid": MCHID, "out_trade_no": "attempt-000001", "transaction_id": "4200000000000000000000000001",
        "out_refund_no": "refund-000001", "refund_id": "5000000000000000000000000001", "refund_status": "SUCCESS",
        "success_time": "2026-09-21T22:14:00+08:00",
        "amount": {"total": 1299, "refund": 300, "payer_total": 1299, "payer_refund": 300}, **changes,
    }  # fmt: skip


def envelope(
    content: Any, event_type: str = "TRANSACTION.SUCCESS", *, api_v3_key: str = "", aad: str = "transaction"
) -> Any:
    plain = json.dumps(content, ensure_ascii=False).encode()
    return {
        "id": "notice-1", "create_time": "2026-09-21T22:13:01+08:00", "event_type": event_type,
        "resource_type": "encrypt-resource", "summary": "支付成功",
        "resource": {"original_type": "transaction", **party.seal(api_v3_key or keys()["api_v3_keys"][-1], plain, aad)},
    }  # fmt: skip


def signed(body: bytes, key: str = PUBLIC_KEY, *, timestamp: str = str(NOW), nonce: str = "n0nce-1") -> dict[str, str]:
    """The headers, in lower case."""
    pem = keys()["public_key_private_pem"]
    if key != PUBLIC_KEY:
        pem = keys()["certificates"][key == NEW_CERTIFICATE]["private_pem"]
    message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
    return {
        "wechatpay-timestamp": timestamp,
        "wechatpay-nonce": nonce,
        "wechatpay-serial": serial_of(key),
        "wechatpay-signature": party.sign(pem, message),
        "wechatpay-signature-type": "WECHATPAY2-SHA256-RSA2048",
    }


def notice(
    content: Any, event_type: str = "TRANSACTION.SUCCESS", key: str = PUBLIC_KEY
) -> tuple[dict[str, str], bytes]:
    body = json.dumps(envelope(content, event_type), ensure_ascii=False).encode()
    return signed(body, key), body


def secret(**changes: Any) -> dict[str, Any]:
    return {
        "appid": APPID,
        "mchid": MCHID,
        "merchant_serial": keys()["merchant_serial"],
        "merchant_private_key_pem": keys()["merchant_private_key_pem"],
        "api_v3_keys": keys()["api_v3_keys"],
        "platform_keys": {serial_of(key): platform_pem(key) for key in (PUBLIC_KEY, OLD_CERTIFICATE, NEW_CERTIFICATE)},
        **changes,
    }


def provider(**changes: Any) -> WechatPay:
    """Knows all three keys; nobody answers at its address."""
    return wechat_pay_from_secret("http://127.0.0.1:9", json.dumps(secret(**changes)), send=send_outbound)


def present() -> int:
    return int(time.time())
