"""Who may speak for Weixin Pay: serials, keys, clock, spelling; and what opens the resource."""

from __future__ import annotations

import json
from typing import Any, Mapping

import pytest

from tests.support import wechat_pay_notices as made
from tests.support.wechat_pay_notices import NEW_CERTIFICATE, NOW, OLD_CERTIFICATE, PUBLIC_KEY
from twinshore.errors import BadRequest
from twinshore.payments.port import SignatureRefused
from twinshore.providers.configuration import ProviderNotConfigured
from twinshore.providers.wechat_pay.verify import REFRESH_INTERVAL_SECONDS, ResourceKeys, Verifier

BODY = '{"id":"notice-1","summary":"支付成功"}'.encode()


def verifier(*known: str, refresh: Any = None) -> Verifier:
    return Verifier({made.serial_of(key): made.platform_pem(key) for key in known}, refresh)


class Download:
    """Stands for the certificate list; counts how often it was asked for."""

    def __init__(self, *offered: str) -> None:
        self.calls = 0
        self._offered = offered

    def __call__(self, now: int) -> Mapping[str, str]:
        self.calls += 1
        return {made.serial_of(key): made.platform_pem(key) for key in self._offered}


def refused(held: Verifier, headers: Mapping[str, str], body: bytes = BODY, now: int = NOW) -> bool:
    try:
        held.check(headers, body, now)
    except SignatureRefused as refusal:
        return refusal.detail == ""  # nothing is said of why
    return False


def test_museum_6_three_kinds_of_key_are_accepted_an_unknown_serial_refreshes_once_two_forgeries_are_refused() -> None:
    """Issue museum, row 6: wechatpay-go #196 and wechatpay-php #153 (certificates and public key live side by side).

    https://github.com/wechatpay-apiv3/wechatpay-go/issues/196
    https://github.com/wechatpay-apiv3/wechatpay-php/issues/153
    """
    download = Download(NEW_CERTIFICATE)
    held = verifier(PUBLIC_KEY, OLD_CERTIFICATE, refresh=download)
    for key in (PUBLIC_KEY, OLD_CERTIFICATE):
        held.check(made.signed(BODY, key), BODY, NOW)
    assert download.calls == 0
    held.check(made.signed(BODY, NEW_CERTIFICATE), BODY, NOW)
    held.check(made.signed(BODY, NEW_CERTIFICATE), BODY, NOW)
    assert download.calls == 1
    unknown = {**made.signed(BODY), "wechatpay-serial": "5F1C72E2A8931B72A2E13AF8DEE92471EB397115"}
    right = made.signed(BODY)["wechatpay-signature"]
    probe = {**made.signed(BODY), "wechatpay-signature": "WECHATPAY/SIGNTEST/" + right[19:]}
    assert refused(held, unknown)
    assert refused(held, probe)
    assert download.calls == 1


@pytest.mark.parametrize("serials", [["A1" * 20] * 50, [f"{number:040X}" for number in range(50)]])
def test_an_attacker_who_writes_serials_causes_one_download_in_ten_minutes(serials: list[str]) -> None:
    download = Download()
    held = verifier(PUBLIC_KEY, refresh=download)
    for serial in serials:
        assert refused(held, {**made.signed(BODY), "wechatpay-serial": serial})
    assert download.calls == 1
    later = NOW + REFRESH_INTERVAL_SECONDS
    again = {**made.signed(BODY, timestamp=str(later)), "wechatpay-serial": serials[0]}
    assert refused(held, again, now=later)
    assert download.calls == 2


@pytest.mark.parametrize(
    "change",
    [
        {"wechatpay-serial": "PUB_KEY_ID_0000000000000000000000000009"},
        {"wechatpay-serial": "../../etc"},
        {"wechatpay-serial": ""},
        {"wechatpay-serial": "A1" * 21},
        {"wechatpay-serial": "A1" * 20, "wechatpay-timestamp": str(NOW - 300)},
        {"wechatpay-serial": "A1" * 20, "wechatpay-signature": "WECHATPAY/SIGNTEST/x"},
        {"wechatpay-serial": "A1" * 20, "wechatpay-signature": ""},
    ],
)
def test_nothing_is_downloaded_for_a_notice_that_cannot_be_right_anyway(change: dict[str, str]) -> None:
    download = Download(NEW_CERTIFICATE)
    assert refused(verifier(PUBLIC_KEY, refresh=download), {**made.signed(BODY), **change})
    assert download.calls == 0


@pytest.mark.parametrize(
    ("seconds", "accepted"), [(-301, 0), (-300, 0), (-299, 1), (0, 1), (299, 1), (300, 0), (9e6, 0)]
)
def test_the_window_is_under_five_minutes_both_ways(seconds: float, accepted: int) -> None:
    assert refused(verifier(PUBLIC_KEY), made.signed(BODY), now=NOW + int(seconds)) is not bool(accepted)


