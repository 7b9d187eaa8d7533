"""Who may speak for Mercado Pago; the official SDK as the independent reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mercadopago.webhook import InvalidWebhookSignatureError, WebhookSignatureValidator

from tests.support.vectors import load
from twinshore.payments.port import SignatureRefused
from twinshore.providers.configuration import ProviderNotConfigured
from twinshore.providers.exchange import send_outbound
from twinshore.providers.mercado_pago.client import MercadoPago, mercado_pago_from_secret
from twinshore.providers.mercado_pago.verify import check

OWN = load(Path(__file__).parent / "vectors.json")
ACCOUNTS = [tuple(one) for one in OWN["accounts"]]
GOOD = OWN["genuine"][0]["headers"]
NOW = OWN["genuine"][0]["now"]


def refused(headers: Mapping[str, str], accounts: Any = ACCOUNTS, now: int = NOW) -> bool:
    try:
        check(headers, accounts, now)
    except SignatureRefused as refusal:
        return refusal.detail == ""
    return False


@pytest.mark.parametrize("entry", OWN["genuine"], ids=lambda entry: entry["name"])
def test_a_genuine_vector_of_ours_names_its_account(entry: dict[str, Any]) -> None:
    assert check(entry["headers"], ACCOUNTS, entry["now"]) == entry["account"]


@pytest.mark.parametrize("entry", OWN["forged"], ids=lambda entry: entry["name"])
def test_a_forged_vector_of_ours_is_refused(entry: dict[str, Any]) -> None:
    assert refused(entry["headers"], now=entry["now"])


@pytest.mark.parametrize("entry", OWN["genuine"], ids=lambda entry: entry["name"])
def test_the_official_sdk_takes_what_we_take_once_it_is_given_small_letters(entry: dict[str, Any]) -> None:
    headers = entry["headers"]
    data_id = headers["?data.id"] if entry["name"] == "as_given" else headers["?data.id"].lower()
    secret = OWN["accounts"][{"seconds": 1, "old": 2}.get(entry["name"], 0)][1]
    WebhookSignatureValidator.validate(headers["x-signature"], headers["x-request-id"], data_id, secret)


@pytest.mark.parametrize("entry", OWN["forged"], ids=lambda entry: entry["name"])
def test_the_official_sdk_refuses_what_we_refuse_but_for_time(entry: dict[str, Any]) -> None:
    headers = entry["headers"]
    given = (headers["x-signature"], headers["x-request-id"], headers.get("?data.id", "").lower(), "vector_brl")
    if entry["name"] in ("stale", "future"):
        WebhookSignatureValidator.validate(*given)
    else:
        with pytest.raises(InvalidWebhookSignatureError):
            WebhookSignatureValidator.validate(*given)


@settings(deadline=None)
@given(st.data())
def test_any_one_flipped_bit_of_what_is_signed_is_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(GOOD)))
    whole = bytearray(GOOD[name].encode())
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[bit // 8] ^= 1 << bit % 8
    changed = whole.decode("latin-1")
    if name != "x-signature" and changed.strip() == GOOD[name]:
        return
    if name == "?data.id" and changed.lower() == GOOD[name].lower():
        return  # capital or small: the same order
    assert refused({**GOOD, name: changed})


@pytest.mark.parametrize(
    "text",
    [
        "", "ts=,v1=", "v1=abc", f"ts={NOW}", "no header", GOOD["x-signature"] + f",ts={NOW}",
        GOOD["x-signature"] + ",v1=abc", GOOD["x-signature"].replace("v1=", "v2="), GOOD["x-signature"].upper(),
        GOOD["x-signature"].replace("ts=", "ts=+"), f"ts={NOW},v1=茶", "ts=١٧٩٠٠٠٠٠٠٠,v1=a", "ts=" + "9" * 2000,
        GOOD["x-signature"].replace("v1=", "v1= "),
    ],
)  # fmt: skip
def test_any_other_header_is_refused(text: str) -> None:
    assert refused({**GOOD, "x-signature": text})


def test_a_space_after_the_comma_is_harmless() -> None:
    assert not refused({**GOOD, "x-signature": GOOD["x-signature"].replace(",", ", ")})


def test_the_empty_secret_verifies_nothing() -> None:
    empty = next(entry for entry in OWN["forged"] if entry["name"] == "empty_secret")
    assert refused(empty["headers"], [("BRL", "")])
    assert refused(empty["headers"], [])


@pytest.mark.parametrize(
    "secret",
    [
        "", "{}", "null", {"access_tokens": {"BRL": "t"}}, {"webhook_secrets": {"BRL": "s"}},
        {"access_tokens": {"BRL": "t"}, "webhook_secrets": {"BRL": ""}},
        {"access_tokens": {"BRL": ""}, "webhook_secrets": {"BRL": "s"}},
        {"access_tokens": {"BRL": "t"}, "webhook_secrets": {"CLP": "s"}},
        {"access_tokens": {"BRL": "t", "CLP": "t"}, "webhook_secrets": {"BRL": "s"}},
        {"access_tokens": {"EUR": "t"}, "webhook_secrets": {"EUR": "s"}},
        {"access_tokens": {}, "webhook_secrets": {}}, {"access_tokens": "t", "webhook_secrets": "s"},
        {"access_tokens": {"BRL": "t"}, "webhook_secrets": {"BRL": "s"}, "old_webhook_secrets": {"BRL": ""}},
    ],
    ids=str,
)  # fmt: skip
def test_a_secret_that_is_missing_or_empty_closes_the_door(secret: Any) -> None:
    with pytest.raises(ProviderNotConfigured):
        mercado_pago_from_secret(
            "http://127.0.0.1:9", secret if isinstance(secret, str) else json.dumps(secret), send=send_outbound
        )


def test_the_constructor_takes_no_empty_secret_either() -> None:
    for secrets in ((), (("BRL", ""),)):
        with pytest.raises(ProviderNotConfigured):
            MercadoPago("http://127.0.0.1:9", {"BRL": "t"}, secrets, send=send_outbound)
