"""The daily job: yesterday and what was missed before it, each provider for itself."""

from __future__ import annotations

from typing import Iterator

import pytest

from tests.support.billed_shop import CLOUD_ENGINES, BilledShop
from twinshore.providers.configuration import ProviderNotConfigured
from twinshore.reconciliation.daily import BillsMissing, reconcile_all
from twinshore.reconciliation.days import DAY_SECONDS, days_later, starts_at
from twinshore.reconciliation.port import BillLine, BillNotReady
from twinshore.reconciliation.reconcile import Party, read_summary

pytestmark = pytest.mark.parametrize("open_store", CLOUD_ENGINES, indirect=True)


class NoBill:
    authentic = True
    tells_disputes = False

    def mark(self, day: str, now: int) -> str:
        raise BillNotReady

    def lines(self, day: str, now: int) -> Iterator[BillLine]:
        raise BillNotReady


def morning(shop: BilledShop) -> int:
    shop.now = starts_at(days_later(shop.day, 1), "UTC") + 4 * 3600
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
    other = Party("other", shop.party.provider, NoBill(), "UTC")
    with pytest.raises(BillsMissing):
        reconcile_all(shop.store, [not_set_up, lambda: other, lambda: shop.party], now)
    assert read_summary(shop.store, shop.name, shop.day) is not None
    assert read_summary(shop.store, "other", shop.day) is None


def test_a_bill_whose_time_has_not_come_is_left_to_the_next_run_without_a_word(
    shop: BilledShop, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in the box, whose first round of timers is at any hour."""
    shop.paid()
    shop.hears()
    day_ends = shop.starts + DAY_SECONDS
    due_at = day_ends + (10 * 3600 if shop.name == "wechat_pay" else 0)
    shop.now = due_at - 1
    shop.faults()
    capsys.readouterr()
    early = reconcile_all(shop.store, [lambda: shop.party], due_at - 1)
    if shop.name == "wechat_pay":
        assert early.pop(f"{shop.name} {shop.day}") == "bill-not-due"
    assert all(outcome == "matched 0, new 0, open 0" for outcome in early.values())
    assert "bill not compared" not in capsys.readouterr().out
    shop.now = due_at
    shop.faults()
    assert reconcile_all(shop.store, [lambda: shop.party], due_at)[f"{shop.name} {shop.day}"].startswith("matched 1")


def test_a_bill_that_the_party_is_late_with_is_called_for_and_compared_when_it_is_there(shop: BilledShop) -> None:
    shop.paid()
    shop.hears()
    now = morning(shop)
    late = shop.party._replace(bills=NoBill())
    for _ in range(2):  # the platform repeats the job
        with pytest.raises(BillsMissing):
            reconcile_all(shop.store, [lambda: late], now)
        assert read_summary(shop.store, shop.name, shop.day) is None
    shop.now = now + DAY_SECONDS
    shop.faults()
    said = reconcile_all(shop.store, [lambda: shop.party], shop.now)
    assert said[f"{shop.name} {shop.day}"] == "matched 1, new 0, open 0"


@pytest.mark.parametrize("shop", ["wechat_pay"], indirect=True)
def test_a_bill_that_is_corrected_after_it_was_compared_is_compared_again(shop: BilledShop) -> None:
    """Its signed hash is another one then. Stripe corrects by another movement, on its own day."""
    made = [shop.paid() for _ in range(3)]
    shop.hears()
    shop.bill(lose=[made[0][1]])
    now = morning(shop)
    shop.faults(bill={"lose": [made[0][1]]})
    said = reconcile_all(shop.store, [lambda: shop.party], now)
    assert said[f"wechat_pay {shop.day}"] == "matched 2, new 1, open 1"
    assert reconcile_all(shop.store, [lambda: shop.party], now) == {}
    shop.faults(bill={})
    said = reconcile_all(shop.store, [lambda: shop.party], now)
    assert said == {f"wechat_pay {shop.day}": "matched 3, new 0, open 0"}
    assert [outcome for *_, outcome in shop.found()] == ["not_found_again"]
    assert reconcile_all(shop.store, [lambda: shop.party], now) == {}


@pytest.mark.parametrize("shop", ["wechat_pay"], indirect=True)
def test_a_bill_that_appears_where_there_was_none_is_compared(shop: BilledShop) -> None:
    now = morning(shop)
    assert reconcile_all(shop.store, [lambda: shop.party], now)[f"wechat_pay {shop.day}"] == "matched 0, new 0, open 0"
    line = {"reference": "a-stranger-1", "kind": "payment", "amount_minor": 5, "currency": "CNY"}
    shop.faults(bill={"add": [line]})
    assert shop.party.bills.mark(shop.day, now) != "no bill"
    assert f"wechat_pay {shop.day}" in reconcile_all(shop.store, [lambda: shop.party], now)
    assert [kind for kind, *_ in shop.found()] == ["order_unknown"]
