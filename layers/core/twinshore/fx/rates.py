"""One rate between any two currencies, and prices in many currencies.

A table may be followed by further ones (`RateTable.further`). Each currency has its value from the first table that
knows it, by a rate of the day or by a peg. Two currencies of two tables meet in one that both know: the base of the
less trusted one, or else the base of the other. All pairs of two tables meet in the same one, so rates stay
consistent whichever way one crosses.
"""

from __future__ import annotations

from typing import NamedTuple, Sequence

from twinshore.charging import step_minor
from twinshore.errors import BrokenInvariant, Unprocessable
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
    """Of the oldest table that it was taken from."""
    source: str
    """ "ecb", followed by the pegs it went through: "ecb, AED pegged to USD". Of two tables: "ecb and Example Treasury
    through USD"."""
    tables: tuple[RateTable, ...]
    """That it was taken from: one or two."""

    @property
    def ratio(self) -> Rate:
        return rate(self.text)


class Price(NamedTuple):
    amount: Money
    rate: PairRate


def pair_rate(table: RateTable, base: str, quote: str) -> PairRate:
    """Through a table's own base where neither side is it. Raises UnknownCurrency, NoRate."""
    legs = _legs(table, base, quote)
    ratio, pegs = Rate(1, 1), dict[str, None]()
    for leg in legs:
        value_of_from, pegs_of_from = _known(leg.table, leg.from_currency)
        value_of_to, pegs_of_to = _known(leg.table, leg.to_currency)
        ratio = _times(ratio, value_of_to, Rate(value_of_from.denominator, value_of_from.numerator))
        pegs.update(dict.fromkeys((*pegs_of_from, *pegs_of_to)))
    text = "1" if base == quote else decimal_of(ratio, SIGNIFICANT_DIGITS)
    source = " and ".join(leg.table.source for leg in legs)
    through = f" through {legs[0].to_currency}" if len(legs) > 1 else ""
    said = [f"{each} pegged to {PEGS[each].anchor}" for each in pegs]
    used = tuple(leg.table for leg in legs)
    return PairRate(base, quote, text, min(each.date for each in used), ", ".join((source + through, *said)), used)


def prices(table: RateTable, amount: Money, currencies: Sequence[str]) -> list[Price]:
    """The same amount in each currency, in whole steps of what is charged, in the order asked for. For display: nobody
    is held to these."""
    found = [pair_rate(table, amount.currency, each) for each in currencies]
    amounts = [convert(amount, each.ratio, each.quote, DISPLAY_ROUNDING, step_minor(each.quote)) for each in found]
    return [Price(price, each) for price, each in zip(amounts, found)]


class _Leg(NamedTuple):
    table: RateTable
    from_currency: str
    to_currency: str


def _legs(table: RateTable, base: str, quote: str) -> list[_Leg]:
    """One table that gives the whole rate, or two and the currency in which they meet."""
    tables = (table, *table.further)
    first, second = _home(tables, base), _home(tables, quote)
    if first == second:
        return [_Leg(tables[first], base, quote)]
    better, lesser = tables[min(first, second)], tables[max(first, second)]
    if _value(better, lesser.base) is not None:
        link = lesser.base
    elif _value(lesser, better.base) is not None:
        link = better.base
    else:
        raise NoRate(f"{base} and {quote} have rates at two sources that do not meet.", currency=quote)
    legs = [_Leg(tables[first], base, link), _Leg(tables[second], link, quote)]
    return [leg for leg in legs if leg.from_currency != leg.to_currency]


def _home(tables: Sequence[RateTable], currency: str) -> int:
    """Which table gives this currency its value. Raises UnknownCurrency, NoRate."""
    digits_of(currency)
    for number, table in enumerate(tables):
        if _value(table, currency) is not None:
            return number
    sources = " or ".join(table.source for table in tables)
    raise NoRate(f"There is no rate for {currency} at {sources}.", currency=currency)


def exact(table: RateTable, base: str, quote: str) -> Rate | None:
    """From this table alone; None if it knows either of them not at all."""
    of_base, of_quote = _value(table, base), _value(table, quote)
    if of_base is None or of_quote is None:
        return None
    return _times(of_quote[0], Rate(of_base[0].denominator, of_base[0].numerator))


def _known(table: RateTable, currency: str) -> tuple[Rate, tuple[str, ...]]:
    found = _value(table, currency)
    if found is None:
        raise BrokenInvariant("a leg's table knows its currencies")
    return found


def _value(table: RateTable, currency: str) -> tuple[Rate, tuple[str, ...]] | None:
    """Units per 1 of the table's base, and the pegs it took."""
    if currency == table.base:
        return Rate(1, 1), ()
    if currency in table.rates:
        return rate(table.rates[currency]), ()
    peg = PEGS.get(currency)
    anchor = _value(table, peg.anchor) if peg else None
    return (_times(anchor[0], peg.per_anchor), (*anchor[1], currency)) if peg and anchor else None


def _times(*ratios: Rate) -> Rate:
    numerator, denominator = 1, 1
    for each in ratios:
        numerator, denominator = numerator * each.numerator, denominator * each.denominator
    return Rate(numerator, denominator)


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
