"""What the global twin adds: its book survives a restart, currencies included, and it refuses by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.twins.wechat_pay_global import WechatPayGlobalTwin
from tests.support import wechat_pay_notices as made
from tests.support.wechat_pay_notices import present
from twinshore import outbound
from twinshore.money import Money
from twinshore.payments.port import CAPTURED, Attempt, Payer, ProviderRefused
from twinshore.providers.wechat_pay_global.client import WechatPayGlobal, wechat_pay_global_from_secret

JPY_5000 = Money(5000, "JPY")
NUMBER = "attempt-000001"


def ours(twin: WechatPayGlobalTwin, **changes: Any) -> WechatPayGlobal:
    return wechat_pay_global_from_secret(twin.url, json.dumps({**twin.secret(), **changes}))


def order() -> Attempt:
    payer = Payer(wechat_openid="openid-of-nobody")
    return Attempt(NUMBER, "o", JPY_5000, "茶", "https://shop.example/n", payer, present() + 900)


def test_orders_and_their_currencies_survive_a_restart(tmp_path: Path) -> None:
    with WechatPayGlobalTwin(tmp_path, keys=made.keys()) as twin:
        started = ours(twin).create(order(), present())
        outbound.send("POST", f"{twin.url}/_twin/pay", {}, json.dumps(started.client).encode())
    with WechatPayGlobalTwin(tmp_path) as again:
        found = ours(again).query(NUMBER, "", present())
        assert (found.state, found.amount) == (CAPTURED, JPY_5000)
        assert ours(again).refund(NUMBER, "", "refund-1", JPY_5000, JPY_5000, present()) == "refunded"


@pytest.mark.parametrize(
    ("changes", "reason"), [({"merchant_category_code": "x"}, "malformed"), ({"mchid": "1900000009"}, "configuration")]
)
def test_what_the_party_would_refuse_is_refused(changes: dict[str, str], reason: str) -> None:
    with WechatPayGlobalTwin(keys=made.keys()) as twin:
        with pytest.raises(ProviderRefused) as refused:
            ours(twin, **changes).create(order(), present())
        assert refused.value.extensions["reason"] == reason
