"""What a member may refund alone, and what waits for a person's yes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import pytest

from tests.support.paper_shop import NOW, Shop
from twinshore.money import Money
from twinshore.payments import flags, port, refunding, resolving
from twinshore.payments.order import REQUESTED
from twinshore.payments.port import ProviderRefused
from twinshore.payments.refund_rules import RefundRule
from twinshore.payments.refunding import OrderDisputed, RefundTooLarge
from twinshore.payments.resolving import ActionNotOffered, Decision, FlagResolved

RULE = RefundRule(7, {"EUR": 1000})
DAY = 86_400


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "store.db")
    made.tills = made.tills._replace(refund_rule=RULE)
    yield made
    made.store.close()


def waiting(shop: Shop) -> list[dict[str, Any]]:
    for event in shop.told("payment.flagged") + shop.told("flag.resolved"):
        flags.keep_lists(event, shop.store)
    return list(flags.listed(shop.store, flags.Wanted("open", 20, None))["items"])


def decide(shop: Shop, flag_id: str, action: str) -> dict[str, Any]:
    return resolving.resolve(shop.store, shop.tills, Decision(flag_id, action, "seen by Mei", "crm"), shop.now)


def returned(shop: Shop, order_id: str) -> int:
    return sum(minor for _, minor in shop.paper.payments[f"{order_id}-1"].refunds)


@pytest.mark.parametrize(
    ("amount_minor", "after_days", "status"),
    [(1000, 0, "refunded"), (1001, 0, "requested"), (1000, 7, "refunded"), (1, 7.01, "requested")],
)
def test_small_sums_soon_after_the_payment_go_back_at_once(
    shop: Shop, amount_minor: int, after_days: float, status: str
) -> None:
    order_id = shop.paid_order()
    shop.now += int(after_days * DAY)
    assert shop.refund(order_id, amount_minor)["status"] == status
    assert returned(shop, order_id) == (amount_minor if status == "refunded" else 0)


def test_many_small_sums_are_one_large_one(shop: Shop) -> None:
    order_id = shop.paid_order()
    assert [shop.refund(order_id, 500)["status"] for _ in range(2)] == ["refunded"] * 2
    assert shop.refund(order_id, 1)["status"] == "requested"


@pytest.mark.parametrize(
    "rule", [RefundRule(), RefundRule(7), RefundRule(7, {"USD": 10**9}), RefundRule(0, {"EUR": 1})]
)
def test_where_nothing_is_said_everything_waits(shop: Shop, rule: RefundRule) -> None:
    order_id = shop.paid_order()
    shop.now += 1
    shop.tills = shop.tills._replace(refund_rule=rule)
    assert shop.refund(order_id, 1)["status"] == "requested"


def test_a_request_is_told_listed_and_shown(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.forget_events()
    asked = shop.refund(order_id, key="again")
    assert asked == shop.refund(order_id, key="again")
    assert [event.name for event in shop.told()] == ["refund.requested", "payment.flagged"]
    (flag,) = waiting(shop)
    assert (flag["reason"], flag["actions"]) == ("refund_requested", ["approve", "decline"])
    assert (flag["reference"], flag["amount"]) == (f"{order_id}-r1", {"amount_minor": 1299, "currency": "EUR"})
    assert shop.shown(order_id)["refunds"][0]["status"] == "requested"
    shop.now += 31
    shop.poll()
    assert returned(shop, order_id) == 0, "nobody asks the provider for it"


def test_what_is_asked_for_cannot_be_asked_for_twice(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.refund(order_id, 1200)
    with pytest.raises(RefundTooLarge) as refused:
        shop.refund(order_id, 100)
    assert refused.value.extensions["refundable_minor"] == 99


def test_a_yes_sends_it_once_even_days_later(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.refund(order_id)
    (flag,) = waiting(shop)
    shop.now += 3 * DAY
    for _ in range(3):
        assert decide(shop, flag["id"], "approve")["status"] == "resolved"
    assert returned(shop, order_id) == 1299 and shop.state(order_id) == port.REFUNDED
    assert not waiting(shop) and not shop.shown(order_id)["needs_review"]
    assert shop.told("payment.refunded")[0].data["refund_reference"] == f"{order_id}-r1"
    with pytest.raises(FlagResolved):
        decide(shop, flag["id"], "decline")


def test_a_no_is_told_and_frees_the_sum(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.refund(order_id)
    (flag,) = waiting(shop)
    for _ in range(2):
        decide(shop, flag["id"], "decline")
    assert [event.data["refund_reference"] for event in shop.told("refund.declined")] == [f"{order_id}-r1"]
    shown = shop.shown(order_id)
    assert (shown["status"], shown["refunds"][0]["status"], shown["needs_review"]) == ("paid", "declined", False)
    assert shop.refund(order_id, 900)["status"] == "refunded"


def test_a_yes_that_the_provider_refuses_fails_the_refund_and_the_member_may_ask_anew(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.refund(order_id)
    (flag,) = waiting(shop)
    shop.paper.fault = "refuses"
    with pytest.raises(ProviderRefused):
        decide(shop, flag["id"], "approve")
    assert shop.shown(order_id)["refunds"][0]["status"] == "failed" and not waiting(shop)
    shop.paper.fault = ""
    assert shop.refund(order_id)["status"] == "requested"
    assert len(waiting(shop)) == 1


def test_a_yes_without_a_clear_answer_is_asked_about_by_the_poll(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.refund(order_id)
    (flag,) = waiting(shop)
    shop.paper.fault = "lost"
    decide(shop, flag["id"], "approve")
    assert shop.shown(order_id)["refunds"][0]["status"] == "pending"
    shop.paper.fault = ""
    shop.now += 31
    shop.poll()
    assert shop.state(order_id) == port.REFUNDED and returned(shop, order_id) == 1299


def test_while_the_bank_decides_there_is_no_yes(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.refund(order_id)
    shop.webhook(shop.paper.webhook(f"{order_id}-1", word="CONTESTED"))
    flag = next(one for one in waiting(shop) if one["reason"] == "refund_requested")
    with pytest.raises(OrderDisputed):
        decide(shop, flag["id"], "approve")


def test_what_has_gone_back_otherwise_can_only_be_declined(shop: Shop) -> None:
    order_id = shop.paid_order(Money(2000, "EUR"))
    shop.refund(order_id)
    shop.webhook(shop.paper.refund_webhook(f"{order_id}-1", 500))
    (flag,) = waiting(shop)
    with pytest.raises(ActionNotOffered) as refused:
        decide(shop, flag["id"], "approve")
    assert refused.value.extensions == {"offered": ["decline"]}
    decide(shop, flag["id"], "decline")
    assert shop.read(order_id).refunds[0].state == port.FAILED


def test_two_at_once_are_two_requests(shop: Shop) -> None:
    order_id = shop.paid_order(Money(5000, "EUR"))
    for _ in range(2):
        shop.refund(order_id, 2000)
    assert sorted(one["reference"] for one in waiting(shop)) == [f"{order_id}-r1", f"{order_id}-r2"]
    assert [one.state for one in shop.read(order_id).refunds] == [REQUESTED, REQUESTED]
    assert refunding.REFUND_LIMIT > 2 and shop.now == NOW
