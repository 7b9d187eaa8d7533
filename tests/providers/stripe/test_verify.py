"""Who may speak for Stripe; the official SDK as the independent reader and writer."""

from __future__ import annotations

import hmac
import json
from typing import Any

import pytest
import stripe

from twinshore.payments.port import SignatureRefused
from twinshore.providers.configuration import ProviderNotConfigured
from twinshore.providers.exchange import send_outbound
from twinshore.providers.stripe.client import Stripe, stripe_from_secret
from twinshore.providers.stripe.verify import check

NOW = 1_790_000_000
SECRET, OLD = "whsec_of_nobody", "whsec_of_before"
BODY = '{"id":"evt_1","object":"event","type":"charge.expired","note":"茶"}'.encode()


def header(body: bytes = BODY, secret: str = SECRET, t: str = str(NOW)) -> str:
    return f"t={t},v1={hmac.digest(secret.encode(), t.encode() + b'.' + body, 'sha256').hex()}"


def refused(text: str, body: bytes = BODY, secrets: Any = (SECRET,), now: int = NOW) -> bool:
    try:
        check(text, body, secrets, now)
    except SignatureRefused as refusal:
        return refusal.detail == ""
    return False


def test_what_the_official_sdk_signs_is_accepted() -> None:
    theirs = stripe.WebhookSignature.generate_signature_header(BODY.decode(), SECRET, NOW)
    assert not refused(theirs)


def test_what_we_would_sign_the_official_sdk_accepts() -> None:
    assert stripe.WebhookSignature.verify_header(BODY, header(), SECRET, None)


@pytest.mark.parametrize(("seconds", "accepted"), [(-301, 0), (-300, 1), (0, 1), (300, 1), (301, 0), (10**6, 0)])
def test_the_window_is_five_minutes_both_ways(seconds: int, accepted: int) -> None:
    assert refused(header(), now=NOW + seconds) is not bool(accepted)


def test_every_live_secret_is_accepted_while_one_is_rolled() -> None:
    both = f"{header(secret=OLD)},v1={header().split('v1=')[1]}"
    for secrets in ([SECRET], [OLD], [SECRET, OLD], [OLD, SECRET]):
        assert not refused(both, secrets=secrets)
    assert not refused(header(secret=OLD), secrets=[SECRET, OLD])
    assert refused(both, secrets=["whsec_of_another"])


@pytest.mark.parametrize(
    "text",
    [
        "", "t=,v1=", "v1=abc", f"t={NOW}", "i'm no header", f"t={NOW},v0={header().split('v1=')[1]}",
        header().replace(",", ", "), header().replace("t=", "t=+"), header() + f",t={NOW}", header().upper(),
        header().replace("v1=", "v1= "), f"t={NOW},v1=茶", header(t="١٧٩٠٠٠٠٠٠٠"), "t=" + "9" * 400 + ",v1=a",
        header() + ",v1=" * 2000,
    ],
)  # fmt: skip
def test_any_other_header_is_refused(text: str) -> None:
    assert refused(text)


def test_the_empty_secret_verifies_nothing() -> None:
    assert refused(header(secret=""), secrets=[""])
    assert refused(header(secret=""), secrets=[])


@pytest.mark.parametrize(
    "secret",
    [
        "", "{}", "null", "[]", {"secret_key": "sk"}, {"secret_key": "sk", "webhook_secrets": []},
        {"secret_key": "sk", "webhook_secrets": [""]}, {"secret_key": "", "webhook_secrets": ["whsec"]},
        {"secret_key": "sk", "webhook_secrets": "whsec"}, {"secret_key": "sk", "webhook_secrets": ["whsec", " "]},
    ],
)  # fmt: skip
def test_a_secret_that_is_missing_or_empty_closes_the_door(secret: Any) -> None:
    text = secret if isinstance(secret, str) else json.dumps(secret)
    with pytest.raises(ProviderNotConfigured):
        stripe_from_secret("http://127.0.0.1:9", text, send=send_outbound)


def test_the_constructor_takes_no_empty_key_either() -> None:
    for key, secrets in (("", ["whsec"]), ("sk", []), ("sk", ["whsec", ""])):
        with pytest.raises(ProviderNotConfigured):
            Stripe("http://127.0.0.1:9", key, secrets, send=send_outbound)
