"""How the wiring finds WeChat Pay for merchants outside the mainland."""

from __future__ import annotations

from twinshore.providers.exchange import send_to
from twinshore.providers.setup import Setup
from twinshore.providers.wechat_pay_global.capabilities import CAPABILITIES as CAPABILITIES
from twinshore.providers.wechat_pay_global.client import WechatPayGlobal, wechat_pay_global_from_secret

BASE_URL = "https://apihk.mch.weixin.qq.com"


def build(setup: Setup) -> WechatPayGlobal:
    return wechat_pay_global_from_secret(
        setup.base_url or BASE_URL,
        setup.secret_json,
        refund_notify_url=setup.notify_url,
        send=send_to(CAPABILITIES.hosts, setup.base_url),
    )
