"""Amounts as Checkout.com writes them: whole numbers of at most nine digits, in a scale per currency."""

from __future__ import annotations

from twinshore.money import Money, digits_of, from_scale, in_scale
from twinshore.payments.port import ProviderRefused

_WITHOUT = ["BIF", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"]
_PADDED = ["CLP"]  # sent with two decimals, which must be 00
_THREE = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]

DECIMALS = {**dict.fromkeys(_WITHOUT, 0), **dict.fromkeys(_PADDED, 2), **dict.fromkeys(_THREE, 3)}
"""Where it is not plainly ISO's two. Source: Checkout.com's page on formatting the amount."""
LARGEST = 999_999_999


def to_checkout(money: Money) -> int:
    """Raises InexactAmount for what Checkout.com cannot carry (12.345 KWD: its last digit must be 0), ProviderRefused
    for more than nine digits or a currency whose scale is not known."""
    decimals = _decimals(money.currency)
    if decimals == 3:
        in_scale(money, 2)
    amount = in_scale(money, decimals)
    if not 0 < amount <= LARGEST:
        raise ProviderRefused(reason="amount")
    return amount


def from_checkout(amount: int, currency: str) -> Money:
    """Raises InexactAmount, ProviderRefused, UnknownCurrency."""
    return from_scale(amount, _decimals(currency), currency)


def _decimals(currency: str) -> int:
    known = DECIMALS.get(currency)
    if known is None and digits_of(currency) != 2:
        raise ProviderRefused(reason="currency")  # guessing a scale is off by a factor of ten
    return 2 if known is None else known
