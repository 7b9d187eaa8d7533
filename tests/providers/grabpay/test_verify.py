"""A notice of GrabPay's is at most a reason to ask; a wrongly signed one is not even that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.grabpay_place import NOTIFY_PATH, NOTIFY_URL, provider, vault_in
from tests.support.vectors import load, lower
from twinshore.errors import BadRequest
from twinshore.payments.port import CAPTURED, Notice, SignatureRefused
from twinshore.providers.grabpay.client import GrabPay
from twinshore.providers.grabpay.verify import check

OWN = load(Path(__file__).parent / "vectors.json")
GENUINE = OWN["genuine"][0]
SECRET = {
    "partner_id": OWN["partner_id"], "partner_secrets": OWN["partner_secrets"], "client_id": "c",
    "client_secret": "s", "merchant_ids": {"SGD": "m"},
}  # fmt: skip


@pytest.fixture
def ours(tmp_path: Path) -> GrabPay:
    return provider("http://127.0.0.1:9", SECRET, vault_in(tmp_path))


def accepted(headers: dict[str, str], body: bytes, now: int) -> bool:
    try:
        return check(headers, body, OWN["path"], OWN["partner_id"], OWN["partner_secrets"], now)
    except SignatureRefused:
        return False


@pytest.mark.parametrize("entry", OWN["genuine"], ids=lambda entry: entry["name"])
def test_a_genuine_vector_makes_the_room_ask(entry: dict[str, Any], ours: GrabPay) -> None:
    notices, kept = ours.read_webhook(lower(entry["headers"]), entry["body"].encode(), entry["now"])
    assert notices == [Notice("notice:o1-1", "o1-1", "", CAPTURED, None, 0)]
    assert kept.status == 200


@pytest.mark.parametrize("entry", OWN["forged"], ids=lambda entry: entry["name"])
def test_a_forged_vector_is_refused(entry: dict[str, Any], ours: GrabPay) -> None:
    with pytest.raises(SignatureRefused):
        ours.read_webhook(lower(entry["headers"]), entry["body"].encode(), entry["now"])


@pytest.mark.parametrize("word", ["success", "failed", "a_word_of_next_year"])
def test_a_notice_without_a_signature_is_a_reason_to_ask_and_says_nothing(ours: GrabPay, word: str) -> None:
    body = json.dumps({"partnerTxID": "o1-1", "txID": "forged", "txStatus": word}).encode()
    notices, _ = ours.read_webhook({"content-type": "application/json"}, body, 0)
    assert notices == [Notice("notice:o1-1", "o1-1", "", CAPTURED, None, 0)]


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{", b"{}", b'{"partnerTxID":1}', b'{"partnerTxID":""}', b'{"partnerTxID":"a b"}',
     json.dumps({"partnerTxID": "x" * 33}).encode(), '{"partnerTxID":"١"}'.encode()],
)  # fmt: skip
def test_a_notice_that_names_no_charge_is_a_bad_request(ours: GrabPay, body: bytes) -> None:
    with pytest.raises(BadRequest):
        ours.read_webhook({}, body, 0)


@pytest.mark.parametrize(
    "date",
    ["", "1790000000", "2026-09-21T14:13:20Z", "Mon, 21 Sep 2026 14:13:20 +0000", "Mon, 21 Sep 2026 14:13 GMT",
     "Mon, 21 Sep ٢٠٢٦ 14:13:20 GMT", "Mon, 21 Xxx 2026 14:13:20 GMT", "Mon, -1 Sep 2026 14:13:20 GMT"],
)  # fmt: skip
def test_a_date_of_another_form_is_refused(date: str) -> None:
    assert not accepted({**lower(GENUINE["headers"]), "date": date}, GENUINE["body"].encode(), GENUINE["now"])


@pytest.mark.parametrize("authorization", ["x", ":", "partner-of-nobody:", "Bearer abc", "partner-of-nobody:茶"])
def test_any_other_authorization_is_refused(authorization: str) -> None:
    changed = {**lower(GENUINE["headers"]), "authorization": authorization}
    assert not accepted(changed, GENUINE["body"].encode(), GENUINE["now"])


def test_the_empty_secret_verifies_nothing() -> None:
    forged = next(entry for entry in OWN["forged"] if entry["name"] == "empty_secret")
    for secrets in ([], [""]):
        with pytest.raises(SignatureRefused):
            check(
                lower(forged["headers"]),
                forged["body"].encode(),
                OWN["path"],
                OWN["partner_id"],
                secrets,
                GENUINE["now"],
            )


def test_the_signed_path_is_the_one_of_our_webhook() -> None:
    assert NOTIFY_URL.endswith(NOTIFY_PATH) and OWN["path"] == NOTIFY_PATH
