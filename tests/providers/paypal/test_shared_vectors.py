"""Genuine signatures of PayPal, with the certificate that made them."""

from __future__ import annotations

from base64 import b64decode
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tests.support.vectors import SHARED, load
from twinshore.errors import Problem
from twinshore.money import Money
from twinshore.payments.port import CAPTURED, SignatureRefused
from twinshore.providers.paypal.amounts import WITHOUT_DECIMALS, from_paypal, to_paypal
from twinshore.providers.paypal.certificates import PRODUCTION, Certificates
from twinshore.providers.paypal.status import event_notices
from twinshore.providers.paypal.verify import Verifier, is_signed, signed_text

GIVEN = load(SHARED / "paypal.json")
VECTORS = GIVEN["vectors"]
CURRENCIES = load(SHARED / "currencies.json")
CASES = [case for case in CURRENCIES["cases"] if "paypal" in case]
# The authority that issued PayPal's certificate of 2024.
ISSUER = (Path(__file__).parent / "issuing_ca.pem").read_text(encoding="utf-8")


def certificates() -> Certificates:
    return Certificates(PRODUCTION, ISSUER, lambda _: GIVEN["certificate_pem"].encode())


def at(entry: dict[str, Any]) -> int:
    return int(datetime.fromisoformat(entry["headers"]["paypal-transmission-time"].replace("Z", "+00:00")).timestamp())


def held(entry: dict[str, Any]) -> bool:
    """The address, the chain, the name, the dates, and the signature; under the simulator's webhook id."""
    headers = entry["headers"]
    key = certificates().key(headers["paypal-cert-url"], at(entry))
    if key is None:
        return False
    text = signed_text(
        headers["paypal-transmission-id"], headers["paypal-transmission-time"], entry["webhook_id"],
        entry["body"].encode(),
    )  # fmt: skip
    return is_signed(key, b64decode(headers["paypal-transmission-sig"]), text)


@pytest.mark.parametrize("entry", VECTORS, ids=lambda entry: entry["name"])
def test_each_vector_is_taken_or_refused(entry: dict[str, Any]) -> None:
    assert held(entry) is entry["expect"]


def test_what_is_signed_is_spelt_as_by_the_official_sdk() -> None:
    """Of its retired Python SDK, whose test keeps no certificate: the text that was signed, and one byte more."""
    told = GIVEN["official_sdk_message"]
    body = told["body"].encode()
    stated = (told["transmission_id"], told["time"], told["webhook_id"])
    assert signed_text(*stated, body).decode() == told["message"]
    assert signed_text(*stated, body + b" ").decode() != told["message"]


@pytest.mark.parametrize("entry", VECTORS, ids=lambda entry: entry["name"])
def test_none_of_them_is_taken_for_our_webhook(entry: dict[str, Any]) -> None:
    with pytest.raises(SignatureRefused):
        Verifier(["8PT597110X687430L"], certificates()).check(entry["headers"], entry["body"].encode(), at(entry))


def test_paypals_own_certificate_ended_when_it_ended() -> None:
    (certificate,) = x509.load_pem_x509_certificates(GIVEN["certificate_pem"].encode())
    assert isinstance(certificate.public_key(), RSAPublicKey)
    end = int(certificate.not_valid_after_utc.timestamp())
    assert certificates().key(GIVEN["cert_url"], end) is not None
    assert certificates().key(GIVEN["cert_url"], end + 1) is None


@pytest.mark.parametrize("entry", [one for one in VECTORS if one["expect"]], ids=lambda entry: entry["name"])
def test_what_it_says_of_money_is_to_be_fetched(entry: dict[str, Any]) -> None:
    import json

    (notice,) = event_notices(json.loads(entry["body"]))
    assert (notice.state, notice.amount) == (CAPTURED, None)
    of_refund = entry["name"] != "capture_completed"
    assert notice.provider_id.startswith("capture:") is of_refund


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['amount']} {case['currency']}")
def test_amounts_are_written_as_paypal_wants_them(case: dict[str, Any]) -> None:
    money = Money(case["minor"], case["currency"])
    if case["paypal"] == "reject":
        with pytest.raises(Problem):
            to_paypal(money)
    else:
        assert to_paypal(money)["value"] == case["paypal"]
        assert from_paypal(to_paypal(money)) == money


def test_the_currency_table_is_the_shared_one() -> None:
    assert sorted(WITHOUT_DECIMALS) == CURRENCIES["paypal"]["no_decimals"]
