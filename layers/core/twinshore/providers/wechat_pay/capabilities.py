from __future__ import annotations

from twinshore.providers.capabilities import Capabilities

CAPABILITIES = Capabilities(
    name="wechat_pay",
    methods=("wechat_pay",),
    currencies=("CNY",),
    client="the parameters of wx.requestPayment",
    tells_failure=False,
    part_refunds=True,
    refund_days=365,
    acknowledge_within_seconds=5,
    retries_for_seconds=24 * 3600 + 4 * 60,
    signature_covers_body=True,
    payer_needs=("wechat_openid",),
    hosts=("api.mch.weixin.qq.com", "api2.mch.weixin.qq.com"),
    bill_zone="Asia/Shanghai",
    query_tells_refunds=False,
)
