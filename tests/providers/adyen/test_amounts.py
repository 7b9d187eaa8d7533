"""Adyen's scale per currency, where it is not ISO's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinshore.currencies import DIGITS
from twinshore.errors import Problem
from twinshore.money import InexactAmount, Money
from twinshore.payments.port import ProviderRefused
from twinshore.providers.adyen.amounts import from_adyen, to_adyen


@pytest.mark.parametrize(
    ("minor", "currency", "sent"),
    [
        (1099, "USD", 1099), (5000, "JPY", 5000), (5, "UGX", 5), (100, "ISK", 10000), (12345, "KWD", 12345),
        (1000, "CLP", 100000), (1000000, "IDR", 10000), (500, "CVE", 5), (10050, "TWD", 10050),
    ],
)  # fmt: skip
def test_an_amount_is_sent_in_adyens_scale_and_read_back(minor: int, currency: str, sent: int) -> None:
    assert to_adyen(Money(minor, currency)) == sent
    assert from_adyen(sent, currency) == Money(minor, currency)


@pytest.mark.parametrize(("minor", "currency"), [(50, "IDR"), (101, "CVE")])
def test_what_adyen_cannot_carry_is_not_rounded_in_silence(minor: int, currency: str) -> None:
    with pytest.raises(InexactAmount):
        to_adyen(Money(minor, currency))


@pytest.mark.parametrize(("value", "currency"), [(50, "CLP"), (1, "ISK")])
def test_what_our_minor_unit_cannot_hold_is_not_rounded_either(value: int, currency: str) -> None:
    with pytest.raises(InexactAmount):
        from_adyen(value, currency)


@pytest.mark.parametrize("currency", ["BIF", "CLF", "UYW", "UYI"])
def test_a_currency_whose_scale_is_not_known_is_refused(currency: str) -> None:
    with pytest.raises(ProviderRefused):
        to_adyen(Money(1000, currency))


@settings(deadline=None)
@given(st.sampled_from(sorted(DIGITS)), st.integers(0, 10**9))
def test_whatever_can_be_sent_comes_back_the_same(currency: str, minor: int) -> None:
    money = Money(minor, currency)
    try:
        sent = to_adyen(money)
    except Problem:
        return
    assert from_adyen(sent, currency) == money
