"""Amounts as DANA writes them: rupiah with two decimals, as text."""

from __future__ import annotations

import re

from twinshore.errors import BadRequest
from twinshore.money import Money
from twinshore.payments.port import ProviderRefused

CURRENCY = "IDR"
_VALUE = re.compile(r"[0-9]{1,14}\.[0-9]{2}", re.ASCII)


def to_dana(money: Money) -> dict[str, str]:
    """Raises ProviderRefused for any other currency."""
    if money.currency != CURRENCY:
        raise ProviderRefused(reason="currency")
    whole, part = divmod(money.amount_minor, 100)
    return {"value": f"{whole}.{part:02}", "currency": CURRENCY}


def from_dana(amount: object) -> Money:
    """Raises BadRequest."""
    value = amount.get("value") if isinstance(amount, dict) else None
    if not isinstance(amount, dict) or amount.get("currency") != CURRENCY or not isinstance(value, str):
        raise BadRequest("The amount cannot be read.")
    if not _VALUE.fullmatch(value):
        raise BadRequest("The amount cannot be read.")
    return Money(int(value.replace(".", "")), CURRENCY)
