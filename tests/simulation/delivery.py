"""Each cloud's ways of waking a function that nobody asks: the news of a commit, and timers."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Sequence

from sandbox.gateway import aws, tencent
from tests.simulation import faults as f
from tests.simulation.place import CELLS
from tests.simulation.world import Died
from twinshore.events import Event
from twinshore.exchange.exchanges import EXCHANGES
from twinshore.exchange.links import LINKS
from twinshore.members.standing import QUEUE as TIERS
from twinshore.outbox import outbox_key
from twinshore.payments.poll_items import QUEUE as PAYMENTS
from twinshore.points.book import ACTIVATION, EXPIRY, HOLDS
from twinshore.rewards.pool import STALE
from twinshore.rewards.vouchers import CLAIMS, EXPIRIES, RETURNS
from twinshore.store.port import OUTBOX, Delete

if TYPE_CHECKING:
    from tests.simulation.world import World

AGAIN_SECONDS = (1, 4, 15, 60, 300)
QUEUES: dict[str, tuple[str, ...]] = {
    "points-sweep": (EXPIRY, HOLDS, ACTIVATION, LINKS, EXCHANGES), "outbox-sweep": (OUTBOX,), "member-tiers": (TIERS,),
    "partner-sync": (CLAIMS, RETURNS, EXPIRIES, STALE),
}  # fmt: skip
"""The jobs that matter here, and the queues that each looks after."""
MINUTELY = {"payment-poll": (PAYMENTS,)}
"""Those that are not wished for: whoever waits in their queues is looked after within the minute."""


class Delivery:
    """On AWS the table's stream tells of each commit, again and again until the function has done it; on Tencent the
    commit wakes the function once, and what that has missed is swept from the outbox by a timer."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tries: dict[str, int] = {}
        for cell in CELLS:
            world.places[cell].committed = partial(self._committed, cell)

    def _committed(self, cell: str, events: Sequence[Event]) -> None:
        world, name = self._world, self._world.named(f"{cell}:{events[0].id}")
        fault = world.faults.draw(f.EVENTS, f"{name}/told")
        if fault == f.WAKE_LOST and world.places[cell].cloud == "aws":
            fault = ""  # a stream loses nothing
        if fault:
            world.tell(f"the news {name}: {fault}")
        delay = world.faults.amount(0, 3, f"{name}/told")
        if fault == f.EVENT_LATE:
            delay = world.faults.amount(10, 4000, f"{name}/told")
        if fault != f.WAKE_LOST:
            world.later(delay, name, partial(self._tell, cell, events))
        if fault == f.EVENT_TWICE:
            world.later(delay + world.faults.amount(0, 600, f"{name}/again"), name, partial(self._tell, cell, events))

    def _tell(self, cell: str, events: Sequence[Event]) -> None:
        if self._world.places[cell].cloud == "aws":
            self._stream(cell, events)
        else:
            self._wake(cell, events)

    def _called(self, cell: str, events: Sequence[Event]) -> str:
        name = self._world.named(f"{cell}:{events[0].id}")
        self._tries[name] = self._tries.get(name, 0) + 1
        return f"{name}.{self._tries[name]}"

    def _stream(self, cell: str, events: Sequence[Event]) -> None:
        world, called = self._world, self._called(cell, events)
        image = {"pk": "simulated", "sk": "item", "_events": json.dumps([event.as_json() for event in events])}
        record = aws.stream_record("1", "simulated", image, int(world.now))
        try:
            said = world.invoke(cell, "events", {"Records": [record]}, called)
        except Died:
            said = None
        if said is None or said["batchItemFailures"]:
            again = AGAIN_SECONDS[min(self._tries[called.rpartition(".")[0]], len(AGAIN_SECONDS)) - 1]
            world.later(again, called, partial(self._stream, cell, events))
            return
        engine = world.places[cell].engine
        for event in events:  # what is a row of the outbox here is a record of the stream there, and gone with it
            item = engine.get(outbox_key(event.id))
            if item is not None:
                engine.commit(Delete(item.key, item.version))

    def _wake(self, cell: str, events: Sequence[Event]) -> None:
        try:
            self._world.invoke(cell, "events", {"events": [event.as_json() for event in events]},
                               self._called(cell, events))  # fmt: skip
        except Died:
            return  # the outbox still has it

    # Timers

    def fire(self, cell: str, job: str, called: str) -> Any:
        """Run one timer now; None if it came to grief, and the next one is what helps."""
        world = self._world
        if not self.has(cell, job):
            return None
        on_aws = world.places[cell].cloud == "aws"
        event = aws.timer_event(job) if on_aws else tencent.timer_event(job, int(world.now * 1000))
        world.tell(f"{called}: the timer {job} of {cell}")
        try:
            return world.invoke(cell, "schedule", event, called)
        except Died:
            return None

    def timer(self, cell: str, job: str, called: str) -> None:
        """One that is due now, in the weather that there is."""
        world = self._world
        fault = world.faults.draw(f.TIMING, f"{called}/timer")
        if fault:
            world.tell(f"{called}: {fault}")
        if fault == f.TIMER_LATE:
            delay = world.faults.amount(30, 4000, f"{called}/timer")
            world.later(delay, called, lambda: self.fire(cell, job, called))
            return
        if fault == f.TIMER_TWICE:
            world.later(world.faults.amount(0, 5, f"{called}/timer"), called,
                        lambda: self.fire(cell, job, f"{called}+"))  # fmt: skip
        self.fire(cell, job, called)

    def has(self, cell: str, job: str) -> bool:
        """Whether there is such a timer: where the table has a stream, nothing sweeps an outbox."""
        return job != "outbox-sweep" or self._world.places[cell].cloud == "tencent"

    def fire_what_is_due(self, cell: str, called: str) -> None:
        due = self._world.places[cell].due_queues(int(self._world.now))
        for job, queues in (*QUEUES.items(), *MINUTELY.items()):
            if due.intersection(queues):
                self.fire(cell, job, f"{called}:{job}")

    def waiting(self, cell: str) -> int:
        """Events that nobody has heard yet."""
        return len(self._world.places[cell].engine.due(OUTBOX, 2**40, 1000))
