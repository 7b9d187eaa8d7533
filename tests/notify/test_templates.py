"""The messages as data: whole in both languages, and within the platform's limits with the longest values they take."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sandbox.twins.wechat_rules import broken_value
from twinshore.money import LIMIT_MINOR, Money
from twinshore.notify.limits import ValueDoesNotFit
from twinshore.notify.templates import (
    AMOUNT,
    CODE,
    CODE_LIMIT_CHARS,
    LANGUAGES,
    MOMENT,
    MOMENT_LIMIT,
    NUMBER,
    TEMPLATES,
    TEXT,
    TEXT_LIMIT_CHARS,
    Value,
    letter_texts,
    subscribe_fields,
)

SHORTEST: dict[str, Value] = {CODE: "1", AMOUNT: Money(1, "CNY"), MOMENT: 0, NUMBER: 0, TEXT: "x"}
LONGEST: dict[str, Value] = {
    CODE: "x" * CODE_LIMIT_CHARS, AMOUNT: Money(99_999_999_99, "EUR"), MOMENT: MOMENT_LIMIT - 86400, NUMBER: 10**15,
    TEXT: "字" * TEXT_LIMIT_CHARS,
}  # fmt: skip
EVERY = [(name, language) for name in TEMPLATES for language in LANGUAGES]


def values(name: str, of: dict[str, Value]) -> dict[str, Value]:
    return {field: of[kind] for field, kind in TEMPLATES[name].needs.items()}


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_every_message_is_within_the_platforms_limits_at_its_shortest_and_its_longest(name: str, language: str) -> None:
    for size in (SHORTEST, LONGEST):
        fields = subscribe_fields(name, values(name, size), language, "Europe/Berlin")
        sent = {key: {"value": text} for key, text in fields.items()}
        assert broken_value(sent, list(fields)) == ""
        assert not any("{" in text for text in fields.values())


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_words_of_ours_are_never_what_is_cut_off(name: str, language: str) -> None:
    for key, text in TEMPLATES[name].wordings[language].fields.items():
        if key.startswith("thing") and text != "{reason}":
            assert len(text.replace("{currency}", "CNY")) <= 20


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_language_has_the_same_fields_and_uses_every_value(name: str) -> None:
    template = TEMPLATES[name]
    assert set(template.wordings) == set(LANGUAGES)
    assert len({tuple(wording.fields) for wording in template.wordings.values()}) == 1
    for wording in template.wordings.values():
        assert 2 <= len(wording.fields) <= 5, "the platform's templates have two to five fields"
        for text in (wording.body, "".join(wording.fields.values())):
            assert set(template.needs) <= set(re.findall(r"\{(\w+)\}", text)) <= {*template.needs, "currency"}


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_a_letter_has_every_place_filled_and_a_subject_that_tencent_takes(name: str, language: str) -> None:
    for size in (SHORTEST, LONGEST):
        subject, body, texts = letter_texts(name, values(name, size), language, "Asia/Shanghai")
        assert "{" not in subject + body
        assert 1 <= len(subject) <= 100
        assert set(texts) == set(TEMPLATES[name].needs)


def shown(language: str, zone: str, amount: Money) -> tuple[dict[str, str], str]:
    given: dict[str, Any] = {"order_id": "A-1", "amount": amount, "paid_at": 1_795_359_660}  # 2026-11-22T15:01:00Z
    return subscribe_fields("receipt", given, language, zone), letter_texts("receipt", given, language, zone)[1]


@pytest.mark.parametrize(
    ("language", "zone", "date", "in_letter"),
    [
        ("zh-CN", "Asia/Shanghai", "2026年11月22日 23:01", "2026年11月22日 23:01 (Asia/Shanghai)"),
        ("en", "Europe/Berlin", "2026-11-22 16:01", "2026-11-22 16:01 (Europe/Berlin)"),
        ("en", "America/New_York", "2026-11-22 10:01", "2026-11-22 10:01 (America/New_York)"),
        ("en", "Nowhere/Atall", "2026-11-22 15:01", "2026-11-22 15:01 (UTC)"),
        ("en", "../etc/passwd", "2026-11-22 15:01", "2026-11-22 15:01 (UTC)"),
    ],
)
def test_a_time_is_shown_in_the_members_zone_and_a_letter_names_it(
    language: str, zone: str, date: str, in_letter: str
) -> None:
    fields, letter = shown(language, zone, Money(1299, "EUR"))
    assert fields["date3"] == date
    assert in_letter in letter


@pytest.mark.parametrize(
    ("amount", "field", "words", "in_letter"),
    [
        (Money(129900, "CNY"), "¥1299.00", "Paid in CNY. Thanks!", "CN¥1,299.00"),
        (Money(1299, "EUR"), "€12.99", "Paid in EUR. Thanks!", "€12.99"),
        (Money(1299, "JPY"), "1299", "Paid in JPY. Thanks!", "¥1,299"),
        (Money(1299, "AED"), "12.99", "Paid in AED. Thanks!", "AED\xa012.99"),
    ],
)
def test_an_amount_has_its_currencys_decimals_and_its_code_beside_it(
    amount: Money, field: str, words: str, in_letter: str
) -> None:
    fields, letter = shown("en", "UTC", amount)
    assert (fields["amount2"], fields["thing4"]) == (field, words)
    assert in_letter in letter


@pytest.mark.parametrize("amount", [Money(1000, "KWD"), Money(LIMIT_MINOR, "EUR")])
def test_an_amount_that_wechat_cannot_show_is_left_to_the_letter(amount: Money) -> None:
    with pytest.raises(ValueDoesNotFit):
        shown("en", "UTC", amount)


def test_braces_in_a_value_are_text() -> None:
    given: dict[str, Any] = {"points": 5, "reason": "{points.__class__} {0}", "credited_at": 0}
    assert subscribe_fields("points_credited", given, "en", "UTC")["thing2"] == "{points.__class__}…"
