"""Amounts for people: CLDR's signs and order (Babel), ISO 4217's decimals.

CLDR shows fewer decimals than ISO for some currencies (IQD, MGA): a price that is shown must be the price that is
charged, so ISO's count wins. Babel costs about 40 ms and is loaded by the first call.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from twinshore.errors import Unprocessable
from twinshore.money import Money, decimal_text, digits_of

LOCALE_PATTERN = "[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?"
"""Language, perhaps script, perhaps region, of a BCP 47 tag: all that money needs, and nothing that is a path."""

FORMS_LIMIT = 512
"""Pairs of locale and currency kept in memory: the looking up is most of the work."""


class UnknownLocale(Unprocessable):
    slug = "unknown-locale"
    title_en = "This language or region is not known"
    title_zh = "不支持该语言或地区"


def display(money: Money, locale: str) -> str:
    """`display(Money(129900, "CNY"), "zh-CN")` is "¥1,299.00". Raises UnknownLocale."""
    from decimal import Decimal

    spoken, pattern = _form(locale, money.currency)
    return str(pattern.apply(Decimal(decimal_text(money)), spoken, currency=money.currency, currency_digits=False))


@lru_cache(maxsize=FORMS_LIMIT)
def _form(locale: str, currency: str) -> tuple[Any, Any]:
    """Babel's locale, and its pattern with the currency's own decimals."""
    from copy import copy

    from babel import Locale, UnknownLocaleError
    from babel.numbers import get_currency_symbol

    if re.fullmatch(LOCALE_PATTERN, locale) is None:
        raise UnknownLocale("Use a language tag such as zh-CN, en-US or pt-BR.")
    try:
        spoken = Locale.parse(locale, sep="-")
    except (UnknownLocaleError, ValueError):
        raise UnknownLocale("Use a language tag such as zh-CN, en-US or pt-BR.") from None
    pattern = copy(spoken.currency_formats["standard"])
    if get_currency_symbol(currency, spoken)[-1].isalpha():  # letters stand off the digits (UTS 35): "KWD 1.000"
        pattern.prefix = tuple(each.replace("¤", "¤\xa0") if each.endswith("¤") else each for each in pattern.prefix)
    pattern.frac_prec = (digits_of(currency),) * 2
    return spoken, pattern
