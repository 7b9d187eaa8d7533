"""Which methods are offered, in what order, and why the others are not."""

from __future__ import annotations

import pytest

from tests.support.paper_shop import ANNA, METHODS, NOW, Shop
from twinshore.cells import H5, MINI_PROGRAM
from twinshore.money import Money
from twinshore.payments import methods
from twinshore.payments.methods import REASONS, Listing, MethodNotOffered, PayerUnknown, Place
from twinshore.payments.order import OrderNotFound


def listed(shop: Shop, order_id: str, explain: bool = True, member_id: str = ANNA, **place: str) -> dict:  # type: ignore[type-arg]
    return methods.listed(shop.store, shop.tills, Listing(order_id, member_id, Place(**place), explain))


def names(shop: Shop, order_id: str, **place: str) -> list[str]:
    return [item["method"] for item in listed(shop, order_id, **place)["items"]]


def why_not(shop: Shop, order_id: str, **place: str) -> dict[str, list[str]]:
    return {item["method"]: item["reasons"] for item in listed(shop, order_id, **place)["absent"]}


def test_without_a_market_the_order_is_by_rank(shop: Shop) -> None:
    assert names(shop, shop.order()) == ["paper_money", "phone_card", "card", "cash_on_delivery", "instalments_3"]


def test_a_market_offers_its_own_methods_in_its_own_order(shop: Shop) -> None:
    order_id = shop.order()
    assert names(shop, order_id, market="DE") == ["card", "phone_card", "cash_on_delivery"]
    assert names(shop, order_id, market="FR") == ["instalments_3", "paper_money", "card"]
    assert names(shop, order_id, market="BR") == []
    assert why_not(shop, order_id, market="BR")["card"] == ["market"]


CASES = [  # price, where the payer is, method, why it is absent
    (Money(1299, "EUR"), {}, "elsewhere_only", ["cell"]),
    (Money(1299, "EUR"), {"market": "DE"}, "paper_money", ["market"]),
    (Money(1299, "USD"), {}, "card", ["currency"]),
    (Money(49, "EUR"), {}, "card", ["amount_too_small"]),
    (Money(50, "EUR"), {}, "card", []),
    (Money(500_000, "EUR"), {}, "card", []),
    (Money(500_001, "EUR"), {}, "card", ["amount_too_large"]),
    (Money(10**9, "CNY"), {}, "card", []),  # no limit is stated for this currency
    (Money(20_001, "EUR"), {}, "cash_on_delivery", ["amount_too_large"]),
    (Money(1299, "EUR"), {"platform": "android"}, "phone_card", ["platform"]),
    (Money(1299, "EUR"), {"platform": "ios"}, "phone_card", []),
    (Money(1299, "EUR"), {"device": H5}, "phone_card", []),
    (Money(1299, "EUR"), {"device": MINI_PROGRAM}, "card", []),
    (Money(1299, "USD"), {"market": "DE", "platform": "android"}, "phone_card", ["currency", "platform"]),
]


@pytest.mark.parametrize(("price", "place", "method", "reasons"), CASES)
def test_each_absence_has_its_reason(
    shop: Shop, price: Money, place: dict[str, str], method: str, reasons: list[str]
) -> None:
    order_id = shop.order(price)
    assert why_not(shop, order_id, **place).get(method, []) == reasons
    assert (method in names(shop, order_id, **place)) is (not reasons)


def test_from_a_browser_there_is_no_way_into_a_mini_program(shop: Shop) -> None:
    only_inside = METHODS[0]._replace(opens_in=(MINI_PROGRAM,))
    shop.tills = shop.tills._replace(methods=(only_inside, *METHODS[1:]))
    order_id = shop.order()
    assert why_not(shop, order_id, device=H5)["paper_money"] == ["device"]
    assert "paper_money" in names(shop, order_id, device=MINI_PROGRAM)


def test_a_mini_program_hands_over_what_it_may_not_open(shop: Shop) -> None:
    order_id = shop.order()
    inside = {item["method"]: item for item in listed(shop, order_id, device=MINI_PROGRAM)["items"]}
    assert inside["paper_money"] == {
        "method": "paper_money", "opens_in": "mini_program", "hand_over": False, "parts": None,
    }  # fmt: skip
    assert inside["card"] == {"method": "card", "opens_in": "h5", "hand_over": True, "parts": None}
    outside = {item["method"]: item for item in listed(shop, order_id, device=H5)["items"]}
    assert (outside["card"]["hand_over"], outside["paper_money"]["opens_in"]) == (False, "h5")
    assert outside["instalments_3"]["parts"] == 3


def test_who_is_not_known_to_the_provider_is_told_so(shop: Shop) -> None:
    shop.strangers.add(ANNA)
    order_id = shop.order()
    assert "paper_money" not in names(shop, order_id)
    assert why_not(shop, order_id)["paper_money"] == ["payer"]
    with pytest.raises(PayerUnknown):
        shop.start(order_id)


def test_an_order_with_a_rate_lock_is_paid_at_once_or_not_at_all(shop: Shop) -> None:
    order_id = shop.locked_order(Money(10_000, "CNY"), Money(1299, "EUR"))
    absent = why_not(shop, order_id)
    assert absent["cash_on_delivery"] == absent["instalments_3"] == ["rate_lock"]


def test_reasons_are_told_to_who_asks_for_them_only(shop: Shop) -> None:
    order_id = shop.order()
    assert "absent" not in listed(shop, order_id, explain=False)
    every = listed(shop, order_id)
    assert {one["method"] for one in (*every["items"], *every["absent"])} == {one.name for one in METHODS}


def test_the_order_of_another_member_does_not_exist(shop: Shop) -> None:
    with pytest.raises(OrderNotFound):
        listed(shop, shop.order(), member_id="m_ben")


@pytest.mark.parametrize(("price", "place", "method", "reasons"), [case for case in CASES if case[3]])
def test_what_is_not_offered_cannot_be_started(
    shop: Shop, price: Money, place: dict[str, str], method: str, reasons: list[str]
) -> None:
    order_id = shop.order(price)
    with pytest.raises(MethodNotOffered) as caught:
        shop.start(order_id, method, place=Place(**place))
    assert caught.value.extensions["reasons"] == reasons
    assert caught.value.extensions["offered"] == names(shop, order_id, **place)
    assert shop.read(order_id).attempts == ()


def test_a_method_that_nobody_declared_is_unknown(shop: Shop) -> None:
    with pytest.raises(MethodNotOffered) as caught:
        shop.start(shop.order(), "seashells")
    assert caught.value.extensions["reasons"] == ["unknown"]


def test_every_reason_is_tried_above() -> None:
    tried = {reason for case in CASES for reason in case[3]} | {"device", "rate_lock", "part"}
    assert tried == set(REASONS)
    assert NOW
