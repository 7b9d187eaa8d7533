"""The work that waits to be asked about: one item per attempt and per refund, written in the commit that starts it.

So a webhook need not touch it: whoever finds the payment settled when the time comes, throws the item away.
"""

from __future__ import annotations

from typing import NamedTuple

from twinshore.store.port import Create, Due, Fields, Item, Key, Replace

QUEUE = "payment-poll"
LADDER_SECONDS = (30, 60, 300, 900, 3_600, 21_600)
"""How long to wait before each next question; the last one repeats. WeChat Pay tells nothing of a failed payment, and
its own retries end after a day: asking is the only way to know."""
GIVE_UP_SECONDS = 7 * 86_400
"""From then on a person looks."""

PAYMENT = "payment"
REFUND = "refund"


class Poll(NamedTuple):
    reference: str
    """Our reference of the attempt or of the refund."""
    kind: str
    began_at: int
    step: int
    version: int
    held: Fields
    """The item's fields: what newer code has added stays."""


def start_poll(reference: str, kind: str, now: int) -> Create:
    fields = {"kind": kind, "began_at": now, "step": 0}
    return Create(_key(reference), fields, due=Due(QUEUE, now + LADDER_SECONDS[0]))


def next_poll(poll: Poll, now: int) -> Replace:
    step = min(poll.step + 1, len(LADDER_SECONDS) - 1)
    return Replace(
        _key(poll.reference), {**poll.held, "step": step}, poll.version, due=Due(QUEUE, now + LADDER_SECONDS[step])
    )


def read_poll(item: Item) -> Poll:
    fields = item.fields
    reference = item.key.partition.partition("#")[2]
    return Poll(reference, fields["kind"], fields["began_at"], fields["step"], item.version, fields)


def _key(reference: str) -> Key:
    return Key(f"poll#{reference}", "poll")
