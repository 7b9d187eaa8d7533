"""Money: exact in every currency of ISO 4217, and loud about anything that cannot be exact."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import iso4217
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.reference_tables import PACKAGE, currencies_source
from twinshore.currencies import DIGITS
from twinshore.money import (
    LIMIT_MINOR,
    AmountOutOfRange,
    CurrencyMismatch,
    InexactAmount,
    MalformedAmount,
    Money,
    Rate,
    Rounding,
    UnknownCurrency,
    allocate,
    convert,
    decimal_text,
    digits_of,
    divide,
    from_scale,
    in_scale,
    parse,
    rate,
    scale,
)

CURRENCIES = st.sampled_from(sorted(DIGITS))
AMOUNTS = st.integers(-LIMIT_MINOR, LIMIT_MINOR)
VECTORS = Path(__file__).resolve().parents[3] / "shared" / "reference" / "vectors" / "currencies.json"


def test_the_table_is_what_iso_4217_says() -> None:
    assert (PACKAGE / "currencies.py").read_text() == currencies_source()


@pytest.mark.parametrize("entry", list(iso4217.Currency), ids=lambda entry: entry.code)
def test_every_iso_code_has_its_digits_or_is_no_money(entry: iso4217.Currency) -> None:
    if entry.exponent is None:
        with pytest.raises(UnknownCurrency):
            digits_of(entry.code)
    else:
        assert digits_of(entry.code) == entry.exponent


@pytest.mark.parametrize("code", ["", "eur", "EURO", "BTC", "XXX", "XAU", None, 978])
def test_a_code_that_is_no_currency_is_refused(code: object) -> None:
    with pytest.raises(UnknownCurrency):
        Money(1, code)  # type: ignore[arg-type]


@pytest.mark.parametrize("amount", [1.0, "1", True, None])
def test_an_amount_is_an_int_and_nothing_like_one(amount: object) -> None:
    with pytest.raises(TypeError):
        Money(amount, "EUR")  # type: ignore[arg-type]


def test_amounts_beyond_the_limit_are_refused_wherever_they_arise() -> None:
    most = Money(LIMIT_MINOR, "EUR")
    for overflow in (lambda: Money(LIMIT_MINOR + 1, "EUR"), lambda: most + Money(1, "EUR"), lambda: -most - most,
                     lambda: 2 * most, lambda: convert(most, rate("2"), "USD", Rounding.DOWN),
                     lambda: parse("99999999999999.99", "EUR")):  # fmt: skip
        with pytest.raises(AmountOutOfRange):
            overflow()


def test_sums_and_comparisons_stay_in_one_currency() -> None:
    assert Money(150, "EUR") + Money(50, "EUR") - Money(20, "EUR") == Money(180, "EUR")
    assert Money(150, "EUR") * 3 == 3 * Money(150, "EUR") == Money(450, "EUR")
    assert Money(9, "EUR") < Money(10, "EUR") <= Money(10, "EUR")
    assert Money(10, "EUR") > Money(9, "EUR") >= Money(9, "EUR")
    assert Money(1, "EUR") != Money(1, "USD")
    for mixed in (lambda: Money(1, "EUR") + Money(1, "USD"), lambda: Money(1, "EUR") - Money(1, "USD"),
                  lambda: Money(1, "EUR") < Money(2, "USD"), lambda: Money(1, "EUR") >= Money(2, "USD")):  # fmt: skip
        with pytest.raises(CurrencyMismatch):
            mixed()
    for odd in (lambda: Money(1, "EUR") + 1, lambda: Money(1, "EUR") * 1.5, lambda: Money(1, "EUR") < (2, "EUR")):
        with pytest.raises(TypeError):
            odd()


ROUNDED = [  # of 2.5, 3.5, 2.4, 2.6, -2.5, -2.4, -2.6, 7.0
    (Rounding.HALF_EVEN, (2, 4, 2, 3, -2, -2, -3, 7)),
    (Rounding.HALF_UP, (3, 4, 2, 3, -3, -2, -3, 7)),
    (Rounding.UP, (3, 4, 3, 3, -3, -3, -3, 7)),
    (Rounding.DOWN, (2, 3, 2, 2, -2, -2, -2, 7)),
    (Rounding.CEILING, (3, 4, 3, 3, -2, -2, -2, 7)),
    (Rounding.FLOOR, (2, 3, 2, 2, -3, -3, -3, 7)),
]


@pytest.mark.parametrize(("rounding", "expected"), ROUNDED, ids=lambda value: getattr(value, "value", ""))
def test_each_rounding_does_what_its_name_says(rounding: Rounding, expected: tuple[int, ...]) -> None:
    tenths = (25, 35, 24, 26, -25, -24, -26, 70)
    assert tuple(divide(each, 10, rounding) for each in tenths) == expected
    assert tuple(divide(-each, -10, rounding) for each in tenths) == expected


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**15), st.sampled_from(list(Rounding)))
def test_a_rounded_quotient_is_the_true_one_within_one(numerator: int, denominator: int, rounding: Rounding) -> None:
    true, rounded = Fraction(numerator, denominator), divide(numerator, denominator, rounding)
    assert abs(rounded - true) < 1
    if rounding in (Rounding.HALF_EVEN, Rounding.HALF_UP):
        assert abs(rounded - true) <= Fraction(1, 2)


CONVERTED = [  # exact expectation worked by hand
    (Money(1000, "USD"), "157.25", "JPY", Rounding.HALF_EVEN, 1572),  # 1572.5
    (Money(1000, "USD"), "157.25", "JPY", Rounding.HALF_UP, 1573),
    (Money(1573, "JPY"), "0.006359", "USD", Rounding.HALF_EVEN, 1000),  # 10.002707
    (Money(1299, "EUR"), "366.33", "HUF", Rounding.HALF_UP, 475863),  # 4758.6267
    (Money(100, "USD"), "0.3075", "KWD", Rounding.HALF_EVEN, 308),  # 307.5 -> even
    (Money(100, "USD"), "0.3065", "KWD", Rounding.HALF_EVEN, 306),
    (Money(12345, "KWD"), "3.252", "USD", Rounding.DOWN, 4014),  # 40.14594
    (Money(999, "EUR"), "106.084", "INR", Rounding.HALF_EVEN, 105978),  # 1059.77916
    (Money(100, "USD"), "943.5", "CLP", Rounding.HALF_EVEN, 944),  # 943.5 -> even
    (Money(990, "CLP"), "0.001059", "USD", Rounding.HALF_UP, 105),  # 1.04841
    (Money(10000, "CLF"), "39485.65", "CLP", Rounding.HALF_UP, 39486),
]


@pytest.mark.parametrize(("money", "by", "into", "rounding", "expected"), CONVERTED)
def test_conversion_knows_the_minor_units_of_both_sides(
    money: Money, by: str, into: str, rounding: Rounding, expected: int
) -> None:
    assert convert(money, rate(by), into, rounding) == Money(expected, into)


@given(st.integers(0, 10**9), st.integers(1, 10**9), st.integers(1, 10**9), CURRENCIES, CURRENCIES)
def test_there_and_back_loses_less_than_both_roundings_can(
    amount: int, numerator: int, denominator: int, source: str, target: str
) -> None:
    there = Fraction(numerator, denominator) * Fraction(10) ** (digits_of(target) - digits_of(source))
    if amount * there > LIMIT_MINOR:
        return
    money = Money(amount, source)
    converted = convert(money, Rate(numerator, denominator), target, Rounding.HALF_EVEN)
    try:
        back = convert(converted, Rate(denominator, numerator), source, Rounding.HALF_EVEN)
    except AmountOutOfRange:
        return  # half a minor unit of a very dear currency is a fortune in a very cheap one
    assert abs(back.amount_minor - amount) <= Fraction(1, 2) / there + Fraction(1, 2)


@pytest.mark.parametrize("text", ["", "-1", "0", "0.000", "1e3", "1,5", "nan", " 1", "١", "1."])
def test_a_rate_is_a_plain_positive_decimal(text: str) -> None:
    with pytest.raises(ValueError, match="a rate is"):
        rate(text)


def test_a_share_names_its_rounding() -> None:
    assert scale(Money(1050, "EUR"), 150, 10_000, Rounding.HALF_UP) == Money(16, "EUR")  # 15.75
    assert scale(Money(1050, "EUR"), 150, 10_000, Rounding.DOWN) == Money(15, "EUR")


ALLOCATED = [
    (Money(100, "JPY"), [1, 1, 1], [34, 33, 33]),
    (Money(-100, "JPY"), [1, 1, 1], [-34, -33, -33]),
    (Money(5, "KWD"), [3, 7], [2, 3]),  # 1.5 and 3.5: the tie goes to the earlier
    (Money(10001, "HUF"), [0, 1, 0], [0, 10001, 0]),
    (Money(1, "INR"), [1, 2, 2], [0, 1, 0]),
    (Money(0, "CLP"), [5, 5], [0, 0]),
]


@pytest.mark.parametrize(("money", "weights", "parts"), ALLOCATED)
def test_allocation_gives_the_rest_to_those_who_lost_most(money: Money, weights: list[int], parts: list[int]) -> None:
    assert [part.amount_minor for part in allocate(money, weights)] == parts


@given(AMOUNTS, CURRENCIES, st.lists(st.integers(0, 10**9), min_size=1, max_size=40).filter(any))
def test_the_parts_of_an_allocation_add_up_and_are_fair(amount: int, currency: str, weights: list[int]) -> None:
    parts = allocate(Money(amount, currency), weights)
    assert sum(part.amount_minor for part in parts) == amount
    assert all(
        abs(part.amount_minor - Fraction(amount * weight, sum(weights))) < 1
        for part, weight in zip(parts, weights, strict=True)
    )


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1, 5]])
def test_weights_that_share_nothing_are_a_fault_of_ours(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        allocate(Money(1, "EUR"), weights)


PARSED = [
    ("12.99", "EUR", 1299), ("0.01", "EUR", 1), ("-3.5", "EUR", -350), ("12", "EUR", 1200), ("007", "EUR", 700),
    ("5000", "JPY", 5000), ("5000.00", "JPY", 5000), ("12.345", "KWD", 12345), ("1.990", "EUR", 199),
    ("-0.00", "EUR", 0), ("0.0001", "CLF", 1),
]  # fmt: skip


@pytest.mark.parametrize(("text", "currency", "minor"), PARSED)
def test_decimal_text_is_read_exactly(text: str, currency: str, minor: int) -> None:
    assert parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "text", ["", ".5", "5.", "1e2", "+1", "1,000.00", " 1", "1 ", "1\n", "１２", "0x10", "1_0", "NaN", "9" * 40]
)
def test_anything_but_a_plain_decimal_is_malformed(text: str) -> None:
    with pytest.raises(MalformedAmount):
        parse(text, "EUR")


@pytest.mark.parametrize(("text", "currency"), [("0.5", "JPY"), ("1.001", "EUR"), ("1.0001", "KWD"), ("1.5", "CLP")])
def test_parts_below_a_minor_unit_are_refused_not_rounded(text: str, currency: str) -> None:
    with pytest.raises(InexactAmount):
        parse(text, currency)


@given(AMOUNTS, CURRENCIES)
def test_text_and_money_are_each_others_inverse(amount: int, currency: str) -> None:
    money = Money(amount, currency)
    assert parse(decimal_text(money), currency) == money
    assert all(from_scale(in_scale(money, places), places, currency) == money for places in (4, 5, 8))


SCALED = [  # amount, a provider's decimals, what it is sent
    (Money(1000, "CLP"), 2, 100000, "1000.00"), (Money(1000000, "IDR"), 0, 10000, "10000"),
    (Money(5, "UGX"), 2, 500, "5.00"), (Money(12340, "KWD"), 2, 1234, "12.34"),
    (Money(-12340, "KWD"), 2, -1234, "-12.34"),
    (Money(10000, "TWD"), 0, 100, "100"),
]  # fmt: skip


@pytest.mark.parametrize(("money", "places", "units", "text"), SCALED)
def test_a_providers_own_scale_is_exact(money: Money, places: int, units: int, text: str) -> None:
    assert (in_scale(money, places), decimal_text(money, places)) == (units, text)
    assert from_scale(units, places, money.currency) == money


def test_what_a_scale_cannot_hold_is_refused() -> None:
    for lossy in (lambda: in_scale(Money(10050, "TWD"), 0), lambda: decimal_text(Money(12345, "KWD"), 2),
                  lambda: from_scale(100001, 2, "CLP")):  # fmt: skip
        with pytest.raises(InexactAmount):
            lossy()


def test_the_shared_cases_agree() -> None:
    if not VECTORS.exists():
        return
    for case in json.loads(VECTORS.read_text())["cases"]:
        assert parse(case["amount"], case["currency"]).amount_minor == case["minor"]
