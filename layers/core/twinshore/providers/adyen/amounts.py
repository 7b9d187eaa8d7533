"""Amounts as Adyen writes them: whole numbers, in a scale per currency that differs from ISO 4217 in four places."""

from __future__ import annotations

from twinshore.money import Money, digits_of, from_scale, in_scale
from twinshore.payments.port import ProviderRefused

_WITHOUT = ["DJF", "GNF", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"]
_THREE = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]
_UNLIKE_ISO = {"CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2}

DECIMALS = {**dict.fromkeys(_WITHOUT, 0), **dict.fromkeys(_THREE, 3), **_UNLIKE_ISO}
"""Where it is not plainly ISO's two. Source: docs.adyen.com, currency codes."""


def to_adyen(money: Money) -> int:
    """Raises InexactAmount for what Adyen cannot carry (0.50 IDR), ProviderRefused for a currency whose scale at Adyen
    is not known."""
    return in_scale(money, _decimals(money.currency))


def from_adyen(value: int, currency: str) -> Money:
    """Raises InexactAmount, ProviderRefused, UnknownCurrency."""
    return from_scale(value, _decimals(currency), currency)


def _decimals(currency: str) -> int:
    known = DECIMALS.get(currency)
    if known is None and digits_of(currency) != 2:
        raise ProviderRefused(reason="currency")  # guessing a scale is off by a factor of ten
    return 2 if known is None else known
