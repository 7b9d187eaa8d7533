"""What can be charged, and what shows it: CLDR, and the tables of our providers."""

from __future__ import annotations

from typing import Any, Callable

import pytest
from babel.core import get_global

from twinshore.charging import step_minor
from twinshore.currencies import DIGITS
from twinshore.money import InexactAmount, Money, UnknownCurrency
from twinshore.payments.port import ProviderRefused
from twinshore.providers.adyen.amounts import to_adyen
from twinshore.providers.airwallex.amounts import with_amount
from twinshore.providers.checkout_com.amounts import to_checkout
from twinshore.providers.dana.amounts import to_dana
from twinshore.providers.mercado_pago.amounts import to_mercado_pago
from twinshore.providers.paypal.amounts import to_paypal
from twinshore.providers.stripe.amounts import to_stripe

TABLES: dict[str, Callable[[Money], Any]] = {
    "adyen": to_adyen, "airwallex": lambda money: with_amount({"currency": money.currency}, money),
    "checkout_com": to_checkout, "dana": to_dana, "mercado_pago": to_mercado_pago, "paypal": to_paypal,
    "stripe": to_stripe,
}  # fmt: skip
FINER = {code for code in DIGITS if step_minor(code) > 1}


def takes(table: Callable[[Money], Any], money: Money) -> bool:
    """Also true of a provider that does not take the currency: it is none of its business."""
    try:
        table(money)
    except ProviderRefused:
        return True
    except InexactAmount:
        return False
    return True


def unused_decimals(currency: str, kind: int) -> bool:
    """By CLDR (supplemental/currencyData, as Babel carries it): digits (0) or cash digits (2) below ISO's."""
    fractions = get_global("currency_fractions")
    return bool(fractions.get(currency, fractions["DEFAULT"])[kind] < DIGITS[currency])


@pytest.mark.parametrize(
    ("currency", "minor"), [("EUR", 1), ("JPY", 1), ("ISK", 1), ("IDR", 100), ("HUF", 100), ("TWD", 100), ("COP", 100),
                            ("KWD", 10), ("IQD", 1000), ("MGA", 100), ("CHF", 1), ("SEK", 1)],
)  # fmt: skip
def test_a_step_is_the_smallest_amount_that_is_charged(currency: str, minor: int) -> None:
    assert step_minor(currency) == minor


def test_a_code_that_is_no_currency_has_none() -> None:
    with pytest.raises(UnknownCurrency):
        step_minor("XAU")


@pytest.mark.parametrize("provider", TABLES)
def test_every_provider_takes_every_whole_number_of_steps(provider: str) -> None:
    for currency in DIGITS:
        for steps in (1, 7, 12_345):
            assert takes(TABLES[provider], Money(steps * step_minor(currency), currency)), (currency, steps)


def test_no_step_is_larger_than_somebody_needs() -> None:
    """Each is asked for by CLDR, or one of our providers refuses what is finer."""
    for currency in sorted(FINER):
        finer = Money(12_345 * step_minor(currency) + step_minor(currency) // 10, currency)
        refused = [name for name, table in TABLES.items() if not takes(table, finer)]
        assert refused or unused_decimals(currency, 0), currency


def test_what_nobody_writes_with_decimals_is_charged_without() -> None:
    assert {code for code in DIGITS if unused_decimals(code, 0)} <= FINER


def test_the_rounding_of_cash_is_not_the_rounding_of_cards() -> None:
    """CLDR has no cash of 0.01 in these, and every card is charged it."""
    for currency in ("CHF", "CAD", "DKK", "SEK", "NOK", "CZK"):
        assert step_minor(currency) == 1
    assert all(unused_decimals(currency, 2) for currency in ("IDR", "HUF", "TWD", "COP"))
