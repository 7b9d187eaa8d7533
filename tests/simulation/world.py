"""Four cells in one process: one clock, one agenda, one thread.

What happens next is the first line of the agenda. An invocation runs to its end in one go, but for two ways in which
others come in between: it asks another cell, or it is overtaken at a port call (a fault), and then the next line of the
agenda runs while it stands there.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import math
import re
from typing import Any, Callable, Iterator, NamedTuple

from tests.simulation import faults as f
from tests.simulation.faults import Faults
from tests.simulation.machine import Machine
from tests.simulation.place import CELLS, Place, door, places
from tests.simulation.store import Crash, StoreInWeather, shown
from tests.support.doors import LambdaContext
from twinshore import deployment
from twinshore.intercell.port import Send
from twinshore.store.port import Change, Store

START = 1_800_000_000
DEEPEST = 4
"""How many invocations may stand still, one overtaken by the next."""
FAR_OFF_SECONDS = 3 * 3600
"""How long a clock may be far off before somebody sets it right."""
INVOCATION_SECONDS = 20
"""Who overtakes comes within the life of the invocation that is overtaken."""

_LONG = re.compile(r"\b([0-9a-f]{6})[0-9a-f]{20,}\b|\b(eyJ)[\w.-]{40,}|(\": \"?[\w+/]{6})[\w+/]{80,}==")
"""Ids made of hashes, tokens and signatures are told by their beginnings."""
_ORDER = re.compile(r"(?<![0-9a-z])[0-9a-z]{26,32}(?![0-9a-z])")
_ABOUT = re.compile(r"(\b(?:refund_[a-z]+|unresolved)[.-])[0-9a-f]{8}\b")
"""A flag about a refund names it by a checksum."""


class Defect(NamedTuple):
    """Something of a test's own, put between the product and its ports."""

    store: Callable[[Store], Any] = lambda store: store
    send: Callable[[Send], Send] = lambda send: send
    provider: Callable[[Any], Any] = lambda provider: provider
    call: Callable[[Callable[..., Any]], Callable[..., Any]] = lambda call: call
    """Of a party, by our functions."""


NONE = Defect()


class Died(Exception):
    """What the platform knows of an invocation that ended without an answer."""


class Violation(NamedTuple):
    rule: str
    facts: str


class Invocation:
    def __init__(self, name: str, cell: str, skew: float) -> None:
        self.name, self.cell, self.skew = name, cell, skew
        self.calls = 0


