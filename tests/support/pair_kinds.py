"""The payment providers, one row each: what the tests that every pair must pass are told of it."""

from __future__ import annotations

import pytest

from sandbox.twins.adyen import AdyenTwin
from sandbox.twins.airwallex import AirwallexTwin
from sandbox.twins.checkout_com import CheckoutComTwin
from sandbox.twins.dana import DanaTwin
from sandbox.twins.grabpay import GrabPayTwin
from sandbox.twins.hyperpay import HyperPayTwin
from sandbox.twins.mercado_pago import MercadoPagoTwin
from sandbox.twins.paypal import PayPalTwin
from sandbox.twins.stripe import StripeTwin
from sandbox.twins.wechat_pay import WechatPayTwin
from sandbox.twins.wechat_pay_global import WechatPayGlobalTwin
from tests.support.pairs import Kind
from twinshore.money import Money
from twinshore.payments.port import (
    AUTHORISED,
    CAPTURED,
    CLOSED,
    CREATED,
    FAILED,
    PART_REFUNDED,
    PENDING,
    REFUNDED,
    Payer,
)
from twinshore.providers.adyen.client import adyen_from_secret
from twinshore.providers.airwallex.client import airwallex_from_secret
from twinshore.providers.checkout_com.client import checkout_com_from_secret
from twinshore.providers.dana.client import dana_from_secret
from twinshore.providers.grabpay.client import grabpay_from_secret
from twinshore.providers.hyperpay.client import hyperpay_from_secret
from twinshore.providers.mercado_pago.client import mercado_pago_from_secret
from twinshore.providers.paypal.client import paypal_from_secret
from twinshore.providers.stripe.client import stripe_from_secret
from twinshore.providers.wechat_pay.client import wechat_pay_from_secret
from twinshore.providers.wechat_pay_global.client import wechat_pay_global_from_secret

ONE_REFUND = ((PART_REFUNDED, REFUNDED),)
WEIXIN = Payer(wechat_openid="openid-of-nobody")

