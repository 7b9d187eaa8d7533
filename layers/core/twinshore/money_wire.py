"""Amounts on the wire: `{"amount_minor": 1299, "currency": "EUR"}`. For the wire models of any room."""

from __future__ import annotations

from typing import Annotated

from twinshore.models import AfterValidator, BaseModel, ConfigDict, Field
from twinshore.money import LIMIT_MINOR, Money, digits_of


def _known(code: str) -> str:
    digits_of(code)  # raises UnknownCurrency, a problem of its own with its own type
    return code


CurrencyCode = Annotated[
    str, Field(pattern="^[A-Z]{3}$", description="ISO 4217", examples=["EUR"]), AfterValidator(_known)
]
PositiveMinor = Annotated[int, Field(strict=True, gt=0, le=LIMIT_MINOR, description="whole minor units")]
SignedMinor = Annotated[int, Field(strict=True, ge=-LIMIT_MINOR, le=LIMIT_MINOR, description="whole minor units")]


class AmountIn(BaseModel):
    """An amount that a caller sends: above zero."""

    model_config = ConfigDict(extra="forbid")

    amount_minor: PositiveMinor
    currency: CurrencyCode

    def money(self) -> Money:
        return Money(self.amount_minor, self.currency)


class Amount(BaseModel):
    """An amount that we answer: zero and below are possible."""

    amount_minor: SignedMinor
    currency: CurrencyCode

    @classmethod
    def of(cls, money: Money) -> Amount:
        return cls(amount_minor=money.amount_minor, currency=money.currency)
