"""The state machine, one line per cell, the forbidden steps included."""

from __future__ import annotations

import pytest

from twinshore.payments.states import CAPTURED_AFTER_CLOSE, STATES, TABLE, WIRE

CELLS = [
    ("created", "created", "created", ""),
    ("created", "pending", "pending", ""),
    ("created", "captured", "captured", ""),
    ("created", "part_refunded", "created", ""),
    ("created", "refunded", "created", ""),
    ("created", "failed", "failed", ""),
    ("created", "closed", "closed", ""),
    ("pending", "created", "pending", ""),
    ("pending", "pending", "pending", ""),
    ("pending", "captured", "captured", ""),
    ("pending", "part_refunded", "pending", ""),
    ("pending", "refunded", "pending", ""),
    ("pending", "failed", "failed", ""),
    ("pending", "closed", "closed", ""),
    ("captured", "created", "captured", ""),
    ("captured", "pending", "captured", ""),
    ("captured", "captured", "captured", ""),
    ("captured", "part_refunded", "part_refunded", ""),
    ("captured", "refunded", "refunded", ""),
    ("captured", "failed", "captured", ""),
    ("captured", "closed", "captured", ""),
    ("part_refunded", "created", "part_refunded", ""),
    ("part_refunded", "pending", "part_refunded", ""),
    ("part_refunded", "captured", "part_refunded", ""),
    ("part_refunded", "part_refunded", "part_refunded", ""),
    ("part_refunded", "refunded", "refunded", ""),
    ("part_refunded", "failed", "part_refunded", ""),
    ("part_refunded", "closed", "part_refunded", ""),
    ("refunded", "created", "refunded", ""),
    ("refunded", "pending", "refunded", ""),
    ("refunded", "captured", "refunded", ""),
    ("refunded", "part_refunded", "refunded", ""),
    ("refunded", "refunded", "refunded", ""),
    ("refunded", "failed", "refunded", ""),
    ("refunded", "closed", "refunded", ""),
    ("failed", "created", "failed", ""),
    ("failed", "pending", "failed", ""),
    ("failed", "captured", "captured", ""),
    ("failed", "part_refunded", "failed", ""),
    ("failed", "refunded", "failed", ""),
    ("failed", "failed", "failed", ""),
    ("failed", "closed", "closed", ""),
    ("closed", "created", "closed", ""),
    ("closed", "pending", "closed", ""),
    ("closed", "captured", "captured", CAPTURED_AFTER_CLOSE),
    ("closed", "part_refunded", "closed", ""),
    ("closed", "refunded", "closed", ""),
    ("closed", "failed", "closed", ""),
    ("closed", "closed", "closed", ""),
]


@pytest.mark.parametrize(("state", "news", "becomes", "flag"), CELLS)
def test_what_news_makes_of_a_state(state: str, news: str, becomes: str, flag: str) -> None:
    assert TABLE[state][news] == (becomes, flag)


def test_every_cell_stands_in_the_table_above() -> None:
    assert len(CELLS) == len(set(CELLS)) == len(STATES) ** 2
    assert {(state, news) for state, news, _, _ in CELLS} == {(a, b) for a in STATES for b in STATES}
    assert {(state, news) for state, row in TABLE.items() for news in row} == {(a, b) for a in STATES for b in STATES}


def test_every_state_has_a_word_for_clients() -> None:
    assert set(WIRE) == set(STATES)
    assert WIRE["captured"] == "paid"
