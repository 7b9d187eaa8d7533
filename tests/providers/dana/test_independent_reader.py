"""DANA's own SDK reads what our twin signs and calls our twin, and verifies what we sign."""

from __future__ import annotations

import json
from typing import Any, Mapping

import pytest

from sandbox.twins import wechat_pay_keys as rsa
from sandbox.twins.dana import DanaTwin
from tests.support.at_twins import control
from tests.support.dana_place import IDR_20000, IDR_50000, PATH, REFERENCE, attempt, keys, present, provider
from tests.support.receiver import Receiver
from twinshore import outbound
from twinshore.payments.port import CAPTURED


@pytest.fixture(autouse=True)
def _production(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the SDK verifies by the sandbox's key, whatever key it was given."""
    monkeypatch.setenv("DANA_ENV", "production")


def parser(private_pem: str) -> Any:
    from dana.webhook import WebhookParser

    return WebhookParser(public_key=rsa.public_pem(private_pem))


def test_the_sdk_reads_the_notices_of_our_twin_and_we_do(twin: DanaTwin) -> None:
    with Receiver() as receiver:
        path = "/" + receiver.url.split("/", 3)[3]
        pay = provider(twin.url, notify=receiver.url)
        control(twin, "pay", pay.create(attempt(notify=receiver.url), present()).client)
        for got in receiver.wait_for(2):
            theirs = parser(twin.keys["dana_private_key_pem"])
            read = theirs.parse_webhook("POST", path, got.headers, got.body.decode())
            (notice,), _ = pay.read_webhook(got.headers, got.body, present())
            assert read.original_partner_reference_no == notice.reference == REFERENCE
            assert notice.state == CAPTURED and read.amount.value == "50000.00"


def test_the_sdk_verifies_what_we_sign_and_reads_our_orders() -> None:
    from dana.payment_gateway.v1.models import CreateOrderByRedirectRequest, QueryPaymentRequest, RefundOrderRequest

    sent: list[tuple[str, Mapping[str, str], bytes]] = []

    def keep(method: str, url: str, headers: Mapping[str, str], body: bytes, _: float) -> outbound.Reply:
        sent.append((url, headers, body))
        return outbound.Reply(200, {}, b'{"responseCode":"2005400","webRedirectUrl":"https://dana.example/pay"}')

    pay = provider("http://127.0.0.1:9", keep)
    pay.create(attempt(), present())
    pay.refund(REFERENCE, "", "o1-r1", IDR_20000, IDR_50000, present())
    pay.query(REFERENCE, "", present())
    for (url, headers, body), model in zip(
        sent, (CreateOrderByRedirectRequest, RefundOrderRequest, QueryPaymentRequest)
    ):
        reader = parser(keys()["merchant_private_key_pem"])
        path = url.removeprefix("http://127.0.0.1:9")
        reader._verify_signature("POST", path, body.decode(), headers["X-TIMESTAMP"], headers["X-SIGNATURE"])
        assert model.from_dict(json.loads(body)).merchant_id == keys()["merchant_id"]


def test_the_sdk_orders_asks_cancels_and_refunds_at_our_twin(twin: DanaTwin) -> None:
    from dana.api_client import ApiClient
    from dana.payment_gateway.v1 import PaymentGatewayApi
    from dana.payment_gateway.v1.models import (
        CancelOrderRequest,
        CreateOrderByRedirectRequest,
        QueryPaymentRequest,
        RefundOrderRequest,
    )
    from dana.utils.snap_configuration import AuthSettings, Env, SnapConfiguration

    settings = AuthSettings(
        PRIVATE_KEY=keys()["merchant_private_key_pem"], ORIGIN="https://shop.example",
        X_PARTNER_ID=keys()["partner_id"], CHANNEL_ID="95221", ENV=Env.PRODUCTION, DANA_ENV=Env.PRODUCTION,
    )  # fmt: skip
    configuration = SnapConfiguration(api_key=settings)
    configuration.host = configuration._base_path = twin.url
    api = PaymentGatewayApi(ApiClient(configuration))
    captured: list[bytes] = []

    def keep(method: str, url: str, headers: Mapping[str, str], body: bytes, _: float) -> outbound.Reply:
        captured.append(body)
        return outbound.Reply(200, {}, b'{"responseCode":"2005400","webRedirectUrl":"https://dana.example/pay"}')

    provider("http://127.0.0.1:9", keep).create(attempt(), present())
    merchant = {"merchantId": keys()["merchant_id"]}
    original = {**merchant, "originalPartnerReferenceNo": REFERENCE}
    made = api.create_order(CreateOrderByRedirectRequest.from_dict(json.loads(captured[0])))
    assert made.response_code == "2005400" and made.web_redirect_url.startswith(twin.url)
    control(twin, "pay", {"redirect_url": made.web_redirect_url})
    found = api.query_payment(QueryPaymentRequest.from_dict({**original, "serviceCode": "54"}))
    assert (found.response_code, found.latest_transaction_status) == ("2005500", "00")
    assert provider(twin.url).query(REFERENCE, "", present()).state == CAPTURED
    wanted = {**original, "partnerRefundNo": "o1-r1", "refundAmount": {"value": "20000.00", "currency": "IDR"}}
    assert api.refund_order(RefundOrderRequest.from_dict(wanted)).response_code == "2005800"
    assert api.cancel_order(CancelOrderRequest.from_dict(original)).response_code == "2005700"


def test_the_path_that_we_register_is_the_one_that_is_signed() -> None:
    assert PATH == "/v1/webhooks/dana"
