"""A secret that is missing, empty or half written closes the door, and says which member it lacks, never a value."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support import wechat_pay_notices as made
from twinshore.providers.configuration import ProviderNotConfigured
from twinshore.providers.exchange import send_outbound
from twinshore.providers.wechat_pay.client import WechatPay, wechat_pay_from_secret
from twinshore.providers.wechat_pay.signing import Merchant


@pytest.mark.parametrize("text", ["", "  ", "null", "{}", "[]", "{", '"a"', "0"])
def test_a_secret_that_is_no_object_closes_the_door(text: str) -> None:
    with pytest.raises(ProviderNotConfigured):
        wechat_pay_from_secret("http://127.0.0.1:9", text, send=send_outbound)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        (name, value)
        for name in ("appid", "mchid", "merchant_serial", "merchant_private_key_pem")
        for value in ("", None, 7)
    ]
    + [("api_v3_keys", value) for value in ([], [""], ["short"], "a" * 32, None, [None])]
    + [("platform_keys", value) for value in ({}, None, {"AB": ""}, [], {"AB": None})],
)
def test_a_member_that_is_missing_or_empty_closes_the_door(member: str, value: Any) -> None:
    with pytest.raises(ProviderNotConfigured) as error:
        wechat_pay_from_secret("http://127.0.0.1:9", json.dumps(made.secret(**{member: value})), send=send_outbound)
    assert error.value.status == 503
    assert made.keys()["api_v3_keys"][0] not in error.value.detail
    assert "PRIVATE" not in error.value.detail


def test_a_broken_secret_does_not_travel_with_the_error() -> None:
    text = json.dumps(made.secret())[:-1]
    with pytest.raises(ProviderNotConfigured) as error:
        wechat_pay_from_secret("http://127.0.0.1:9", text, send=send_outbound)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


def test_the_constructor_takes_no_empty_key_either() -> None:
    for keys in ([], [""]):
        with pytest.raises(ProviderNotConfigured):
            WechatPay("http://127.0.0.1:9", "a", Merchant("m", "s", "p"), keys, {"AB": "pem"}, send=send_outbound)
