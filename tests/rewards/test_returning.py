"""How vouchers end: used, returned, run out, or never had a code. Points come back once, the cap once."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from tests.support.points import NOW, assert_sound
from tests.support.shelf import DAY, PRICE, Shelf
from twinshore.errors import NotFound, Unavailable
from twinshore.events import Event
from twinshore.points import ledger
from twinshore.points.book import REFUND
from twinshore.rewards import stock
from twinshore.rewards.issuing import claimed, issue, issue_due
from twinshore.rewards.pool import code_key, strike_out, strike_out_stale
from twinshore.rewards.problems import RewardCapReached, VoucherEnded, VoucherNotFound
from twinshore.rewards.returning import expire_due, finish_due, give_back
from twinshore.rewards.using import use
from twinshore.rewards.vouchers import (
    CLAIMED,
    EXPIRED,
    ISSUED,
    RETURNED,
    RETURNING,
    USED,
    USES_COME_LATE_SECONDS,
    Voucher,
)
from twinshore.rewards.watching import watch

LATE = 90 * DAY + USES_COME_LATE_SECONDS + 1


def back(shelf: Shelf, voucher: Voucher) -> Voucher:
    return give_back(shelf.desk(), shelf.partners, voucher.member_id, voucher.id, shelf.now)


def now_is(shelf: Shelf, voucher: Voucher) -> Voucher:
    return shelf.desk().read(shelf.desk().find(voucher.member_id, voucher.id))


def test_a_returned_voucher_is_struck_out_at_the_partner_and_its_points_come_back_once(shelf: Shelf) -> None:
    shelf.fill(2)
    anna = shelf.member()
    voucher = shelf.buy(anna)
    first = back(shelf, voucher)
    assert (first.state, first.why, first.refunded, first.sealed) == (RETURNED, "member", True, "")
    assert back(shelf, voucher) == first
    assert (ledger.balance(anna), shelf.left(), shelf.partner.voided) == (PRICE, 1, [voucher.serial])
    assert [entry.kind for entry in shelf.entries(anna)].count(REFUND) == 1
    assert_sound(anna)


def test_a_code_that_may_be_given_again_goes_back_to_the_pool(on_file: Callable[..., Any]) -> None:
    shelf = Shelf(on_file, partner="ride_network")
    shelf.fill(1)
    anna, ben = shelf.member(), shelf.member("ben")
    voucher = shelf.buy(anna)
    assert back(shelf, voucher).state == RETURNED
    assert (shelf.left(), shelf.partner.voided) == (1, [])
    again = shelf.buy(ben)
    assert (again.serial, again.state) == (voucher.serial, ISSUED)
    assert use(shelf.desk(), ben.member_id, again.id, NOW, NOW).state == USED
    assert now_is(shelf, voucher).state == RETURNED


def test_a_silent_partner_is_asked_again_and_the_voucher_is_out_of_use_until_then(shelf: Shelf) -> None:
    shelf.fill(1)
    anna = shelf.member()
    voucher = shelf.buy(anna)
    shelf.partner.silent = True
    with pytest.raises(Unavailable):
        back(shelf, voucher)
    assert (now_is(shelf, voucher).state, ledger.balance(anna)) == (RETURNING, 0)
    shelf.now += 61
    assert finish_due(shelf.desk(), shelf.partners, shelf.now).done == 1
    assert now_is(shelf, voucher).state == RETURNING
    shelf.partner.silent = False
    shelf.now += 301
    assert finish_due(shelf.desk(), shelf.partners, shelf.now).done == 1
    assert (now_is(shelf, voucher).state, ledger.balance(anna)) == (RETURNED, PRICE)
    assert finish_due(shelf.desk(), shelf.partners, shelf.now + 9999) == (0, 0)


def test_a_code_that_nobody_can_strike_out_is_not_taken_back_but_runs_out(on_file: Callable[..., Any]) -> None:
    """Its partner has no system: its codes came in a file."""
    shelf = Shelf(on_file, expiry_refunds=True)
    shelf.fill(1)
    anna = shelf.member()
    voucher = shelf.buy(anna)

    def nobody(name: str) -> Any:
        raise NotFound

    with pytest.raises(NotFound):
        give_back(shelf.desk(), nobody, anna.member_id, voucher.id, NOW)
    assert (now_is(shelf, voucher).state, ledger.balance(anna)) == (ISSUED, 0)
    shelf.now += LATE
    expire_due(shelf.desk(), shelf.shop, nobody, shelf.now)
    assert (now_is(shelf, voucher).state, ledger.balance(anna)) == (RETURNED, PRICE)


def test_what_the_partner_has_honoured_is_not_given_back(shelf: Shelf) -> None:
    shelf.fill(1)
    anna = shelf.member()
    voucher = shelf.buy(anna)
    shelf.partner.used.add(voucher.serial)
    for _ in range(2):
        with pytest.raises(VoucherEnded) as told:
            back(shelf, voucher)
        assert told.value.extensions == {"state": USED}
    assert (now_is(shelf, voucher).state, ledger.balance(anna)) == (USED, 0)


@pytest.mark.parametrize(("refunds", "state", "points"), [(False, EXPIRED, 0), (True, RETURNED, PRICE)])
def test_a_voucher_that_ran_out_ends_by_its_rewards_rule(
    on_file: Callable[..., Any], refunds: bool, state: str, points: int
) -> None:
    shelf = Shelf(on_file, expiry_refunds=refunds, cap=1)
    shelf.fill(3)
    anna = shelf.member(points=2 * PRICE)
    voucher = shelf.buy(anna)
    shelf.now += LATE
    for _ in range(2):
        expire_due(shelf.desk(), shelf.shop, shelf.partners, shelf.now)
    assert (now_is(shelf, voucher).state, ledger.balance(anna) - PRICE) == (state, points)
    if refunds:
        assert shelf.buy(anna, "k2").state == ISSUED
    else:
        with pytest.raises(RewardCapReached):
            shelf.buy(anna, "k2")
        with pytest.raises(VoucherEnded):
            back(shelf, voucher)


def test_a_use_that_is_told_late_counts_and_one_after_the_end_does_not(shelf: Shelf) -> None:
    shelf.fill(2)
    anna, ben = shelf.member(), shelf.member("ben")
    early, late = shelf.buy(anna), shelf.buy(ben)
    with pytest.raises(VoucherNotFound):
        use(shelf.desk(), ben.member_id, early.id, NOW, NOW)
    shelf.now += LATE
    expire_due(shelf.desk(), shelf.shop, shelf.partners, shelf.now)
    assert use(shelf.desk(), anna.member_id, early.id, early.valid_until - 1, shelf.now).state == USED
    with pytest.raises(VoucherEnded):
        use(shelf.desk(), ben.member_id, late.id, late.valid_until, shelf.now)


def test_a_voucher_ends_with_its_code_and_a_code_about_to_end_is_not_given(shelf: Shelf) -> None:
    shelf.fill(1, life_days=30)
    voucher = shelf.buy(shelf.member())
    assert voucher.valid_until == NOW + 30 * DAY
    shelf.fill(3, first=1, life_days=30)
    shelf.now += 23 * DAY
    assert strike_out_stale(shelf.store, shelf.now) == 3
    assert (shelf.left(), strike_out_stale(shelf.store, shelf.now)) == (0, 0)


@pytest.mark.parametrize("way", ["consumer", "timer"])
def test_a_redemption_whose_request_died_gets_its_code_all_the_same(shelf: Shelf, way: str) -> None:
    shelf.fill(1)
    anna = shelf.member()
    done = shelf.redeem(anna)
    if way == "consumer":
        data = {"member_id": anna.member_id, "voucher_id": done.voucher_id}
        for _ in range(2):
            claimed(Event("e", "voucher.claimed", NOW, data), shelf.desk(), NOW)
    else:
        assert issue_due(shelf.desk(), NOW).done == 0
        assert issue_due(shelf.desk(), NOW + 61).done >= 1
    (voucher,) = shelf.vouchers(anna)
    assert voucher.state == ISSUED


def test_points_come_back_by_themselves_when_there_is_no_code_after_all(on_file: Callable[..., Any]) -> None:
    """The partner strikes codes out between the redemption and its code."""
    shelf = Shelf(on_file, cap=1)
    shelf.fill(1)
    anna = shelf.member()
    done = shelf.redeem(anna)
    record = shelf.store.get(code_key("lounge_network", f"{shelf.name}-0"))
    assert record is not None and strike_out(shelf.store, record, "void")
    voucher = issue(shelf.desk(), anna.member_id, done.voucher_id, NOW)
    assert (voucher.state, voucher.why, voucher.refunded) == (RETURNED, "no_code", True)
    assert issue(shelf.desk(), anna.member_id, done.voucher_id, NOW) == voucher
    assert ledger.balance(anna) == PRICE
    shelf.fill(1, first=5)
    assert shelf.buy(anna, "k2").state == ISSUED
    assert_sound(anna)


def test_a_voucher_without_a_code_yet_cannot_be_returned(shelf: Shelf) -> None:
    shelf.fill(1)
    anna = shelf.member()
    done = shelf.redeem(anna)
    with pytest.raises(Unavailable):
        give_back(shelf.desk(), shelf.partners, anna.member_id, done.voucher_id, NOW)
    assert shelf.vouchers(anna)[0].state == CLAIMED


def test_low_stock_is_told_once_until_it_is_filled(on_file: Callable[..., Any]) -> None:
    shelf = Shelf(on_file, low_at=5)
    told: list[Event] = []
    store = on_file(now=lambda: shelf.now, on_committed=told.extend)
    look = lambda: watch(store, [shelf.offer], shelf.now)  # noqa: E731
    assert look() == 0
    shelf.fill(6)
    assert look() == 0
    anna = shelf.member(points=9 * PRICE)
    for number in range(2):
        shelf.buy(anna, f"k{number}")
    assert [look(), look()] == [1, 0]
    shelf.fill(5, first=10)
    assert look() == 0
    for number in range(5):
        shelf.buy(anna, f"again{number}")
    assert look() == 1
    assert [(event.name, event.data["left"]) for event in told] == [("reward.stock_low", 4)] * 2
    assert len({event.id for event in told}) == 2


def test_the_same_codes_twice_are_in_stock_once(shelf: Shelf) -> None:
    assert shelf.fill(25) == (25, 0)
    assert shelf.fill(30) == (5, 25)
    assert (shelf.left(), stock.state_of(shelf.stock).sold_out) == (30, False)
