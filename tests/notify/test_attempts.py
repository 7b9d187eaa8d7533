"""What comes next, as a table: what has been tried, and what then happens to the two sorts of messages."""

from __future__ import annotations

import pytest

from twinshore.notify.attempts import ATTEMPT_LIMIT, Attempt, Step, next_step, outcome_of
from twinshore.notify.port import EMAIL, SUBSCRIBE

BOTH, NOW = (SUBSCRIBE, EMAIL), 1000
W, M = SUBSCRIBE, EMAIL


@pytest.mark.parametrize(
    ("tried", "channels", "receipt", "points"),
    [
        # tried: (channel, outcome, how long ago)      what a receipt does           what points do
        ([], BOTH, ("sending", W), ("sending", W)),
        ([], (M,), ("sending", M), ("sending", M)),
        ([], (), ("failed", ""), ("failed", "")),
        ([(W, "sent", 0)], BOTH, ("sent", ""), ("sent", "")),
        ([(W, "no_credit", 0)], BOTH, ("sending", M), ("sending", M)),
        ([(W, "bad_data", 0)], BOTH, ("sending", M), ("sending", M)),
        ([(W, "a word nobody knows", 0)], BOTH, ("sending", M), ("sending", M)),
        ([(W, "no_credit", 0), (M, "rejected", 0)], BOTH, ("failed", ""), ("failed", "")),
        ([(W, "no_credit", 0)], (W,), ("failed", ""), ("failed", "")),
        ([(W, "later", 0)], BOTH, ("sending", M), ("sending", M)),
        ([(W, "later", 0)], (W,), ("waiting", ""), ("waiting", "")),
        ([(W, "later", 9)], (W,), ("sending", W), ("sending", W)),
        ([(W, "later", 9)], BOTH, ("sending", W), ("sending", W)),
        ([(W, "later", 0), (M, "later", 0)], BOTH, ("waiting", ""), ("waiting", "")),
        ([(W, "later", 0), (M, "rejected", 0)], BOTH, ("waiting", ""), ("waiting", "")),
        ([(W, "unknown", 0)], BOTH, ("sending", M), ("unknown", "")),
        ([(W, "unknown", 0)], (W,), ("waiting", ""), ("unknown", "")),
        ([(W, "unknown", 9)], (W,), ("sending", W), ("unknown", "")),
        ([(W, "unknown", 9)], BOTH, ("sending", M), ("unknown", "")),
        ([(W, "unknown", 9), (M, "rejected", 9)], BOTH, ("sending", W), ("unknown", "")),
        ([(W, "unknown", 9), (W, "unknown", 5)], BOTH, ("unknown", ""), ("unknown", "")),
        ([(W, "unknown", 9)], (), ("unknown", ""), ("unknown", "")),
        ([(W, "later", 9)] * ATTEMPT_LIMIT, BOTH, ("failed", ""), ("failed", "")),
        ([(W, "unknown", 9)] + [(W, "later", 9)] * (ATTEMPT_LIMIT - 1), BOTH, ("unknown", ""), ("unknown", "")),
    ],
)
def test_the_next_step(
    tried: list[tuple[str, str, int]], channels: tuple[str, ...], receipt: tuple[str, str], points: tuple[str, str]
) -> None:
    attempts = tuple(Attempt(channel, outcome, NOW - ago) for channel, outcome, ago in tried)
    assert next_step(attempts, channels, NOW, twice_is_worse=False) == Step(*receipt)
    assert next_step(attempts, channels, NOW, twice_is_worse=True) == Step(*points)


@pytest.mark.parametrize(
    ("state", "retry", "outcome"),
    [("sent", None, "sent"), ("unknown", 5, "unknown"), ("no_credit", None, "no_credit"), ("busy", 5, "later"),
     ("bad_data", None, "bad_data")],
)  # fmt: skip
def test_a_channels_answer_becomes_the_word_of_an_attempt(state: str, retry: int | None, outcome: str) -> None:
    assert outcome_of(state, retry) == outcome
