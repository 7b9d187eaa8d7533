"""The journey: who walks, and the steps from the first look to the message in the mailbox.

Everybody here is invented. Steps check facts: a step that merely answers is not done.
"""

from __future__ import annotations

from sandbox import story_pay, story_start
from sandbox.journeys import Step
from sandbox.walk import Traveller

TRAVELLERS = (
    Traveller(
        slug="lin", name={"en": "Lin Xia", "zh": "林夏"}, place={"en": "Shanghai", "zh": "上海"},
        market="CN", cell="cn", client_ip="101.80.0.1", language="zh-CN", openid="oBoxLinXia0000000000000001",
        email="lin.xia@example.com", currency="CNY", price_currency="EUR", price_minor=5900,
        method="wechat_pay", channel="wechat_subscribe",
    ),
    Traveller(
        slug="anna", name={"en": "Anna Weber", "zh": "安娜·韦伯"}, place={"en": "Berlin", "zh": "柏林"},
        market="DE", cell="eu", client_ip="91.10.0.1", language="en", openid="oBoxAnnaWeber00000000000002",
        email="anna.weber@example.com", currency="EUR", price_currency="CNY", price_minor=39900,
        method="card", channel="email",
    ),
)  # fmt: skip

STEPS = (
    Step("start", {"en": "First look", "zh": "首次打开"}, story_start.start),
    Step("login", {"en": "Log in with WeChat", "zh": "微信登录"}, story_start.log_in),
    Step("messages", {"en": "Allow a message", "zh": "允许接收消息"}, story_start.allow_messages),
    Step("prices", {"en": "Prices at home", "zh": "本币价格"}, story_start.look_at_prices),
    Step("quote", {"en": "Lock the rate", "zh": "锁定汇率"}, story_start.lock_rate),
    Step("order", {"en": "Order", "zh": "下单"}, story_pay.place_order),
    Step("payment", {"en": "Start the payment", "zh": "发起支付"}, story_pay.start_payment),
    Step("confirm", {"en": "Pay", "zh": "付款"}, story_pay.confirm),
    Step("webhooks", {"en": "Provider’s notices", "zh": "支付通知"}, story_pay.paid_by_webhook),
    Step("points", {"en": "Points", "zh": "积分入账"}, story_pay.points_once),
    Step("redeem", {"en": "Redeem", "zh": "兑换"}, story_pay.redeem),
    Step("message", {"en": "Receipt", "zh": "收到回执"}, story_pay.read_message),
)
renew_session = story_start.renew_session
