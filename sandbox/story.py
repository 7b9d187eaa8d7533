"""The journey: the steps from the first look to the message in the mailbox.

Steps check facts: a step that merely answers is not done.
"""

from __future__ import annotations

from sandbox import story_pay, story_start
from sandbox.journeys import Step

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
