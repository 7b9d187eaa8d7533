"""Who reads a provider's callback in the bench: our provider, its official SDK, or, where no SDK verifies, the scheme
by hand. Each is built once and then called; each call verifies the kept notice and gives the payment's reference.
All are given the body as bytes, as it comes.

No module of a peer is imported before it is built: its import is part of a cold start.
"""

import time
from typing import Any, Callable

Kept = dict[str, Any]
"""secret (JSON text), url (of the twin), path (of our webhook), headers (names in lower case), body (text), more."""
Reader = Callable[[], str]


def ours(kept: Kept) -> Reader:
    from importlib import import_module

    from twinshore.providers.setup import Setup

    notify_url = f"https://cell.example{kept['path']}"
    entry = import_module(f"twinshore.providers.{kept['name']}.entry")
    provider = entry.build(Setup(kept["secret"], kept["url"], notify_url, None))  # type: ignore[arg-type]
    headers, body, now = kept["headers"], kept["body"].encode(), int(time.time())

    def read() -> str:
        notices, _ = provider.read_webhook(headers, body, now)
        return str(notices[0].reference or notices[0].provider_id)

    return read


def stripe(kept: Kept) -> Reader:
    from stripe import Webhook

    body, header, secret = (
        kept["body"].encode(),
        kept["headers"]["stripe-signature"],
        _secret(kept)["webhook_secrets"][0],
    )
    return lambda: str(Webhook.construct_event(body, header, secret, 3600).data.object["metadata"]["reference"])


def wechat_pay(kept: Kept) -> Reader:
    from wechatpayv3 import WeChatPay, WeChatPayType

    secret = _secret(kept)
    [(key_id, public_pem)] = secret["platform_keys"].items()
    sdk = WeChatPay(
        wechatpay_type=WeChatPayType.JSAPI, mchid=secret["mchid"], private_key=secret["merchant_private_key_pem"],
        cert_serial_no=secret["merchant_serial"], apiv3_key=secret["api_v3_keys"][0], appid=secret["appid"],
        public_key=public_pem, public_key_id=key_id,
    )  # fmt: skip
    names, body = {name.title(): value for name, value in kept["headers"].items()}, kept["body"].encode()
    return lambda: str(sdk.callback(names, body)["resource"]["out_trade_no"])


def adyen(kept: Kept) -> Reader:
    import json

    from Adyen.util import is_valid_hmac_notification

    key, body = _secret(kept)["hmac_keys"][0], kept["body"].encode()

    def read() -> str:
        notification = json.loads(body)
        assert is_valid_hmac_notification(notification, key)
        return str(notification["notificationItems"][0]["NotificationRequestItem"]["merchantReference"])

    return read


def mercado_pago(kept: Kept) -> Reader:
    import json

    from mercadopago.webhook import WebhookSignatureValidator

    secret, headers = _secret(kept)["webhook_secrets"]["BRL"], kept["headers"]
    body = kept["body"].encode()

    def read() -> str:
        order_id = headers["?data.id"].lower()
        WebhookSignatureValidator.validate(headers["x-signature"], headers["x-request-id"], order_id, secret)
        return str(json.loads(body)["data"]["external_reference"])

    return read


def mercado_pago_signatures(kept: Kept) -> dict[str, Callable[[], object]]:
    """The signature and nothing else, which is what this SDK reads."""
    from mercadopago.webhook import WebhookSignatureValidator

    from twinshore.providers.mercado_pago.verify import check

    headers, now, secrets = kept["headers"], int(time.time()), tuple(_secret(kept)["webhook_secrets"].items())
    mark, request_id, order_id = headers["x-signature"], headers["x-request-id"], headers["?data.id"].lower()
    return {
        "ours": lambda: check(headers, secrets, now),
        "peer": lambda: WebhookSignatureValidator.validate(mark, request_id, order_id, secrets[0][1]),
    }


def dana(kept: Kept) -> Reader:
    import os

    os.environ["DANA_ENV"] = "production"  # or it verifies by the sandbox's key, whatever key it is given
    from dana.webhook import WebhookParser

    parser = WebhookParser(public_key=_secret(kept)["dana_public_keys"][0])
    names, body = {name.upper(): value for name, value in kept["headers"].items()}, kept["body"].encode()

    def read() -> str:
        return str(parser.parse_webhook("POST", kept["path"], names, body.decode()).original_partner_reference_no)

    return read


