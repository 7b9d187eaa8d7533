"""Amounts as Mercado Pago's orders write them: decimal strings in major units, in the currency of the account."""

from __future__ import annotations

from twinshore.errors import BadRequest, Problem
from twinshore.money import Money, decimal_text, parse
from twinshore.payments.port import ProviderRefused

DECIMALS = {"ARS": 2, "BRL": 2, "CLP": 0, "COP": 0, "MXN": 2, "PEN": 2, "UYU": 2}
"""An account takes the one of its country. COP has two decimals in ISO 4217 and none here: refused, not rounded."""

CURRENCIES = tuple(DECIMALS)


def to_mercado_pago(money: Money) -> str:
    """Raises ProviderRefused for another currency, InexactAmount for decimals that are not taken."""
    if money.currency not in DECIMALS:
        raise ProviderRefused(reason="currency")
    return decimal_text(money, DECIMALS[money.currency])


def from_mercado_pago(text: object, currency: str) -> Money:
    """Raises BadRequest. A number in place of a string is refused: it has been a float on its way."""
    if isinstance(text, str):
        try:
            return parse(text, currency)
        except Problem:
            pass
    raise BadRequest("The amount cannot be read.")
