"""Weixin Pay outside the mainland, in Southeast Asia: priced in dollars, paid in yuan."""

from __future__ import annotations

from sandbox.twins.wechat_pay_global import WechatPayGlobalTwin
from tests.support.party import Party
from tests.support.scenarios import Scenarios

PARTY = Party(
    name="wechat_pay_global",
    cell="sea",
    twin=WechatPayGlobalTwin,
    method="weixin_pay",
    currency="SGD",
    taken=lambda book: sum(order["state"] == "SUCCESS" for order in book.orders.values()),
    returned=lambda book: sum(refund["status"] == "SUCCESS" for refund in book.refunds.values()),
    more_currencies=("JPY",),
)


class TestWechatPayGlobal(Scenarios):
    party = PARTY