KINDS = (
    Kind(
        "stripe",
        StripeTwin,
        lambda url, secret, notify, vault, send: stripe_from_secret(url, secret, send=send),
        Money(1299, "EUR"),
        payments="intents",
        told=((CREATED,), (PENDING, CAPTURED)),
        refund_told=((PART_REFUNDED, REFUNDED), (PART_REFUNDED, "")),
        refund_mark=b"refund",
        wrong=({"secret_key": "sk_of_another"},),
        optional=("publishable_key",),
        declines={"decline": "insufficient_funds"},
        unknown_id="pi_unknown",
        refund_words={"pending": PENDING, "failed": FAILED, "new_word": PENDING},
        too_much=("refused", "already_refunded"),
        covered=("body", "stripe-signature"),
        signs_with_all=True,
    ),
    Kind(
        "airwallex",
        AirwallexTwin,
        lambda url, secret, notify, vault, send: airwallex_from_secret(url, secret, send=send),
        Money(1299, "EUR"),
        payments="intents",
        told=((CREATED,), (PENDING, CAPTURED)),
        refund_told=((CAPTURED, PENDING), (PART_REFUNDED, REFUNDED)),
        refund_mark=b"refund.",
        wrong=({"api_key": "of-another"}, {"client_id": "of-another"}),
        declines={"decline": "issuer_declined"},
        unknown_id="int_unknown",
        refund_says=PENDING,
        too_much=("amount", "amount"),
        covered=("body", "x-signature", "x-timestamp"),
    ),
    Kind(
        "adyen",
        AdyenTwin,
        lambda url, secret, notify, vault, send: adyen_from_secret(url, secret, vault, send=send),
        Money(1299, "EUR"),
        payments="links",
        told=((CAPTURED,),),
        refund_told=ONE_REFUND,
        refund_mark=b"REFUND",
        wrong=({"api_key": "of-another"}, {"merchant_account": "AnotherShop"}),
        declines={"decline": "Refused"},
        refund_says=PENDING,
        asked_by_reference=True,
        covered=(),  # it stands in the body, and covers some of its members
        id_of=lambda answer, taken: str(answer["pspReference"]),
    ),
    Kind(
        "checkout_com",
        CheckoutComTwin,
        lambda url, secret, notify, vault, send: checkout_com_from_secret(url, secret, vault, send=send),
        Money(9200, "SAR"),
        payments="links",
        told=((PENDING, CAPTURED),),
        refund_told=((CAPTURED, PENDING), (PART_REFUNDED, REFUNDED)),
        refund_mark=b"payment_refund",
        found_by_id=False,
        compares_refunds=False,
        wrong=({"secret_key": "sk_of_another"}, {"processing_channel_id": "pc_of_another"}),
        optional=("processing_channel_id", "subdomain"),
        method="mada",
        payer=Payer(client_ip="203.0.113.7", country="SA"),
        id_per_try=True,
        other_method="card",
        declines={"decline": "20051"},
        unknown_id="pay_unknown",
        refund_words={"approved": REFUNDED, "pending": PENDING, "declined": FAILED},
        too_much=("already_refunded", "wrong_state"),
        closes=False,
        lost_create="anew",
        covered=("body", "cko-signature"),
    ),
    Kind(
        "hyperpay",
        HyperPayTwin,
        lambda url, secret, notify, vault, send: hyperpay_from_secret(url, secret, vault, send=send),
        Money(9200, "SAR"),
        payments="checkouts",
        told=((PENDING, CAPTURED),),
        refund_told=ONE_REFUND,
        found_by_id=False,
        compares_refunds=False,
        wrong=({"access_token": "of-another"},),
        method="mada",
        payer=Payer(client_ip="203.0.113.7", country="SA"),
        id_per_try=True,
        other_method="card",
        declines={"decline": "800.100.153"},
        refund_words={"000.200.000": PENDING, "a new word": PENDING, "900.100.300": PENDING},
        too_much=("already_refunded", "already_refunded"),
        closes=False,
        lost_create="anew",
        covered=("body", "x-initialization-vector", "x-authentication-tag"),
        spelled_freely=True,
    ),
    Kind(
        "mercado_pago",
        MercadoPagoTwin,
        lambda url, secret, notify, vault, send: mercado_pago_from_secret(url, secret, send=send),
        Money(1299, "BRL"),
        payments="orders",
        told=((CAPTURED,),),
        asks=True,
        refund_told=((CAPTURED, ""),),
        refund_mark=b"order.refunded",
        found_by_reference=False,
        wrong=({"access_tokens": {"BRL": "of-another"}, "webhook_secrets": {"BRL": "s"}},),
        declines={"outcome": "failed"},
        unknown_id="BRL:ORD01NONE",
        refund_words={"processing": PENDING, "failed": FAILED},
        too_much=("amount", "already_refunded"),
        covered=("x-request-id", "x-signature"),  # and the order's id in the query
    ),
    Kind(
        "paypal",
        PayPalTwin,
        lambda url, secret, notify, vault, send: paypal_from_secret(url, secret, send=send),
        Money(1299, "EUR"),
        payments="orders",
        told=((AUTHORISED,), (CAPTURED, CAPTURED)),
        refund_told=((CAPTURED, ""),),
        refund_mark=b"PAYMENT.CAPTURE.REFUNDED",
        found_by_reference=False,
        compares_refunds=False,
        wrong=({"client_secret": "of-another"},),
        optional=("sandbox",),
        method="paypal",
        unknown_id="5O190127TN364715T",
        refund_words={"PENDING": PENDING, "FAILED": FAILED, "NEW_WORD": PENDING},
        too_much=("amount", "already_refunded"),
        closes=False,
        compares_content=False,
        covered=("body", "paypal-transmission-id", "paypal-transmission-time", "paypal-transmission-sig",
                 "paypal-auth-algo"),
    ),
    Kind(
        "grabpay",
        GrabPayTwin,
        lambda url, secret, notify, vault, send: grabpay_from_secret(url, secret, notify, vault, send=send),
        Money(1299, "SGD"),
        payments="charges",
        told=((CAPTURED, CAPTURED),),
        asks=True,
        refund_told=((CAPTURED, ""),),
        refund_mark=b"refund-000001",
        found_by_id=False,
        compares_refunds=False,
        wrong=({"partner_secrets": ["x"]}, {"partner_id": "x"}, {"merchant_ids": {"SGD": "x"}}),
        method="grabpay",
        payer=Payer(country="SG"),
        refund_words={"processing": PENDING, "failed": FAILED, "new_word": PENDING},
        too_much=("amount", "amount"),
        closes=False,
        lost_create="refused",
        tells_time=False,
        covered=("body", "authorization", "date", "content-type"),
        unsigned_asks=("authorization",),
    ),
    Kind(
        "dana",
        DanaTwin,
        lambda url, secret, notify, vault, send: dana_from_secret(url, secret, notify, send=send),
        Money(5_000_000, "IDR"),
        payments="orders",
        told=((CAPTURED,),),
        refund_told=(),
        wrong=({"partner_id": "x"}, {"merchant_id": "x"}),
        method="dana",
        payer=Payer(country="ID"),
        declines={"expire": True},
        declined=CLOSED,
        one_try=True,
        refund_words={"202": PENDING},
        too_much=("amount", "amount"),
        slow_down={"responseCode": "4295400"},
        covered=("body", "x-timestamp", "x-signature"),
    ),
    Kind(
        "wechat_pay",
        WechatPayTwin,
        lambda url, secret, notify, vault, send: wechat_pay_from_secret(
            url, secret, refund_notify_url=notify, send=send
        ),
        Money(1299, "CNY"),
        payments="orders",
        told=((CAPTURED,),),
        refund_told=ONE_REFUND,
        wrong=({"mchid": "1900000009"}, {"merchant_serial": "00AA"}),
        optional=("refresh_certificates", "platform_keys"),
        method="wechat_pay",
        payer=WEIXIN,
        refund_says=PENDING,
        too_much=("malformed", "malformed"),
        more_unclear=({"wrong_reply_signature": True},),
        slow_down={"code": "FREQUENCY_LIMITED"},
        covered=("body", "wechatpay-timestamp", "wechatpay-nonce", "wechatpay-serial", "wechatpay-signature"),
        stable=lambda started: started.client["package"],
    ),
    Kind(
        "wechat_pay_global",
        WechatPayGlobalTwin,
        lambda url, secret, notify, vault, send: wechat_pay_global_from_secret(
            url, secret, refund_notify_url=notify, send=send
        ),
        Money(1299, "HKD"),
        payments="orders",
        told=((CAPTURED,),),
        refund_told=ONE_REFUND,
        wrong=({"mchid": "1900000009"}, {"merchant_serial": "00AA"}),
        optional=("refresh_certificates",),
        method="wechat_pay",
        payer=WEIXIN,
        refund_words={"CLOSED": FAILED, "ABNORMAL": PENDING, "NEWS": PENDING},
        too_much=("malformed", "malformed"),
        more_unclear=({"wrong_reply_signature": True},),
        slow_down={"code": "FREQUENCY_LIMITED"},
        covered=("body", "wechatpay-timestamp", "wechatpay-nonce", "wechatpay-serial", "wechatpay-signature"),
        stable=lambda started: started.client["package"],
    ),
)  # fmt: skip


def of(*kinds: Kind) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("kind", kinds, ids=lambda kind: kind.name)


def only(*names: str) -> pytest.MarkDecorator:
    """The pairs of these providers."""
    return of(*(kind for kind in KINDS if kind.name in names))


EVERY = of(*KINDS)
