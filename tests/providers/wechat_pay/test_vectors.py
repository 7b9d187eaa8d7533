"""Our own vectors: fixed bytes, so that a change of the verifier shows even where the twin would change with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.vectors import load, lower
from twinshore.payments.port import SignatureRefused
from twinshore.providers.wechat_pay.signing import Merchant, Signer
from twinshore.providers.wechat_pay.verify import ResourceKeys, Verifier

VECTORS = load(Path(__file__).parent / "vectors.json")


@pytest.mark.parametrize("entry", VECTORS["genuine"], ids=lambda entry: entry["name"])
def test_a_genuine_notice_is_verified_and_opened(entry: dict[str, Any]) -> None:
    Verifier(VECTORS["platform_keys"]).check(lower(entry["headers"]), entry["body"].encode(), entry["now"])
    opened = ResourceKeys([VECTORS["api_v3_key"]]).open(json.loads(entry["body"])["resource"])
    assert opened.decode() == entry["plaintext"]


@pytest.mark.parametrize("entry", VECTORS["forged"], ids=lambda entry: entry["name"])
def test_a_forged_notice_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(SignatureRefused):
        Verifier(VECTORS["platform_keys"]).check(lower(entry["headers"]), entry["body"].encode(), entry["now"])


def test_a_request_is_signed_as_ever() -> None:
    request = VECTORS["request"]
    assert (
        Signer(Merchant("m", "s", request["private_key_pem"])).sign(request["message"].encode()) == request["signature"]
    )
