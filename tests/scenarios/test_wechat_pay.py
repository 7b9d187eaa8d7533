"""Weixin Pay in the mini-program, in mainland China."""

from __future__ import annotations

from sandbox.twins.wechat_pay import WechatPayTwin
from tests.support.party import Party
from tests.support.scenarios import Scenarios

PARTY = Party(
    name="wechat_pay",
    cell="cn",
    twin=WechatPayTwin,
    method="wechat_pay",
    currency="CNY",
    taken=lambda book: sum(order["state"] == "SUCCESS" for order in book.orders.values()),
    returned=lambda book: sum(refund["status"] == "SUCCESS" for refund in book.refunds.values()),
)


class TestWechatPay(Scenarios):
    party = PARTY
