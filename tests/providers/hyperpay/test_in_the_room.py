"""HyperPay and the payments room together."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from sandbox.twins.hyperpay import HyperPayTwin
from tests.support import mada_shop
from tests.support.mada_shop import MadaShop
from tests.support.receiver import Receiver
from twinshore.providers.hyperpay.client import hyperpay_from_secret


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[MadaShop]:
    with Receiver() as receiver, HyperPayTwin() as twin:
        made = MadaShop(tmp_path / "shop.db", twin, hyperpay_from_secret, "800.100.153", receiver)
        yield made
        made.store.close()


def test_a_declined_card_a_good_one_a_refund_and_a_dispute(shop: MadaShop) -> None:
    mada_shop.walk_from_declined_to_disputed(shop, {"decline": 4, "pay": 4, "refund": 2, "dispute": 2})


def test_where_nothing_is_told_everything_is_found_by_asking(shop: MadaShop) -> None:
    mada_shop.walk_where_nothing_is_told(shop)


def test_the_same_news_again_have_no_effect(shop: MadaShop) -> None:
    mada_shop.walk_where_the_same_news_come_again(shop, 4)
