"""A Weixin Pay notification, signed with keys made for the run: what every callback stack verifies and opens."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

API_V3_KEY = "0123456789abcdef0123456789abcdef"
KEY_ID = "PUB_KEY_ID_0000000000000000000000000001"
MCHID, APPID, REFERENCE = "1900000001", "wx0000000000000001", "01jax7q4z5s0s1n6v2t8k9m3bd-1"


def write_keys_and_notification(folder: Path) -> None:
    """public.pem, merchant.pem, notify.json (an API Gateway event) and wechat_pay.json, the secret of our own form."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    def pem(key: rsa.RSAPrivateKey) -> str:
        return key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    key, merchant = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    public = (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    transaction = {
        "mchid": MCHID, "appid": APPID, "out_trade_no": REFERENCE, "transaction_id": "4200001234202611221234567890",
        "trade_type": "JSAPI", "trade_state": "SUCCESS", "trade_state_desc": "支付成功", "bank_type": "OTHERS",
        "success_time": "2026-11-22T20:00:00+08:00", "payer": {"openid": "o-invented-openid-0000000001"},
        "amount": {"total": 12345, "payer_total": 12345, "currency": "CNY", "payer_currency": "CNY"},
    }  # fmt: skip
    nonce, associated = "abcdefghijkl", "transaction"
    sealed = AESGCM(API_V3_KEY.encode()).encrypt(nonce.encode(), json.dumps(transaction).encode(), associated.encode())
    body = json.dumps({
        "id": "notice-1", "create_time": "2026-11-22T20:00:01+08:00", "resource_type": "encrypt-resource",
        "event_type": "TRANSACTION.SUCCESS", "summary": "支付成功",
        "resource": {"original_type": "transaction", "algorithm": "AEAD_AES_256_GCM", "nonce": nonce,
                     "associated_data": associated, "ciphertext": base64.b64encode(sealed).decode()},
    }, ensure_ascii=False)  # fmt: skip
    stamp, random = str(int(time.time())), "5K8264ILTKCH16CQ2502SI8ZNMTM67VS"
    signature = key.sign(f"{stamp}\n{random}\n{body}\n".encode(), padding.PKCS1v15(), hashes.SHA256())
    path = "/v1/webhooks/wechat_pay"
    event = {
        "version": "2.0", "routeKey": f"POST {path}", "rawPath": path, "rawQueryString": "", "isBase64Encoded": False,
        "headers": {"content-type": "application/json", "host": "api.example", "wechatpay-timestamp": stamp,
                    "wechatpay-nonce": random, "wechatpay-signature": base64.b64encode(signature).decode(),
                    "wechatpay-serial": KEY_ID, "wechatpay-signature-type": "WECHATPAY2-SHA256-RSA2048"},
        "body": body,
        "requestContext": {"http": {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7",
                                    "userAgent": "Mozilla/4.0"},
                           "stage": "$default", "requestId": "r-1", "domainName": "api.example", "accountId": "1",
                           "apiId": "api", "routeKey": f"POST {path}", "time": "", "timeEpoch": 1},
    }  # fmt: skip
    (folder / "public.pem").write_text(public)
    (folder / "merchant.pem").write_text(pem(merchant))
    secret = {
        "appid": APPID, "mchid": MCHID, "merchant_serial": "0" * 40, "merchant_private_key_pem": pem(merchant),
        "api_v3_keys": [API_V3_KEY, "f" * 32], "platform_keys": {KEY_ID: public},
    }  # fmt: skip
    (folder / "wechat_pay.json").write_text(json.dumps(secret))
    (folder / "notify.json").write_text(json.dumps(event, ensure_ascii=False))