def checkout_com(kept: Kept) -> Reader:
    import hashlib
    import hmac
    import json

    key, body = _secret(kept)["webhook_keys"][0].encode(), kept["body"].encode()

    def read() -> str:
        expected = hmac.new(key, body, hashlib.sha256).hexdigest()
        assert hmac.compare_digest(expected, kept["headers"]["cko-signature"])
        return str(json.loads(body)["data"]["reference"])

    return read


def airwallex(kept: Kept) -> Reader:
    import hashlib
    import hmac
    import json

    key, body, headers = _secret(kept)["webhook_secrets"][0].encode(), kept["body"].encode(), kept["headers"]

    def read() -> str:
        expected = hmac.new(key, headers["x-timestamp"].encode() + body, hashlib.sha256).hexdigest()
        assert hmac.compare_digest(expected, headers["x-signature"])
        return str(json.loads(body)["data"]["object"]["merchant_order_id"])

    return read


def hyperpay(kept: Kept) -> Reader:
    import json

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    cipher, headers = AESGCM(bytes.fromhex(_secret(kept)["webhook_keys"][0])), kept["headers"]

    def read() -> str:
        sealed = bytes.fromhex(kept["body"] + headers["x-authentication-tag"])
        plain = cipher.decrypt(bytes.fromhex(headers["x-initialization-vector"]), sealed, None)
        return str(json.loads(plain)["payload"]["merchantTransactionId"])

    return read


def grabpay(kept: Kept) -> Reader:
    import base64
    import hashlib
    import hmac
    import json

    secret, headers, body = _secret(kept), kept["headers"], kept["body"].encode()

    def read() -> str:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        lines = ("POST", headers["content-type"], headers["date"], kept["path"], digest, "")
        mark = hmac.new(secret["partner_secrets"][0].encode(), "\n".join(lines).encode(), hashlib.sha256).digest()
        expected = f"{secret['partner_id']}:{base64.b64encode(mark).decode()}"
        assert hmac.compare_digest(expected, headers["authorization"])
        return str(json.loads(body)["partnerTxID"])

    return read


def paypal(kept: Kept) -> Reader:
    import base64
    import json
    import zlib
    from urllib.parse import urlsplit
    from urllib.request import urlopen

    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509 import load_pem_x509_certificates

    headers, body = kept["headers"], kept["body"].encode()
    with urlopen(kept["url"] + urlsplit(headers["paypal-cert-url"]).path, timeout=5) as reply:
        key: Any = load_pem_x509_certificates(reply.read())[0].public_key()

    def read() -> str:
        parts = (headers["paypal-transmission-id"], headers["paypal-transmission-time"])
        text = "|".join((*parts, _secret(kept)["webhook_ids"][0], str(zlib.crc32(body))))
        signature = base64.b64decode(headers["paypal-transmission-sig"])
        key.verify(signature, text.encode(), PKCS1v15(), SHA256())
        resource = json.loads(body)["resource"]
        return str(resource.get("custom_id") or resource["purchase_units"][0]["custom_id"])

    return read


BY_SDK = {
    "adyen": ("Adyen", adyen),
    "dana": ("dana-python", dana),
    "mercado_pago": ("mercadopago", mercado_pago),
    "stripe": ("stripe", stripe),
    "wechat_pay": ("wechatpayv3", wechat_pay),
    "wechat_pay_global": ("wechatpayv3", wechat_pay),
}
BY_HAND = {
    "airwallex": airwallex,
    "checkout_com": checkout_com,
    "grabpay": grabpay,
    "hyperpay": hyperpay,
    "paypal": paypal,
}

WITHOUT_VERIFIER = {
    "airwallex": "Airwallex publishes no SDK for Python",
    "checkout_com": "Checkout.com's checkout-sdk (4.8) reads no webhook",
    "grabpay": "Grab publishes no SDK for Python",
    "hyperpay": "HyperPay publishes no SDK for Python",
    "paypal": (
        "PayPal's paypal-server-sdk (2.4) reads no webhook, and its archived paypalrestsdk (1.13) verifies by"
        " `OpenSSL.crypto.verify`, which pyOpenSSL no longer has"
    ),
}
"""Why a callback has no official reader to be held against; read in November 2026."""


def peer_of(name: str) -> tuple[str, Callable[[Kept], Reader]]:
    return BY_SDK[name] if name in BY_SDK else ("by hand", BY_HAND[name])


def _secret(kept: Kept) -> dict[str, Any]:
    import json

    secret: dict[str, Any] = json.loads(kept["secret"])
    return secret
