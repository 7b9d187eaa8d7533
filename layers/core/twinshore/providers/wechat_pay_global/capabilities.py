from __future__ import annotations

from twinshore.providers.capabilities import Capabilities

CAPABILITIES = Capabilities(
    name="wechat_pay_global",
    # Not `wechat_pay`: in the cells file a method has one provider, and that one is the mainland's.
    methods=("wechat_pay_global",),
    # Each merchant account has one of them. Their scale at WeChat Pay is ISO's minor unit; yen and won have none.
    currencies=(
        *("AUD", "CAD", "CHF", "DKK", "EUR", "GBP", "HKD", "JPY", "KRW", "MYR", "NOK", "NZD", "SEK", "SGD", "THB"),
        "USD",
    ),
    client="the parameters of wx.requestPayment",
    tells_failure=False,
    part_refunds=True,
    refund_days=365,
    acknowledge_within_seconds=5,
    retries_for_seconds=24 * 3600 + 4 * 60,
    signature_covers_body=True,
    payer_needs=("wechat_openid",),
    hosts=("apihk.mch.weixin.qq.com",),
    query_tells_refunds=False,
)
