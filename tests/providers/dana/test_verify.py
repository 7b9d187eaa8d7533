"""Who may speak for DANA, and what a verified notice says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.twins import wechat_pay_keys as rsa
from tests.support.dana_place import PATH, REFERENCE, keys, minified, provider, signed, told
from tests.support.gateways import through_both_gateways
from tests.support.vectors import load
from twinshore.errors import BadRequest, Problem
from twinshore.money import Money
from twinshore.payments.port import CAPTURED, CLOSED, CREATED, PENDING, Notice, SignatureRefused
from twinshore.providers.configuration import ProviderNotConfigured
from twinshore.providers.dana.amounts import from_dana, to_dana
from twinshore.providers.dana.signing import Verifier
from twinshore.providers.dana.status import REFUSAL, TRANSACTION_STATUS, queried, refusal
from twinshore.providers.dana.times import jakarta, seconds

NOW = 1_790_000_000
OWN = load(Path(__file__).parent / "vectors.json")
BODY = minified(told())


def read(content: Any) -> list[Notice]:
    body = content if isinstance(content, bytes) else minified(content)
    return provider().read_webhook(signed(body, NOW), body, NOW)[0]


def refused(headers: dict[str, str], body: bytes = BODY, now: int = NOW) -> bool:
    try:
        provider().read_webhook(headers, body, now)
    except SignatureRefused as refusal:
        return refusal.detail == ""
    return False


@pytest.mark.parametrize("entry", OWN["genuine"], ids=lambda entry: entry["name"])
def test_a_genuine_vector_of_ours_is_read(entry: dict[str, Any]) -> None:
    changes = {"dana_public_keys": [OWN["public_key"]], "merchant_id": OWN["merchant_id"]}
    (notice,), kept = provider(**changes).read_webhook(entry["headers"], entry["body"].encode(), entry["now"])
    assert notice.state == entry["state"]
    assert json.loads(kept.body) == {"responseCode": "2005600", "responseMessage": "Successful"}


@pytest.mark.parametrize("entry", OWN["forged"], ids=lambda entry: entry["name"])
def test_a_forged_vector_of_ours_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(SignatureRefused):
        Verifier([OWN["public_key"]], OWN["path"]).check(entry["headers"], entry["body"].encode(), entry["now"])


@pytest.mark.parametrize(("off", "accepted"), [(-301, 0), (-300, 1), (0, 1), (300, 1), (301, 0), (10**7, 0)])
def test_the_window_is_five_minutes_both_ways(off: int, accepted: int) -> None:
    assert refused(signed(BODY, NOW), now=NOW + off) is not bool(accepted)


@pytest.mark.parametrize(
    "changes",
    [{"x-signature": ""}, {"x-signature": "AA=="}, {"x-signature": "茶"}, {"x-timestamp": ""},
     {"x-timestamp": "1790000000"}, {"x-timestamp": "2026-09-21T14:13:20Z"}, {"x-timestamp": "2026-09-21 21:13:20"},
     {"x-timestamp": "2026-13-21T21:13:20+07:00"}],
)  # fmt: skip
def test_any_other_header_is_refused(changes: dict[str, str]) -> None:
    assert refused({**signed(BODY, NOW), **changes})
    assert refused({})


def test_a_signature_has_one_spelling() -> None:
    headers = signed(BODY, NOW)
    assert refused({**headers, "x-signature": headers["x-signature"] + "\n"})


def test_every_live_key_is_accepted() -> None:
    other = rsa.public_pem(keys()["merchant_private_key_pem"])
    ours = rsa.public_pem(keys()["dana_private_key_pem"])
    for live in ([ours, other], [other, ours]):
        assert provider(dana_public_keys=live).read_webhook(signed(BODY, NOW), BODY, NOW)[0]
    with pytest.raises(SignatureRefused):
        provider(dana_public_keys=[other]).read_webhook(signed(BODY, NOW), BODY, NOW)


def test_the_signature_holds_on_the_raw_bytes_through_both_gateways() -> None:
    headers = {**signed(BODY, NOW), "content-type": "application/json"}
    for call in through_both_gateways(PATH, headers, BODY):
        (notice,), _ = provider().read_webhook(call.headers, call.body, NOW)
        assert notice.state == CAPTURED
        with pytest.raises(SignatureRefused):
            provider().read_webhook(call.headers, call.body + b" ", NOW)


def test_a_paid_notice_says_what_was_paid_and_when() -> None:
    assert read(told()) == [
        Notice(
            "20260921000000000000000000000001:00", REFERENCE, "20260921000000000000000000000001", CAPTURED,
            Money(5_000_000, "IDR"), 1_789_999_980,
        )
    ]  # fmt: skip


@pytest.mark.parametrize("word", [*TRANSACTION_STATUS, "99", ""])
def test_every_word_of_a_notice_has_its_place(word: str) -> None:
    (notice,) = read(told(latestTransactionStatus=word))
    assert notice.state == TRANSACTION_STATUS.get(word, PENDING)
    assert (notice.amount is None) == (word != "00")


@pytest.mark.parametrize(
    ("word", "paid", "state"),
    [("00", True, "captured"), ("01", False, CREATED), ("02", False, PENDING), ("05", False, CLOSED),
     ("05", True, "refunded"), ("07", False, CREATED), ("99", False, PENDING)],
)  # fmt: skip
def test_every_word_of_an_answer_has_its_place(word: str, paid: bool, state: str) -> None:
    found = told(latestTransactionStatus=word, **({"paidTime": "2026-09-21T21:13:00+07:00"} if paid else {}))
    notice = queried(REFERENCE, found)
    assert (notice.state, notice.captured_at or notice.occurred_at) == (state, 1_789_999_980 if paid else 0)
    assert notice.captured == (notice.amount if state == "refunded" else None)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"null", b"{", b"{}",
        {"merchantId": "another"}, {"originalPartnerReferenceNo": None}, {"latestTransactionStatus": 0},
        {"amount": None}, {"amount": {"value": 50000, "currency": "IDR"}},
        {"amount": {"value": "50000", "currency": "IDR"}}, {"amount": {"value": "50000.00", "currency": "USD"}},
        {"amount": {"value": "5e4.00", "currency": "IDR"}}, {"amount": {"value": "٥.00", "currency": "IDR"}},
    ],
    ids=str,
)  # fmt: skip
def test_a_genuine_body_that_cannot_be_read_is_a_bad_request(content: Any) -> None:
    with pytest.raises(BadRequest):
        read(content if isinstance(content, bytes) else told(**content))


@pytest.mark.parametrize(
    ("minor", "value"),
    [(1, "0.01"), (100, "1.00"), (1_000_000, "10000.00"), (1234567, "12345.67")],
)
def test_amounts_are_rupiah_with_two_decimals(minor: int, value: str) -> None:
    assert to_dana(Money(minor, "IDR")) == {"value": value, "currency": "IDR"}
    assert from_dana({"value": value, "currency": "IDR"}) == Money(minor, "IDR")


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD"])
def test_any_other_currency_is_refused_by_name(currency: str) -> None:
    with pytest.raises(Problem) as problem:
        to_dana(Money(1000, currency))
    assert problem.value.extensions["reason"] == "currency"


def test_times_are_jakartas() -> None:
    assert jakarta(NOW) == "2026-09-21T21:13:20+07:00"
    for text in ("2026-09-21T21:13:20+07:00", "2026-09-21T14:13:20+00:00", "2026-09-21T13:13:20-01:00"):
        assert seconds(text) == NOW


@pytest.mark.parametrize("case", [*REFUSAL, "40399", "41200"])
def test_every_code_of_a_refusal_has_its_place(case: str) -> None:
    fallback = {"403": "not_allowed"}.get(case[:3], "refused")
    assert refusal(case[:3], case).extensions["reason"] == REFUSAL.get(case, fallback)


def test_a_key_that_is_none_closes_the_door_when_it_is_needed() -> None:
    with pytest.raises(ProviderNotConfigured):
        provider(dana_public_keys=["no key"]).read_webhook(signed(BODY, NOW), BODY, NOW)
    with pytest.raises(ProviderNotConfigured):
        provider(private_key_pem="no key").query(REFERENCE, "", NOW)
