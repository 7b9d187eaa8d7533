"""Who may speak for Adyen; the official SDK as the independent reader and writer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from Adyen import util
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.vaults import NoVault
from tests.support.vectors import load
from twinshore.payments.port import SignatureRefused
from twinshore.providers.adyen.account import Account
from twinshore.providers.adyen.client import Adyen, adyen_from_secret
from twinshore.providers.adyen.entry import TEST_URL, build
from twinshore.providers.adyen.verify import genuine_items, is_genuine
from twinshore.providers.configuration import ProviderNotConfigured
from twinshore.providers.exchange import send_outbound
from twinshore.providers.setup import Setup

OWN = load(Path(__file__).parent / "vectors.json")
KEY, OLD = OWN["hmac_keys"]
KEYS = [bytes.fromhex(KEY), bytes.fromhex(OLD)]
ITEM = {
    "pspReference": "TEA0000000000001", "merchantAccountCode": "TeaShopECOM", "merchantReference": "attempt-茶-1",
    "amount": {"value": 1299, "currency": "EUR"}, "eventCode": "AUTHORISATION", "success": "true",
}  # fmt: skip
SECRET = {"api_key": "AQE", "merchant_account": "TeaShopECOM", "hmac_keys": [KEY], "capture": "automatic"}


def signed(item: dict[str, Any], key: str = KEY) -> dict[str, Any]:
    return {**item, "additionalData": {"hmacSignature": util.generate_notification_sig(item, key).decode()}}


def notification(*items: dict[str, Any]) -> bytes:
    return json.dumps({"live": "false", "notificationItems": [{"NotificationRequestItem": i} for i in items]}).encode()


def refused(body: bytes) -> bool:
    try:
        genuine_items(body, KEYS)
    except SignatureRefused as refusal:
        return refusal.detail == ""
    return False


@pytest.mark.parametrize("key", [KEY, OLD, KEY.lower()])
def test_what_the_official_sdk_signs_is_accepted_under_every_live_key(key: str) -> None:
    assert is_genuine(signed(ITEM, key), KEYS)
    assert is_genuine(signed({**ITEM, "originalReference": "TEA0"}, key), KEYS)


@pytest.mark.parametrize("entry", OWN["genuine"], ids=lambda entry: entry["name"])
def test_the_official_sdk_accepts_each_item_of_our_genuine_vectors(entry: dict[str, Any]) -> None:
    genuine_items(entry["body"].encode(), KEYS)
    for wrapped in json.loads(entry["body"])["notificationItems"]:
        assert any(util.is_valid_hmac_notification(wrapped["NotificationRequestItem"], key) for key in (KEY, OLD))


@pytest.mark.parametrize("entry", OWN["forged"], ids=lambda entry: entry["name"])
def test_a_forged_vector_of_ours_is_refused(entry: dict[str, Any]) -> None:
    assert refused(entry["body"].encode())


def test_the_official_helper_reads_one_item_and_we_read_all() -> None:
    spoilt = {**signed(ITEM), "amount": {"value": 1, "currency": "EUR"}}
    both = notification(signed(ITEM), spoilt)
    assert util.is_valid_hmac_notification(json.loads(both), KEY)
    assert refused(both)
    assert refused(notification(spoilt, signed(ITEM)))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"{}", b'{"notificationItems":{}}', b'{"notificationItems":[]}', b"\xff",
        b'{"notificationItems":[null]}', b'{"notificationItems":[{"NotificationRequestItem":[]}]}', b"[" * 200_000,
        notification({**signed(ITEM), "additionalData": None}), notification({**signed(ITEM), "additionalData": "x"}),
        notification({**signed(ITEM), "success": {"a": 1}}), notification({**signed(ITEM), "amount": 5}),
        notification({**signed(ITEM), "additionalData": {"hmacSignature": "\ud800"}}),
        notification({**signed(ITEM), "merchantReference": "\ud800"}),
        notification(*[signed(ITEM)] * 101), b'{"notificationItems":[' + b"9" * 5000 + b"]}",
    ],
)  # fmt: skip
def test_anything_else_is_refused_without_a_word(body: bytes) -> None:
    assert refused(body)


@settings(deadline=None)
@given(st.data())
def test_any_one_flipped_bit_of_what_is_signed_or_of_the_signature_is_refused(data: st.DataObject) -> None:
    item = signed(ITEM)
    places = ["pspReference", "merchantAccountCode", "merchantReference", "eventCode", "success", "currency", "mark"]
    place = data.draw(st.sampled_from(places))
    holder = {"currency": item["amount"], "mark": item["additionalData"]}.get(place, item)
    name = "hmacSignature" if place == "mark" else place
    raw = bytearray(holder[name].encode())
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    changed = {**holder, name: raw.decode("latin-1")}
    spoilt = {"currency": {**item, "amount": changed}, "mark": {**item, "additionalData": changed}}
    assert not is_genuine(spoilt.get(place, changed), KEYS)


@given(st.integers(0, 10**9), st.integers(0, 29))
def test_any_other_amount_is_refused(value: int, bit: int) -> None:
    item = signed({**ITEM, "amount": {"value": value, "currency": "EUR"}})
    assert is_genuine(item, KEYS)
    assert not is_genuine({**item, "amount": {"value": value ^ 1 << bit, "currency": "EUR"}}, KEYS)


def test_the_empty_key_verifies_nothing() -> None:
    assert not is_genuine(signed(ITEM, ""), [b""])
    assert not is_genuine(signed(ITEM, ""), [])


@pytest.mark.parametrize(
    "change",
    [
        {"api_key": ""}, {"merchant_account": None}, {"hmac_keys": []}, {"hmac_keys": [""]}, {"hmac_keys": KEY},
        {"hmac_keys": [KEY, " "]}, {"hmac_keys": ["no hex"]}, {"hmac_keys": ["00"]}, {"capture": ""},
        {"capture": "sometimes"}, {"capture": None},
    ],
)  # fmt: skip
def test_a_secret_that_is_half_written_closes_the_door(change: dict[str, Any]) -> None:
    with pytest.raises(ProviderNotConfigured):
        adyen_from_secret("http://127.0.0.1:9", json.dumps({**SECRET, **change}), NoVault(), send=send_outbound)


@pytest.mark.parametrize("text", ["", "{}", "null", "[]", "{", " "])
def test_a_secret_that_is_missing_closes_the_door(text: str) -> None:
    with pytest.raises(ProviderNotConfigured):
        adyen_from_secret("http://127.0.0.1:9", text, NoVault(), send=send_outbound)


def test_the_constructor_takes_no_empty_key_either() -> None:
    good = Account("AQE", "TeaShopECOM", (KEYS[0],), True)
    for account in (
        good._replace(api_key=""), good._replace(merchant_account=""), good._replace(hmac_keys=()),
        good._replace(hmac_keys=(KEYS[0], b"")),
    ):  # fmt: skip
        with pytest.raises(ProviderNotConfigured):
            Adyen("http://127.0.0.1:9", account, NoVault(), send=send_outbound)


@pytest.mark.parametrize(
    ("prefix", "url"),
    [("", TEST_URL), ("1797a841fbb37ca7-TeaShop", "https://1797a841fbb37ca7-TeaShop-checkout-live.adyenpayments.com/checkout")],
)  # fmt: skip
def test_the_live_platform_has_a_host_of_ones_own(prefix: str, url: str) -> None:
    built = build(Setup(json.dumps({**SECRET, "live_prefix": prefix}), "", "https://shop.example/n", NoVault()))
    assert built._base_url == url


@pytest.mark.parametrize("prefix", ["evil.example/", "a@b", "a b", "a:80"])
def test_a_live_prefix_names_no_other_host(prefix: str) -> None:
    with pytest.raises(ProviderNotConfigured):
        build(Setup(json.dumps({**SECRET, "live_prefix": prefix}), "", "", NoVault()))
