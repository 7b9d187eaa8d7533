"""wechatpayv3, a client that others wrote, reads what our twin signs; our verifier reads it too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator

import pytest
from wechatpayv3 import WeChatPay, WeChatPayType

from sandbox.twins.wechat_pay import WechatPayTwin
from tests.support import wechat_pay_notices as made
from tests.support.receiver import Receiver
from twinshore import outbound
from twinshore.payments.port import CAPTURED, CREATED
from twinshore.providers.exchange import send_outbound
from twinshore.providers.wechat_pay.client import wechat_pay_from_secret


@pytest.fixture
def twin() -> Iterator[WechatPayTwin]:
    with WechatPayTwin(keys=made.keys()) as running:
        yield running


def sdk(twin: WechatPayTwin, folder: Path, mode: str) -> Any:
    """By the public key, or by certificates that lie in a folder: neither asks the network to begin with."""
    secret = twin.secret()
    by_mode: dict[str, Any]
    if mode == "public_key":
        key_id = made.serial_of(made.PUBLIC_KEY)
        by_mode = {"public_key": made.platform_pem(made.PUBLIC_KEY), "public_key_id": key_id}
    else:
        for number, held in enumerate(made.keys()["certificates"]):
            (folder / f"{number}.pem").write_text(held["certificate_pem"])
        by_mode = {"cert_dir": str(folder)}
    client = WeChatPay(
        wechatpay_type=WeChatPayType.MINIPROG, mchid=secret["mchid"], private_key=secret["merchant_private_key_pem"],
        cert_serial_no=secret["merchant_serial"], apiv3_key=secret["api_v3_keys"][0], appid=secret["appid"],
        notify_url="https://shop.example/v1/webhooks/wechat_pay", **by_mode,
    )  # fmt: skip
    client._core._gate_way = twin.url
    return client


@pytest.mark.parametrize("mode", ["public_key", "certificate"])
def test_the_sdk_pays_at_our_twin_and_believes_its_answers(twin: WechatPayTwin, tmp_path: Path, mode: str) -> None:
    twin.faults = {"key_mode": mode}
    client = sdk(twin, tmp_path, mode)
    code, text = client.pay(
        description="tea", out_trade_no="sdk-000001", amount={"total": 100}, payer={"openid": "openid-of-nobody"}
    )
    assert code == 200
    assert json.loads(text)["prepay_id"].startswith("wx")
    code, text = client.query(out_trade_no="sdk-000001")
    assert (code, json.loads(text)["trade_state"]) == (200, "NOTPAY")
    ours = wechat_pay_from_secret(twin.url, json.dumps(twin.secret()), send=send_outbound)
    assert ours.query("sdk-000001", "", made.present()).state == CREATED


@pytest.mark.parametrize("mode", ["public_key", "certificate"])
def test_the_sdk_reads_the_notices_of_our_twin_and_so_do_we(twin: WechatPayTwin, tmp_path: Path, mode: str) -> None:
    with Receiver() as receiver:
        twin.faults = {"key_mode": mode, "probe": False}
        ours = wechat_pay_from_secret(twin.url, json.dumps(twin.secret()), send=send_outbound)
        client = sdk(twin, tmp_path, mode)
        client.pay(
            description="tea", out_trade_no="sdk-000001", amount={"total": 100, "currency": "CNY"},
            payer={"openid": "openid-of-nobody"}, notify_url=receiver.url,
        )  # fmt: skip
        outbound.send("POST", f"{twin.url}/_twin/pay", {}, b'{"out_trade_no": "sdk-000001"}')
        for got in receiver.wait_for(2):
            theirs = client.callback(got.headers, got.body)
            assert theirs["resource"]["out_trade_no"] == "sdk-000001"
            (notice,), _ = ours.read_webhook(got.headers, got.body, made.present())
            assert (notice.id, notice.state) == (theirs["id"], CAPTURED)


def test_the_sdk_signs_the_cashier_parameters_as_we_do(twin: WechatPayTwin, tmp_path: Path) -> None:
    client = sdk(twin, tmp_path, "public_key")
    ours = wechat_pay_from_secret(twin.url, json.dumps(twin.secret()), send=send_outbound)
    made_by_us = ours._signer.payment_parameters(twin.appid, "wx1", 1_790_000_000, "NONCE")
    assert client.sign([twin.appid, "1790000000", "NONCE", "prepay_id=wx1"]) == made_by_us["paySign"]
