"""The platform's limits on a message's values: our check is never wider than WeChat's as the twin has it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sandbox.twins.wechat_rules import broken_value
from twinshore.notify.limits import ELLIPSIS, THING_LIMIT_CHARS, ValueDoesNotFit, fitted, shortened


@pytest.mark.parametrize(
    ("key", "given_", "sent"),
    [
        ("thing1", "二十个字二十个字二十个字二十个字二十个字", "二十个字二十个字二十个字二十个字二十个字"),
        ("thing1", "二十一个字二十一个字二十一个字二十一个字字", "二十一个字二十一个字二十一个字二十一个" + ELLIPSIS),
        ("thing1", "Two\nlines\tand\x00more", "Two lines and more"),
        ("thing2", "A very long English reason", "A very long English…"),
        ("number1", "120", "120"),
        ("number1", "-1.50", "-1.50"),
        ("character_string1", "01jdtwinshore-0001", "01jdtwinshore-0001"),
        ("amount2", "¥1299.00", "¥1299.00"),
        ("amount2", "€0.05", "€0.05"),
        ("amount2", "1299", "1299"),
        ("amount2", "1299.00元", "1299.00元"),
        ("date3", "2026年11月2日 15:01", "2026年11月2日 15:01"),
        ("date3", "2026-11-22 15:01", "2026-11-22 15:01"),
        ("time3", "15:01", "15:01"),
        ("time3", "2026年11月22日 15:01", "2026年11月22日 15:01"),
        ("phrase1", "已退款", "已退款"),
        ("name1", "李雷", "李雷"),
        ("name1", "Anna Beispiel", "Anna Beispiel"),
        ("phone_number1", "+49-30-000000", "+49-30-000000"),
        ("car_number1", "粤A00000", "粤A00000"),
        ("letter1", "TWIN", "TWIN"),
        ("symbol1", "!?", "!?"),
    ],
)
def test_a_value_that_fits_is_sent_as_it_is_and_a_long_thing_is_shortened(key: str, given_: str, sent: str) -> None:
    assert fitted(key, given_) == sent
    assert broken_value({key: {"value": sent}}, [key]) == ""


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("thing1", ""), ("thing1", " \n"), ("number1", "1,299"), ("number1", "1" * 33), ("number1", "many"),
        ("character_string1", "订单1"), ("character_string1", "x" * 33), ("character_string1", "a b"),
        ("amount2", "¥1,299.00"), ("amount2", "CNY 12"), ("amount2", "¥12345678901"), ("amount2", "-5"),
        ("amount2", "1.000"), ("date3", "22.11.2026"), ("date3", "2026-11/22"), ("time3", "25:00"), ("time3", "3 pm"),
        ("phrase1", "Refund"), ("phrase1", "六个汉字太多"), ("name1", "十一个汉字的名字太长了"), ("name1", "x" * 21),
        ("phone_number1", "1" * 18), ("car_number1", "123456789"), ("letter1", "a1"), ("symbol1", "!!!!!!"),
        ("nonsense1", "x"), ("thing", "") , ("", "x"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_refused_and_not_repeated(key: str, value: str) -> None:
    with pytest.raises(ValueDoesNotFit) as caught:
        fitted(key, value)
    assert caught.value.extensions == {"field": key}
    assert not value.strip() or value not in caught.value.detail


KEYS = ["thing1", "number1", "letter1", "symbol1", "character_string1", "time1", "date1", "amount1", "phone_number1",
        "car_number1", "name1", "phrase1"]  # fmt: skip


@given(key=st.sampled_from(KEYS), value=st.text(max_size=40))
@example(key="number1", value="١٢")
@example(key="amount1", value="¥١٢")
@example(key="thing1", value="é" * 20 + "x")
def test_whatever_passes_here_passes_at_the_platform(key: str, value: str) -> None:
    try:
        sent = fitted(key, value)
    except ValueDoesNotFit:
        return
    assert broken_value({key: {"value": sent}}, [key]) == ""


@given(st.text(max_size=60))
@example("e\u0301" * 20)
@example("👩‍👩‍👧" * 9)
def test_a_shortened_text_fits_and_begins_like_the_whole(text: str) -> None:
    short = shortened(text, THING_LIMIT_CHARS)
    assert len(short) <= THING_LIMIT_CHARS
    assert short == text or text.startswith(short.removesuffix(ELLIPSIS))
