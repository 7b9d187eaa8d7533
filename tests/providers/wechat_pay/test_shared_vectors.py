"""Official and cross-checked vectors, with the public test keys of the official SDKs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.vectors import SHARED, load, lower
from twinshore.errors import BadRequest
from twinshore.payments.port import SignatureRefused
from twinshore.providers.wechat_pay.signing import Merchant, Signer, request_message
from twinshore.providers.wechat_pay.status import payment_notice, refund_notice
from twinshore.providers.wechat_pay.verify import ResourceKeys, Verifier

VECTORS = load(SHARED / "wechatpay.json")
KEYS = VECTORS["keys"]
GENERATED = VECTORS["generated"]
OFFICIAL = {entry["name"]: entry for entry in VECTORS["official"]}


def by_name(entries: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(entry, id=entry["name"]) for entry in entries]


def verifier() -> Verifier:
    return Verifier(
        {
            KEYS["pub_key_id"]: KEYS["java_wechatpay_public_key_pem"],
            KEYS["java_wechatpay_certificate_serial"]: KEYS["java_wechatpay_certificate_pem"],
        }
    )


@pytest.mark.parametrize("entry", by_name(GENERATED["notifications"]))
def test_a_genuine_notice_is_verified_and_opened(entry: dict[str, Any]) -> None:
    verifier().check(lower(entry["headers"]), entry["body"].encode(), entry["now"])
    opened = ResourceKeys([KEYS["apiv3_key"]]).open(json.loads(entry["body"])["resource"])
    assert opened.decode() == entry["expect"]["plaintext"]
    content = json.loads(opened)
    translate = refund_notice if entry["expect"]["event_type"].startswith("REFUND") else payment_notice
    notice = translate("id", content)
    assert notice.reference == content["out_trade_no"]
    assert notice.provider_id


@pytest.mark.parametrize("entry", by_name(VECTORS.get("must_fail") or GENERATED["must_fail"]))
def test_a_tampered_notice_is_refused(entry: dict[str, Any]) -> None:
    headers, body = lower(entry["headers"]), entry["body"].encode()
    if not entry["expect"]["verify"]:
        with pytest.raises(SignatureRefused):
            verifier().check(headers, body, entry["now"])
        return
    verifier().check(headers, body, entry["now"])
    with pytest.raises(BadRequest):
        ResourceKeys([KEYS["apiv3_key"]]).open(json.loads(body)["resource"])


def test_the_notice_of_the_official_go_client_is_verified_by_its_certificate() -> None:
    entry = OFFICIAL["go_notify"]
    held = Verifier({entry["headers"]["Wechatpay-Serial"]: entry["certificate_pem"]})
    held.check(lower(entry["headers"]), entry["body"].encode(), entry["now"])
    opened = ResourceKeys([entry["apiv3_key"]]).open(json.loads(entry["body"])["resource"])
    assert opened.decode() == entry["expect"]["plaintext"]


def test_the_encryption_vector_of_the_official_go_client_opens() -> None:
    entry = OFFICIAL["go_aes_gcm"]
    resource = {**entry, "algorithm": "AEAD_AES_256_GCM"}
    assert ResourceKeys([entry["key"]]).open(resource).decode() == entry["plaintext"]


def test_the_signature_of_the_official_go_client_is_ours() -> None:
    entry = OFFICIAL["go_sign"]
    assert Signer(Merchant("m", "s", KEYS[entry["key"]])).sign(entry["message"].encode()) == entry["signature"]


def test_a_body_that_ends_with_a_line_end_gets_its_own_all_the_same() -> None:
    entry = OFFICIAL["go_authorization_message"]
    body = entry["body"].encode()
    built = request_message(entry["method"], entry["url"], body, entry["timestamp"], entry["nonce_str"])
    assert built.decode() == entry["message"]


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry["method"]) for entry in GENERATED["requests"]])
def test_requests_are_signed_as_in_the_vectors(entry: dict[str, Any]) -> None:
    signer = Signer(Merchant(entry["mchid"], entry["serial_no"], KEYS["java_merchant_private_key_pem"]))
    header = signer.authorization(
        entry["method"], entry["url"], entry["body"].encode(), entry["timestamp"], entry["nonce_str"]
    )
    for said in (entry["signature"], entry["mchid"], entry["serial_no"], entry["nonce_str"]):
        assert f'"{said}"' in header


def test_the_payment_parameters_are_signed_as_in_the_vectors() -> None:
    entry = GENERATED["pay_sign"][0]
    signer = Signer(Merchant("m", "s", KEYS["java_merchant_private_key_pem"]))
    prepay_id = entry["package"].removeprefix("prepay_id=")
    made = signer.payment_parameters(entry["appId"], prepay_id, int(entry["timeStamp"]), entry["nonceStr"])
    assert made == {name: entry[name] for name in ("timeStamp", "nonceStr", "package", "signType", "paySign")}
