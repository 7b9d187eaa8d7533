"""The state machine of a payment attempt, as a table: what we know, and what the news makes of it.

News comes at least once, late, and in any order, so nothing steps back: a settled payment stays settled whatever stale
word arrives, and a payment that ended without money ends with it all the same if money turns up. What the provider
means by its own words is in its folder's table; a word that is in no table is PENDING.
"""

from __future__ import annotations

from typing import NamedTuple

from twinshore.payments.port import CAPTURED, CLOSED, CREATED, FAILED, PART_REFUNDED, PENDING, REFUNDED

STATES = (CREATED, PENDING, CAPTURED, PART_REFUNDED, REFUNDED, FAILED, CLOSED)


class Step(NamedTuple):
    state: str
    flag: str = ""
    """Why a person must look at it, though the news is true and kept."""


CAPTURED_AFTER_CLOSE = "captured_after_close"

# A row per state that we are in; a column per news. The refund columns of a payment that is not known to be captured
# leave the state alone: the total refunded is kept beside it, and counts from the moment the capture is known.
_COLUMNS = (CREATED, PENDING, CAPTURED, PART_REFUNDED, REFUNDED, FAILED, CLOSED)
_ROWS: dict[str, tuple[Step, ...]] = {
    CREATED: (
        Step(CREATED), Step(PENDING), Step(CAPTURED), Step(CREATED), Step(CREATED), Step(FAILED), Step(CLOSED),
    ),
    PENDING: (
        Step(PENDING), Step(PENDING), Step(CAPTURED), Step(PENDING), Step(PENDING), Step(FAILED), Step(CLOSED),
    ),
    CAPTURED: (
        Step(CAPTURED), Step(CAPTURED), Step(CAPTURED), Step(PART_REFUNDED), Step(REFUNDED), Step(CAPTURED),
        Step(CAPTURED),
    ),
    PART_REFUNDED: (
        Step(PART_REFUNDED), Step(PART_REFUNDED), Step(PART_REFUNDED), Step(PART_REFUNDED), Step(REFUNDED),
        Step(PART_REFUNDED), Step(PART_REFUNDED),
    ),
    REFUNDED: (
        Step(REFUNDED), Step(REFUNDED), Step(REFUNDED), Step(REFUNDED), Step(REFUNDED), Step(REFUNDED), Step(REFUNDED),
    ),
    # A declined card may be followed by a good one on the same attempt.
    FAILED: (
        Step(FAILED), Step(FAILED), Step(CAPTURED), Step(FAILED), Step(FAILED), Step(FAILED), Step(CLOSED),
    ),
    # The order was given up, yet the money came: it is held, and a person decides.
    CLOSED: (
        Step(CLOSED), Step(CLOSED), Step(CAPTURED, CAPTURED_AFTER_CLOSE), Step(CLOSED), Step(CLOSED), Step(CLOSED),
        Step(CLOSED),
    ),
}  # fmt: skip

TABLE: dict[str, dict[str, Step]] = {state: dict(zip(_COLUMNS, row)) for state, row in _ROWS.items()}

WIRE = {
    CREATED: "created",
    PENDING: "pending",
    CAPTURED: "paid",
    PART_REFUNDED: "part_refunded",
    REFUNDED: "refunded",
    FAILED: "failed",
    CLOSED: "closed",
}
"""Our state to the word that clients see: stable for ever."""
