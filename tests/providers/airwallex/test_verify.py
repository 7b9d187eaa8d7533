"""Who may speak for Airwallex."""

from __future__ import annotations

import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.vaults import NoVault
from tests.support.vectors import load
from twinshore.payments.port import SignatureRefused
from twinshore.providers.airwallex.account import Account
from twinshore.providers.airwallex.client import Airwallex, airwallex_from_secret
from twinshore.providers.airwallex.entry import BASE_URL, DEMO_URL, build
from twinshore.providers.airwallex.verify import check
from twinshore.providers.configuration import ProviderNotConfigured
from twinshore.providers.exchange import send_outbound
from twinshore.providers.setup import Setup

NOW = 1_790_000_000
STAMP = str(NOW * 1000 + 7)
SECRET = "whsec_of_nobody"
BODY = '{"id":"evt_1","name":"payout.paid","note":"茶"}'.encode()
OWN = load(Path(__file__).parent / "vectors.json")
WHOLE = {"client_id": "id", "api_key": "key", "webhook_secrets": [SECRET]}


def mark(body: bytes = BODY, secret: str = SECRET, stamp: str = STAMP) -> str:
    return hmac.digest(secret.encode(), stamp.encode() + body, "sha256").hex()


def refused(signature: str, body: bytes = BODY, secrets: Any = (SECRET,), stamp: str = STAMP, now: int = NOW) -> bool:
    try:
        check(stamp, signature, body, secrets, now)
    except SignatureRefused as refusal:
        return refusal.detail == ""
    return False


def test_every_live_secret_is_accepted() -> None:
    for secrets in ([SECRET], ["whsec_old", SECRET], [SECRET, "whsec_old"]):
        assert not refused(mark(), secrets=secrets)
    assert refused(mark(), secrets=["whsec_old"])


@pytest.mark.parametrize(("seconds", "accepted"), [(-301, 0), (-299, 1), (0, 1), (300, 1), (301, 0), (10**6, 0)])
def test_the_window_is_five_minutes_both_ways(seconds: int, accepted: int) -> None:
    assert refused(mark(), now=NOW + seconds) is not bool(accepted)


@pytest.mark.parametrize("signature", ["", "茶", "\ud800", mark().upper(), mark() + " ", f" {mark()}", mark()[:-1]])
def test_any_other_signature_is_refused(signature: str) -> None:
    assert refused(signature)


@pytest.mark.parametrize(
    "stamp", ["", str(NOW), f"{STAMP}0", f"+{STAMP[1:]}", " " * 13, "١٧٩٠٠٠٠٠٠٠٠٠٧", STAMP[:-1] + "x"]
)
def test_any_other_timestamp_is_refused_even_signed(stamp: str) -> None:
    assert refused(mark(stamp=stamp), stamp=stamp)


def test_no_digit_moves_between_the_timestamp_and_the_body() -> None:
    """Nothing separates them: the same text, cut elsewhere, has the same signature."""
    assert mark(b"1" + BODY, stamp=STAMP[:-1]) == mark(BODY, stamp=STAMP[:-1] + "1")
    assert refused(mark(b"1" + BODY, stamp=STAMP[:-1]), b"1" + BODY, stamp=STAMP[:-1])
    assert refused(mark(BODY[1:], stamp=STAMP + "{"), BODY[1:], stamp=STAMP + "{")


def test_the_empty_secret_verifies_nothing() -> None:
    assert refused(mark(secret=""), secrets=[""])
    assert refused(mark(secret=""), secrets=[])


@pytest.mark.parametrize("entry", OWN["genuine"], ids=lambda entry: entry["name"])
def test_a_genuine_vector_of_ours_is_read(entry: dict[str, Any]) -> None:
    held = Airwallex("http://127.0.0.1:9", Account("id", "key", tuple(OWN["secrets"])), send=send_outbound)
    notices, kept = held.read_webhook(entry["headers"], entry["body"].encode(), entry["now"])
    assert [notice.state for notice in notices] == entry["states"]
    assert kept.status == 200


@pytest.mark.parametrize("entry", OWN["forged"], ids=lambda entry: entry["name"])
def test_a_forged_vector_of_ours_is_refused(entry: dict[str, Any]) -> None:
    held = Airwallex("http://127.0.0.1:9", Account("id", "key", tuple(OWN["secrets"])), send=send_outbound)
    with pytest.raises(SignatureRefused):
        held.read_webhook(entry["headers"], entry["body"].encode(), entry["now"])


@pytest.mark.parametrize(
    "secret",
    [
        "", "{}", "null", "[]", "{", {**WHOLE, "client_id": ""}, {**WHOLE, "api_key": None},
        {**WHOLE, "webhook_secrets": []}, {**WHOLE, "webhook_secrets": [""]}, {**WHOLE, "webhook_secrets": "whsec"},
        {**WHOLE, "webhook_secrets": [SECRET, " "]},
    ],
)  # fmt: skip
def test_a_secret_that_is_missing_or_empty_closes_the_door(secret: Any) -> None:
    text = secret if isinstance(secret, str) else json.dumps(secret)
    with pytest.raises(ProviderNotConfigured):
        airwallex_from_secret("http://127.0.0.1:9", text, send=send_outbound)


def test_the_constructor_takes_no_empty_key_either() -> None:
    for account in (
        Account("", "key", ("s",)),
        Account("id", "", ("s",)),
        Account("id", "key", ()),
        Account("i", "k", ("s", "")),
    ):
        with pytest.raises(ProviderNotConfigured):
            Airwallex("http://127.0.0.1:9", account, send=send_outbound)


@pytest.mark.parametrize(("demo", "url"), [({}, BASE_URL), ({"demo": True}, DEMO_URL), ({"demo": "yes"}, BASE_URL)])
def test_the_demo_platform_is_chosen_by_the_secret(demo: dict[str, Any], url: str) -> None:
    assert build(Setup(json.dumps({**WHOLE, **demo}), "", "", NoVault()))._base_url == url
