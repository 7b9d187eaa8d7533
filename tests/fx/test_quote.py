"""The 24-hour lock: exact, bound to one member and one amount, used once."""

from __future__ import annotations

import threading
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.rates import DAY, FRIDAY_AT_SIX, packaged
from twinshore.errors import BrokenInvariant
from twinshore.fx import quote as fx
from twinshore.money import LIMIT_MINOR, AmountOutOfRange, Money
from twinshore.store.port import CommitConflict, Create, Key
from twinshore.store.sqlite import SqliteStore
from twinshore.tokens import Signer, SigningKey

NOW = FRIDAY_AT_SIX
TABLE = packaged()
ANNA, BO = fx.Holder("eu", "m_anna"), fx.Holder("eu", "m_bo")
TERMS = fx.Terms(150, Money(1_000_000, "EUR"))
SIGNER = Signer("eu", [SigningKey("k1", bytes(range(32)))])
PRICE = Money(129_900, "CNY")


def made(amount: Money = PRICE, into: str = "EUR", terms: fx.Terms = TERMS) -> fx.Quote:
    return fx.make_quote(TABLE, amount, into, ANNA, terms, NOW)


LOCKED = [  # price, into, margin in bps, amount_to, margin; by hand from the rates of 2026-10-30
    (Money(129_900, "CNY"), "EUR", 150, 17_739, 262),
    (Money(129_900, "CNY"), "EUR", 0, 17_477, 0),
    (Money(9_900, "EUR"), "JPY", 150, 17_653, 261),  # 17392.32 and 17653.2048
    (Money(9_900, "EUR"), "HUF", 150, 3_681_100, 54_400),  # 36266.67 and 36810.67005, in whole forints
    (Money(32_900, "CNY"), "IDR", 150, 91_093_100, 1_346_200),  # 897469.3822 and 910931.4229, in whole rupiah
    (Money(9_900, "EUR"), "IDR", 0, 200_724_200, 0),  # 2007241.83
    (Money(9_900, "EUR"), "INR", 100, 1_060_734, 10_502),  # 10502.316 and 10607.33916
    (Money(9_900, "EUR"), "OMR", 150, 43_160, 630),  # 42.526453 and 43.164350, in hundredths
    (Money(15_000, "JPY"), "CNY", 150, 64_413, 952),  # 634.6140 and 644.1332
]


@pytest.mark.parametrize(("price", "into", "margin_bps", "amount", "margin"), LOCKED)
def test_a_lock_is_the_base_rate_with_the_margin_rounded_once(
    price: Money, into: str, margin_bps: int, amount: int, margin: int
) -> None:
    promise = made(price, into, TERMS._replace(margin_bps=margin_bps))
    assert Fraction(promise.client_rate) == Fraction(promise.base_rate) * (10_000 + margin_bps) / 10_000
    assert (promise.amount_from, promise.amount_to, promise.margin) == (price, Money(amount, into), Money(margin, into))


@given(st.integers(100, 10**6), st.sampled_from(sorted(TABLE.rates)), st.integers(0, 1000))
def test_anybody_can_check_a_lock_from_the_numbers_it_shows(amount: int, into: str, margin_bps: int) -> None:
    from twinshore.money import Rounding, convert, rate

    promise = made(Money(amount, "EUR"), into, TERMS._replace(margin_bps=margin_bps))
    how = Rounding(promise.rounding), promise.step_minor
    again = convert(promise.amount_from, rate(promise.client_rate), into, *how)
    assert again == promise.amount_to
    assert promise.margin == again - convert(promise.amount_from, rate(promise.base_rate), into, *how)
    assert again.amount_minor % promise.step_minor == 0
    assert promise.margin.amount_minor >= 0


def test_a_promise_comes_back_whole_to_the_member_it_was_made_to() -> None:
    promise = made()
    assert fx.redeem_quote(fx.sign(promise, SIGNER), SIGNER, ANNA, PRICE, NOW + DAY - 1) == promise
    assert promise.expires_at == NOW + DAY


def test_a_promise_that_was_made_before_there_were_steps_still_holds() -> None:
    claims = {name: value for name, value in fx.as_json(made()).items() if name != "step_minor"}
    token = SIGNER.issue(fx.KIND, claims, DAY, NOW)
    assert fx.redeem_quote(token, SIGNER, ANNA, PRICE, NOW).amount_to == made().amount_to


def test_less_than_half_a_step_is_no_price() -> None:
    assert made(Money(1, "JPY"), "HUF").amount_to == Money(200, "HUF")  # 2.08 and 1.5 %
    with pytest.raises(fx.QuoteTooSmall):
        made(Money(1, "KRW"), "HUF")  # 0.25 forints


def test_two_promises_are_never_the_same() -> None:
    assert made().quote_id != made().quote_id


REFUSED = [
    (fx.QuoteNotYours, {"holder": BO}),
    (fx.QuoteNotYours, {"holder": fx.Holder("us", "m_anna")}),
    (fx.QuoteAmountDiffers, {"amount": Money(129_901, "CNY")}),
    (fx.QuoteAmountDiffers, {"amount": Money(129_900, "HKD")}),
    (fx.QuoteExpired, {"now": NOW + DAY}),
    (fx.QuoteExpired, {"now": NOW + 400 * DAY}),
]


