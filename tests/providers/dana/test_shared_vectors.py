"""Notices of DANA's sandbox and of a throwaway key. What its SDK takes after respelling, we do not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.vectors import SHARED, load, lower
from twinshore.payments.port import CAPTURED, CLOSED, SignatureRefused
from twinshore.providers.dana.signing import Verifier
from twinshore.providers.dana.status import notified
from twinshore.providers.dana.times import seconds

VECTORS = load(SHARED / "dana.json")
KEYS = [VECTORS["gen_public_key_pem"], VECTORS["sandbox_public_key_pem"]]


def check(entry: dict[str, Any], path: str = "") -> None:
    headers = lower(entry["headers"])
    now = seconds(headers["x-timestamp"])
    assert now is not None
    Verifier(KEYS, path or entry["path"]).check(headers, entry["body"].encode(), now)


@pytest.mark.parametrize("entry", VECTORS["official"] + VECTORS["generated"], ids=lambda entry: entry["name"])
def test_a_genuine_notice_is_verified_and_read(entry: dict[str, Any]) -> None:
    import json

    check(entry)
    notice = notified(json.loads(entry["body"]))
    assert notice.state == (CLOSED if entry["name"] == "gen_cancelled" else CAPTURED)
    assert notice.reference.startswith("ORD")


@pytest.mark.parametrize("entry", VECTORS["must_fail"], ids=lambda entry: entry["name"])
def test_a_tampered_or_respelled_notice_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(SignatureRefused):
        check(entry)


def test_the_path_is_ours_and_not_the_callers() -> None:
    with pytest.raises(SignatureRefused):
        check(VECTORS["official"][0], path="/v1/webhooks/dana")
