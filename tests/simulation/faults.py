"""What goes wrong, and when. Each place where something may go wrong has a name of its own, made of what is going on
there, and its lot is drawn from the seed and that name: to take one action or one fault out of a run changes nothing
else by itself, and so a failing run can be shrunk."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import Mapping, NamedTuple

CRASH_BEFORE, CRASH_AFTER, CRASH_READING = "crash before commit", "crash after commit", "crash at a read"
DOWN_BEFORE, DOWN_AFTER, DOWN_READING = "store 5xx before commit", "store 5xx after commit", "store 5xx at a read"
OVERTAKEN = "overtaken"
"""Another invocation runs while this one stands at a port call."""
REQUEST_LOST, ANSWER_LOST, REQUEST_LATE, REQUEST_TWICE = (
    "request lost", "answer lost", "request late", "request twice",
)  # fmt: skip
MESSAGE_LOST, REPLY_LOST, MESSAGE_LATE, MESSAGE_TWICE, CUT = (
    "message lost", "message's answer lost", "message late", "message twice", "partition",
)  # fmt: skip
EVENT_LATE, EVENT_TWICE, WAKE_LOST = "event late", "event twice", "wake lost"
TIMER_LATE, TIMER_TWICE = "timer late", "timer twice"
SKEW, FAR_OFF, RECYCLED = "clock skew", "clock far off", "instance recycled"
PARTY_SLOW, PARTY_UNREACHABLE, PARTY_LOST, PARTY_SILENT, PARTY_DOWN, PARTY_DOWN_AFTER, CRASH_CALLING = (
    "party slow", "party unreachable", "call of a party lost", "party's answer lost", "party 5xx before",
    "party 5xx after", "crash at a party's answer",
)  # fmt: skip
NOTICE_LOST, NOTICE_UNHEARD, NOTICE_LATE, NOTICE_TWICE = (
    "notice never sent", "notice's answer lost", "notice late", "notice twice",
)  # fmt: skip
LESS_TAKEN, PAID_CLOSED, REFUND_FAILS = "less taken than asked", "paid after the close", "refund fails at the party"

READING = (OVERTAKEN, DOWN_READING, CRASH_READING)
COMMITTING = (OVERTAKEN, DOWN_BEFORE, DOWN_AFTER, CRASH_BEFORE, CRASH_AFTER)
REQUESTING = (REQUEST_LOST, ANSWER_LOST, REQUEST_LATE, REQUEST_TWICE)
TELLING = (MESSAGE_LOST, REPLY_LOST, MESSAGE_LATE, MESSAGE_TWICE)
EVENTS = (WAKE_LOST, EVENT_LATE, EVENT_TWICE)
TIMING = (TIMER_LATE, TIMER_TWICE)
STARTING = (SKEW, FAR_OFF)
CALLING = (PARTY_SLOW, PARTY_UNREACHABLE, PARTY_LOST, PARTY_SILENT, PARTY_DOWN, PARTY_DOWN_AFTER, CRASH_CALLING)
NOTICES = (NOTICE_LOST, NOTICE_UNHEARD, NOTICE_LATE, NOTICE_TWICE)
PAYING = (LESS_TAKEN, PAID_CLOSED, REFUND_FAILS)
KINDS = (
    *READING, *COMMITTING[1:], *REQUESTING, *TELLING, CUT, *EVENTS, *TIMING, *STARTING, RECYCLED,
    *CALLING, *NOTICES, *PAYING,
)  # fmt: skip

RATES = {
    OVERTAKEN: 0.08, DOWN_READING: 0.01, CRASH_READING: 0.008,
    DOWN_BEFORE: 0.02, DOWN_AFTER: 0.03, CRASH_BEFORE: 0.02, CRASH_AFTER: 0.03,
    REQUEST_LOST: 0.02, ANSWER_LOST: 0.05, REQUEST_LATE: 0.04, REQUEST_TWICE: 0.08,
    MESSAGE_LOST: 0.12, REPLY_LOST: 0.12, MESSAGE_LATE: 0.1, MESSAGE_TWICE: 0.1,
    EVENT_LATE: 0.1, EVENT_TWICE: 0.1, WAKE_LOST: 0.05, TIMER_LATE: 0.1, TIMER_TWICE: 0.1,
    SKEW: 0.3, FAR_OFF: 0.03, RECYCLED: 0.05,
    PARTY_SLOW: 0.12, PARTY_UNREACHABLE: 0.02, PARTY_LOST: 0.02, PARTY_SILENT: 0.06, PARTY_DOWN: 0.02,
    PARTY_DOWN_AFTER: 0.03, CRASH_CALLING: 0.04, NOTICE_LOST: 0.12, NOTICE_UNHEARD: 0.06, NOTICE_LATE: 0.12,
    NOTICE_TWICE: 0.15, LESS_TAKEN: 0.04, PAID_CLOSED: 0.4, REFUND_FAILS: 0.06,
}  # fmt: skip
"""In ordinary bad weather. Each seed has weather of its own: each kind is up to three times as frequent, or absent."""
SOON = 0.6
_WHOLE = 2**64


def chance(*names: object) -> float:
    """Between 0 and 1, the same for the same names."""
    return int.from_bytes(blake2b("/".join(map(str, names)).encode(), digest_size=8).digest(), "big") / _WHOLE


def between(low: float, high: float, *names: object) -> float:
    return low + (high - low) * chance(*names)


class Fault(NamedTuple):
    at: str
    """The name of the place, e.g. `a7.1#3`: the third port call of the first try of the action a7."""
    kind: str


class Faults:
    """only: the faults that may happen, of those that would; None for all."""

    def __init__(self, seed: object, only: frozenset[Fault] | None = None, rates: Mapping[str, float] = RATES) -> None:
        self._seed = seed
        self._only = only
        self.on = True
        self.happened: dict[Fault, None] = {}
        factors = {kind: max(0.0, between(-1.0, 3.0, seed, "weather", kind)) for kind in rates}
        calm = chance(seed, "calm") < 0.05
        self._rates = {kind: 0.0 if calm else min(rate * factors[kind], 0.5) for kind, rate in rates.items()}

    def draw(self, kinds: tuple[str, ...], at: str) -> str:
        """One of `kinds`, or "" as mostly."""
        if not self.on:
            return ""
        lot = chance(self._seed, at)
        for kind in kinds:
            lot -= self._rates[kind]
            if lot < 0:
                return kind if self.note(kind, at) else ""
        return ""

    def note(self, kind: str, at: str) -> bool:
        """Count a fault that happens here; False if it must not."""
        fault = Fault(at, kind)
        if not self.on or (self._only is not None and fault not in self._only):
            return False
        self.happened[fault] = None
        return True

    def amount(self, low: float, high: float, at: str) -> float:
        return between(low, high, self._seed, at, "amount")

    def delay(self, at: str) -> float:
        """Of a copy: mostly short, so that it meets the first; or so long that the window of a signature has closed."""
        return self.amount(0, 4, f"{at}/soon") if chance(self._seed, at, "soon") < SOON else self.amount(4, 400, at)

    def counted(self) -> Counter[str]:
        return Counter(fault.kind for fault in self.happened)
