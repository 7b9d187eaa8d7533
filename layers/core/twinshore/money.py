"""Money: a whole number of minor units with its currency. No float, no default currency, no silent rounding.

How many decimals a currency has comes from ISO 4217 (`currencies.py`), never from a guess of two. Everything that
cannot be exact takes a `Rounding` by name. Amounts are kept within LIMIT_MINOR on either side of zero.
"""

import re
from enum import Enum
from typing import NamedTuple, Sequence

from twinshore.currencies import DIGITS
from twinshore.errors import BrokenInvariant, Unprocessable

LIMIT_MINOR = 10**15
"""Largest amount: far above any order, far below 2**63 - 1, and exact in a JavaScript number (2**53)."""

_DECIMAL = re.compile(r"(-?)([0-9]{1,30})(?:\.([0-9]{1,30}))?", re.ASCII)


class UnknownCurrency(Unprocessable):
    slug = "unknown-currency"
    title_en = "This is not a current ISO 4217 currency"
    title_zh = "不是现行的 ISO 4217 货币代码"


class MalformedAmount(Unprocessable):
    slug = "malformed-amount"
    title_en = "The amount is not a plain decimal number"
    title_zh = "金额格式不正确"


class InexactAmount(Unprocessable):
    """The amount has more decimals than the currency, or than a provider's scale, can carry."""

    slug = "inexact-amount"
    title_en = "The amount has more decimals than the currency allows"
    title_zh = "金额的小数位数超出该货币的允许范围"


class AmountOutOfRange(Unprocessable):
    slug = "amount-out-of-range"
    title_en = "The amount is too large"
    title_zh = "金额超出允许范围"


class CurrencyMismatch(BrokenInvariant):
    """Two currencies met in one sum or comparison: the code forgot to convert or to check the request."""


class Rounding(Enum):
    """What becomes of the part below one minor unit."""

    HALF_EVEN = "half-even"
    """To the nearest; a tie goes to the even neighbour, so that many ties cancel out."""
    HALF_UP = "half-up"
    """To the nearest; a tie goes away from zero: what tax offices and shoppers expect."""
    UP = "up"
    """Away from zero."""
    DOWN = "down"
    """Towards zero."""
    CEILING = "ceiling"
    FLOOR = "floor"


def divide(numerator: int, denominator: int, rounding: Rounding) -> int:
    """numerator / denominator as a whole number. Raises ZeroDivisionError."""
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    quotient, rest = divmod(numerator, denominator)  # quotient is the floor, 0 <= rest < denominator
    if rest == 0 or rounding is Rounding.FLOOR:
        return quotient
    return quotient + _carries(quotient, rest, denominator, rounding)


def _carries(floor: int, rest: int, denominator: int, rounding: Rounding) -> bool:
    negative = floor < 0
    if rounding is Rounding.CEILING:
        return True
    if rounding is Rounding.UP:
        return not negative
    if rounding is Rounding.DOWN:
        return negative
    if rest * 2 != denominator:
        return rest * 2 > denominator
    return floor % 2 == 1 if rounding is Rounding.HALF_EVEN else not negative


def digits_of(currency: str) -> int:
    """Decimals of the currency's minor unit (ISO 4217): JPY 0, EUR 2, KWD 3. Raises UnknownCurrency."""
    try:
        return DIGITS[currency]
    except (KeyError, TypeError):
        raise UnknownCurrency("Use the three capital letters of a current ISO 4217 currency.") from None


class _Fields(NamedTuple):
    amount_minor: int
    currency: str


class Money(_Fields):
    """`Money(1299, "EUR")` is 12.99 euro. Adds, subtracts and compares with the same currency only.

    Raises TypeError for an amount that is not an int, UnknownCurrency, AmountOutOfRange; CurrencyMismatch (a fault
    of ours) in arithmetic.
    """

    __slots__ = ()

    def __new__(cls, amount_minor: int, currency: str) -> "Money":
        if type(amount_minor) is not int:
            raise TypeError("amount_minor is an int")
        digits_of(currency)
        if not -LIMIT_MINOR <= amount_minor <= LIMIT_MINOR:
            raise AmountOutOfRange(f"At most {LIMIT_MINOR} minor units.")
        return super().__new__(cls, amount_minor, currency)

    def _same(self, other: object) -> int:
        if not isinstance(other, Money):
            raise TypeError("money goes with money only")
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not go together")
        return other.amount_minor

    def __add__(self, other: object) -> "Money":  # a tuple's + would join the fields
        return Money(self.amount_minor + self._same(other), self.currency)

    def __sub__(self, other: object) -> "Money":
        return Money(self.amount_minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount_minor, self.currency)

    def __mul__(self, count: object) -> "Money":  # a tuple's * would repeat the fields
        if type(count) is not int:
            raise TypeError("money times a whole number; use scale() for a ratio")
        return Money(self.amount_minor * count, self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: object) -> bool:
        return self.amount_minor < self._same(other)

    def __le__(self, other: object) -> bool:
        return self.amount_minor <= self._same(other)

    def __gt__(self, other: object) -> bool:
        return self.amount_minor > self._same(other)

    def __ge__(self, other: object) -> bool:
        return self.amount_minor >= self._same(other)


