"""Points cross the sea: one person's two memberships, linked; an exchange that the line is cut in the middle of; what
the points then buy on the other shore.
"""

from __future__ import annotations

from typing import Any

from sandbox import story_pay, story_start
from sandbox.journeys import Step
from sandbox.sea import CUT, DEAF, WHOLE, pair
from sandbox.travellers import CROSSER, CROSSER_ABROAD
from sandbox.walk import Told, Walk

HOME, ABROAD = CROSSER.cell, CROSSER_ABROAD.cell
FIRST, SECOND = (240, 200), (720, 600)
"""Of each exchange: the points that leave, and what they are over there."""
POINTS_OUT, POINTS_IN = FIRST[0] + SECOND[0], FIRST[1] + SECOND[1]
REWARD = "lounge_access"
MORE_VOUCHERS = 20
RESTOCKED_WITHIN_SECONDS = 30.0
BOX = "box"
"""The box's own desk, as a party that a walk can call."""
SETTLED_WITHIN_SECONDS = 100.0
"""A line that was cut for long is tried again less often."""


def at_home(walk: Walk) -> Walk:
    return walk.elsewhere(_account(walk, CROSSER), walk.memory.setdefault(HOME, {}))


def abroad(walk: Walk) -> Walk:
    return walk.elsewhere(_account(walk, CROSSER_ABROAD), walk.memory.setdefault(ABROAD, {}))


def shop(walk: Walk) -> Told:
    home = at_home(walk)
    for step in (story_start.log_in, story_start.lock_rate, story_pay.place_order, story_pay.start_payment):
        step(home)
    amount = story_start.money(home.memory["amount"])
    walk.memory["amount"] = home.memory["amount"]
    return Told(f"logged in to cell {HOME}, order of {amount}", f"登录数据区 {HOME}，下单 {amount}")


def earn(walk: Walk) -> Told:
    home = at_home(walk)
    story_pay.confirm(home)
    story_pay.paid_by_webhook(home)
    story_pay.points_once(home)
    earned = walk.memory["earned"] = home.memory["balance"]
    walk.check(earned >= POINTS_OUT, f"the order earns the {POINTS_OUT} points that are to cross")
    return Told(f"paid; +{earned} points, once", f"已付款；+{earned} 积分，仅入账一次")


def join(walk: Walk) -> Told:
    """A second membership, in another cell: to the product another person, until she says otherwise."""
    there = abroad(walk)
    story_start.log_in(there)
    walk.check(
        there.memory["member_id"] != walk.memory[HOME]["member_id"], "the two memberships have nothing in common"
    )
    balance = there.cell("GET", "/v1/points")["balance"]
    return Told(f"a new member of cell {ABROAD}, {balance} points", f"成为数据区 {ABROAD} 的新会员，{balance} 积分")


def link(walk: Walk) -> Told:
    """The code is shown in one cell and entered in the other, with consent in both."""
    home, there = at_home(walk), abroad(walk)
    if not _links(home, "open") and not _links(there, "asking"):
        shown = home.cell("POST", "/v1/points/links", {"cell": ABROAD, "consent": True}, expect=201)
        entered = {"cell": HOME, "code": shown["code"], "consent": True}
        once = walk.key(f"link-{shown['code']}")
        there.cell("POST", "/v1/points/links/confirmations", entered, key=once, expect=(201, 202))
    walk.memory["link"] = walk.wait_for("the link is open in both cells", lambda: _open_in_both(home, there))
    return Told(
        "code shown here, entered there; consent kept in both cells", "此岸出示关联码，彼岸输入；两个数据区都记录同意"
    )


def first(walk: Walk) -> Told:
    """On a quiet line an exchange is over with the answer to its request."""
    promise = _promise(walk, *FIRST)
    said = _exchange(walk, "first", promise["quote"])
    told = f"{FIRST[0]} → {FIRST[1]}"
    if said["state"] != "settled":
        return Told(f"{told}, waits for the line", f"{told}，等待连接恢复")
    return Told(f"{told}, settled with the answer", f"{told}，即时完成")


def quote(walk: Walk) -> Told:
    promise = _promise(walk, *SECOND)
    walk.memory["quote"] = promise["quote"]
    told = f"{promise['rate']['times']}/{promise['rate']['over']}"
    out, into = SECOND
    return Told(f"{out} → {into} (× {told}), signed, ten minutes", f"{out} → {into}（× {told}），已签名，十分钟内有效")


