"""Events become messages."""

from __future__ import annotations

import pytest

from tests.notify.conftest import MEMBER, NOW, Outside
from twinshore.events import Event
from twinshore.notify import consumers
from twinshore.notify.deliver import Delivery

ORDER = "01jdtwinshore0000000000001"
CAPTURED = Event(
    f"{ORDER}.captured", "payment.captured", NOW,
    {"order_id": ORDER, "member_id": MEMBER, "amount_minor": 1299, "currency": "EUR", "provider": "stripe",
     "reference": "r", "captured_at": NOW - 60},
)  # fmt: skip
REFUNDED = Event(
    f"{ORDER}.refunded.500", "payment.refunded", NOW,
    {"order_id": ORDER, "member_id": MEMBER, "amount_minor": 500, "refunded_minor": 500, "captured_minor": 1299,
     "currency": "EUR", "provider": "stripe", "reference": "r"},
)  # fmt: skip
EARNED = Event("points.earned:m:e1", "points.earned", NOW, {"member_id": MEMBER, "points": 12, "reason": ORDER})

ISSUED = Event(
    "voucher.issued:v1", "voucher.issued", NOW,
    {"member_id": MEMBER, "voucher_id": "v1", "reward": "lounge_access", "region": "europe", "valid_until": NOW},
)  # fmt: skip


def tell(outside: Outside, event: Event, now: int = NOW) -> Delivery:
    consumer = consumers.CONSUMERS[event.name]
    return consumer(
        event, store=outside.store, wechat=outside.channels.wechat, mail=outside.channels.mail, now=now
    )  # fmt: skip


@pytest.mark.parametrize(
    ("event", "template", "fields"),
    [
        (CAPTURED, "receipt", {"character_string1": ORDER, "amount2": "€12.99", "date3": "2026-11-22 16:00",
                               "thing4": "Paid in EUR. Thanks!"}),
        (REFUNDED, "order_refunded", {"character_string1": ORDER, "amount2": "€5.00", "date3": "2026-11-22 16:01",
                                      "thing4": "Refunded in EUR"}),
        (EARNED, "points_credited", {"number1": "12", "thing2": "Order 01jdtwinshore…", "date3": "2026-11-22 16:01"}),
        (ISSUED, "voucher_issued", {"thing1": "lounge_access", "date2": "2026-11-22 16:01",
                                    "thing3": "See the code here"}),
    ],
    ids=["receipt", "refund", "points", "voucher"],
)  # fmt: skip
def test_an_event_is_told_in_the_members_language_and_once(
    outside: Outside, event: Event, template: str, fields: dict[str, str]
) -> None:
    outside.choose()
    outside.allow(template, times=2)
    assert tell(outside, event) == tell(outside, event, NOW + 3600)
    (message,) = outside.said_by_wechat()
    assert message["data"] == fields
    assert message["lang"] == "en_US"
    assert outside.letters() == []


def test_two_refunds_of_one_order_are_two_messages(outside: Outside) -> None:
    outside.choose(wechat=False)
    tell(outside, REFUNDED)
    tell(outside, REFUNDED._replace(id=f"{ORDER}.refunded.700"))
    assert len(outside.letters()) == 2


def test_a_member_without_any_channel_fails_nobody(outside: Outside) -> None:
    assert tell(outside, CAPTURED).state == "failed"


@pytest.mark.parametrize(("reason", "shown"), [("check_in", "Daily check-in"), ("", "Membership")])
def test_points_say_what_earned_them(outside: Outside, reason: str, shown: str) -> None:
    outside.choose()
    outside.allow("points_credited")
    tell(outside, EARNED._replace(data={**EARNED.data, "reason": reason}))
    assert outside.said_by_wechat()[0]["data"]["thing2"] == shown