class Rate(NamedTuple):
    """Major units of one currency per major unit of another, as an exact ratio of two positive whole numbers."""

    numerator: int
    denominator: int


def rate(text: str) -> Rate:
    """`rate("7.8234")`. Raises ValueError unless it is a plain positive decimal."""
    found = _DECIMAL.fullmatch(text)
    if found is None or found.group(1):
        raise ValueError("a rate is a plain positive decimal")
    decimals = found.group(3) or ""
    numerator = int(found.group(2) + decimals)
    if numerator == 0:
        raise ValueError("a rate is above zero")
    return Rate(numerator, int(10 ** len(decimals)))


def convert(money: Money, by: Rate, into: str, rounding: Rounding, step_minor: int = 1) -> Money:
    """`money` in the currency `into`, at `by` major units of it per major unit of `money.currency`, rounded once: to a
    multiple of `step_minor`."""
    numerator = money.amount_minor * by.numerator * 10 ** digits_of(into)
    denominator = by.denominator * 10 ** digits_of(money.currency) * step_minor
    return Money(divide(numerator, denominator, rounding) * step_minor, into)


def scale(money: Money, numerator: int, denominator: int, rounding: Rounding) -> Money:
    """A share of `money`: `scale(price, 150, 10_000, Rounding.HALF_UP)` is 1.5 % of it."""
    return Money(divide(money.amount_minor * numerator, denominator, rounding), money.currency)


def allocate(money: Money, weights: Sequence[int]) -> list[Money]:
    """Share `money` by weight; the parts add up to it exactly, and each is within one minor unit of its true share.

    What is left below one minor unit goes to the parts that lost most by cutting, ties to the earlier one (largest
    remainder), so that the same input always gives the same parts. Raises ValueError for a weight below zero or
    weights that add up to nothing.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights are not negative and one is above zero")
    sign = -1 if money.amount_minor < 0 else 1
    cuts = [divmod(abs(money.amount_minor) * weight, total) for weight in weights]
    left = abs(money.amount_minor) - sum(cut for cut, _ in cuts)
    first = set(sorted(range(len(cuts)), key=lambda index: -cuts[index][1])[:left])
    return [Money(sign * (cut + (index in first)), money.currency) for index, (cut, _) in enumerate(cuts)]


def parse(text: str, currency: str) -> Money:
    """`parse("12.99", "EUR")`, exactly. Zeros beyond the currency's decimals ("5000.00" JPY) are harmless.

    Raises MalformedAmount (also for a sign other than "-", an exponent, spaces, thousands marks), InexactAmount,
    UnknownCurrency, AmountOutOfRange; TypeError for anything but a string.
    """
    digits = digits_of(currency)
    found = _DECIMAL.fullmatch(text)
    if found is None:
        raise MalformedAmount("Write digits, and a point before the decimals.")
    sign, whole, decimals = found.group(1), found.group(2), found.group(3) or ""
    if decimals[digits:].strip("0"):
        raise InexactAmount(f"{currency} has {digits} decimals.")
    minor = int(whole + decimals[:digits].ljust(digits, "0"))
    return Money(-minor if sign else minor, currency)


def decimal_text(money: Money, decimals: int | None = None) -> str:
    """ "12.99": for machines. `decimals` when a provider wants other than the currency's own; raises InexactAmount
    if the amount does not fit them."""
    places = digits_of(money.currency) if decimals is None else decimals
    text = str(abs(in_scale(money, places))).rjust(places + 1, "0")
    sign = "-" if money.amount_minor < 0 else ""
    return f"{sign}{text[:-places]}.{text[-places:]}" if places else sign + text


def in_scale(money: Money, decimals: int) -> int:
    """The amount in units of 10**-decimals, for providers whose table differs from ISO. Raises InexactAmount."""
    factor = 10 ** abs(decimals - digits_of(money.currency))
    if decimals >= digits_of(money.currency):
        return money.amount_minor * int(factor)
    if money.amount_minor % factor:
        raise InexactAmount(f"{money.currency} is sent with {decimals} decimals here.")
    return money.amount_minor // int(factor)


def from_scale(amount: int, decimals: int, currency: str) -> Money:
    """Undo `in_scale`. Raises InexactAmount for what the currency's minor unit cannot hold."""
    digits = digits_of(currency)
    if decimals <= digits:
        return Money(amount * 10 ** (digits - decimals), currency)
    quotient, rest = divmod(amount, 10 ** (decimals - digits))
    if rest:
        raise InexactAmount(f"{currency} has {digits} decimals.")
    return Money(quotient, currency)
