"""The test vectors of the official SDK (Go)."""

from __future__ import annotations

from calendar import timegm
from email.utils import parsedate
from typing import Any

import pytest

from tests.support.vectors import SHARED, load
from twinshore.payments.port import SignatureRefused
from twinshore.providers.grabpay.signing import Signed, http_date, proof_of_possession, request_hmac
from twinshore.providers.grabpay.verify import check

VECTORS = load(SHARED / "grabpay.json")


def signed(entry: dict[str, Any]) -> Signed:
    body = entry.get("body", "").encode()
    return Signed(entry["method"], entry["content_type"], entry["date"], entry["path"], body)


@pytest.mark.parametrize("entry", VECTORS["request_hmac"], ids=lambda entry: entry["name"])
def test_requests_are_signed_as_by_the_official_sdk(entry: dict[str, Any]) -> None:
    assert request_hmac(entry["partner_secret"], signed(entry)) == entry["hmac"]
    assert http_date(timegm(parsedate(entry["date"]) or ())) == entry["date"]


@pytest.mark.parametrize("entry", VECTORS["pop"], ids=lambda entry: entry["name"])
def test_the_proof_of_possession_is_the_one_of_the_official_sdk(entry: dict[str, Any]) -> None:
    made = proof_of_possession(entry["client_secret"], entry["access_token"], entry["timestamp"])
    assert made == entry["header"]


@pytest.mark.parametrize("what", ["method", "content_type", "date", "path", "body", "partner_secret"])
def test_each_part_of_a_request_is_covered(what: str) -> None:
    entry = VECTORS["request_hmac"][0]
    assert (
        request_hmac((changed := {**entry, what: entry[what] + "x"})["partner_secret"], signed(changed))
        != entry["hmac"]
    )


def test_a_notice_signed_in_the_same_way_is_taken_and_a_tampered_one_refused() -> None:
    entry = VECTORS["request_hmac"][0]
    headers = {
        "authorization": f"{entry['partner_id']}:{entry['hmac']}",
        "date": entry["date"],
        "content-type": entry["content_type"],
    }
    now = timegm(parsedate(entry["date"]) or ())
    rest = (entry["path"], entry["partner_id"], [entry["partner_secret"]], now)
    assert check(headers, entry["body"].encode(), *rest)
    with pytest.raises(SignatureRefused):
        check(headers, entry["body"].encode() + b" ", *rest)
