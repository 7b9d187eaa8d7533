"""Events that a member is told about. Each consumer is idempotent by the event's id and raises to be called again.

payment.captured   order_id, member_id, amount_minor, currency, captured_at
payment.refunded   order_id, member_id, amount_minor, currency
points.earned      member_id, points, reason: a key of REASONS, or the order that earned them
voucher.issued     member_id, reward, valid_until; never the code, which is shown to its member only
"""

from __future__ import annotations

from typing import Callable, Mapping

from twinshore.events import Event
from twinshore.money import Money
from twinshore.notify.deliver import Channels, Delivery, Notice, deliver
from twinshore.notify.port import Mail, SubscribeSender
from twinshore.notify.preferences import read
from twinshore.notify.templates import Value
from twinshore.store.port import Store

REASONS = {
    "membership": {"zh-CN": "会员活动", "en": "Membership"},
    "check_in": {"zh-CN": "每日签到", "en": "Daily check-in"},
    "exchange": {"zh-CN": "积分兑换转入", "en": "Points exchange"},
}


def receipt(event: Event, *, store: Store, wechat: SubscribeSender | None, mail: Mail | None, now: int) -> Delivery:
    """payment.captured -> a receipt. None for a channel that this cell does not offer. Raises NotDeliveredYet."""
    values: dict[str, Value] = {
        "order_id": str(event.data["order_id"]),
        "amount": Money(int(event.data["amount_minor"]), str(event.data["currency"])),
        "paid_at": int(event.data.get("captured_at") or event.at),
    }
    return _tell(event, "receipt", values, store, Channels(wechat, mail), now)


def refund(event: Event, *, store: Store, wechat: SubscribeSender | None, mail: Mail | None, now: int) -> Delivery:
    """payment.refunded -> a note of this step's amount."""
    values: dict[str, Value] = {
        "order_id": str(event.data["order_id"]),
        "amount": Money(int(event.data["amount_minor"]), str(event.data["currency"])),
        "refunded_at": event.at,
    }
    return _tell(event, "order_refunded", values, store, Channels(wechat, mail), now)


def points_credited(
    event: Event, *, store: Store, wechat: SubscribeSender | None, mail: Mail | None, now: int
) -> Delivery:
    """points.earned -> a note. What earned them is named in the member's language."""
    language = read(store, str(event.data["member_id"])).language
    reason = str(event.data.get("reason") or "membership")
    named = REASONS.get(reason, {"zh-CN": f"订单 {reason}", "en": f"Order {reason}"})
    values: dict[str, Value] = {
        "points": int(event.data["points"]),
        "reason": named[language],
        "credited_at": event.at,
    }
    return _tell(event, "points_credited", values, store, Channels(wechat, mail), now)


def voucher_issued(
    event: Event, *, store: Store, wechat: SubscribeSender | None, mail: Mail | None, now: int,
    named: Callable[[str, str], str] | None = None,
) -> Delivery:  # fmt: skip
    """voucher.issued -> a note. named: a reward and a language -> what the reward is called."""
    name = str(event.data["reward"])
    language = read(store, str(event.data["member_id"])).language
    values: dict[str, Value] = {
        "reward": named(name, language) if named else name,
        "valid_until": int(event.data["valid_until"]),
    }
    return _tell(event, "voucher_issued", values, store, Channels(wechat, mail), now)


on_payment_captured = receipt
on_payment_refunded = refund
on_points_earned = points_credited

CONSUMERS: Mapping[str, Callable[..., Delivery]] = {
    "payment.captured": receipt,
    "payment.refunded": refund,
    "points.earned": points_credited,
    "voucher.issued": voucher_issued,
}
"""Event name -> consumer. Events of other names are none of this room's business."""


def _tell(
    event: Event, template: str, values: Mapping[str, Value], store: Store, channels: Channels, now: int
) -> Delivery:
    return deliver(store, channels, Notice(event.id, str(event.data["member_id"]), template, values), now)
