"""What shoppers do: the kinds of journeys, how often each, and their deeds.

A journey is of a new member, whose sums can then be checked to the last point. Everybody shops first, for all the rest
needs points or an order.
"""

from __future__ import annotations

import random
from typing import Callable, NamedTuple

from sandbox.load.shopper import Shopper
from sandbox.outside import WECHAT_TEMPLATES
from sandbox.travellers import CROSSER, CROSSER_ABROAD, TRAVELLERS
from sandbox.walk import Traveller

COFFEE, STOCKED = "coffee_voucher", "taxi_coupon"
GIFT_POINTS = 50
EXCHANGED_POINTS = 240
SETTLED_SECONDS = 120.0
"""An exchange that a cut line held up is asked for again after 6, 6, 12, 24, 60 seconds."""

Journey = Callable[[Shopper], None]


def visit(one: Shopper) -> None:
    """Somebody looks at prices and points, and checks in."""
    who = one.who
    one.log_in()
    one.get("rates", f"/v1/fx/rates?base={who.price_currency}&quote={who.currency}&amount_minor={who.price_minor}")
    key = one.key("check-in")
    one.asked("check_in", key)
    day = one.do("check in", "POST", "/v1/points/check-ins").body
    one.told("check_in", key, date=day["date"], points=day["points"])
    one.get("balance", "/v1/points")


def buy(one: Shopper) -> None:
    shop(one)


def shop(one: Shopper) -> str:
    """Log in, lock the rate, order, pay, see it paid and the points there. The order's id; "" where the shopper's
    patience ended before, which the audit looks into."""
    who = one.who
    one.log_in()
    wanted = {"from": who.price_currency, "to": who.currency, "amount_minor": who.price_minor}
    lock = one.do("quote", "POST", "/v1/fx/quotes", wanted, key=one.key("quote"), expect=(201,)).body
    amount = {"amount_minor": who.price_minor, "currency": who.price_currency}
    ordered = {"description": "Jasmine tea, gift box", "amount": amount, "quote": lock["token"]}
    key = one.key("order")
    one.asked("order", key)
    order = one.do("order", "POST", "/v1/orders", ordered, key=key, expect=(201,)).body
    one.told("order", key, order_id=order["order_id"], amount=order["amount"])
    one.pays(order["order_id"])
    if not one.sees_paid(order["order_id"]):
        return ""
    one.told("paid", key, order_id=order["order_id"])
    return str(order["order_id"]) if one.sees_points(order["order_id"]) else ""


def refund(one: Shopper) -> None:
    order_id = shop(one)
    if not order_id:
        return
    key, path = one.key("refund"), f"/v1/orders/{order_id}/refunds"
    one.asked("refund", key, order_id=order_id)
    back = one.do("refund", "POST", path, {"reason": "not needed any more"}, key=key, expect=(201,)).body
    one.told("refund", key, order_id=order_id, reference=back["reference"], amount=back["amount"])


def redeem(one: Shopper) -> None:
    if not shop(one):
        return
    key = one.key("redeem")
    one.asked("redeem", key)
    entry = one.do("redeem", "POST", "/v1/points/redemptions", {"reward": COFFEE}, key=key, expect=(201,)).body
    one.told("redeem", key, entry=entry["id"], points=entry["points"])


def gift(one: Shopper) -> None:
    if not shop(one):
        return
    friend = one.elsewhere(one.who._replace(slug="friend", openid=one.who.openid + "f"))
    friend.log_in()
    key = one.key("gift")
    wanted = {"to_member_id": friend.member_id, "points": GIFT_POINTS}
    one.asked("gift", key, to=friend.member_id)
    entry = one.do("gift", "POST", "/v1/points/gifts", wanted, key=key, expect=(201,)).body
    one.told("gift", key, entry=entry["id"], points=entry["points"], to=friend.member_id)


def reward(one: Shopper) -> None:
    """A voucher with a code of a partner's, of which there are a few."""
    if not shop(one):
        return
    key, wanted = one.key("voucher"), {"reward": STOCKED, "market": one.who.market}
    one.asked("voucher", key)
    reply = one.do("voucher", "POST", "/v1/points/redemptions", wanted, key=key, expect=(201,),
                   refusals=("reward-sold-out",))  # fmt: skip
    if reply.status != 201:
        return
    one.told("voucher", key, entry=reply.body["id"], points=reply.body["points"])
    issued = one.wait_for(lambda _: [
        each for each in one.get("see voucher", "/v1/rewards/vouchers")["items"] if each["state"] == "issued"
    ])  # fmt: skip
    if issued:
        one.told("code", key, serial=issued[0]["serial"], code=issued[0]["code"])