def cut(walk: Walk) -> Told:
    """In the worst moment: the question still arrives, its answer does not. A line that somebody has cut stays so."""
    line = pair(HOME, ABROAD)
    if walk.twin(BOX, "GET", "/box/lines").get(line) == CUT:
        return Told(f"{HOME} – {ABROAD}: nothing arrives", f"{HOME} – {ABROAD}：任何消息都无法送达")
    _set_line(walk, DEAF)
    return Told(f"{HOME} – {ABROAD}: questions still arrive, no answer comes back",
                f"{HOME} – {ABROAD}：请求仍能送达，应答无法返回")  # fmt: skip


def exchange(walk: Walk) -> Told:
    said = _exchange(walk, "second", walk.memory["quote"])
    there, points = abroad(walk).cell("GET", "/v1/points"), at_home(walk).cell("GET", "/v1/points")
    told = f"{SECOND[0]} → {SECOND[1]}"
    if said["state"] == "settled":
        return Told(f"{told}, settled with the answer", f"{told}，即时完成")
    held = points["held"]
    walk.check(held >= SECOND[0], "the points are held, not spent")
    if there["balance"] < POINTS_IN:
        return Told(f"pending: {held} held in {HOME}; {ABROAD} has heard nothing",
                    f"待定：{HOME} 冻结 {held}；{ABROAD} 尚不知情")  # fmt: skip
    return Told(f"pending: {held} held in {HOME}; {ABROAD} has {there['balance']}, and cannot say so",
                f"待定：{HOME} 冻结 {held}；{ABROAD} 已有 {there['balance']}，消息未回")  # fmt: skip


def heal(walk: Walk) -> Told:
    """Nobody presses anything: the timer of the cell asks again, and gets the same answer."""
    _set_line(walk, WHOLE)
    done = walk.look_for(lambda: _all_settled(walk), SETTLED_WITHIN_SECONDS)
    walk.check(bool(done), f"the sweeper settles it within {SETTLED_WITHIN_SECONDS:.0f} s")
    return Told(
        "line whole; the sweeper asked again: same answer, settled", "连接恢复；定时器再次询问，应答相同，兑换完成"
    )


def agree(walk: Walk) -> Told:
    """What left, arrived, once: by both ledgers, by both cells' receipts, and by asking for it once more."""
    home, there = at_home(walk), abroad(walk)
    again = _exchange(walk, "second", walk.memory["quote"])
    walk.check(again["state"] == "settled", "the same key again is the same exchange")
    here, arrived = home.cell("GET", "/v1/points"), there.cell("GET", "/v1/points")
    left = walk.memory["earned"] - here["balance"]
    walk.check((left, here["held"]) == (POINTS_OUT, 0), f"{POINTS_OUT} points left once, and none is held")
    walk.check(arrived["balance"] == POINTS_IN, f"{POINTS_IN} points arrived once, not {arrived['balance']}")
    path = f"/v1/points/links/{walk.memory['link']}/receipts"
    mine, theirs = home.cell("GET", path)["items"], there.cell("GET", path)["items"]
    walk.check(mine == theirs and len(mine) == 2, "both cells keep the same two receipts")
    walk.check(mine[1]["previous"] == mine[0]["receipt"], "the second receipt names the first")
    there_now = arrived["balance"]
    return Told(f"−{left} here, +{there_now} there, once; the same two receipts in both cells",
                f"此岸 −{left}，彼岸 +{there_now}，仅一次；两岸各存同样的两张收据")  # fmt: skip


