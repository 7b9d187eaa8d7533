"""Who walks the journey. Everybody here is invented.

Two members show the two shores; five shoppers show a way to pay of their own country each; one person takes points
along from one shore to the other.
"""

from __future__ import annotations

from sandbox.walk import Traveller

TRAVELLERS = (
    Traveller(
        slug="lin", name={"en": "Lin Xia", "zh": "林夏"}, place={"en": "Shanghai", "zh": "上海"},
        market="CN", cell="cn", client_ip="101.80.0.1", language="zh-CN", openid="oBoxLinXia0000000000000001",
        email="lin.xia@example.com", currency="CNY", price_currency="EUR", price_minor=5900,
        method="wechat_pay", channel="wechat_subscribe", time_zone="Asia/Shanghai",
    ),
    Traveller(
        slug="anna", name={"en": "Anna Weber", "zh": "安娜·韦伯"}, place={"en": "Berlin", "zh": "柏林"},
        market="DE", cell="eu", client_ip="91.10.0.1", language="en", openid="oBoxAnnaWeber00000000000002",
        email="anna.weber@example.com", currency="EUR", price_currency="CNY", price_minor=39900,
        method="card", channel="email", time_zone="Europe/Berlin",
    ),
    Traveller(
        slug="camille", name={"en": "Camille Roux", "zh": "卡米耶·鲁"}, place={"en": "Lyon", "zh": "里昂"},
        market="FR", cell="eu", client_ip="90.80.0.1", language="en", openid="oBoxCamilleRoux0000000000003",
        email="camille.roux@example.com", currency="EUR", price_currency="CNY", price_minor=26900,
        method="paypal", channel="email", time_zone="Europe/Paris", is_local=True,
    ),
    Traveller(
        slug="weiling", name={"en": "Tan Wei Ling", "zh": "陈慧玲"}, place={"en": "Singapore", "zh": "新加坡"},
        market="SG", cell="sea", client_ip="116.86.0.1", language="zh-CN", openid="oBoxTanWeiLing00000000000004",
        email="tan.weiling@example.com", currency="SGD", price_currency="CNY", price_minor=39900,
        method="grabpay", channel="wechat_subscribe", time_zone="Asia/Singapore", is_local=True,
    ),
    Traveller(
        slug="budi", name={"en": "Budi Santoso", "zh": "布迪·桑托索"}, place={"en": "Jakarta", "zh": "雅加达"},
        market="ID", cell="sea", client_ip="36.68.0.1", language="en", openid="oBoxBudiSantoso0000000000005",
        email="budi.santoso@example.com", currency="IDR", price_currency="CNY", price_minor=32900,
        method="dana", channel="email", time_zone="Asia/Jakarta", is_local=True,
    ),
    Traveller(
        slug="noura", name={"en": "Noura Alharbi", "zh": "努拉·哈尔比"}, place={"en": "Riyadh", "zh": "利雅得"},
        market="SA", cell="eu", client_ip="188.48.0.1", language="en", openid="oBoxNouraAlharbi000000000006",
        email="noura.alharbi@example.com", currency="SAR", price_currency="CNY", price_minor=45900,
        method="mada", channel="email", time_zone="Asia/Riyadh", is_local=True,
    ),
    Traveller(
        slug="lucas", name={"en": "Lucas Almeida", "zh": "卢卡斯·阿尔梅达"}, place={"en": "São Paulo", "zh": "圣保罗"},
        market="BR", cell="us", client_ip="177.32.0.1", language="en", openid="oBoxLucasAlmeida000000000007",
        email="lucas.almeida@example.com", currency="BRL", price_currency="CNY", price_minor=29900,
        method="mercado_pago", channel="email", time_zone="America/Sao_Paulo", is_local=True,
    ),
)  # fmt: skip

CROSSER = Traveller(
    slug="qing", name={"en": "Zhou Qing", "zh": "周晴"}, place={"en": "Guangzhou", "zh": "广州"},
    market="CN", cell="cn", client_ip="14.16.0.1", language="zh-CN", openid="oBoxZhouQing",
    email="zhou.qing@example.com", currency="CNY", price_currency="EUR", price_minor=15900,
    method="wechat_pay", channel="wechat_subscribe", time_zone="Asia/Shanghai",
)  # fmt: skip
"""At home. Each journey is of a new account of hers, so that all figures begin at nothing."""
CROSSER_ABROAD = CROSSER._replace(
    place={"en": "Frankfurt", "zh": "法兰克福"}, market="DE", cell="eu", client_ip="91.10.0.8", currency="EUR",
    time_zone="Europe/Berlin",
)  # fmt: skip
