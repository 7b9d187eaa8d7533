"""The daily job: yesterday and what was missed before it, each provider for itself."""

from __future__ import annotations

from typing import Iterator

import pytest

from tests.support.billed_shop import BilledShop
from twinshore.providers.configuration import ProviderNotConfigured
from twinshore.reconciliation.days import days_later, starts_at
from twinshore.reconciliation.port import BillLine, BillNotReady
from twinshore.reconciliation.reconcile import BillsMissing, Party, read_summary, reconcile_all


class NoBill:
    authentic = True

    def lines(self, day: str, now: int) -> Iterator[BillLine]:
        raise BillNotReady


def morning(shop: BilledShop) -> int:
    shop.now = starts_at(days_later(shop.day, 1), 0) + 4 * 3600
    shop.faults()
    return shop.now


def not_set_up() -> Party:
    raise ProviderNotConfigured


def test_yesterday_and_the_days_missed_before_it_are_compared_once(shop: BilledShop) -> None:
    shop.paid()
    shop.hears()
    now = morning(shop)
    said = reconcile_all(shop.store, [lambda: shop.party, lambda: None], now)
    assert said == {
        f"{shop.name} {days_later(shop.day, -2)}": "matched 0, new 0, open 0",
        f"{shop.name} {days_later(shop.day, -1)}": "matched 0, new 0, open 0",
        f"{shop.name} {shop.day}": "matched 1, new 0, open 0",
    }
    assert reconcile_all(shop.store, [lambda: shop.party], now) == {}


def test_one_providers_trouble_does_not_hold_up_the_others(shop: BilledShop) -> None:
    now = morning(shop)
    other = Party("other", shop.party.provider, NoBill(), 0)
    with pytest.raises(BillsMissing):
        reconcile_all(shop.store, [not_set_up, lambda: other, lambda: shop.party], now)
    assert read_summary(shop.store, shop.name, shop.day) is not None
    assert read_summary(shop.store, "other", shop.day) is None
