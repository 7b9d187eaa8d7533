"""Numbers in whole units, without a binary float in between."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinshore.currencies import DIGITS
from twinshore.errors import Problem
from twinshore.money import LIMIT_MINOR, InexactAmount, Money
from twinshore.providers.airwallex.amounts import from_airwallex, with_amount


def read_back(body: bytes) -> Any:
    return json.loads(body, parse_float=str)["amount"]


@pytest.mark.parametrize(
    ("minor", "currency", "sent"),
    [
        (1666, "USD", b'"amount": 16.66}'), (5000, "JPY", b'"amount": 5000}'), (12345, "KWD", b'"amount": 12.345}'),
        (1000000, "IDR", b'"amount": 10000.00}'), (1, "EUR", b'"amount": 0.01}'),
        (999999999999999, "EUR", b'"amount": 9999999999999.99}'),
    ],
)  # fmt: skip
def test_an_amount_is_sent_as_a_number_in_whole_units(minor: int, currency: str, sent: bytes) -> None:
    body = with_amount({"currency": currency}, Money(minor, currency))
    assert body.endswith(sent)
    assert from_airwallex(read_back(body), currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1.0E7", "IDR", 1000000000), ("1.5e+3", "EUR", 150000), ("1E-2", "EUR", 1), ("12.990", "EUR", 1299),
        ("5000.00", "JPY", 5000),
    ],
)  # fmt: skip
def test_numbers_are_read_however_they_are_written(text: str, currency: str, minor: int) -> None:
    value = json.loads(text, parse_float=str)
    assert from_airwallex(value, currency) == Money(minor, currency)


@pytest.mark.parametrize("text", ["12.991", "1E-3", "0.1e-1"])
def test_what_our_minor_unit_cannot_hold_is_not_rounded(text: str) -> None:
    with pytest.raises(InexactAmount):
        from_airwallex(text, "JPY" if text.startswith("0") else "EUR")


@pytest.mark.parametrize(
    ("value", "currency"),
    [
        (None, "EUR"), (True, "EUR"), (12.99, "EUR"), ("", "EUR"), ("NaN", "EUR"), ("Infinity", "EUR"), ("eee", "EUR"),
        ("1E999999999", "EUR"), ("1E-999999999", "EUR"), (5, None), (5, "XXX"), (5, "eur"), (10**17, "EUR"),
        ([], "EUR"),
    ],
)  # fmt: skip
def test_anything_else_is_refused(value: Any, currency: Any) -> None:
    with pytest.raises(Problem):
        from_airwallex(value, currency)


@settings(deadline=None)
@given(st.sampled_from(sorted(DIGITS)), st.integers(0, LIMIT_MINOR))
def test_whatever_is_sent_comes_back_the_same(currency: str, minor: int) -> None:
    money = Money(minor, currency)
    assert from_airwallex(read_back(with_amount({"a": "茶"}, money)), currency) == money
