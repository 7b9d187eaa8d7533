"""What to do next about one message: a pure function of what has been tried.

    sending  -> sent | failed | unknown | waiting      waiting -> sending

Twice or never: when an attempt's outcome is unknown, a message whose second copy does more harm than its absence
(points credited: it reads as if points came twice) stops there. A receipt or a refund is tried once more, on another
channel if there is one: docs/decisions/0071.
"""

from __future__ import annotations

from typing import NamedTuple

from twinshore.notify.port import NO_CREDIT, SENT, UNKNOWN

SENDING, WAITING, FAILED = "sending", "waiting", "failed"
FINAL = (SENT, FAILED, UNKNOWN)
LATER = "later"
"""Outcome of an attempt that was surely not made and is worth another try."""
ATTEMPT_LIMIT = 6
UNKNOWN_LIMIT = 2
"""Attempts that may have arrived, of a message that is worse missed than doubled."""


class Attempt(NamedTuple):
    channel: str
    outcome: str
    """SENT, UNKNOWN, LATER, NO_CREDIT or the channel's own word for its refusal."""
    at: int


class Step(NamedTuple):
    state: str
    """SENDING: try `channel` now. WAITING: nothing can be done now. Else final."""
    channel: str = ""


def next_step(attempts: tuple[Attempt, ...], open_channels: tuple[str, ...], at: int, twice_is_worse: bool) -> Step:
    """`open_channels` in the order of choice. A channel that said LATER, or nothing, is not asked again at once."""
    outcomes = [attempt.outcome for attempt in attempts]
    unknown_count = outcomes.count(UNKNOWN)
    if SENT in outcomes:
        return Step(SENT)
    if unknown_count and (twice_is_worse or unknown_count >= UNKNOWN_LIMIT):
        return Step(UNKNOWN)
    given_up = Step(UNKNOWN if unknown_count else FAILED)
    if len(attempts) >= ATTEMPT_LIMIT:
        return given_up
    refused = {attempt.channel for attempt in attempts if attempt.outcome not in (UNKNOWN, LATER)}
    possible = [channel for channel in open_channels if channel not in refused]
    asked_now = {attempt.channel for attempt in attempts if attempt.outcome in (LATER, UNKNOWN) and attempt.at >= at}
    ready = [channel for channel in possible if channel not in asked_now]
    if not ready:
        return Step(WAITING) if possible else given_up
    silent = {attempt.channel for attempt in attempts if attempt.outcome == UNKNOWN}
    return Step(SENDING, next((channel for channel in ready if channel not in silent), ready[0]))


def outcome_of(state: str, retry_after_seconds: int | None) -> str:
    """A channel's answer as the word of an attempt."""
    if state in (SENT, UNKNOWN, NO_CREDIT):
        return state
    return LATER if retry_after_seconds is not None else state
