"""Amounts as PayPal writes them: decimal strings, `{"currency_code": "EUR", "value": "12.99"}`."""

from __future__ import annotations

from twinshore.errors import BadRequest, Problem
from twinshore.money import Money, decimal_text, parse
from twinshore.payments.port import ProviderRefused

WITHOUT_DECIMALS = frozenset({"HUF", "JPY", "TWD"})
"""HUF and TWD have two decimals in ISO 4217: 100.50 TWD is refused here, not rounded."""

CURRENCIES = (
    "AUD", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "JPY", "MXN", "NOK", "NZD", "PHP", "PLN",
    "SEK", "SGD", "THB", "TWD", "USD", "BRL", "CNY", "MYR",
)  # fmt: skip
"""The last three only between accounts of one country. Source: PayPal's page of currency codes."""


def to_paypal(money: Money) -> dict[str, str]:
    """Raises ProviderRefused for a currency that PayPal does not take, InexactAmount for decimals it does not take."""
    if money.currency not in CURRENCIES:
        raise ProviderRefused(reason="currency")
    decimals = 0 if money.currency in WITHOUT_DECIMALS else 2
    return {"currency_code": money.currency, "value": decimal_text(money, decimals)}


def from_paypal(amount: object) -> Money:
    """Raises BadRequest."""
    if isinstance(amount, dict):
        value, currency = amount.get("value"), amount.get("currency_code")
        if isinstance(value, str) and isinstance(currency, str):
            try:
                return parse(value, currency)
            except Problem:
                pass
    raise BadRequest("The amount cannot be read.")
