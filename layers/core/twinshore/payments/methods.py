"""Which methods an order can be paid by, where and on what device; and of each that cannot, why.

The facts stand in the cells file: a method's cells, currencies, limits, where its page opens, on which systems. A
mini-program opens what WeChat itself carries; for every other method it hands the payer over to a page in the system's
browser (`hand_over`): a web-view inside the mini-program may not take money.
"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

from twinshore.cells import BY_HAND, H5, INSTALMENTS, MINI_PROGRAM, Market, Method
from twinshore.errors import Conflict, Unprocessable
from twinshore.payments.order import Order, load_own
from twinshore.payments.port import Payer, PaymentProvider
from twinshore.payments.refund_rules import RefundRule
from twinshore.store.port import Store


class MethodNotOffered(Unprocessable):
    """`offered` lists the methods that the order can be paid by; `reasons` says why this one is not among them."""

    slug = "payment-method-not-offered"
    title_en = "This order cannot be paid by this method here"
    title_zh = "当前订单不支持该支付方式"


class PayerUnknown(Conflict):
    """Weixin Pay takes money from a WeChat user of this app only."""

    slug = "payer-unknown"
    title_en = "Please log in with WeChat to pay this way"
    title_zh = "请使用微信登录后支付"


class Tills(NamedTuple):
    """What this cell takes payments with."""

    cell: str
    methods: tuple[Method, ...]
    """All of the cells file."""
    market: Callable[[str], Market | None]
    """By country; None where this cell serves no such market."""
    provider: Callable[[str], PaymentProvider]
    """By name."""
    notify_url: Callable[[str], str]
    """By provider's name."""
    payer: Callable[[str, str, Payer], Payer]
    """What a provider (its name) is told of a member (their id), of what the request shows of them and what we know
    besides. Raises PayerUnknown."""
    return_urls: tuple[str, ...] = ()
    """See `return_urls.return_url`."""
    refund_rule: RefundRule = RefundRule()


class Place(NamedTuple):
    """Where the payer is. "" where we are not told: then nothing is ruled out for it."""

    market: str = ""
    """ISO 3166-1 alpha-2."""
    device: str = ""
    """MINI_PROGRAM or H5."""
    platform: str = ""
    """Of the device: "ios", "android"."""


def offered(tills: Tills, order: Order, place: Place) -> list[Method]:
    """By expected success, best first: in the market's own order where we know the market."""
    found = [method for method in tills.methods if not reasons_against(tills, method, order, place)]
    market = tills.market(place.market)
    ranks = {} if market is None else {name: rank for rank, name in enumerate(market.payment_methods)}
    return sorted(found, key=lambda method: (ranks.get(method.name, len(ranks)), method.rank, method.name))


def choose(tills: Tills, order: Order, wanted: str, place: Place) -> Method:
    """Raises MethodNotOffered."""
    method = next((one for one in tills.methods if one.name == wanted), None)
    reasons = ("unknown",) if method is None else reasons_against(tills, method, order, place)
    if method is None or reasons:
        names = [one.name for one in offered(tills, order, place)]
        raise MethodNotOffered(offered=names, reasons=list(reasons))
    return method


def reasons_against(tills: Tills, method: Method, order: Order, place: Place) -> tuple[str, ...]:
    """Why the method cannot pay this order from that place: words of REASONS, in their order."""
    return tuple(reason for reason, rules_out in REASONS.items() if rules_out(tills, method, order, place))


class Listing(NamedTuple):
    order_id: str
    member_id: str
    place: Place
    explain: bool
    """Tell what is absent as well, and why."""


def listed(store: Store, tills: Tills, listing: Listing) -> dict[str, Any]:
    """As the wire shows it. Raises OrderNotFound."""
    order, place = load_own(store, listing.order_id, listing.member_id), listing.place
    items, absent = [], []
    for method in offered(tills, order, place):
        reasons = _payer_is_unknown(tills, method, order)
        if reasons:
            absent.append({"method": method.name, "reasons": reasons})
        else:
            items.append(_shown(method, place))
    here = {item["method"] for item in (*items, *absent)}
    for method in sorted(tills.methods, key=lambda one: one.name):
        if method.name not in here:
            absent.append({"method": method.name, "reasons": list(reasons_against(tills, method, order, place))})
    return {"items": items, "absent": absent} if listing.explain else {"items": items}


def _shown(method: Method, place: Place) -> dict[str, Any]:
    opens = place.device if place.device in method.opens_in else method.opens_in[0]
    return {
        "method": method.name,
        "opens_in": opens,
        "hand_over": place.device == MINI_PROGRAM and opens != MINI_PROGRAM,
        "parts": method.parts or None,
    }


def _payer_is_unknown(tills: Tills, method: Method, order: Order) -> list[str]:
    try:
        tills.payer(method.provider, order.member_id, Payer())
    except PayerUnknown:
        return ["payer"]
    return []


Rule = Callable[[Tills, Method, Order, Place], bool]


def _cell(tills: Tills, method: Method, order: Order, place: Place) -> bool:
    return bool(method.cells) and tills.cell not in method.cells


def _market(tills: Tills, method: Method, order: Order, place: Place) -> bool:
    market = tills.market(place.market)
    return bool(place.market) and (market is None or method.name not in market.payment_methods)


def _currency(tills: Tills, method: Method, order: Order, place: Place) -> bool:
    return bool(method.currencies) and order.amount.currency not in method.currencies


def _too_small(tills: Tills, method: Method, order: Order, place: Place) -> bool:
    return order.amount.amount_minor < method.min_minor.get(order.amount.currency, 0)


def _too_large(tills: Tills, method: Method, order: Order, place: Place) -> bool:
    limit_minor = method.max_minor.get(order.amount.currency)
    return limit_minor is not None and order.amount.amount_minor > limit_minor


def _device(tills: Tills, method: Method, order: Order, place: Place) -> bool:
    # From a mini-program one can be handed over to a browser; from a browser there is no way into a mini-program.
    return place.device == H5 and H5 not in method.opens_in


def _platform(tills: Tills, method: Method, order: Order, place: Place) -> bool:
    return bool(place.platform and method.platforms) and place.platform not in method.platforms


def _rate_lock(tills: Tills, method: Method, order: Order, place: Place) -> bool:
    return bool(order.lock_ends_at) and method.provider in (BY_HAND, INSTALMENTS)


def _part(tills: Tills, method: Method, order: Order, place: Place) -> bool:
    return bool(order.part_of) and method.provider in (BY_HAND, INSTALMENTS)


REASONS: dict[str, Rule] = {
    "cell": _cell,
    "market": _market,
    "currency": _currency,
    "amount_too_small": _too_small,
    "amount_too_large": _too_large,
    "device": _device,
    "platform": _platform,
    "rate_lock": _rate_lock,
    "part": _part,
}
"""Why a method is absent. Besides: `payer` (we do not know who they are at the provider), `unknown` (no such method).

rate_lock: it is paid long after any lock has ended. part: an instalment is not divided again, nor paid at a door."""
