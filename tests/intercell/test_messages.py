"""The table of what cells may say: the rows that there are, and how kinds and rows are checked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.cell_pair import DEMO
from twinshore.intercell.messages import (
    COUNT,
    DAY,
    HASH,
    ID,
    KEY_ID,
    MESSAGES,
    POINTS,
    SIGNATURE,
    TIME,
    WORD,
    Field,
    MessageInvalid,
    MessageUnknown,
    checked,
    row_of,
)

GOOD: list[tuple[Field, Any]] = [
    (ID, "01HX_a-b"), (WORD, "points-expired"), (POINTS, 1), (POINTS, 2**53 - 1), (COUNT, 0), (TIME, 1_790_000_000),
    (DAY, "2026-11-23"), (HASH, "0" * 64), (SIGNATURE, "A" * 86 + "=="), (KEY_ID, "cn:2026-11"),
]  # fmt: skip
BAD: list[tuple[Field, Any]] = [
    (ID, ""), (ID, "a b"), (ID, "a" * 65), (ID, 5), (ID, None), (ID, "a\n"), (ID, "é"), (ID, ["a"]), (ID, {"a": 1}),
    (WORD, "Points"), (WORD, "1st"), (POINTS, 0), (POINTS, -1), (POINTS, True), (POINTS, 1.0), (POINTS, "1"),
    (POINTS, 2**53), (COUNT, -1), (COUNT, False), (DAY, "2026-11-3"), (DAY, "٢٠٢٦-11-23"), (HASH, "A" * 64),
    (HASH, "0" * 63), (SIGNATURE, "A" * 88), (KEY_ID, "cn"), (KEY_ID, "cn:a:b"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), GOOD)
def test_a_field_takes_what_is_of_its_kind(field: Field, value: Any) -> None:
    assert field.is_one(value)


@pytest.mark.parametrize(("field", "value"), BAD)
def test_a_field_takes_nothing_else(field: Field, value: Any) -> None:
    assert not field.is_one(value)


@pytest.mark.parametrize("message", MESSAGES)
def test_no_field_of_today_is_personal(message: str) -> None:
    row = MESSAGES[message]
    assert not [name for name, field in {**row.asks, **row.answers}.items() if field.personal]


def test_a_message_that_is_not_in_the_table_is_none() -> None:
    with pytest.raises(MessageUnknown):
        row_of(MESSAGES, "points-gift")


def test_what_is_wrong_is_named_and_what_is_strange_is_counted() -> None:
    with pytest.raises(MessageInvalid) as refusal:
        checked(DEMO["demo"].asks, {"ref": "r", "points": -1, "my name is": "x", "and": 1})
    assert refusal.value.extensions == {"fields": ["points"], "unknown_fields": 2}


def test_a_field_that_may_be_left_out_may_not_be_wrong() -> None:
    assert checked(DEMO["demo"].asks, {"ref": "r", "points": 1}) == {"ref": "r", "points": 1}
    with pytest.raises(MessageInvalid):
        checked(DEMO["demo"].asks, {"ref": "r", "points": 1, "note": None})
