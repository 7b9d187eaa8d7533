"""The journey: who walks, and the steps from the first look to the message in the mailbox.

Everybody here is invented. Steps check facts: a step that merely answers is not done.
"""

from __future__ import annotations

from sandbox.journeys import Step
from sandbox.walk import Told, Traveller, Walk

TRAVELLERS = (
    Traveller(
        slug="lin", name={"en": "Lin Xia", "zh": "林夏"}, place={"en": "Shanghai", "zh": "上海"}, market="CN",
        cell="cn", client_ip="101.80.0.1", language="zh-CN", openid="oBoxLinXia0000000000000001",
        email="lin.xia@example.com", currency="CNY", price_currency="EUR", price_minor=5900, method="wechat_pay",
    ),
    Traveller(
        slug="anna", name={"en": "Anna Weber", "zh": "安娜·韦伯"}, place={"en": "Berlin", "zh": "柏林"}, market="DE",
        cell="eu", client_ip="91.10.0.1", language="en", openid="oBoxAnnaWeber00000000000002",
        email="anna.weber@example.com", currency="EUR", price_currency="CNY", price_minor=39900, method="card",
    ),
)  # fmt: skip


def start(walk: Walk) -> Told:
    """The first request of the mini-program, from an address in the member's country: where is home?"""
    who = walk.traveller
    answer = walk.cell("GET", "/v1/bootstrap")
    walk.check(answer["market_from"] == "ip" and answer["market"] == who.market, f"the address is in {who.market}")
    walk.check(answer["home_cell"] == who.cell, f"home is cell {who.cell}")
    walk.check(who.method in answer["payment_methods"], f"{who.method} is offered")
    methods = ", ".join(answer["payment_methods"])
    market, home = answer["market"], answer["home_cell"]
    return Told(
        f"market {market}, home cell {home}, {answer['currency']}, {methods}",
        f"市场 {market}，所属数据区 {home}，{answer['currency']}，{methods}",
    )


def log_in(walk: Walk) -> Told:
    code = walk.twin("wechat", "POST", "/_twin/codes", {"openid": walk.traveller.openid})["code"]
    answer = walk.cell("POST", "/v1/login", {"code": code})
    walk.check(answer["home_cell"] == walk.traveller.cell, f"the session is of cell {walk.traveller.cell}")
    walk.memory["access_token"] = answer["access_token"]
    walk.memory["member_id"] = answer["member_id"]
    minutes = answer["expires_in"] // 60
    return Told(f"member {answer['member_id']}, session of {minutes} minutes",
                f"会员 {answer['member_id']}，会话 {minutes} 分钟")  # fmt: skip


def renew_session(walk: Walk) -> None:
    """A walk that was cut and comes back late logs in again."""
    walk.memory.pop("access_token", None)
    log_in(walk)


def look_at_prices(walk: Walk) -> Told:
    who = walk.traveller
    path = f"/v1/fx/rates?base={who.price_currency}&quote={who.currency}&amount_minor={who.price_minor}"
    answer = walk.cell("GET", path)
    row = answer["items"][0]
    walk.check(row["currency"] == who.currency and row["amount_minor"] > 0, f"the price is shown in {who.currency}")
    rate = f"1 {who.price_currency} = {row['rate'][:8]} {who.currency}"
    source = f"{answer['source'].upper()} {answer['date']}"
    return Told(f"{row['display']} ({rate}, {source})", f"{row['display']}（{rate}，{source}）")


def lock_rate(walk: Walk) -> Told:
    """The quote is a signed promise for 24 hours, bound to the member and the amount."""
    who = walk.traveller
    wanted = {"from": who.price_currency, "to": who.currency, "amount_minor": who.price_minor}
    answer = walk.cell("POST", "/v1/fx/quotes", wanted, key=walk.key("quote"), expect=201)
    walk.memory["quote"] = answer["token"]
    walk.memory["amount"] = answer["amount_to"]
    shown = f"{money(answer['amount_from'])} = {money(answer['amount_to'])}"
    until = answer["expires_at"].replace("T", " ").replace("Z", " UTC")
    return Told(f"{shown} until {until}", f"{shown}，有效至 {until}")


def money(amount: dict[str, object]) -> str:
    """The journey's currencies all have two decimals."""
    minor = int(str(amount["amount_minor"]))
    return f"{minor // 100}.{minor % 100:02d} {amount['currency']}"


STEPS = (
    Step("start", {"en": "First look", "zh": "首次打开"}, start),
    Step("login", {"en": "Log in with WeChat", "zh": "微信登录"}, log_in),
    Step("prices", {"en": "Prices at home", "zh": "本币价格"}, look_at_prices),
    Step("quote", {"en": "Lock the rate", "zh": "锁定汇率"}, lock_rate),
)
