"""The state machine of a payment attempt, as a table: what we know, and what the news makes of it.

News comes at least once, late, and in any order, so nothing steps back: a settled payment stays settled whatever stale
word arrives, and a payment that ended without money ends with it all the same if money turns up. What the provider
means by its own words is in its folder's table; a word that is in no table is PENDING.
"""

from typing import NamedTuple

from twinshore.payments.port import (
    AUTHORISED,
    CAPTURED,
    CLOSED,
    CREATED,
    DISPUTE_LOST,
    DISPUTE_WON,
    DISPUTED,
    FAILED,
    PART_REFUNDED,
    PENDING,
    REFUNDED,
)

STATES = (
    CREATED, PENDING, AUTHORISED, CAPTURED, PART_REFUNDED, REFUNDED, FAILED, CLOSED, DISPUTED, DISPUTE_WON,
    DISPUTE_LOST,
)  # fmt: skip


class Step(NamedTuple):
    state: str
    flag: str = ""
    """Why a person must look at it, though the news is true and kept."""


CAPTURED_AFTER_CLOSE = "captured_after_close"
AUTHORISED_AFTER_CLOSE = "authorised_after_close"
WON_AFTER_LOST = "won_after_lost"

# A row per state that we are in; a column per news, in the order of STATES; a dot leaves the state alone.
#
# Refunds and disputes are news of money that was captured. While the capture is not known they leave the state alone:
# what was heard is kept beside it (`refunded_minor`, `dispute`), and counts from the moment the capture is known.
# A dispute covers the refunds; when it is won, they show again. A declined card may be followed by a good one on the
# same attempt. What comes after the close is held, and a person decides. A dispute that was lost stays lost: what a
# bank gives back after that, a person counts.
_GRID = """
              created pending authorised captured part_refunded refunded failed closed disputed dispute_won dispute_lost
created       .       pending authorised captured .             .        failed closed .        .           .
pending       .       .       authorised captured .             .        failed closed .        .           .
authorised    .       .       .          captured .             .        failed closed .        .           .
captured      .       .       .          .        part_refunded refunded .      .      disputed dispute_won dispute_lost
part_refunded .       .       .          .        .             refunded .      .      disputed .           dispute_lost
refunded      .       .       .          .        .             .        .      .      disputed .           dispute_lost
failed        .       .       authorised captured .             .        .      closed .        .           .
closed        .       .       .          captured .             .        .      .      .        .           .
disputed      .       .       .          .        .             .        .      .      .        dispute_won dispute_lost
dispute_won   .       .       .          .        part_refunded refunded .      .      .        .           dispute_lost
dispute_lost  .       .       .          .        .             .        .      .      .        .           .
"""
_FLAGS = {
    (CLOSED, CAPTURED): CAPTURED_AFTER_CLOSE,
    (CLOSED, AUTHORISED): AUTHORISED_AFTER_CLOSE,
    (DISPUTE_LOST, DISPUTE_WON): WON_AFTER_LOST,
}


def _read(grid: str) -> dict[str, dict[str, Step]]:
    columns, *rows = (line.split() for line in grid.strip().splitlines())
    return {
        state: {
            news: Step(state if word == "." else word, _FLAGS.get((state, news), ""))
            for news, word in zip(columns, words)
        }
        for state, *words in rows
    }


TABLE = _read(_GRID)

WIRE = {
    CREATED: "created",
    PENDING: "pending",
    AUTHORISED: "authorised",
    CAPTURED: "paid",
    PART_REFUNDED: "part_refunded",
    REFUNDED: "refunded",
    FAILED: "failed",
    CLOSED: "closed",
    DISPUTED: "disputed",
    DISPUTE_WON: "dispute_won",
    DISPUTE_LOST: "dispute_lost",
}
"""Our state to the word that clients see: stable for ever."""
