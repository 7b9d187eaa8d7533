"""The second half of the journey: order, payment, webhooks, points, redemption, message."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from sandbox.accounts import party_of
from sandbox.story_start import RECEIPT_TEMPLATE, method_name, money
from sandbox.walk import PATIENCE_SECONDS, Told, Walk
from twinshore.rewards.catalogue import REWARDS

REWARD = REWARDS["coffee_voucher"]
NEWEST_ENTRIES = 50
CUT_PATIENCE_SECONDS = 20.0
QUIET_SECONDS = 0.1
LEAST_DELIVERIES = 2
"""The twins deliver each notice twice: a journey that saw one has not shown that the second does no harm."""


def place_order(walk: Walk) -> Told:
    who = walk.traveller
    wanted = {
        "description": "茉莉花茶礼盒" if who.language == "zh-CN" else "Jasmine tea, gift box",
        "amount": {"amount_minor": who.price_minor, "currency": who.price_currency},
        "quote": walk.memory["quote"],
    }
    order = walk.cell("POST", "/v1/orders", wanted, key=walk.key("order"), expect=201)
    walk.check(order["amount"] == walk.memory["amount"], "the order charges what the rate lock promised")
    walk.memory["order_id"] = order["order_id"]
    again = walk.cell("POST", "/v1/orders", wanted, key=walk.key("order"), expect=201)
    walk.check(again["order_id"] == order["order_id"], "the same key again is the same order")
    shown = money(order["amount"])
    return Told(f"order {order['order_id']}, {shown}; asked twice, one order",
                f"订单 {order['order_id']}，{shown}；请求两次，只有一单")  # fmt: skip


def start_payment(walk: Walk) -> Told:
    """What opens inside the mini-program stays there; for the rest it hands over to a page in the phone's browser."""
    who, path = walk.traveller, f"/v1/orders/{walk.memory['order_id']}"
    place = {"market": who.market, "device": "mini_program"}
    offered = {row["method"]: row for row in walk.cell("GET", f"{path}/methods?{urlencode(place)}")["items"]}
    walk.check(who.method in offered, f"{who.method} is offered for this order")
    walk.memory["payment_began"] = walk.now()
    wanted = {"method": who.method, **place}
    payment = walk.cell("POST", f"{path}/payments", wanted, key=walk.key("payment"), expect=201)
    walk.memory["payment"] = payment["client"]
    walk.memory["reference"] = payment["reference"]
    provider = walk.memory["provider"] = payment["provider"]
    where = ("on a page", "在网页中") if offered[who.method]["hand_over"] else ("in the mini-program", "在小程序内")
    return Told(f"{provider}, {where[0]}; reference {payment['reference']}",
                f"{provider}，{where[1]}；参考号 {payment['reference']}")  # fmt: skip


def confirm(walk: Walk) -> Told:
    """The person says yes, at the party's own cashier. After a cut the payment may have been confirmed already."""
    if _order(walk)["status"] != "paid":
        answer = walk.twin(payment_party(walk), "POST", "/_twin/pay", walk.memory["payment"], expect=None)
        if isinstance(answer, dict) and "return_to" in answer:
            _come_back(walk, str(answer["return_to"]))
    price, method = money(walk.memory["amount"]), method_name(walk.traveller.method)
    if walk.traveller.method == "wechat_pay":
        return Told(f"{price} in the WeChat Pay cashier", f"在微信支付收银台付款 {price}")
    by = "by" if walk.traveller.method == "card" else "with"
    return Told(f"{price} {by} {method['en']}", f"用{_spaced(method['zh'])}付款 {price}")


def _come_back(walk: Walk, address: str) -> None:
    """The party sends the browser to our page, which hands on the query that came with it."""
    path = f"/v1/orders/{walk.memory['order_id']}/payments/{walk.memory['reference']}/return"
    walk.cell("POST", path, {"returned": dict(parse_qsl(urlsplit(address).query))})


def _spaced(name: str) -> str:
    """A Latin name between Chinese characters has air around it."""
    return f" {name} " if name.isascii() else name


def paid_by_webhook(walk: Walk) -> Told:
    """Without any webhook the client asks the cell to ask the provider: paid all the same."""
    order = walk.look_for(lambda: _if_paid(_order(walk)))
    if order is None:
        order = walk.wait_for("the order is paid", lambda: _if_paid(_order(walk, "?refresh=true")))
        return Told("paid; no notice came, so the provider was asked", "已支付；未收到通知，主动向渠道查询")
    walk.check(order["amount"] == walk.memory["amount"], "what was paid is what was promised")
    notices = walk.wait_for("every notice is delivered at least twice", lambda: _delivered_twice(walk))
    count = sum(notices.values())
    came = f"{len(notices)} notice{'s' * (len(notices) > 1)} came {count} times"
    return Told(f"paid once, although {came}", f"仅记一次付款，尽管 {len(notices)} 条通知共送达 {count} 次")


