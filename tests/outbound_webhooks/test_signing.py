"""Signatures against the public verifier of Standard Webhooks, both ways."""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from twinshore.outbound_webhooks.signing import SigningKeys, WebhookKeysMissing, shown, signed_headers, signing_keys

SECRET, OLD = bytes(range(32)), bytes(32)
BODY = '{"type":"payment.captured","note":"茶"}'


@given(st.text(max_size=200), st.binary(min_size=1, max_size=64))
def test_the_public_verifier_takes_what_we_sign(text: str, secret: bytes) -> None:
    body = json.dumps({"note": text}, ensure_ascii=True)
    headers = signed_headers("msg_1", int(time.time()), body.encode(), [secret])
    assert Webhook(shown(secret)).verify(body, headers) == {"note": text}


def test_what_the_public_signer_writes_we_would_write() -> None:
    at = int(time.time())
    theirs = Webhook(shown(SECRET)).sign("msg_1", datetime.fromtimestamp(at, tz=timezone.utc), BODY)
    assert signed_headers("msg_1", at, BODY.encode(), [SECRET])["webhook-signature"] == theirs


def test_while_a_secret_is_changed_either_one_verifies() -> None:
    headers = signed_headers("msg_1", int(time.time()), BODY.encode(), [SECRET, OLD])
    assert headers["webhook-signature"].count("v1,") == 2
    for secret in (SECRET, OLD):
        Webhook(shown(secret)).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(shown(b"another")).verify(BODY, headers)


@pytest.mark.parametrize(
    "change",
    [{"webhook-id": "msg_2"}, {"webhook-timestamp": "later"}, {"webhook-timestamp": "1700000000"},
     {"webhook-signature": "v1,AAAA"}, {"webhook-signature": "v1a,AAAA"}],
)  # fmt: skip
def test_the_public_verifier_refuses_anything_changed(change: dict[str, str]) -> None:
    at = int(time.time())
    if change.get("webhook-timestamp") == "later":
        change = {"webhook-timestamp": str(at + 1)}
    headers = {**signed_headers("msg_1", at, BODY.encode(), [SECRET]), **change}
    with pytest.raises(WebhookVerificationError):
        Webhook(shown(SECRET)).verify(BODY, headers)


def test_each_subscription_and_each_number_has_a_secret_of_its_own() -> None:
    keys = SigningKeys("a", {"a": SECRET, "b": OLD})
    facts = [
        ("a", "whs_1", 7, 1),
        ("a", "whs_1", 7, 2),
        ("a", "whs_2", 7, 1),
        ("a", "whs_1", 8, 1),
        ("b", "whs_1", 7, 1),
    ]
    made = [keys.secret(*each) for each in facts]
    assert len(set(made)) == len(facts)
    assert {len(secret) for secret in made} == {32}
    assert keys.secret(*facts[0]) == made[0]


@pytest.mark.parametrize(
    "secret", ["", "[]", "{}", "null", '[{"id":"a"}]', '[{"id":"a","secret":""}]', '[{"id":"a","secret":"0a0a"}]',
               '[{"id":"a","secret":"zz"}]'],
)  # fmt: skip
def test_a_key_that_is_missing_or_half_written_closes_the_door(secret: Any) -> None:
    with pytest.raises(WebhookKeysMissing):
        signing_keys(secret)


def test_a_key_that_was_taken_out_signs_nothing() -> None:
    with pytest.raises(WebhookKeysMissing):
        SigningKeys("a", {"a": SECRET}).secret("b", "whs_1")