def spend(walk: Walk) -> Told:
    there = abroad(walk)
    if not _on_the_shelf(there):
        _order_more(there)
    wanted, key = {"reward": REWARD, "market": there.traveller.market}, walk.key("voucher")
    entry = there.cell("POST", "/v1/points/redemptions", wanted, key=key, expect=201)
    again = there.cell("POST", "/v1/points/redemptions", wanted, key=key, expect=201)
    walk.check(again["id"] == entry["id"], "the same key again is the same redemption")
    balance = there.cell("GET", "/v1/points")["balance"]
    walk.check(balance == POINTS_IN + entry["points"], "the points were spent once")
    mine = walk.wait_for("the voucher has its code", lambda: _issued(there))
    walk.check(len(mine) == 1 and mine[0]["redemption_id"] == entry["id"], f"one voucher, not {len(mine)}")
    walk.memory["voucher"] = {name: mine[0][name] for name in ("serial", "code", "points", "valid_until")}
    return Told(f"airport lounge, voucher {mine[0]['serial']}, {entry['points']} points; asked twice, one voucher",
                f"机场贵宾厅，券号 {mine[0]['serial']}，{entry['points']} 积分；请求两次，只发一张")  # fmt: skip


CROSSING = (
    Step("shop", {"en": "Order at home", "zh": "在家下单"}, shop),
    Step("earn", {"en": "Pay and earn", "zh": "付款得积分"}, earn),
    Step("join", {"en": "Join in Frankfurt", "zh": "在法兰克福入会"}, join),
    Step("link", {"en": "Link the two", "zh": "关联两个会员"}, link),
    Step("first", {"en": "A first exchange", "zh": "首次兑换"}, first),
    Step("quote", {"en": "Points quote", "zh": "积分报价"}, quote),
    Step("cut", {"en": "The line is cut", "zh": "连接中断"}, cut),
    Step("exchange", {"en": "A second exchange", "zh": "再次兑换"}, exchange),
    Step("heal", {"en": "The line is healed", "zh": "连接恢复"}, heal),
    Step("agree", {"en": "Both shores agree", "zh": "两岸对账一致"}, agree),
    Step("spend", {"en": "Lounge voucher", "zh": "贵宾厅券"}, spend),
)


def _account(walk: Walk, traveller: Any) -> Any:
    return traveller._replace(openid=traveller.openid + walk.journey_id)


def _set_line(walk: Walk, state: str) -> None:
    walk.twin(BOX, "POST", f"/box/lines/{pair(HOME, ABROAD)}", {"state": state})


def _links(member: Walk, state: str) -> list[str]:
    return [each["id"] for each in member.cell("GET", "/v1/points/links")["items"] if each["state"] == state]


def _open_in_both(home: Walk, there: Walk) -> str:
    return next(iter(set(_links(home, "open")) & set(_links(there, "open"))), "")


def _promise(walk: Walk, points_out: int, points_in: int) -> Any:
    wanted = {"link": walk.memory["link"], "points": points_out}
    promise = at_home(walk).cell("POST", "/v1/points/exchanges/quotes", wanted, expect=201)
    walk.check(promise["points_in"] == points_in, f"{points_out} points are {points_in} over there")
    return promise


def _exchange(walk: Walk, which: str, promise: str) -> Any:
    """The same `which` again is the same exchange."""
    wanted, key = {"quote": promise}, walk.key(f"exchange-{which}")
    said = at_home(walk).cell("POST", "/v1/points/exchanges", wanted, key=key, expect=(201, 202))
    walk.check(said["state"] in ("pending", "settled"), "nothing speaks against the exchange")
    walk.check(walk.memory.setdefault(which, said["id"]) == said["id"], "the same key is the same exchange")
    return said


def _all_settled(walk: Walk) -> bool:
    found = at_home(walk).cell("GET", "/v1/points/exchanges")["items"]
    return {each["state"] for each in found} == {"settled"}


def _on_the_shelf(member: Walk) -> bool:
    offered = member.cell("GET", f"/v1/rewards?market={member.traveller.market}")["items"]
    return any(each["reward"] == REWARD and each["availability"] != "sold_out" for each in offered)


def _order_more(member: Walk) -> None:
    """The lounges send more vouchers; the cell's timer fetches them."""
    more = {"account": f"lounge_network-{ABROAD}", "reward": REWARD, "region": "europe", "count": MORE_VOUCHERS}
    member.twin("partner", "POST", "/_twin/issue", more)
    there = member.look_for(lambda: _on_the_shelf(member), RESTOCKED_WITHIN_SECONDS)
    member.check(bool(there), f"vouchers are there within {RESTOCKED_WITHIN_SECONDS:.0f} s")


def _issued(member: Walk) -> Any:
    found = member.cell("GET", "/v1/rewards/vouchers")["items"]
    return found if found and all(each["state"] == "issued" for each in found) else None