@pytest.mark.parametrize(
    "text", ["", "+1790000000", " 1790000000", "1790000000.0", "1e9", "١٧٩٠٠٠٠٠٠٠", "0x6ab13b80", "-1", "9" * 400]
)
def test_a_timestamp_is_digits(text: str) -> None:
    assert refused(verifier(PUBLIC_KEY), {**made.signed(BODY), "wechatpay-timestamp": text})


def test_the_text_of_the_timestamp_is_what_was_signed() -> None:
    padded = f"0{NOW}"
    verifier(PUBLIC_KEY).check(made.signed(BODY, timestamp=padded), BODY, NOW)
    assert refused(verifier(PUBLIC_KEY), {**made.signed(BODY), "wechatpay-timestamp": padded})


def test_a_line_end_in_the_nonce_cannot_borrow_from_the_body() -> None:
    whole = made.signed(b"a\nb", nonce="n")
    assert not refused(verifier(PUBLIC_KEY), whole, b"a\nb")
    assert refused(verifier(PUBLIC_KEY), {**whole, "wechatpay-nonce": "n\na"}, b"b")


def test_a_signature_has_one_spelling() -> None:
    headers = made.signed(BODY)
    text = headers["wechatpay-signature"]
    other_last = text[:-3] + chr(ord(text[-3]) ^ 1) + "=="  # only unused bits differ
    for spelling in (text + "\n", text + "=", text.rstrip("="), f" {text}", text[:9] + "%" + text[9:], other_last):
        assert refused(verifier(PUBLIC_KEY), {**headers, "wechatpay-signature": spelling})


@pytest.mark.parametrize("name", ["timestamp", "nonce", "serial", "signature"])
def test_a_missing_header_is_refused(name: str) -> None:
    headers = made.signed(BODY)
    del headers[f"wechatpay-{name}"]
    assert refused(verifier(PUBLIC_KEY), headers)


def test_the_signature_type_may_be_absent_and_no_other_is_taken() -> None:
    headers = made.signed(BODY)
    del headers["wechatpay-signature-type"]
    verifier(PUBLIC_KEY).check(headers, BODY, NOW)
    for other in ("WECHATPAY2-SM2-WITH-SM3", "", "wechatpay2-sha256-rsa2048"):
        assert refused(verifier(PUBLIC_KEY), {**headers, "wechatpay-signature-type": other})


def test_a_serial_does_not_lend_its_name_to_another_key() -> None:
    headers = {**made.signed(BODY, NEW_CERTIFICATE), "wechatpay-serial": made.serial_of(OLD_CERTIFICATE)}
    assert refused(verifier(PUBLIC_KEY, OLD_CERTIFICATE, NEW_CERTIFICATE), headers)


def test_a_key_that_is_no_key_is_our_fault_and_says_so() -> None:
    held = Verifier({made.serial_of(PUBLIC_KEY): "not a key"})
    with pytest.raises(ProviderNotConfigured):
        held.check(made.signed(BODY), BODY, NOW)


def test_both_api_keys_open_during_a_change_of_key() -> None:
    old, new = "o" * 32, "n" * 32
    keys = ResourceKeys([new, old])
    for key in (old, new):
        assert json.loads(keys.open(made.envelope({"a": 1}, api_v3_key=key)["resource"])) == {"a": 1}
    with pytest.raises(BadRequest):
        keys.open(made.envelope({"a": 1}, api_v3_key="x" * 32)["resource"])


@pytest.mark.parametrize("spelling", ["", None, "absent"])
def test_the_associated_data_may_be_empty_or_absent(spelling: str | None) -> None:
    resource = {**made.envelope({"a": 1}, aad="")["resource"], "associated_data": spelling}
    if spelling == "absent":
        del resource["associated_data"]
    assert json.loads(ResourceKeys(made.keys()["api_v3_keys"]).open(resource)) == {"a": 1}


@pytest.mark.parametrize(
    "change",
    [
        {"algorithm": "AEAD_SM4_GCM"}, {"algorithm": None}, {"nonce": 7}, {"nonce": ""}, {"ciphertext": "****"},
        {"ciphertext": ""}, {"ciphertext": None}, {"associated_data": "other"}, {"associated_data": 7},
    ],
)  # fmt: skip
def test_a_resource_that_does_not_open_is_a_bad_request_and_never_a_crash(change: dict[str, Any]) -> None:
    resource = {**made.envelope({"a": 1})["resource"], **change}
    with pytest.raises(BadRequest):
        ResourceKeys(made.keys()["api_v3_keys"]).open(resource)
