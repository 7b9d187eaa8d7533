"""Amounts as Airwallex writes them: JSON numbers in whole units of the currency, with ISO 4217's decimals.

A binary float never comes between: numbers are written from text, and read as text (`parse_float=str`).
"""

from __future__ import annotations

import json
from typing import Any, Mapping

from twinshore.money import MalformedAmount, Money, decimal_text, parse

_LARGEST_EXPONENT = 20


def with_amount(fields: Mapping[str, Any], amount: Money) -> bytes:
    """The JSON object of `fields` (at least one), with a member `amount`."""
    return f'{json.dumps(fields, ensure_ascii=False)[:-1]}, "amount": {decimal_text(amount)}}}'.encode()


def from_airwallex(value: object, currency: object) -> Money:
    """`value`: an int, or the text of a number; 1.0E7 is one too. Raises MalformedAmount, InexactAmount,
    UnknownCurrency, AmountOutOfRange."""
    if type(value) not in (int, str) or not isinstance(currency, str):
        raise MalformedAmount("Write a number and its currency.")
    text = str(value)
    if "e" in text or "E" in text:
        text = _written_out(text)
    return parse(text, currency)


def _written_out(text: str) -> str:
    from decimal import Decimal, InvalidOperation

    try:
        number = Decimal(text)
    except InvalidOperation:
        raise MalformedAmount("Write a number.") from None
    if not number.is_finite() or abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise MalformedAmount("Write a number of ordinary size.")
    return format(number, "f")