def exchange(one: Shopper) -> None:
    """Points cross the sea: a second membership, a link by a code, a promise, the exchange."""
    if not shop(one):
        return
    there = one.elsewhere(CROSSER_ABROAD._replace(openid=one.who.openid, slug="abroad"))
    there.log_in()
    link = _linked(one, there)
    if not link:
        return
    wanted = {"link": link, "points": EXCHANGED_POINTS}
    promise = one.do("exchange quote", "POST", "/v1/points/exchanges/quotes", wanted, expect=(201,)).body
    key = one.key("exchange")
    one.asked("exchange", key, to=there.member_id, there=there.who.cell)
    said = one.do("exchange", "POST", "/v1/points/exchanges", {"quote": promise["quote"]}, key=key,
                  expect=(201, 202)).body  # fmt: skip
    one.told("exchange", key, id=said["id"], link=link, points_out=said["points_out"], points_in=said["points_in"],
             to=there.member_id, there=there.who.cell)  # fmt: skip


def notify(one: Shopper) -> None:
    """A service of ours tells the member something; the text names a code by which the mailbox knows it."""
    one.log_in()
    who, key = one.who, one.key("notice")
    if who.channel == "email":
        chosen = {"channels": {"wechat_subscribe": False, "email": True}, "language": who.language,
                  "time_zone": who.time_zone, "email": who.email}  # fmt: skip
        kept = one.do("preferences", "PUT", "/v1/notifications/preferences", chosen).body
        one.told("preferences", one.key("preferences"), email=kept["email"])
    else:
        for tap in ("first", "second"):
            one.twin("wechat", "/_twin/accept", {"openid": who.openid, "template_id": WECHAT_TEMPLATES["receipt"]})
            one.do("allow message", "POST", "/v1/notifications/subscriptions", {"accepted": ["receipt"]},
                   key=one.key(tap))  # fmt: skip
    subject = f"L{one.name}"
    data = {"order_id": subject, "amount": {"amount_minor": who.price_minor, "currency": who.currency},
            "paid_at": "2026-11-23T04:00:00Z"}  # fmt: skip
    wanted = {"member_id": one.member_id, "template": "receipt", "data": data}
    one.asked("letter", key, subject=subject)
    sent = one.do("notify", "POST", "/v1/notifications", wanted, key=key, expect=(202,), service=True).body
    one.told("letter", key, subject=subject, state=sent["state"])


def _linked(home: Shopper, there: Shopper) -> str:
    """Shown here, entered there; "" where it is not open in both cells in time."""
    consent = {"consent": True}
    shown = home.do("show code", "POST", "/v1/points/links", {"cell": there.who.cell, **consent}, expect=(201,)).body
    entered = {"cell": home.who.cell, "code": shown["code"], **consent}
    there.do("enter code", "POST", "/v1/points/links/confirmations", entered, key=there.key("link"),
             expect=(201, 202))  # fmt: skip

    def open_in_both(_: float) -> set[str]:
        links = [
            {each["id"] for each in side.get("see links", "/v1/points/links")["items"] if each["state"] == "open"}
            for side in (home, there)
        ]
        return links[0] & links[1]

    return str(next(iter(home.wait_for(open_in_both, SETTLED_SECONDS) or []), ""))


class Kind(NamedTuple):
    name: str
    weight: int
    go: Journey
    by: tuple[str, ...] = ()
    """Who goes on it, by slug; empty: everybody."""
    times_price: int = 1
    """Of the shop's price: what they do costs that many points."""


CROSSERS = "crosser"
KINDS = (
    Kind("visit", 20, visit),
    Kind("buy", 26, buy),
    Kind("refund", 10, refund),
    Kind("redeem", 10, redeem),
    Kind("gift", 10, gift),
    Kind("reward", 8, reward, ("lin", "anna", "camille"), 2),
    Kind("exchange", 8, exchange, (CROSSERS,)),
    Kind("notify", 8, notify, ("lin", "anna", "camille", "lucas")),
)
WEIGHTS = {"lin": 5, "anna": 3}
"""How much oftener than the others somebody comes: the two great providers have most of the traffic."""


def drawn(draw: random.Random, name: str) -> tuple[Kind, Traveller]:
    """The next journey, and a new member for it who is like one of the box's."""
    kind = draw.choices(KINDS, [each.weight for each in KINDS])[0]
    people = {each.slug: each for each in (*TRAVELLERS, CROSSER._replace(slug=CROSSERS))}
    slugs = kind.by or tuple(each.slug for each in TRAVELLERS)
    who = people[draw.choices(slugs, [WEIGHTS.get(slug, 1) for slug in slugs])[0]]
    network = ".".join(who.client_ip.split(".")[:2])
    return kind, who._replace(
        openid=f"oLoad{name}", email=f"load-{name}@example.com", price_minor=who.price_minor * kind.times_price,
        client_ip=f"{network}.{draw.randrange(256)}.{draw.randrange(1, 255)}",
    )  # fmt: skip
