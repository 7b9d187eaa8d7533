"""The state machine, one line per cell, the forbidden steps included."""

from __future__ import annotations

import pytest

from twinshore.payments import port
from twinshore.payments.states import (
    AUTHORISED_AFTER_CLOSE,
    CAPTURED_AFTER_CLOSE,
    STATES,
    TABLE,
    WIRE,
    WON_AFTER_LOST,
)

CELLS = [
    ("created", "created", "created", ""),
    ("created", "pending", "pending", ""),
    ("created", "authorised", "authorised", ""),
    ("created", "captured", "captured", ""),
    ("created", "part_refunded", "created", ""),
    ("created", "refunded", "created", ""),
    ("created", "failed", "failed", ""),
    ("created", "closed", "closed", ""),
    ("created", "disputed", "created", ""),
    ("created", "dispute_won", "created", ""),
    ("created", "dispute_lost", "created", ""),
    ("pending", "created", "pending", ""),
    ("pending", "pending", "pending", ""),
    ("pending", "authorised", "authorised", ""),
    ("pending", "captured", "captured", ""),
    ("pending", "part_refunded", "pending", ""),
    ("pending", "refunded", "pending", ""),
    ("pending", "failed", "failed", ""),
    ("pending", "closed", "closed", ""),
    ("pending", "disputed", "pending", ""),
    ("pending", "dispute_won", "pending", ""),
    ("pending", "dispute_lost", "pending", ""),
    ("authorised", "created", "authorised", ""),
    ("authorised", "pending", "authorised", ""),
    ("authorised", "authorised", "authorised", ""),
    ("authorised", "captured", "captured", ""),
    ("authorised", "part_refunded", "authorised", ""),
    ("authorised", "refunded", "authorised", ""),
    ("authorised", "failed", "failed", ""),
    ("authorised", "closed", "closed", ""),
    ("authorised", "disputed", "authorised", ""),
    ("authorised", "dispute_won", "authorised", ""),
    ("authorised", "dispute_lost", "authorised", ""),
    ("captured", "created", "captured", ""),
    ("captured", "pending", "captured", ""),
    ("captured", "authorised", "captured", ""),
    ("captured", "captured", "captured", ""),
    ("captured", "part_refunded", "part_refunded", ""),
    ("captured", "refunded", "refunded", ""),
    ("captured", "failed", "captured", ""),
    ("captured", "closed", "captured", ""),
    ("captured", "disputed", "disputed", ""),
    ("captured", "dispute_won", "dispute_won", ""),
    ("captured", "dispute_lost", "dispute_lost", ""),
    ("part_refunded", "created", "part_refunded", ""),
    ("part_refunded", "pending", "part_refunded", ""),
    ("part_refunded", "authorised", "part_refunded", ""),
    ("part_refunded", "captured", "part_refunded", ""),
    ("part_refunded", "part_refunded", "part_refunded", ""),
    ("part_refunded", "refunded", "refunded", ""),
    ("part_refunded", "failed", "part_refunded", ""),
    ("part_refunded", "closed", "part_refunded", ""),
    ("part_refunded", "disputed", "disputed", ""),
    ("part_refunded", "dispute_won", "part_refunded", ""),
    ("part_refunded", "dispute_lost", "dispute_lost", ""),
    ("refunded", "created", "refunded", ""),
    ("refunded", "pending", "refunded", ""),
    ("refunded", "authorised", "refunded", ""),
    ("refunded", "captured", "refunded", ""),
    ("refunded", "part_refunded", "refunded", ""),
    ("refunded", "refunded", "refunded", ""),
    ("refunded", "failed", "refunded", ""),
    ("refunded", "closed", "refunded", ""),
    ("refunded", "disputed", "disputed", ""),
    ("refunded", "dispute_won", "refunded", ""),
    ("refunded", "dispute_lost", "dispute_lost", ""),
    ("failed", "created", "failed", ""),
    ("failed", "pending", "failed", ""),
    ("failed", "authorised", "authorised", ""),
    ("failed", "captured", "captured", ""),
    ("failed", "part_refunded", "failed", ""),
    ("failed", "refunded", "failed", ""),
    ("failed", "failed", "failed", ""),
    ("failed", "closed", "closed", ""),
    ("failed", "disputed", "failed", ""),
    ("failed", "dispute_won", "failed", ""),
    ("failed", "dispute_lost", "failed", ""),
    ("closed", "created", "closed", ""),
    ("closed", "pending", "closed", ""),
    ("closed", "authorised", "closed", AUTHORISED_AFTER_CLOSE),
    ("closed", "captured", "captured", CAPTURED_AFTER_CLOSE),
    ("closed", "part_refunded", "closed", ""),
    ("closed", "refunded", "closed", ""),
    ("closed", "failed", "closed", ""),
    ("closed", "closed", "closed", ""),
    ("closed", "disputed", "closed", ""),
    ("closed", "dispute_won", "closed", ""),
    ("closed", "dispute_lost", "closed", ""),
    ("disputed", "created", "disputed", ""),
    ("disputed", "pending", "disputed", ""),
    ("disputed", "authorised", "disputed", ""),
    ("disputed", "captured", "disputed", ""),
    ("disputed", "part_refunded", "disputed", ""),
    ("disputed", "refunded", "disputed", ""),
    ("disputed", "failed", "disputed", ""),
    ("disputed", "closed", "disputed", ""),
    ("disputed", "disputed", "disputed", ""),
    ("disputed", "dispute_won", "dispute_won", ""),
    ("disputed", "dispute_lost", "dispute_lost", ""),
    ("dispute_won", "created", "dispute_won", ""),
    ("dispute_won", "pending", "dispute_won", ""),
    ("dispute_won", "authorised", "dispute_won", ""),
    ("dispute_won", "captured", "dispute_won", ""),
    ("dispute_won", "part_refunded", "part_refunded", ""),
    ("dispute_won", "refunded", "refunded", ""),
    ("dispute_won", "failed", "dispute_won", ""),
    ("dispute_won", "closed", "dispute_won", ""),
    ("dispute_won", "disputed", "dispute_won", ""),
    ("dispute_won", "dispute_won", "dispute_won", ""),
    ("dispute_won", "dispute_lost", "dispute_lost", ""),
    ("dispute_lost", "created", "dispute_lost", ""),
    ("dispute_lost", "pending", "dispute_lost", ""),
    ("dispute_lost", "authorised", "dispute_lost", ""),
    ("dispute_lost", "captured", "dispute_lost", ""),
    ("dispute_lost", "part_refunded", "dispute_lost", ""),
    ("dispute_lost", "refunded", "dispute_lost", ""),
    ("dispute_lost", "failed", "dispute_lost", ""),
    ("dispute_lost", "closed", "dispute_lost", ""),
    ("dispute_lost", "disputed", "dispute_lost", ""),
    ("dispute_lost", "dispute_won", "dispute_lost", WON_AFTER_LOST),
    ("dispute_lost", "dispute_lost", "dispute_lost", ""),
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


def test_the_states_are_those_of_the_port() -> None:
    words = {value for name, value in vars(port).items() if name.isupper() and isinstance(value, str)}
    assert set(STATES) == words


@pytest.mark.parametrize("state", STATES)
def test_no_news_leads_back(state: str) -> None:
    """From a state that news has led to, the news before it changes nothing more."""
    for first in STATES:
        reached = TABLE[state][first].state
        assert TABLE[reached][first].state == reached
