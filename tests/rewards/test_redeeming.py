"""A redemption of stock is one commit: points, unit, cap and voucher move together or not at all."""

from __future__ import annotations

import json
from typing import Any, Callable

import pytest

from tests.support import engines
from tests.support.points import NOW, assert_sound, key
from tests.support.shelf import DAY, PRICE, SEALS, Shelf
from twinshore.errors import Misdirected
from twinshore.idempotency import IdempotencyKeyReused
from twinshore.points import ledger
from twinshore.points.problems import InsufficientPoints, RedemptionNotFound
from twinshore.rewards.catalogue import LANGUAGES, PARTNERS, REGIONS, REWARDS, Offer, Shop, names_in
from twinshore.rewards.issuing import issue
from twinshore.rewards.pool import bound_to
from twinshore.rewards.problems import RewardCapReached, RewardNotFound, SoldOut, VoucherStands
from twinshore.rewards.redeeming import redeem, refund
from twinshore.rewards.vouchers import CLAIMED, ISSUED
from twinshore.store.dynamodb import DynamoStore
from twinshore.store.port import Key


def test_a_reward_of_the_stock_brings_a_voucher_with_a_code(shelf: Shelf) -> None:
    shelf.fill(3)
    anna = shelf.member(points=2 * PRICE)
    voucher = shelf.buy(anna)
    assert (voucher.state, voucher.points, voucher.programme) == (ISSUED, PRICE, "overseas")
    assert SEALS.open(voucher.sealed, bound_to(voucher.partner, voucher.serial)) == f"secret-{voucher.serial}"
    assert (shelf.left(), ledger.balance(anna)) == (2, PRICE)
    assert shelf.vouchers(anna) == [voucher]
    assert_sound(anna)


def test_the_same_key_again_buys_nothing_more_even_when_all_is_sold(shelf: Shelf) -> None:
    shelf.fill(1)
    anna = shelf.member(points=3 * PRICE)
    first = shelf.redeem(anna)
    assert shelf.redeem(anna) == first
    assert shelf.buy(anna).state == ISSUED
    with pytest.raises(SoldOut):
        shelf.redeem(shelf.member("ben"))
    assert shelf.redeem(anna) == first
    with pytest.raises(IdempotencyKeyReused):
        redeem(anna, shelf.offer, key("k1", "another"), NOW)
    assert (shelf.left(), ledger.balance(anna), len(shelf.vouchers(anna))) == (0, 2 * PRICE, 1)


def test_what_is_refused_moves_nothing(shelf: Shelf, on_file: Callable[..., Any]) -> None:
    poor = shelf.member("poor", points=PRICE - 1)
    with pytest.raises(SoldOut):
        shelf.redeem(poor)  # never filled
    shelf.fill(1)
    with pytest.raises(InsufficientPoints):
        shelf.redeem(poor)
    capped = Shelf(on_file, cap=1)
    capped.fill(2)
    anna = capped.member(points=2 * PRICE)
    capped.redeem(anna)
    with pytest.raises(RewardCapReached) as told:
        capped.redeem(anna, "k2")
    assert told.value.extensions == {"cap": 1, "period": "ever"}
    assert (shelf.left(), shelf.vouchers(poor), ledger.balance(poor)) == (1, [], PRICE - 1)
    assert (capped.left(), len(capped.vouchers(anna)), ledger.balance(anna)) == (1, 1, PRICE)


def test_a_cap_of_a_month_is_one_of_the_programmes_calendar(on_file: Callable[..., Any]) -> None:
    shelf = Shelf(on_file, cap=1, cap_period="month")
    shelf.fill(3)
    anna = shelf.member(points=3 * PRICE)
    shelf.redeem(anna)
    with pytest.raises(RewardCapReached):
        shelf.redeem(anna, "k2")
    shelf.now += 31 * DAY
    assert shelf.redeem(anna, "k2").voucher_id


def test_losers_read_two_items_and_write_none(shelf: Shelf) -> None:
    shelf.fill(1)
    shelf.redeem(shelf.member("ben"))
    anna = shelf.member()
    with pytest.raises(SoldOut):
        shelf.redeem(anna)  # it is noted

    class Counting:
        reads, writes = 0, 0

        def get(self, *args: Any, **named: Any) -> Any:
            self.reads += 1
            return shelf.store.get(*args, **named)

        def commit(self, *args: Any, **named: Any) -> None:
            self.writes += 1

    counting: Any = Counting()
    with pytest.raises(SoldOut):
        shelf.redeem(anna._replace(store=counting), "k2")
    assert (counting.reads, counting.writes) == (2, 0)


def test_what_comes_in_undoes_the_note_that_all_is_sold(shelf: Shelf) -> None:
    shelf.fill(1)
    anna = shelf.member(points=3 * PRICE)
    shelf.redeem(anna)
    with pytest.raises(SoldOut):
        shelf.redeem(anna, "k2")
    shelf.fill(1, first=1)
    assert shelf.redeem(anna, "k2").voucher_id


