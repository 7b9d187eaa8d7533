"""The journey: who walks, and the steps from the first look to the message in the mailbox.

Everybody here is invented. Steps check facts: a step that merely answers is not done.
"""

from __future__ import annotations

from sandbox.journeys import Step
from sandbox.walk import Told, Traveller, Walk

TRAVELLERS = (
    Traveller(
        slug="lin", name={"en": "Lin Xia", "zh": "林夏"}, place={"en": "Shanghai", "zh": "上海"},
        cell="cn", client_ip="101.80.0.1", language="zh-CN", openid="oBoxLinXia0000000000000000001",
        email="lin.xia@example.com", currency="CNY", price_currency="EUR", price_minor=5900, method="wechat_pay",
    ),
    Traveller(
        slug="anna", name={"en": "Anna Weber", "zh": "安娜·韦伯"}, place={"en": "Berlin", "zh": "柏林"},
        cell="eu", client_ip="91.10.0.1", language="en", openid="oBoxAnnaWeber0000000000000002",
        email="anna.weber@example.com", currency="EUR", price_currency="CNY", price_minor=39900, method="card",
    ),
)  # fmt: skip


def look_at_prices(walk: Walk) -> Told:
    who = walk.traveller
    path = f"/v1/fx/rates?base={who.price_currency}&quote={who.currency}&amount_minor={who.price_minor}"
    answer = walk.cell("GET", path)
    row = answer["items"][0]
    walk.check(row["currency"] == who.currency and row["amount_minor"] > 0, f"the price is shown in {who.currency}")
    rate = f"1 {who.price_currency} = {row['rate']} {who.currency}"
    return Told(f"{row['display']}  ({rate}, {answer['source']} {answer['date']})",
                f"{row['display']}（{rate}，{answer['source']} {answer['date']}）")  # fmt: skip


def renew_session(walk: Walk) -> None:
    walk.memory.pop("access_token", None)


STEPS = (Step("prices", {"en": "Prices", "zh": "本币价格"}, look_at_prices),)
