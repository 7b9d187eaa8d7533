"""What the Weixin Pay twin adds to what every payment twin does: probes, and the rules for an order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.pair_kinds import only
from tests.support.pairs import Kind, Pair, pair_of
from tests.support.receiver import Receiver
from twinshore.payments.port import CAPTURED

pytestmark = only("wechat_pay")


def test_a_payment_is_told_by_a_probe_and_then_twice(pair: Pair, receiver: Receiver) -> None:
    pair.control("faults")
    pair.paid()
    probe, first, second = (pair.read(got) for got in receiver.wait_for(3))
    assert (probe, first) == ([], second)
    assert [notice.state for notice in first] == [CAPTURED]
    assert "WECHATPAY/SIGNTEST/" in receiver.received[0].headers["wechatpay-signature"]


def test_a_notice_that_is_not_acknowledged_comes_again_with_a_new_signature(kind: Kind, tmp_path: Path) -> None:
    answers = iter([500, 503, 200])
    with Receiver(lambda _: next(answers)) as receiver, pair_of(kind, tmp_path, receiver.url) as pair:
        pair.faults(duplicate=1)
        pair.paid()
        got = receiver.wait_for(3)
    assert len({one.body for one in got}) == 1
    assert len({one.headers["wechatpay-nonce"] for one in got}) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"unknown": 1}, {"attach": None}, {"amount": {"total": 0}}, {"amount": {"total": 1.5}},
        {"amount": {"total": 1, "currency": "USD"}}, {"notify_url": "https://shop.example/a?b=c"}, {"payer": {}},
        {"out_trade_no": "short"}, {"out_trade_no": "x" * 33}, {"time_expire": "2020-01-01T00:00:00+08:00"},
        {"appid": "wx0000000000000009"}, {"description": ""},
    ],
)  # fmt: skip
def test_an_order_that_the_party_would_not_take_is_refused(pair: Pair, change: dict[str, Any]) -> None:
    twin: Any = pair.twin
    wanted = {
        "appid": twin.appid, "mchid": twin.mchid, "description": "tea", "out_trade_no": "attempt-000001",
        "notify_url": "https://shop.example/n", "amount": {"total": 1}, "payer": {"openid": "o"}, **change,
    }  # fmt: skip
    reply = pair.pay._exchange("POST", "/v3/pay/transactions/jsapi", wanted, pair.now, 5.0)
    assert reply.status == 400
