"""The wire's amounts: strict whole numbers and a known currency."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from twinshore.money import LIMIT_MINOR, Money, UnknownCurrency
from twinshore.money_wire import Amount, AmountIn


def test_an_amount_comes_in_and_goes_out() -> None:
    sent = AmountIn.model_validate_json('{"amount_minor": 1299, "currency": "EUR"}')
    assert sent.money() == Money(1299, "EUR")
    assert Amount.of(Money(-5, "JPY")).model_dump() == {"amount_minor": -5, "currency": "JPY"}


@pytest.mark.parametrize("minor", ["0", "-1", "1.0", '"1"', "true", "null", "1e3", str(LIMIT_MINOR + 1)])
def test_an_amount_that_is_no_positive_whole_number_is_refused(minor: str) -> None:
    with pytest.raises(ValidationError):
        AmountIn.model_validate_json(f'{{"amount_minor": {minor}, "currency": "EUR"}}')


@pytest.mark.parametrize(
    "body",
    [
        '{"amount_minor": 1}',
        '{"currency": "EUR"}',
        '{"amount_minor": 1, "currency": "eur"}',
        '{"amount_minor": 1, "currency": "EUR", "extra": 1}',
    ],
)
def test_missing_or_added_members_are_refused(body: str) -> None:
    with pytest.raises(ValidationError):
        AmountIn.model_validate_json(body)


def test_an_unknown_currency_is_its_own_problem() -> None:
    with pytest.raises(UnknownCurrency):
        AmountIn.model_validate_json('{"amount_minor": 1, "currency": "BTC"}')
