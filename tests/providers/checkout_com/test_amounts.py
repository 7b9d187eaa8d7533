"""Checkout.com's scales."""

from __future__ import annotations

import pytest

from twinshore.errors import Problem
from twinshore.money import InexactAmount, Money
from twinshore.payments.port import ProviderRefused
from twinshore.providers.checkout_com.amounts import LARGEST, from_checkout, to_checkout


@pytest.mark.parametrize(
    ("money", "sent"),
    [(Money(9200, "SAR"), 9200), (Money(1250, "KWD"), 1250), (Money(10, "BHD"), 10), (Money(5000, "JPY"), 5000),
     (Money(700, "CLP"), 70000), (Money(1, "UGX"), 1), (Money(100, "EUR"), 100), (Money(LARGEST, "SAR"), LARGEST)],
)  # fmt: skip
def test_amounts_go_out_and_come_back(money: Money, sent: int) -> None:
    assert to_checkout(money) == sent
    assert from_checkout(sent, money.currency) == money


@pytest.mark.parametrize("currency", ["KWD", "BHD", "OMR", "JOD", "IQD", "LYD", "TND"])
def test_the_third_decimal_must_be_nought_and_is_never_rounded(currency: str) -> None:
    with pytest.raises(InexactAmount):
        to_checkout(Money(1251, currency))


@pytest.mark.parametrize("money", [Money(LARGEST + 1, "SAR"), Money(0, "SAR"), Money(-1, "SAR"), Money(10, "CLF")])
def test_what_it_cannot_carry_is_refused(money: Money) -> None:
    with pytest.raises(ProviderRefused):
        to_checkout(money)


@pytest.mark.parametrize(("amount", "currency"), [(1, "CLP"), (1, "XXX"), (1, "sar")])
def test_what_cannot_be_read_is_refused(amount: int, currency: str) -> None:
    with pytest.raises(Problem):
        from_checkout(amount, currency)
