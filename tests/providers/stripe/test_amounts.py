"""Stripe's scale per currency, where it is not ISO's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinshore.currencies import DIGITS
from twinshore.errors import Problem
from twinshore.money import InexactAmount, Money
from twinshore.payments.port import ProviderRefused
from twinshore.providers.stripe.amounts import from_stripe, to_stripe


@pytest.mark.parametrize(
    ("minor", "currency", "sent"),
    [
        (1099, "USD", 1099), (5000, "JPY", 5000), (5, "UGX", 500), (100, "ISK", 10000), (12340, "KWD", 12340),
        (1000, "CLP", 1000), (10050, "TWD", 10050), (500, "MGA", 5), (1000000, "IDR", 1000000),
    ],
)  # fmt: skip
def test_an_amount_is_sent_in_stripes_scale_and_read_back(minor: int, currency: str, sent: int) -> None:
    assert to_stripe(Money(minor, currency)) == sent
    assert from_stripe(sent, currency.lower()) == Money(minor, currency)


@pytest.mark.parametrize(("minor", "currency"), [(12345, "KWD"), (1, "BHD"), (501, "MGA")])
def test_what_stripe_cannot_carry_is_not_rounded_in_silence(minor: int, currency: str) -> None:
    with pytest.raises(InexactAmount):
        to_stripe(Money(minor, currency))


@pytest.mark.parametrize("currency", ["IQD", "LYD", "CLF", "UYW", "UYI"])
def test_a_currency_whose_scale_is_not_known_is_refused(currency: str) -> None:
    with pytest.raises(ProviderRefused):
        to_stripe(Money(1000, currency))


@pytest.mark.parametrize(("amount", "currency"), [(501, "ugx"), (1, "isk")])
def test_an_amount_that_our_minor_unit_cannot_hold_is_not_rounded_either(amount: int, currency: str) -> None:
    with pytest.raises(InexactAmount):
        from_stripe(amount, currency)


@settings(deadline=None)
@given(st.sampled_from(sorted(DIGITS)), st.integers(0, 10**9))
def test_whatever_can_be_sent_comes_back_the_same(currency: str, minor: int) -> None:
    money = Money(minor, currency)
    try:
        sent = to_stripe(money)
    except Problem:
        return
    assert from_stripe(sent, currency.lower()) == money
