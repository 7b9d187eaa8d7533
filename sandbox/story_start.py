"""The first half of the journey: first look, login, what may be sent, prices, the rate lock."""

from __future__ import annotations

from sandbox.outside import WECHAT_TEMPLATES
from sandbox.walk import Told, Walk

METHODS = {
    "wechat_pay": {"en": "WeChat Pay", "zh": "微信支付"},
    "card": {"en": "card", "zh": "银行卡"},
    "apple_pay": {"en": "Apple Pay", "zh": "Apple Pay"},
    "paypal": {"en": "PayPal", "zh": "PayPal"},
    "grabpay": {"en": "GrabPay", "zh": "GrabPay"},
    "dana": {"en": "DANA", "zh": "DANA"},
    "mada": {"en": "mada", "zh": "mada"},
    "mercado_pago": {"en": "Mercado Pago", "zh": "Mercado Pago"},
    "cash_on_delivery": {"en": "cash on delivery", "zh": "货到付款"},
    "instalments_3": {"en": "3 instalments", "zh": "分 3 期"},
}
RECEIPT_TEMPLATE = WECHAT_TEMPLATES["receipt"]


def start(walk: Walk) -> Told:
    """The first request of the mini-program, from an address in the member's country: where is home?"""
    who = walk.traveller
    answer = walk.cell("GET", "/v1/bootstrap")
    walk.check(answer["market_from"] == "ip" and answer["market"] == who.market, f"the address is in {who.market}")
    walk.check(answer["home_cell"] == who.cell, f"home is cell {who.cell}")
    walk.check(who.method in answer["payment_methods"], f"{who.method} is offered")
    named = [method_name(name) for name in answer["payment_methods"]]
    methods = {
        language: between.join(name[language] for name in named) for language, between in (("en", ", "), ("zh", "、"))
    }
    market, home = answer["market"], answer["home_cell"]
    return Told(
        f"market {market}, home cell {home}, {answer['currency']}, {methods['en']}",
        f"市场 {market}，所属数据区 {home}，{answer['currency']}，{methods['zh']}",
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


def allow_messages(walk: Walk) -> Told:
    """One tap in WeChat is one message, and a second one in reserve; or an address for e-mail."""
    who = walk.traveller
    if who.channel == "wechat_subscribe":
        for tap in ("allow-1", "allow-2"):
            walk.twin("wechat", "POST", "/_twin/accept", {"openid": who.openid, "template_id": RECEIPT_TEMPLATE})
            walk.cell("POST", "/v1/notifications/subscriptions", {"accepted": ["receipt"]}, key=walk.key(tap))
        return Told("two WeChat subscribe messages, by two taps", "两次点击，允许两条微信订阅消息")
    chosen = {
        "channels": {"wechat_subscribe": False, "email": True}, "language": who.language,
        "time_zone": who.time_zone, "email": who.email,
    }  # fmt: skip
    answer = walk.cell("PUT", "/v1/notifications/preferences", chosen)
    walk.check("*" in answer["email"], "the stored address is shown masked")
    return Told(f"receipts by e-mail to {answer['email']}", f"回执发送至邮箱 {answer['email']}")


def look_at_prices(walk: Walk) -> Told:
    who = walk.traveller
    path = f"/v1/fx/rates?base={who.price_currency}&quote={who.currency}&amount_minor={who.price_minor}"
    answer = walk.cell("GET", path)
    row = answer["items"][0]
    walk.check(row["currency"] == who.currency and row["amount_minor"] > 0, f"the price is shown in {who.currency}")
    rate = f"1 {who.price_currency} = {row['rate'][:8]} {who.currency}"
    bank, _, pegs = row["source"].partition(", ")
    source = f"{bank.upper()} {answer['date']}" + (f", {pegs}" if pegs else "")
    pegged = source.replace(", ", "，").replace(" pegged to ", " 挂钩 ")
    return Told(f"{row['display']} ({rate}, {source})", f"{row['display']}（{rate}，{pegged}）")


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


def method_name(method: str) -> dict[str, str]:
    """By language."""
    return METHODS.get(method, {"en": method, "zh": method})


def money(amount: dict[str, object]) -> str:
    """The journey's currencies all have two decimals."""
    minor = int(str(amount["amount_minor"]))
    return f"{minor // 100:,}.{minor % 100:02d} {amount['currency']}"