@pytest.mark.parametrize(("problem", "change"), REFUSED)
def test_a_promise_is_good_for_nobody_nothing_and_no_time_else(
    problem: type[Exception], change: dict[str, object]
) -> None:
    asked = {"holder": ANNA, "amount": PRICE, "now": NOW, **change}
    with pytest.raises(problem):
        fx.redeem_quote(fx.sign(made(), SIGNER), SIGNER, asked["holder"], asked["amount"], asked["now"])  # type: ignore[arg-type]


def test_forged_cut_and_foreign_tokens_are_no_promises() -> None:
    token = fx.sign(made(), SIGNER)
    header, claims, signature = token.split(".")
    other_cell = fx.sign(made(), Signer("cn", [SigningKey("k1", bytes(range(32)))]))
    other_key = fx.sign(made(), Signer("eu", [SigningKey("k1", bytes(32))]))
    session = SIGNER.issue("member", {**fx.as_json(made()), "sub": "m_anna"}, DAY, NOW)
    cheaper = fx.sign(made(terms=TERMS._replace(margin_bps=0)), SIGNER).split(".")[1]
    mixed = f"{header}.{cheaper}.{signature}"
    for bad in ("", "a.b.c", token[:-1], token + "A", f"{header}.{claims}.", mixed, other_cell, other_key, session):
        with pytest.raises(fx.QuoteInvalid):
            fx.redeem_quote(bad, SIGNER, ANNA, PRICE, NOW)


def test_a_promise_outlives_a_change_of_keys() -> None:
    token = fx.sign(made(), SIGNER)
    rotated = Signer("eu", [SigningKey("k2", bytes(32)), SigningKey("k1", bytes(range(32)))])
    assert fx.redeem_quote(token, rotated, ANNA, PRICE, NOW).amount_from == PRICE


def test_of_two_orders_that_use_a_promise_at_once_one_wins(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db", now=lambda: NOW)
    token, gate, outcomes = fx.sign(made(), SIGNER), threading.Barrier(8), []

    def order(number: int) -> None:
        quote = fx.redeem_quote(token, SIGNER, ANNA, PRICE, NOW)
        gate.wait()
        try:
            store.commit(
                Create(Key(f"order#{number}", "order"), {"price": quote.amount_to.amount_minor}),
                fx.used_change(quote, used_by=f"order#{number}"),
            )
            outcomes.append("won")
        except CommitConflict as conflict:
            outcomes.append("used" if conflict.key == fx.used_key(quote) else "other")

    threads = [threading.Thread(target=order, args=(number,)) for number in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(outcomes) == ["used"] * 7 + ["won"]
    orders = [store.get(Key(f"order#{number}", "order")) for number in range(8)]
    assert len([each for each in orders if each]) == 1


def test_a_used_promise_stays_used_until_long_after_its_end_and_says_by_whom() -> None:
    promise, change = made(), fx.used_change(made(), "order#1")
    assert change.expires_at is not None
    assert change.expires_at > promise.expires_at + DAY
    assert change.fields == {"used_by": "order#1"}


def test_an_order_keeps_the_quote_and_reads_it_back() -> None:
    promise = made()
    assert fx.from_json({**fx.as_json(promise), "iss": "eu", "exp": 1}) == promise


def test_no_promise_is_made_on_stale_rates() -> None:
    with pytest.raises(fx.RatesStale):
        fx.make_quote(TABLE, PRICE, "EUR", ANNA, TERMS, NOW + 5 * DAY)
    assert fx.make_quote(TABLE, PRICE, "EUR", ANNA, TERMS, NOW + 2 * DAY).rate_date == TABLE.date  # Sunday


LIMITS = [
    (Money(1_000_000, "EUR"), "USD", None),
    (Money(1_000_001, "EUR"), "USD", fx.QuoteTooLarge),
    (Money(7_432_600, "CNY"), "USD", None),  # worth exactly the limit
    (Money(7_432_601, "CNY"), "USD", fx.QuoteTooLarge),
    (Money(LIMIT_MINOR, "EUR"), "USD", fx.QuoteTooLarge),
    (Money(1, "IDR"), "EUR", fx.QuoteTooSmall),
    (Money(100, "EUR"), "EUR", fx.SameCurrency),
    (Money(-100, "EUR"), "USD", fx.QuoteTooSmall),
]


@pytest.mark.parametrize(("amount", "into", "problem"), LIMITS)
def test_a_lock_has_a_least_and_a_most(amount: Money, into: str, problem: type[Exception] | None) -> None:
    if problem is None:
        assert made(amount, into).amount_from == amount
        return
    with pytest.raises(problem):
        made(amount, into)


def test_an_amount_beyond_all_limits_is_a_problem_and_no_crash() -> None:
    with pytest.raises((AmountOutOfRange, fx.QuoteTooLarge)):
        made(Money(LIMIT_MINOR, "OMR"), "IDR")


@pytest.mark.parametrize("margin_bps", [-1, 1001])
def test_a_margin_beyond_its_limit_is_a_fault_of_ours(margin_bps: int) -> None:
    with pytest.raises(BrokenInvariant):
        made(terms=TERMS._replace(margin_bps=margin_bps))