@pytest.fixture(scope="module")
def counted(ministack_url: str) -> Any:
    client = engines.dynamodb_client(ministack_url)
    units = engines.UnitCounter(client)
    return DynamoStore(client, engines.new_table(client)), units


def test_a_plain_reward_costs_four_write_units_and_one_of_stock_is_measured(counted: Any) -> None:
    store, units = counted
    shelf = Shelf(lambda **_: store, cap=100)
    shelf.fill(40)
    anna = shelf.member(points=10 * PRICE)
    plain = Offer(shelf.offer.reward._replace(stocked=False), "europe")
    units.clear()
    redeem(anna, plain, key("plain"), NOW)
    assert (len(units.calls), units.units) == (1, 4)
    units.clear()
    done = shelf.redeem(anna, "stocked")
    assert (units.calls, units.units) == (["GetItem"] * 3 + ["TransactWriteItems"], 1.5 + 11)
    units.clear()
    assert issue(shelf.desk(), anna.member_id, done.voucher_id, NOW).state == ISSUED
    print("the code:", units.calls, units.units)
    assert units.units <= 12
    ben = shelf.member("ben", points=50 * PRICE)
    while shelf.left():
        shelf.redeem(ben, f"rest{shelf.left()}")
    with pytest.raises(SoldOut):
        shelf.redeem(anna, "late")  # it is noted
    units.clear()
    with pytest.raises(SoldOut):
        shelf.redeem(anna, "later")
    assert (units.calls, units.units) == (["GetItem"] * 2, 1.5)


def test_points_come_back_with_the_voucher_and_not_beside_it(shelf: Shelf) -> None:
    shelf.fill(1)
    anna = shelf.member()
    done = shelf.redeem(anna)
    with pytest.raises(VoucherStands) as told:
        refund(shelf.desk(), anna, done.entry.id, NOW)
    assert told.value.extensions == {"voucher_id": done.voucher_id}
    with pytest.raises(RedemptionNotFound):
        refund(shelf.desk(), anna, "nothing", NOW)
    plain = Offer(shelf.offer.reward._replace(stocked=False), "europe")
    ben = shelf.member("ben")
    spent = redeem(ben, plain, key("k"), NOW)
    assert refund(shelf.desk(), ben, spent.entry.id, NOW).points == PRICE


def test_a_claim_is_labelled_and_waits_for_its_code(shelf: Shelf) -> None:
    shelf.fill(1)
    anna = shelf.member()
    done = shelf.redeem(anna)
    item = shelf.store.get(Key(f"rewards#{anna.member_id}", f"voucher#{done.voucher_id}"))
    assert item is not None
    assert (item.fields["state"], item.fields["cell"], item.due.queue) == (CLAIMED, "eu", "reward-claim")


def test_events_name_the_category_and_never_a_code(shelf: Shelf) -> None:
    told: list[Any] = []
    store = shelf.open_store(now=lambda: NOW, on_committed=told.extend)
    shelf.fill(1)
    shelf.buy(shelf.member(store=store))
    by_name = {event.name: event.data for event in told}
    assert set(by_name) == {"points.earned", "points.redeemed", "voucher.claimed", "voucher.issued"}
    assert (by_name["points.redeemed"]["category"], by_name["points.redeemed"]["reward"]) == ("lounge", shelf.name)
    assert "secret" not in json.dumps([event.as_json() for event in told])


# The catalogue.


@pytest.mark.parametrize("reward", REWARDS.values(), ids=lambda reward: reward.name)
def test_a_reward_has_a_name_in_every_language_a_price_and_a_partner(reward: Any) -> None:
    assert set(reward.names) >= {"en", "zh-CN", *LANGUAGES.values()}
    assert min(reward.prices.values()) > 0 and {"mainland", "overseas"} <= set(reward.prices)
    assert reward.partner in PARTNERS and reward.valid_days > 7
    assert reward.stocked or not reward.cap


def test_every_market_is_of_one_region_and_a_regions_markets_of_one_cell(shelf: Shelf) -> None:
    cells = shelf.shop.cells
    markets = [market for each in REGIONS.values() for market in each]
    assert sorted(markets) == sorted(cells.markets)
    for each in REGIONS.values():
        assert len({cells.markets[market].home for market in each}) == 1
    assert {name for cell in cells.all for name in Shop(cells, cell).own_regions()} == set(REGIONS)


def test_the_catalogue_is_of_a_market_in_its_own_cell(shelf: Shelf) -> None:
    eu = Shop(shelf.shop.cells, "eu")
    assert eu.offer("lounge_access", "DE").id == eu.offer("lounge_access").id == "lounge_access:europe"
    assert eu.offer("lounge_access", "SA").id == "lounge_access:gulf"
    assert set(names_in(REWARDS["lounge_access"], "FR")) == {"en", "zh-CN", "fr"}
    with pytest.raises(Misdirected) as told:
        eu.offers("CN")
    assert told.value.extensions["home"] == "cn"
    for name, market in (("yacht", "DE"), ("lounge_access", "XX")):
        with pytest.raises(RewardNotFound):
            eu.offer(name, market)
    with pytest.raises(RewardNotFound):
        eu.offer_of("lounge_access:mainland")
