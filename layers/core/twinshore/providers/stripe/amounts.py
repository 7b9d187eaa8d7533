"""Amounts as Stripe writes them: whole numbers, in a scale per currency that differs from ISO 4217 in places."""

from __future__ import annotations

from twinshore.money import Money, digits_of, from_scale, in_scale
from twinshore.payments.port import ProviderRefused

_WITHOUT = ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
_PADDED = ["ISK", "UGX"]  # no decimals in use, but kept at two for compatibility: 5 UGX is sent as 500
_THREE = ["BHD", "JOD", "KWD", "OMR", "TND"]

DECIMALS = {**dict.fromkeys(_WITHOUT, 0), **dict.fromkeys(_PADDED, 2), **dict.fromkeys(_THREE, 3)}
"""Where it is not plainly ISO's two. Source: Stripe's page on supported currencies."""


def to_stripe(money: Money) -> int:
    """Raises InexactAmount for what Stripe cannot carry (12.345 KWD: its last digit must be 0), ProviderRefused for a
    currency whose scale at Stripe is not known."""
    decimals = _decimals(money.currency)
    if decimals == 3:
        in_scale(money, 2)
    return in_scale(money, decimals)


def from_stripe(amount: int, currency: str) -> Money:
    """`currency` in any case, as Stripe writes it small. Raises InexactAmount, ProviderRefused, UnknownCurrency."""
    code = currency.upper()
    return from_scale(amount, _decimals(code), code)


def _decimals(currency: str) -> int:
    known = DECIMALS.get(currency)
    if known is None and digits_of(currency) != 2:
        raise ProviderRefused(reason="currency")  # guessing a scale is off by a factor of ten
    return 2 if known is None else known
