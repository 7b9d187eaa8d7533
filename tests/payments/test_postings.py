"""Both legs of every movement: lines that cancel out in each currency, and nothing left when all has gone back."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.paper_shop import NOW, PRICE, Shop
from tests.support.rates import hold_fresh_rates
from twinshore.money import Money
from twinshore.payments import port, postings
from twinshore.payments.completion import apply
from twinshore.payments.port import Notice
from twinshore.payments.postings import EXCHANGE, MARGIN, PROVIDER, SALES, Line

LOCKS = [  # price, charged, margin: in currencies with no, two and three decimals, none dividing evenly
    (Money(10_000, "CNY"), Money(1999, "JPY"), 30),
    (Money(9_999, "EUR"), Money(3_681_067, "HUF"), 54_400),
    (Money(32_900, "CNY"), Money(91_093_100, "IDR"), 1_346_200),
    (Money(10_001, "CNY"), Money(4_319, "KWD"), 65),
    (Money(9_900, "EUR"), Money(1_060_734, "INR"), 10_502),
    (Money(13_337, "CNY"), Money(17_771, "CLP"), 263),
    (Money(15_000, "JPY"), Money(64_413, "CNY"), 952),
    (Money(1_000_000, "IDR"), Money(7, "KWD"), 1),
]


def totals(shop: Shop, order_id: str) -> dict[tuple[str, str], int]:
    """By account and currency, over all postings; each of which must cancel out by itself."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for posting in postings.postings_of(shop.store, order_id):
        by_currency: dict[str, int] = defaultdict(int)
        for line in posting:
            by_currency[line.amount.currency] += line.amount.amount_minor
            found[line.account, line.amount.currency] += line.amount.amount_minor
        assert set(by_currency.values()) == {0}, posting
    return found


def paid_locked(shop: Shop, price: Money, charged: Money, margin_minor: int) -> str:
    order_id = shop.locked_order(price, charged, margin_minor)
    reference = shop.start(order_id)["reference"]
    shop.paper.pay(reference, shop.now)
    shop.webhook(shop.paper.webhook(reference))
    return order_id


def test_a_payment_without_a_lock_has_two_lines(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.post_all()
    assert postings.postings_of(shop.store, order_id) == [(Line(PROVIDER, PRICE), Line(SALES, -PRICE))]


def test_a_payment_at_a_lock_has_both_legs_and_the_margin(shop: Shop) -> None:
    order_id = paid_locked(shop, Money(10_000, "CNY"), Money(1299, "EUR"), 19)
    shop.post_all()
    assert postings.postings_of(shop.store, order_id) == [
        (
            Line(PROVIDER, Money(1299, "EUR")),
            Line(MARGIN, Money(-19, "EUR")),
            Line(EXCHANGE, Money(-1280, "EUR")),
            Line(EXCHANGE, Money(10_000, "CNY")),
            Line(SALES, Money(-10_000, "CNY")),
        )
    ]


@pytest.mark.parametrize(("price", "charged", "margin_minor"), LOCKS)
def test_museum_8_part_and_rest_after_the_rate_moved_leave_nothing_in_either_leg(
    shop: Shop, price: Money, charged: Money, margin_minor: int
) -> None:
    """Automattic/woocommerce-payments #5215, #2934, smartstore/Smartstore #1584: converted anew, refunds lost units."""
    order_id = paid_locked(shop, price, charged, margin_minor)
    shop.now += 40 * 86_400
    hold_fresh_rates(shop.store, shop.now)  # whatever they are: no refund asks for them
    part = shop.refund(order_id, charged.amount_minor // 3)["amount"]
    rest = shop.refund(order_id)["amount"]
    assert {part["currency"], rest["currency"]} == {charged.currency}
    assert part["amount_minor"] + rest["amount_minor"] == charged.amount_minor
    shop.post_all()
    assert len(postings.postings_of(shop.store, order_id)) == 3
    assert set(totals(shop, order_id).values()) == {0}


@pytest.mark.parametrize(("price", "charged", "margin_minor"), LOCKS)
def test_a_part_goes_back_at_the_rate_of_the_lock(shop: Shop, price: Money, charged: Money, margin_minor: int) -> None:
    order_id = paid_locked(shop, price, charged, margin_minor)
    part_minor = max(1, charged.amount_minor // 3)
    shop.refund(order_id, part_minor)
    shop.post_all()
    kept = totals(shop, order_id)
    left_minor = charged.amount_minor - part_minor
    assert kept[PROVIDER, charged.currency] == left_minor
    for account, whole in ((SALES, price.amount_minor), (MARGIN, margin_minor)):
        currency = price.currency if account == SALES else charged.currency
        # Within half a unit of the exact share: |kept - whole * left / charged| <= 1/2.
        assert abs(2 * (-kept[account, currency] * charged.amount_minor - whole * left_minor)) <= charged.amount_minor


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lock=st.sampled_from(LOCKS), parts=st.lists(st.integers(1, 10**7), min_size=1, max_size=6),
    seed=st.randoms(use_true_random=False),
)  # fmt: skip
def test_any_parts_posted_in_any_order_cancel_out(
    tmp_path_factory: pytest.TempPathFactory, lock: tuple[Money, Money, int], parts: list[int], seed: object
) -> None:
    shop = Shop(Path(tmp_path_factory.mktemp("shop")) / "store.db")
    order_id = paid_locked(shop, *lock)
    left = lock[1].amount_minor
    for part in parts:
        if 0 < part < left:
            shop.refund(order_id, part)
            left -= part
    shop.refund(order_id)
    seed.shuffle(shop._events)  # type: ignore[attr-defined]
    shop.post_all()
    assert set(totals(shop, order_id).values()) == {0}
    shop.store.close()


def test_a_lost_dispute_takes_its_share_back_beside_the_refunds(shop: Shop) -> None:
    order_id = paid_locked(shop, Money(10_000, "CNY"), Money(1299, "EUR"), 19)
    shop.refund(order_id, 300)
    apply(shop.store, "paper", Notice("d", f"{order_id}-1", "", port.DISPUTE_LOST, None, NOW), NOW)
    shop.post_all()
    assert len(postings.postings_of(shop.store, order_id)) == 3
    assert set(totals(shop, order_id).values()) == {0}


def test_the_same_news_twice_is_one_posting(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.post_all()
    shop.post_all()
    assert len(postings.postings_of(shop.store, order_id)) == 1


def test_what_is_held_is_not_posted_before_it_is_accepted(shop: Shop) -> None:
    from twinshore.payments import holding

    order_id = shop.order()
    reference = shop.start(order_id)["reference"]
    for state, amount in ((port.CLOSED, None), (port.CAPTURED, PRICE)):
        apply(shop.store, "paper", Notice("n", reference, "", state, amount, NOW), NOW)
    shop.post_all()
    assert postings.postings_of(shop.store, order_id) == []
    holding.accept(shop.store, order_id, "crm", NOW)
    shop.post_all()
    assert len(postings.postings_of(shop.store, order_id)) == 1
