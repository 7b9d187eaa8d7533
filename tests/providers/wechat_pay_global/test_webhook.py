"""Verified notices of the global API in our words; the community SDK as an independent reader of our twin's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.twins.wechat_pay_global import WechatPayGlobalTwin
from tests.support import wechat_pay_notices as made
from tests.support.receiver import Receiver
from tests.support.wechat_pay_notices import NEW_CERTIFICATE, NOW, OLD_CERTIFICATE, PUBLIC_KEY
from twinshore import outbound
from twinshore.errors import BadRequest
from twinshore.money import Money
from twinshore.payments.port import (
    CAPTURED,
    FAILED,
    PART_REFUNDED,
    PENDING,
    REFUNDED,
    Attempt,
    Notice,
    Payer,
    SignatureRefused,
)
from twinshore.providers.configuration import ProviderNotConfigured
from twinshore.providers.exchange import send_outbound
from twinshore.providers.wechat_pay_global.client import WechatPayGlobal, wechat_pay_global_from_secret
from twinshore.providers.wechat_pay_global.status import REFUND_STATE

SECRET = {**made.secret(), "merchant_category_code": "5499"}


def provider(**changes: Any) -> WechatPayGlobal:
    return wechat_pay_global_from_secret("http://127.0.0.1:9", json.dumps({**SECRET, **changes}), send=send_outbound)


def transaction(**amount: Any) -> dict[str, Any]:
    paid = made.transaction(
        id="4200000000000000000000000009",
        amount={"total": 1299, "currency": "HKD", "payer_total": 1195, "payer_currency": "CNY",
                "exchange_rate": {"type": "SETTLEMENT_RATE", "rate": 92000000}, **amount},
    )  # fmt: skip
    del paid["transaction_id"]
    return paid


def refunded(word: str = "SUCCESS", **amount: Any) -> dict[str, Any]:
    return made.refund(
        refund_status=word, recv_account="用户零钱", fund_source="REFUND_SOURCE_UNSETTLED_FUNDS",
        amount={"total": 1299, "refund": 300, "currency": "HKD", "payer_refund": 276, "payer_currency": "CNY",
                "exchange_rate": {"type": "USERPAYMENT_RATE", "rate": 92000000}, **amount},
    )  # fmt: skip


def read(content: Any, kind: str = "TRANSACTION.SUCCESS", key: str = PUBLIC_KEY) -> list[Notice]:
    headers, body = made.notice(content, kind, key)
    return provider().read_webhook(headers, body, NOW)[0]


@pytest.mark.parametrize("key", [PUBLIC_KEY, OLD_CERTIFICATE, NEW_CERTIFICATE])
def test_a_payment_names_its_order_by_id_and_its_currency(key: str) -> None:
    (notice,) = read(transaction(), key=key)
    assert (notice.state, notice.amount) == (CAPTURED, Money(1299, "HKD"))
    assert (notice.reference, notice.provider_id) == ("attempt-000001", "4200000000000000000000000009")


@pytest.mark.parametrize("currency", [None, "", "XXX", 5])
def test_an_amount_without_a_currency_is_not_taken_for_yuan(currency: Any) -> None:
    with pytest.raises(BadRequest):
        read(transaction(currency=currency))


@pytest.mark.parametrize("word", [*REFUND_STATE, "NEWS"])
def test_every_word_of_a_refund_has_its_place(word: str) -> None:
    expected = REFUND_STATE.get(word, PENDING)
    (notice,) = read(refunded(word), "REFUND.SUCCESS" if expected == REFUNDED else "REFUND.CLOSED")
    assert (notice.refund_reference, notice.refund_state) == ("refund-000001", expected)
    assert (notice.state, notice.amount) == (PART_REFUNDED if expected == REFUNDED else CAPTURED, None)
    assert REFUND_STATE["REFUNDCLOSE"] == FAILED


def test_a_refund_of_everything_tells_the_sum_and_one_without_a_currency_does_not() -> None:
    (whole,) = read(refunded(refund=1299), "REFUND.SUCCESS")
    assert (whole.state, whole.amount) == (REFUNDED, Money(1299, "HKD"))
    (unsaid,) = read(refunded(refund=1299, currency=None), "REFUND.SUCCESS")
    assert (unsaid.state, unsaid.amount, unsaid.refund_state) == (PART_REFUNDED, None, REFUNDED)


def test_a_changed_body_a_stale_one_and_a_probe_are_refused() -> None:
    headers, body = made.notice(transaction())
    for changed, now in (({}, NOW + 300), ({"wechatpay-nonce": "x"}, NOW), ({"wechatpay-signature": "AA=="}, NOW)):
        with pytest.raises(SignatureRefused):
            provider().read_webhook({**headers, **changed}, body, now)
    with pytest.raises(SignatureRefused):
        provider().read_webhook(headers, body[:-1] + bytes([body[-1] ^ 1]), NOW)


def test_another_merchants_notice_is_a_bad_request() -> None:
    with pytest.raises(BadRequest):
        read({**transaction(), "mchid": "1900000009"})


@pytest.mark.parametrize("missing", sorted(set(SECRET)))
@pytest.mark.parametrize("how", [None, "", {}, []])
def test_a_secret_that_is_missing_or_empty_closes_the_door(missing: str, how: Any) -> None:
    with pytest.raises(ProviderNotConfigured):
        provider(**{missing: how})


def test_what_the_twin_sends_is_read_by_us_and_by_the_community_sdk() -> None:
    from wechatpayv3 import WeChatPay, WeChatPayType

    with WechatPayGlobalTwin(keys=made.keys(), mchid=made.MCHID) as twin, Receiver() as receiver:
        secret = twin.secret()
        ours = wechat_pay_global_from_secret(
            twin.url, json.dumps(secret), refund_notify_url=receiver.url, send=send_outbound
        )
        twin.faults = {"probe": False, "duplicate": 1}
        payer, now = Payer(wechat_openid="openid-of-nobody"), made.present()
        wanted = Attempt("attempt-000001", "o", Money(1299, "HKD"), "茶", receiver.url, payer, now + 900)
        started = ours.create(wanted, now)
        outbound.send("POST", f"{twin.url}/_twin/pay", {}, json.dumps(started.client).encode())
        ours.refund("attempt-000001", "", "refund-1", Money(300, "HKD"), Money(1299, "HKD"), now)
        sdk = WeChatPay(
            wechatpay_type=WeChatPayType.JSAPI, mchid=secret["mchid"], appid=secret["appid"],
            private_key=secret["merchant_private_key_pem"], cert_serial_no=secret["merchant_serial"],
            apiv3_key=secret["api_v3_keys"][0], notify_url=receiver.url,
            public_key=next(iter(secret["platform_keys"].values())), public_key_id=next(iter(secret["platform_keys"])),
        )  # fmt: skip
        paid, returned = receiver.wait_for(2)
        for got in (paid, returned):
            headers = {name.title(): value for name, value in got.headers.items()}
            theirs = sdk.callback(headers, got.body.decode())
            (notice,), _ = ours.read_webhook(got.headers, got.body, made.present())
            assert theirs["resource"]["out_trade_no"] == notice.reference
            assert theirs["resource"]["amount"]["currency"] == "HKD"
        assert notice.refund_state == REFUNDED