def points_once(walk: Walk) -> Told:
    earned = walk.wait_for("points are credited", lambda: _earned(walk))
    walk.check(len(earned) == 1, f"points are credited once, not {len(earned)} times")
    balance = walk.cell("GET", "/v1/points")["balance"]
    walk.check(balance >= earned[0]["points"] > 0, "the balance holds the new points")
    walk.memory["balance"] = balance
    points = earned[0]["points"]
    return Told(f"+{points} points, once; balance {balance}", f"+{points} 积分，仅入账一次；余额 {balance}")


def redeem(walk: Walk) -> Told:
    wanted = {"reward": REWARD.name}
    entry = walk.cell("POST", "/v1/points/redemptions", wanted, key=walk.key("redeem"), expect=201)
    again = walk.cell("POST", "/v1/points/redemptions", wanted, key=walk.key("redeem"), expect=201)
    walk.check(again["id"] == entry["id"], "the same key again is the same redemption")
    balance = walk.cell("GET", "/v1/points")["balance"]
    walk.check(balance == walk.memory["balance"] + entry["points"], "the points were spent once")
    return Told(f"{REWARD.names['en']}, {entry['points']} points; asked twice, spent once; balance {balance}",
                f"{REWARD.names['zh-CN']}，{entry['points']} 积分；请求两次，只扣一次；余额 {balance}")  # fmt: skip


def read_message(walk: Walk) -> Told:
    """Exactly one receipt. Only where the box was killed while the message was on its way may it come a second time, or
    late: nobody can know whether the first one arrived, and the cell says just that."""
    letters = walk.look_for(lambda: _receipts(walk), CUT_PATIENCE_SECONDS if walk.was_cut else PATIENCE_SECONDS)
    if not letters and walk.was_cut:
        known = [row["state"] for row in walk.stored("delivery") if row["template"] == "receipt"]
        walk.check(bool(known), "the cell knows of the receipt")
        return Told(f"cut off on its way; the cell has it as {known[0]}", f"发送途中被中断；数据区记为 {known[0]}")
    walk.check(0 < len(letters) <= (2 if walk.was_cut else 1), f"one receipt, not {len(letters)}")
    if walk.traveller.channel == "wechat_subscribe":
        return Told(f"WeChat message: {letters[0]}", f"微信消息：{letters[0]}")
    return Told(f"e-mail: {letters[0]}", f"电子邮件：{letters[0]}")


def payment_party(walk: Walk) -> str:
    return party_of(walk.memory["provider"], walk.traveller.cell, walk.parties)


def _order(walk: Walk, query: str = "") -> dict[str, Any]:
    order: dict[str, Any] = walk.cell("GET", f"/v1/orders/{walk.memory['order_id']}{query}")
    return order


def _if_paid(order: dict[str, Any]) -> dict[str, Any] | None:
    return order if order["status"] == "paid" else None


def _delivered_twice(walk: Walk) -> dict[str, int] | None:
    """Notice id -> how often the cell acknowledged it, of those sent since the payment began; None while one of them
    came but once, or another has just come."""
    sent = [
        entry
        for entry in walk.twin(payment_party(walk), "GET", "/_twin/journal")["items"]
        if entry["what"] == "notice sent" and entry["signature"] == "right" and entry["answer"] in (200, 204)
    ]
    mine = [entry for entry in sent if entry["at"] >= walk.memory["payment_began"]]
    if not mine or walk.now() - mine[-1]["at"] < QUIET_SECONDS:
        return None
    ids = [entry["id"] for entry in mine]
    counts = {each: ids.count(each) for each in ids}
    return counts if min(counts.values()) >= LEAST_DELIVERIES else None


def _earned(walk: Walk) -> list[dict[str, Any]]:
    entries = walk.cell("GET", f"/v1/points/entries?limit={NEWEST_ENTRIES}")["items"]
    return [entry for entry in entries if entry["kind"] == "earn" and entry["reason"] == walk.memory["order_id"]]


def _receipts(walk: Walk) -> list[str]:
    """One line of each receipt for this order, as the person sees it."""
    order_id, who = walk.memory["order_id"], walk.traveller
    if who.channel == "email":
        letters = walk.twin("mail", "GET", f"/_twin/mailbox?to={who.email}")["items"]
        return [letter["subject"] for letter in letters if order_id in letter["subject"]]
    said = walk.twin("wechat", "GET", "/_twin/journal")["items"]
    messages = [entry["data"] for entry in said if entry.get("template_id") == RECEIPT_TEMPLATE and "data" in entry]
    return [
        " · ".join(each for each in data.values() if each != order_id) for data in messages if order_id in data.values()
    ]
