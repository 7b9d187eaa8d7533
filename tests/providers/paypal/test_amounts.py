from __future__ import annotations

from typing import Any

import pytest

from twinshore.errors import BadRequest
from twinshore.money import InexactAmount, Money
from twinshore.payments.port import ProviderRefused
from twinshore.providers.paypal.amounts import CURRENCIES, WITHOUT_DECIMALS, from_paypal, to_paypal


@pytest.mark.parametrize(
    ("money", "value"),
    [
        (Money(1299, "EUR"), "12.99"), (Money(5, "USD"), "0.05"), (Money(100, "GBP"), "1.00"),
        (Money(5000, "JPY"), "5000"), (Money(500_000, "HUF"), "5000"), (Money(10_000, "TWD"), "100"),
    ],
)  # fmt: skip
def test_an_amount_goes_out_and_comes_back(money: Money, value: str) -> None:
    assert to_paypal(money) == {"currency_code": money.currency, "value": value}
    assert from_paypal({"currency_code": money.currency, "value": value}) == money


@pytest.mark.parametrize("money", [Money(10_050, "TWD"), Money(1, "HUF")], ids=str)
def test_decimals_that_paypal_does_not_take_are_refused_not_rounded(money: Money) -> None:
    with pytest.raises(InexactAmount):
        to_paypal(money)


@pytest.mark.parametrize("currency", ["KWD", "SAR", "IDR", "KRW", "INR", "VND"])
def test_a_currency_that_paypal_does_not_take_is_refused_by_name(currency: str) -> None:
    with pytest.raises(ProviderRefused) as refused:
        to_paypal(Money(100, currency))
    assert refused.value.extensions["reason"] == "currency"


def test_every_currency_of_the_table_goes_out_and_comes_back() -> None:
    for currency in CURRENCIES:
        money = Money(123_400, currency)
        assert from_paypal(to_paypal(money)) == money
    assert set(CURRENCIES) >= WITHOUT_DECIMALS


@pytest.mark.parametrize(
    "amount",
    [
        None, {}, "12.99", {"value": "12.99"}, {"currency_code": "EUR"}, {"currency_code": "EUR", "value": 12.99},
        {"currency_code": "EUR", "value": "12.999"}, {"currency_code": "XXQ", "value": "1.00"},
        {"currency_code": "EUR", "value": "1e3"}, {"currency_code": "EUR", "value": "1,00"},
        {"currency_code": None, "value": "1.00"}, {"currency_code": "JPY", "value": "1.5"},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_amount_is_a_bad_request(amount: Any) -> None:
    with pytest.raises(BadRequest):
        from_paypal(amount)


def test_zeros_behind_the_point_are_harmless() -> None:
    assert from_paypal({"currency_code": "JPY", "value": "500.00"}) == Money(500, "JPY")
