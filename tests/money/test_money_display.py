"""What people see: the locale's signs, ISO's decimals."""

from __future__ import annotations

import pytest

from twinshore.money import Money
from twinshore.money_display import UnknownLocale, display

SHOWN = [
    (Money(129900, "CNY"), "zh-CN", "¥1,299.00"),
    (Money(129900, "CNY"), "en-US", "CN¥1,299.00"),
    (Money(5000, "JPY"), "ja-JP", "￥5,000"),
    (Money(1299, "EUR"), "de-DE", "12,99\xa0€"),
    (Money(-1299, "USD"), "en-US", "-$12.99"),
    (Money(12345, "KWD"), "en-US", "KWD\xa012.345"),
    (Money(10598000, "INR"), "en-IN", "₹1,05,980.00"),
    (Money(1500250, "IQD"), "en-US", "IQD\xa01,500.250"),  # CLDR says 0 decimals
    (Money(199, "MGA"), "en-US", "MGA\xa01.99"),  # CLDR says 0 decimals
    (Money(1000, "CLP"), "es-CL", "$1.000"),
    (Money(100000, "BRL"), "pt-BR", "R$\xa01.000,00"),
    (Money(100, "HKD"), "zh-Hant-HK", "HK$1.00"),
]


@pytest.mark.parametrize(("money", "locale", "text"), SHOWN)
def test_an_amount_reads_as_its_locale_writes_it(money: Money, locale: str, text: str) -> None:
    assert display(money, locale) == text


@pytest.mark.parametrize(
    "locale", ["", "klingon", "xx-YY", "../../etc/passwd", "en-US\n", "zh_CN", "e" * 300, "en-" + "a" * 50]
)
def test_a_tag_that_is_no_locale_is_refused(locale: str) -> None:
    with pytest.raises(UnknownLocale):
        display(Money(1, "EUR"), locale)
