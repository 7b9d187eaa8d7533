"""The same journey on the engines of the two clouds, and what a webhook costs there."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Iterator

import pytest

from tests.support import engines
from tests.support.paper_shop import Shop
from twinshore.money import Money
from twinshore.payments import port
from twinshore.payments.completion import MOVED, SEEN, apply
from twinshore.payments.port import Notice
from twinshore.store.dynamodb import DynamoStore
from twinshore.store.postgres import PostgresStore


@pytest.fixture(scope="module")
def dynamodb(ministack_url: str) -> Any:
    return engines.dynamodb_client(ministack_url)


@pytest.fixture(params=["dynamodb", "postgres"])
def cloud_shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    store: Any
    if request.param == "dynamodb":
        client = request.getfixturevalue("dynamodb")
        store = DynamoStore(client, engines.new_table(client))
    else:
        store = PostgresStore(request.getfixturevalue("postgres_server").new_database())
    yield Shop(None, store, int(time.time()))
    if hasattr(store, "close"):
        store.close()


def test_an_order_is_paid_refunded_and_settled(cloud_shop: Shop) -> None:
    shop = cloud_shop
    order_id = shop.order()
    reference = shop.start(order_id)["reference"]
    shop.paper.pay(reference, shop.now)
    shop.now += 30
    shop.poll()
    assert shop.state(order_id) == port.CAPTURED
    shop.webhook(shop.paper.webhook(reference))
    assert shop.refund(order_id, 300)["order_status"] == "part_refunded"
    assert shop.refund(order_id)["order_status"] == "refunded"


def test_the_same_news_ten_times_at_once_moves_the_order_once(cloud_shop: Shop) -> None:
    shop = cloud_shop
    reference = shop.start(shop.order())["reference"]
    notice = Notice("n1", reference, "", port.CAPTURED, Money(1299, "EUR"), shop.now)
    with ThreadPoolExecutor(10) as pool:
        outcomes = list(pool.map(lambda _: apply(shop.store, "paper", notice, shop.now).what, range(10)))
    assert sorted(outcomes) == [MOVED] + [SEEN] * 9


def test_a_webhook_costs_one_write_unit_and_a_replay_none(dynamodb: Any) -> None:
    shop = Shop(None, DynamoStore(dynamodb, engines.new_table(dynamodb)), int(time.time()))
    reference = shop.start(shop.order())["reference"]
    shop.paper.pay(reference, shop.now)
    sent = shop.paper.webhook(reference)
    counter = engines.UnitCounter(dynamodb)
    shop.webhook(sent)
    assert (counter.calls, counter.units) == (["GetItem", "PutItem"], 2)  # a strongly consistent read is one unit too
    counter = engines.UnitCounter(dynamodb)
    shop.webhook(sent)
    assert (counter.calls, counter.units) == (["GetItem"], 1)
