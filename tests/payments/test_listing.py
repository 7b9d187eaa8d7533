"""A member's own orders, newest first, page by page."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from tests.support.paper_shop import ANNA, PRICE, Shop
from twinshore.money import Money
from twinshore.payments import orders
from twinshore.payments.orders import Wanted


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "store.db")
    yield made
    made.store.close()


def pages(shop: Shop, limit: int, member_id: str = ANNA) -> list[list[str]]:
    found, after = [], None
    while True:
        page = orders.listed(shop.store, Wanted(member_id, limit, after), shop.now)
        found.append([one["order_id"] for one in page["items"]])
        after = page["next"]
        if after is None:
            return found


def test_the_newest_stands_first_and_no_page_repeats_another(shop: Shop) -> None:
    placed = []
    for _ in range(7):
        placed.append(shop.order())
        shop.now += 1
    assert pages(shop, 3) == [placed[:3:-1], placed[3:0:-1], placed[:1]]
    assert pages(shop, 7) == [placed[::-1]]


def test_an_order_that_comes_between_two_pages_moves_none(shop: Shop) -> None:
    first = [shop.order() for _ in range(2)]
    shop.now += 1
    newer = shop.order()
    page = orders.listed(shop.store, Wanted(ANNA, 1, None), shop.now)
    shop.now += 1
    shop.order()
    rest = orders.listed(shop.store, Wanted(ANNA, 10, page["next"]), shop.now)
    assert page["items"][0]["order_id"] == newer
    assert {one["order_id"] for one in rest["items"]} == set(first)


def test_each_is_shown_as_it_is_now(shop: Shop) -> None:
    paid = shop.paid_order()
    (item,) = orders.listed(shop.store, Wanted(ANNA, 10, None), shop.now)["items"]
    assert item == shop.shown(paid) and item["status"] == "paid"


def test_nobody_sees_anothers(shop: Shop) -> None:
    shop.order()
    assert pages(shop, 10, "m_ben") == [[]]
    assert pages(shop, 10, "m_ann") == pages(shop, 10, "") == [[]]


def test_the_same_request_again_is_one_order_in_the_list(shop: Shop) -> None:
    wanted = shop.wanted()
    assert shop.place(wanted) == shop.place(wanted)
    assert len(pages(shop, 10)[0]) == 1


def test_the_parts_of_a_plan_stand_in_it_too(shop: Shop) -> None:
    whole = shop.order(Money(1200, "EUR"))
    shop.start(whole, "instalments_3")
    listed = orders.listed(shop.store, Wanted(ANNA, 10, None), shop.now)["items"]
    assert sorted(one.get("part_of", "") for one in listed) == ["", whole, whole, whole]


def test_the_list_costs_one_small_item_at_the_order_and_one_query_to_read(shop: Shop) -> None:
    order_id = shop.order(PRICE)
    page = shop.store.query(f"orders#{ANNA}", limit=10)
    assert [(item.key.sort, item.fields) for item in page.items] == [(order_id, {})]
