"""Who may speak for HyperPay; pycryptodome as the independent writer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from Crypto.Cipher import AES

from tests.support.vectors import load
from twinshore.payments.port import SignatureRefused
from twinshore.providers.configuration import ProviderNotConfigured
from twinshore.providers.exchange import send_outbound
from twinshore.providers.hyperpay.client import Account, HyperPay, hyperpay_from_secret
from twinshore.providers.hyperpay.verify import NoticeKeys
from twinshore.vault import StoreVault

OWN = load(Path(__file__).parent / "vectors.json")
KEY = OWN["keys"][0]
PLAIN = '{"type":"PAYMENT","note":"مدى"}'.encode()
IV = bytes(range(12))


def seal(plain: bytes = PLAIN, key: str = KEY, iv: bytes = IV) -> tuple[dict[str, str], bytes]:
    body, tag = AES.new(bytes.fromhex(key), AES.MODE_GCM, nonce=iv).encrypt_and_digest(plain)
    return {"x-initialization-vector": iv.hex(), "x-authentication-tag": tag.hex()}, body.hex().encode()


def marks(entry: dict[str, Any]) -> dict[str, str]:
    return {"x-initialization-vector": entry["iv"], "x-authentication-tag": entry["tag"]}


@pytest.mark.parametrize("entry", OWN["published"], ids=lambda entry: entry["name"])
def test_the_platforms_published_examples_open(entry: dict[str, Any]) -> None:
    assert b'"type"' in NoticeKeys([entry["key"]]).open(marks(entry), entry["body"].encode())


@pytest.mark.parametrize("entry", OWN["forged"], ids=lambda entry: entry["name"])
def test_a_forged_vector_of_ours_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(SignatureRefused):
        NoticeKeys(OWN["keys"]).open(marks(entry), entry["body"].encode())


def test_while_a_key_is_changed_both_open_and_no_other() -> None:
    old, new, other = "01" * 32, "02" * 32, "03" * 32
    for key in (old, new):
        assert NoticeKeys([new, old]).open(*seal(key=key)) == PLAIN
    with pytest.raises(SignatureRefused):
        NoticeKeys([new, old]).open(*seal(key=other))


def test_an_empty_notice_proves_nothing() -> None:
    with pytest.raises(SignatureRefused):
        NoticeKeys([KEY]).open(*seal(b""))


GOOD = {"access_token": "t", "entity_ids": {"mada": "e"}, "webhook_keys": [KEY]}


@pytest.mark.parametrize(
    "secret",
    [
        "", "{}", "null", "[]", {**GOOD, "access_token": " "}, {**GOOD, "entity_ids": {}},
        {**GOOD, "entity_ids": {"mada": ""}}, {**GOOD, "entity_ids": "e"}, {**GOOD, "webhook_keys": []},
        {**GOOD, "webhook_keys": [""]}, {**GOOD, "webhook_keys": KEY}, {**GOOD, "webhook_keys": ["00" * 16]},
        {**GOOD, "webhook_keys": ["zz" * 32]}, {**GOOD, "webhook_keys": [KEY, " ".join(KEY)]},
    ],
)  # fmt: skip
def test_a_secret_that_is_missing_empty_or_half_written_closes_the_door(secret: Any, vault: StoreVault) -> None:
    text = secret if isinstance(secret, str) else json.dumps(secret)
    with pytest.raises(ProviderNotConfigured) as missing:
        hyperpay_from_secret("http://127.0.0.1:9", text, vault, send=send_outbound)
    assert KEY not in missing.value.detail


def test_the_constructor_takes_no_empty_key_either(vault: StoreVault) -> None:
    for account in (Account("", {"mada": "e"}, (KEY,)), Account("t", {}, (KEY,)), Account("t", {"mada": "e"}, ())):
        with pytest.raises(ProviderNotConfigured):
            HyperPay("http://127.0.0.1:9", account, vault, send=send_outbound)
