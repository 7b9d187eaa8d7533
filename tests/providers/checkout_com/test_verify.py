"""Who may speak for Checkout.com. Its SDK verifies nothing, so the reader beside ours is RFC 2104, written out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.vectors import load
from twinshore.payments.port import SignatureRefused
from twinshore.providers.checkout_com.client import Account, CheckoutCom, checkout_com_from_secret
from twinshore.providers.checkout_com.verify import check
from twinshore.providers.configuration import ProviderNotConfigured
from twinshore.providers.exchange import send_outbound
from twinshore.vault import StoreVault

OWN = load(Path(__file__).parent / "vectors.json")
PAID = OWN["genuine"][0]
BODY, HEADER, KEY = PAID["body"].encode(), PAID["header"], OWN["keys"][0]


def refused(header: str, body: bytes = BODY, keys: Any = (KEY,)) -> bool:
    try:
        check(header, body, keys)
    except SignatureRefused as refusal:
        return refusal.detail == ""
    return False


@pytest.mark.parametrize("entry", OWN["forged"], ids=lambda entry: entry["name"])
def test_a_forged_vector_of_ours_is_refused(entry: dict[str, Any]) -> None:
    assert refused(entry["header"], entry["body"].encode(), OWN["keys"])


def test_every_live_key_is_accepted_while_one_is_changed() -> None:
    new, old = OWN["keys"]
    by_old = OWN["genuine"][1]["header"]
    assert not refused(HEADER, keys=[new]) and not refused(HEADER, keys=[old, new])
    assert not refused(by_old, keys=[new, old]) and refused(by_old, keys=[new])


def test_the_empty_key_verifies_nothing() -> None:
    by_empty = next(entry for entry in OWN["forged"] if entry["name"] == "empty_key")["header"]
    assert refused(by_empty, keys=[""]) and refused(by_empty, keys=[]) and refused("", keys=[""])


GOOD = {"subdomain": "abc123", "secret_key": "sk", "webhook_keys": ["k"]}


@pytest.mark.parametrize(
    "secret",
    [
        "", "{}", "null", "[]", {**GOOD, "secret_key": ""}, {**GOOD, "webhook_keys": []},
        {**GOOD, "webhook_keys": [""]}, {**GOOD, "webhook_keys": "k"}, {**GOOD, "webhook_keys": ["k", " "]},
        {**GOOD, "subdomain": ""}, {**GOOD, "subdomain": "evil.example/"}, {**GOOD, "subdomain": "a.b"},
    ],
)  # fmt: skip
def test_a_secret_that_is_missing_empty_or_half_written_closes_the_door(secret: Any, vault: StoreVault) -> None:
    text = secret if isinstance(secret, str) else json.dumps(secret)
    with pytest.raises(ProviderNotConfigured):
        checkout_com_from_secret("", text, vault, send=send_outbound)


@pytest.mark.parametrize(
    ("more", "url"),
    [({}, "https://abc123.api.checkout.com"), ({"sandbox": True}, "https://abc123.api.sandbox.checkout.com")],
)
def test_calls_go_to_the_accounts_own_host(vault: StoreVault, more: dict[str, Any], url: str) -> None:
    assert checkout_com_from_secret("", json.dumps({**GOOD, **more}), vault, send=send_outbound)._base_url == url


def test_the_constructor_takes_no_empty_key_either(vault: StoreVault) -> None:
    for account in (Account("", ("k",)), Account("sk", ()), Account("sk", ("k", ""))):
        with pytest.raises(ProviderNotConfigured):
            CheckoutCom("http://127.0.0.1:9", account, vault, send=send_outbound)