class World:
    def __init__(self, seed: int, faults: Faults, defect: Defect = NONE, telling: bool = False) -> None:
        self.seed, self.faults, self.telling = seed, faults, telling
        self.now = float(START)
        self.machine = Machine(seed, self._clock, lambda _: self._slept())
        self.places: dict[str, Place] = places()
        self.cuts: set[frozenset[str]] = set()
        self.extra_doors: dict[str, Any] = {}
        self.story: list[str] = []
        self.violations: list[Violation] = []
        self.steps = 0
        self.defect = defect
        self.watchers: list[Callable[[str, tuple[Change, ...]], None]] = []
        """Told of each commit in a cell."""
        self.orders: dict[str, str] = {}
        """What orders, and what is hashed of them, are called here: their ids are random, and a name must not be."""
        self.send: Any = None
        """Carries a message to another cell; the network sets it."""
        self._agenda: list[tuple[float, int, str, Callable[[], None]]] = []
        self._order = itertools.count()
        self._standing: list[Invocation] = []
        for cell in CELLS:
            place = self.places[cell]
            place.clear()
            place.store = StoreInWeather(self, cell, defect.store(place.engine))
            place.provider = None if place.client is None else defect.provider(place.client)

    # The agenda

    def later(self, seconds: float, name: str, do: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (self.now + max(0.0, seconds), next(self._order), name, do))

    def at(self, moment: float, name: str, do: Callable[[], None]) -> None:
        self.later(moment - self.now, name, do)

    def run(self, until: float = float("inf")) -> None:
        while self._agenda and self._agenda[0][0] <= until:
            self._step()
        if until != float("inf"):
            self.now = max(self.now, until)

    def _step(self) -> None:
        at, _, _, do = heapq.heappop(self._agenda)
        self.now = max(self.now, at)
        self.steps += 1
        do()

    def be_overtaken(self, at: str) -> None:
        """Let what comes next on the agenda run now, if it comes soon enough."""
        soon = self._agenda and self._agenda[0][0] <= self.now + INVOCATION_SECONDS
        if soon and len(self._standing) < DEEPEST:
            self.tell(f"{at} stands still, and meanwhile:")
            self._step()

    def _slept(self) -> None:
        if self._standing:
            self.be_overtaken(self._standing[-1].name)

    # Invocations

    def invoke(self, cell: str, name: str, event: dict[str, Any], called: str) -> Any:
        """Call a door of a cell. Raises Died if it crashed or raised."""
        place = self.places[cell]
        built, skew, right_at = self._instance(place, called)
        invocation = Invocation(called, cell, skew)
        before = deployment.become(built)
        self._standing.append(invocation)
        handler = self.extra_doors.get(name) or door(name).main_handler
        context: Any = LambdaContext(name, called)
        if place.cloud == "tencent":
            context = {"request_id": called, "time_limit_in_ms": 10_000, "memory_limit_in_mb": 512}
        try:
            answer = handler(event, context)
        except Crash:
            self.tell(f"{called} is dead")
            raise Died("crashed") from None
        except Exception as err:  # the platform sees that an invocation has raised, and no more
            self.tell(f"{called} raised {type(err).__name__}: {err}")
            raise Died("raised") from err
        else:
            place.idle.append((built, skew, right_at))
            return answer
        finally:
            self._standing.pop()
            deployment.become(before)

    def _instance(self, place: Place, called: str) -> tuple[dict[Any, Any], float, float]:
        """Its parts, the error of its clock, and when that is set right."""
        if place.idle and not self.faults.draw((f.RECYCLED,), f"{called}/instance"):
            built, skew, right_at = place.idle.pop()
            return built, skew if self.now < right_at else 0.0, right_at
        kind = self.faults.draw(f.STARTING, f"{called}/clock")
        limit = {f.SKEW: 40, f.FAR_OFF: 900}.get(kind, 0)
        skew = float(int(self.faults.amount(-limit, limit, f"{called}/clock"))) if limit else 0.0
        if skew:
            self.tell(f"{called} starts on a new instance of {place.cell} whose clock is {skew:+.0f} s off")
        return place.new_instance(self._way_out), skew, self.now + FAR_OFF_SECONDS if kind == f.FAR_OFF else math.inf

    def _way_out(self, url: str, headers: Any, body: bytes) -> Any:
        return self.defect.send(self.send)(url, headers, body)

    @contextlib.contextmanager
    def elsewhere(self, called: str) -> Iterator[None]:
        """What runs on no instance of ours, whoever of ours stands still: by the right time."""
        self._standing.append(Invocation(called, "", 0.0))
        try:
            yield
        finally:
            self._standing.pop()

    def named(self, text: str) -> str:
        """With each order under the name of the wish that placed it."""
        if not self.orders:
            return text
        return _ABOUT.sub(r"\1", _ORDER.sub(lambda found: self.orders.get(found[0], found[0]), text))

    def standing(self) -> Invocation:
        return self._standing[-1]

    def port_call(self, kinds: tuple[str, ...]) -> tuple[str, str]:
        """The name of this call, and the fault that it meets."""
        if not self._standing:
            return "nobody", ""
        invocation = self._standing[-1]
        invocation.calls += 1
        at = f"{invocation.name}#{invocation.calls}"
        fault = self.faults.draw(kinds, at)
        if fault and fault != f.OVERTAKEN:
            self.tell(f"{at} meets: {fault}")
        return at, fault

    def _clock(self) -> float:
        return self.now + (self._standing[-1].skew if self._standing else 0.0)

    # What is seen

    def saw_commit(self, cell: str, changes: tuple[Change, ...]) -> None:
        if self.telling:
            by = self._standing[-1].name if self._standing else "nobody"
            self.tell(f"{by} commits in {cell}: " + "; ".join(map(shown, changes)))
        for watch in self.watchers:
            watch(cell, changes)
        for change in changes:
            if change.key.sort.endswith("#balance"):
                item = self.places[cell].engine.get(change.key)
                if item is not None and item.fields.get("balance", 0) < 0:
                    self.violated("no balance is ever below zero", f"{cell} {change.key} {item.fields}")

    def violated(self, rule: str, facts: object) -> None:
        self.violations.append(Violation(rule, str(facts)))
        self.tell(f"VIOLATED: {rule}: {facts}")

    def tell(self, text: str) -> None:
        if self.telling:
            text = _LONG.sub(r"\1\2\3…", self.named(text))
            self.story.append(f"{self.now - START:>10.0f} s  {'    ' * len(self._standing)}{text}")
