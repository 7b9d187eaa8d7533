"""Disputes and movements of the account in Stripe's bill: what is held against which news of ours, and on which day."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.billed_shop import CLOUD_ENGINES, BilledShop
from twinshore.payments import port, postings
from twinshore.reconciliation import differences as d
from twinshore.reconciliation.answering import told
from twinshore.reconciliation.days import DAY_SECONDS, days_later
from twinshore.reconciliation.reconcile import Reconciled, read_summary

pytestmark = [
    pytest.mark.parametrize("open_store", CLOUD_ENGINES, indirect=True),
    pytest.mark.parametrize("shop", ["stripe"], indirect=True),
]


def weeks_later(shop: BilledShop, days: int = 30) -> str:
    """The clock goes on; that day."""
    shop.bill(at=shop.starts + days * DAY_SECONDS + 3600)
    return days_later(shop.day, days)


def test_a_dispute_that_we_know_is_a_line_like_any_other(shop: BilledShop) -> None:
    order_id, _ = shop.paid()
    shop.disputes(order_id, "needs_response")
    shop.hears()
    assert shop.reconcile() == Reconciled(matched=2, new=0, open=0)
    totals = {
        (one["kind"], one["bill"]["sum"]["amount_minor"])
        for one in told(shop.store, "stripe", shop.day, "en")["totals"]
    }
    assert totals == {("payment", 1299), ("dispute", 1299), ("fee", 1525)}


def test_a_dispute_that_we_had_not_heard_of_is_told_by_the_bill(shop: BilledShop) -> None:
    order_id, _ = shop.paid()
    shop.disputes(order_id, "needs_response", told=False)
    shop.hears()
    assert shop.reconcile() == Reconciled(matched=1, new=1, open=0)
    ((kind, _, action, state, outcome),) = shop.found()
    assert (kind, action, state, outcome) == (d.DISPUTE_UNKNOWN, d.ASK_PROVIDER, d.SETTLED, "applied")
    assert shop.state(order_id) == port.DISPUTED
    assert len(shop.told("payment.disputed")) == 1
    assert shop.reconcile() == Reconciled(matched=2, new=0, open=0)


def test_a_lost_dispute_weeks_later_is_held_against_the_day_on_which_the_money_went(shop: BilledShop) -> None:
    order_id, _ = shop.paid()
    shop.disputes(order_id, "needs_response")
    shop.hears()
    assert shop.reconcile().open == 0
    day = weeks_later(shop)
    shop.disputes(order_id, "lost")
    shop.hears(times=2)
    assert shop.reconcile(day) == Reconciled(matched=0, new=0, open=0)
    shop.post_all()
    provider = [line.amount.amount_minor for lines in postings.postings_of(shop.store, order_id) for line in lines
                if line.account == postings.PROVIDER]  # fmt: skip
    assert sum(provider) == 0, "what was posted is what the bills have moved"


def test_a_lost_dispute_that_no_bill_has_taken_is_missing_there(shop: BilledShop) -> None:
    order_id, reference = shop.paid()
    shop.hears()
    shop.reconcile()
    day = weeks_later(shop)
    shop.bill(
        at=shop.now,
        lose=[f"du_{shop.twin.book.intents[shop.read(order_id).attempts[0].provider_id]['latest_charge'][3:]}"],
    )
    shop.disputes(order_id, "lost")
    shop.hears()
    assert shop.reconcile(day) == Reconciled(matched=0, new=1, open=1)
    assert shop.found(day) == [(d.MISSING_THERE, reference, d.WAIT_A_DAY, d.OPEN, "")]
    shop.reconcile(days_later(day, 1))
    assert shop.found(day) == [(d.MISSING_THERE, reference, d.PERSON, d.OPEN, "a_day_later")]


def test_a_won_dispute_comes_back_in_the_bill(shop: BilledShop) -> None:
    order_id, _ = shop.paid()
    shop.disputes(order_id, "needs_response")
    shop.hears()
    shop.reconcile()
    day = weeks_later(shop)
    shop.disputes(order_id, "won")
    shop.hears()
    assert shop.reconcile(day) == Reconciled(matched=1, new=0, open=0)


def test_a_win_that_we_had_not_heard_of_is_told_by_the_bill(shop: BilledShop) -> None:
    order_id, _ = shop.paid()
    shop.disputes(order_id, "needs_response")
    day = weeks_later(shop)
    shop.disputes(order_id, "won", told=False)
    shop.hears()
    assert shop.reconcile(day).open == 0
    assert shop.state(order_id) == port.DISPUTE_WON


def test_a_won_dispute_whose_money_does_not_come_back_is_missing_there(shop: BilledShop) -> None:
    order_id, reference = shop.paid()
    shop.disputes(order_id, "needs_response")
    shop.hears()
    shop.reconcile()
    day = weeks_later(shop)
    dispute_id = next(iter(shop.twin.book.disputes))
    shop.bill(at=shop.now, lose=[dispute_id])
    shop.disputes(order_id, "won")
    shop.hears()
    assert shop.reconcile(day).open == 1
    assert shop.found(day) == [(d.MISSING_THERE, reference, d.WAIT_A_DAY, d.OPEN, "")]


def test_an_inquiry_moves_no_money_and_misses_none(shop: BilledShop) -> None:
    order_id, _ = shop.paid()
    shop.disputes(order_id, "warning_needs_response")
    shop.disputes(order_id, "warning_closed")
    shop.hears()
    assert shop.state(order_id) == port.DISPUTE_WON
    assert shop.reconcile() == Reconciled(matched=1, new=0, open=0)


def test_given_back_by_the_bill_and_lost_with_us_is_a_persons(shop: BilledShop) -> None:
    order_id, _ = shop.paid()
    shop.disputes(order_id, "needs_response")
    shop.disputes(order_id, "lost")
    shop.disputes(order_id, "won", told=False)
    shop.hears()
    assert shop.reconcile().open == 1
    assert [(kind, action) for kind, _, action, _, _ in shop.found()] == [(d.DISPUTE_DIFFERS, d.PERSON)]


def test_another_amount_than_we_lost_is_a_persons(shop: BilledShop) -> None:
    order_id, _ = shop.paid()
    shop.disputes(order_id, "needs_response")
    shop.disputes(order_id, "lost")
    shop.hears()
    shop.bill(change={next(iter(shop.twin.book.disputes)): {"amount_minor": 1000}})
    shop.reconcile()
    assert [(kind, action) for kind, _, action, _, _ in shop.found()] == [(d.AMOUNT_DIFFERS, d.PERSON)]


def test_a_dispute_of_no_payment_of_ours_is_a_persons(shop: BilledShop) -> None:
    shop.bill(add=[{"reference": "", "kind": "dispute", "amount_minor": 500, "currency": "EUR", "at": shop.starts}])
    shop.reconcile()
    assert [(kind, action) for kind, _, action, _, _ in shop.found()] == [(d.ORDER_UNKNOWN, d.PERSON)]


def test_movements_of_the_account_are_noted_each_with_what_is_to_be_done(shop: BilledShop) -> None:
    shop.paid()
    shop.hears()

    def moved(kind: str, amount_minor: int) -> dict[str, Any]:
        return {
            "reference": kind,
            "kind": kind,
            "amount_minor": amount_minor,
            "currency": "EUR",
            "at": shop.starts + 60,
        }

    moves = {"payout": -900, "stripe_fee": -20, "payout_failure": 900, "a word of next year": -1}
    shop.bill(add=[moved(kind, minor) for kind, minor in moves.items()])
    assert shop.reconcile() == Reconciled(matched=1, new=2, open=2)
    assert {(kind, action, state) for kind, _, action, state, _ in shop.found()} == {
        ("payout", d.CHECK_BANK, d.NOTED), ("account_fee", d.BOOK, d.NOTED),
        ("payout_returned", d.PERSON, d.OPEN), ("other_movement", d.PERSON, d.OPEN),
    }  # fmt: skip
    summary: Any = read_summary(shop.store, "stripe", shop.day)
    assert summary["theirs"]["sums_minor"]["payout"] == {"EUR": -900}
    assert shop.reconcile() == Reconciled(matched=1, new=0, open=2)
