"""How the wiring finds Weixin Pay."""

from __future__ import annotations

from twinshore.providers.exchange import fetch_from, send_to
from twinshore.providers.setup import Setup
from twinshore.providers.wechat_pay.capabilities import CAPABILITIES as CAPABILITIES
from twinshore.providers.wechat_pay.client import WechatPay, wechat_pay_from_secret

BASE_URL = "https://api.mch.weixin.qq.com"


def build(setup: Setup) -> WechatPay:
    send = send_to(CAPABILITIES.hosts, setup.base_url)
    fetch = fetch_from(CAPABILITIES.hosts, setup.base_url)
    return wechat_pay_from_secret(
        setup.base_url or BASE_URL, setup.secret_json, refund_notify_url=setup.notify_url, send=send, fetch=fetch
    )
