"""One rate between any two currencies of a table, and prices in many currencies."""

from __future__ import annotations

from typing import NamedTuple, Sequence

from twinshore.errors import Unprocessable
from twinshore.fx.pegs import PEGS
from twinshore.fx.port import RateTable
from twinshore.money import Money, Rate, Rounding, convert, digits_of, divide, rate

SIGNIFICANT_DIGITS = 12
"""Of a cross rate. The ECB gives five or six: twelve add no error of ours even to the largest order, and are still
short enough to be shown. Amounts are computed from the rate as shown, so that anybody can check them."""
DISPLAY_ROUNDING = Rounding.HALF_UP


class NoRate(Unprocessable):
    """A real currency, but neither the source nor a peg gives a rate for it. `currency` names it."""

    slug = "no-rate"
    title_en = "There is no reference rate for this currency"
    title_zh = "该货币暂无参考汇率"


class PairRate(NamedTuple):
    base: str
    quote: str
    text: str
    """Units of `quote` per 1 `base`, a plain decimal."""
    date: str
    source: str
    """ "ecb", followed by the pegs it went through: "ecb, AED pegged to USD"."""

    @property
    def ratio(self) -> Rate:
        return rate(self.text)


class Price(NamedTuple):
    amount: Money
    rate: PairRate


def pair_rate(table: RateTable, base: str, quote: str) -> PairRate:
    """Through the table's own base where neither side is it. Raises UnknownCurrency, NoRate."""
    value_of_base, pegs_of_base = _per_table_base(table, base)
    value_of_quote, pegs_of_quote = _per_table_base(table, quote)
    text = "1"
    if base != quote:
        cross = Rate(
            value_of_quote.numerator * value_of_base.denominator, value_of_quote.denominator * value_of_base.numerator
        )
        text = decimal_of(cross, SIGNIFICANT_DIGITS)
    pegs = [f"{each} pegged to {PEGS[each].anchor}" for each in dict.fromkeys((*pegs_of_base, *pegs_of_quote))]
    return PairRate(base, quote, text, table.date, ", ".join((table.source, *pegs)))


def prices(table: RateTable, amount: Money, currencies: Sequence[str]) -> list[Price]:
    """The same amount in each currency, in the order asked for. For display: nobody is held to these."""
    found = [pair_rate(table, amount.currency, each) for each in currencies]
    return [Price(convert(amount, each.ratio, each.quote, DISPLAY_ROUNDING), each) for each in found]


def _per_table_base(table: RateTable, currency: str) -> tuple[Rate, tuple[str, ...]]:
    digits_of(currency)
    if currency == table.base:
        return Rate(1, 1), ()
    if currency in table.rates:
        return rate(table.rates[currency]), ()
    peg = PEGS.get(currency)
    if peg is None:
        raise NoRate(f"There is no rate for {currency} at {table.source}.", currency=currency)
    anchor, pegs = _per_table_base(table, peg.anchor)
    by = peg.per_anchor
    return Rate(anchor.numerator * by.numerator, anchor.denominator * by.denominator), (*pegs, currency)


def decimal_of(ratio: Rate, significant: int) -> str:
    """The ratio as a plain decimal with so many significant digits (half-even), without trailing zeros."""
    places = significant - 1 - _magnitude(ratio)
    if places <= 0:
        return str(divide(ratio.numerator, ratio.denominator * 10**-places, Rounding.HALF_EVEN) * 10**-places)
    digits = str(divide(ratio.numerator * 10**places, ratio.denominator, Rounding.HALF_EVEN)).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}".rstrip("0").rstrip(".")


def _magnitude(ratio: Rate) -> int:
    """The power of ten of the first significant digit."""
    guess = len(str(ratio.numerator)) - len(str(ratio.denominator))
    at_least = ratio.numerator * 10 ** max(-guess, 0) >= ratio.denominator * 10 ** max(guess, 0)
    return guess if at_least else guess - 1
