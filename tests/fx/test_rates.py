"""Rates between any two currencies: exact where the source is, consistent where they cross."""

from __future__ import annotations

from fractions import Fraction

import pytest
from currency_converter import CurrencyConverter
from hypothesis import given
from hypothesis import strategies as st

from tests.support.rates import FRIDAY, packaged
from twinshore.currencies import DIGITS
from twinshore.fx.pegs import PEGS
from twinshore.fx.rates import SIGNIFICANT_DIGITS, NoRate, decimal_of, pair_rate, prices
from twinshore.money import Money, Rate, UnknownCurrency

TABLE = packaged()
KNOWN = sorted({"EUR", *TABLE.rates, *PEGS})
ANY = st.sampled_from(KNOWN)


def value(text: str) -> Fraction:
    return Fraction(text)


@pytest.mark.parametrize("currency", sorted(TABLE.rates))
def test_a_rate_to_the_euro_is_the_banks_own_number(currency: str) -> None:
    found = pair_rate(TABLE, "EUR", currency)
    assert value(found.text) == value(TABLE.rates[currency])
    assert (found.date, found.source) == (FRIDAY, "ecb")


@pytest.mark.parametrize(
    ("base", "quote"), [("CNY", "USD"), ("USD", "CNY"), ("JPY", "GBP"), ("IDR", "KRW"), ("HUF", "INR")]
)
def test_cross_rates_agree_with_an_independent_converter(base: str, quote: str) -> None:
    from datetime import date

    other = CurrencyConverter(decimal=True).convert(1, base, quote, date=date.fromisoformat(FRIDAY))
    assert abs(value(pair_rate(TABLE, base, quote).text) / Fraction(other) - 1) < Fraction(1, 10**11)


@given(ANY, ANY, ANY)
def test_crossing_by_a_third_currency_gives_the_same_rate(a: str, b: str, c: str) -> None:
    direct = value(pair_rate(TABLE, a, c).text)
    by_b = value(pair_rate(TABLE, a, b).text) * value(pair_rate(TABLE, b, c).text)
    assert abs(by_b / direct - 1) < Fraction(3, 10 ** (SIGNIFICANT_DIGITS - 1))


@given(ANY, ANY)
def test_a_rate_and_its_inverse_multiply_to_one(a: str, b: str) -> None:
    product = value(pair_rate(TABLE, a, b).text) * value(pair_rate(TABLE, b, a).text)
    assert abs(product - 1) < Fraction(2, 10 ** (SIGNIFICANT_DIGITS - 1))


@given(st.integers(1, 10**20), st.integers(1, 10**20), st.integers(1, 20))
def test_a_decimal_is_the_ratio_to_its_significant_digits(numerator: int, denominator: int, significant: int) -> None:
    text, true = decimal_of(Rate(numerator, denominator), significant), Fraction(numerator, denominator)
    assert abs(value(text) / true - 1) <= Fraction(1, 2 * 10 ** (significant - 1))
    assert "." not in text or text[-1] not in "0."


PEGGED = [
    ("USD", "AED", "3.6725"), ("USD", "SAR", "3.75"), ("USD", "QAR", "3.64"), ("OMR", "USD", "2.6008"),
    ("USD", "BHD", "0.376"), ("USD", "JOD", "0.709"), ("HKD", "MOP", "1.03"), ("EUR", "XOF", "655.957"),
    ("EUR", "BAM", "1.95583"), ("SGD", "BND", "1"), ("INR", "NPR", "1.6"), ("XOF", "XAF", "1"),
]  # fmt: skip


@pytest.mark.parametrize(("base", "quote", "text"), PEGGED)
def test_a_peg_holds_exactly(base: str, quote: str, text: str) -> None:
    assert pair_rate(TABLE, base, quote).text == text


def test_the_answer_names_the_pegs_that_it_went_through() -> None:
    assert pair_rate(TABLE, "AED", "MOP").source == "ecb, AED pegged to USD, MOP pegged to HKD"
    assert pair_rate(TABLE, "AED", "SAR").source == "ecb, AED pegged to USD, SAR pegged to USD"


def test_a_rate_of_the_day_comes_before_a_peg() -> None:
    both = TABLE._replace(rates={**TABLE.rates, "SAR": "4.2"})
    assert pair_rate(both, "EUR", "SAR") == ("EUR", "SAR", "4.2", FRIDAY, "ecb", (both,))


@pytest.mark.parametrize("currency", sorted(PEGS))
def test_each_peg_leads_to_a_rate_of_the_bank_and_names_its_authority(currency: str) -> None:
    peg = PEGS[currency]
    assert currency in DIGITS
    assert currency not in TABLE.rates
    assert peg.anchor == "EUR" or peg.anchor in TABLE.rates
    assert peg.authority
    assert 1900 < peg.since_year < 2026


def test_the_hong_kong_dollar_and_the_krone_float_in_a_band_and_are_no_pegs() -> None:
    assert {"HKD", "DKK"}.isdisjoint(PEGS)


@pytest.mark.parametrize("currency", sorted(set(DIGITS) - set(KNOWN)))
def test_a_currency_without_a_rate_is_refused_by_name(currency: str) -> None:
    with pytest.raises(NoRate) as problem:
        pair_rate(TABLE, "CNY", currency)
    assert problem.value.extensions == {"currency": currency}


def test_a_code_that_is_no_currency_is_another_problem() -> None:
    with pytest.raises(UnknownCurrency):
        pair_rate(TABLE, "EUR", "XAU")


def test_prices_keep_the_order_and_each_currencys_own_step() -> None:
    # 1 EUR = 175.68 JPY, 366.33 HUF, 106.084 INR, 1.1172 USD; 1 OMR = 2.6008 USD
    shown = prices(TABLE, Money(12345, "EUR"), ["JPY", "HUF", "INR", "OMR", "EUR"])
    assert [each.amount for each in shown] == [
        Money(21688, "JPY"), Money(4522300, "HUF"), Money(1309607, "INR"), Money(53030, "OMR"), Money(12345, "EUR"),
    ]  # fmt: skip
