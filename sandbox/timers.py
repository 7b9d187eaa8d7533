"""The platform's timers for one cell: the `schedule` door is called with the cloud's own timer event.

Intervals are the box's: shorter than in the clouds, where a minute is the least, so that a visitor sees them work.
"""

from __future__ import annotations

import threading
import time
import traceback

from sandbox.cell_gateway import CellGateway
from sandbox.gateway import aws, tencent
from twinshore import wiring

SCHEDULE_DOOR = "schedule"
FIRST_ROUND_SECONDS = 8.0
INTERVAL_SECONDS = {
    "outbox-sweep": 5.0, "payment-poll": 10.0, "points-sweep": 3.0, "webhook-send": 5.0, "partner-sync": 10.0,
}  # fmt: skip
OTHERWISE_SECONDS = 600.0
NOT_ON = {"aws": ("outbox-sweep", "expired-delete")}
"""The stream replaces the sweep there, and the table deletes what has expired."""


def jobs_of(cloud: str) -> dict[str, float]:
    """Every job of the product's own table that this cloud has a timer for, with its interval in seconds."""
    return {
        name: INTERVAL_SECONDS.get(name, OTHERWISE_SECONDS)
        for name in wiring.jobs()
        if name not in NOT_ON.get(cloud, ())
    }


class Timers:
    def __init__(self, gateway: CellGateway) -> None:
        self._gateway = gateway
        self._jobs = jobs_of(gateway.place.cloud) if SCHEDULE_DOOR in gateway.doors else {}
        self._stopped = threading.Event()
        self._first_round = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="timers", daemon=True)

    def start(self) -> None:
        if self._jobs:
            self._thread.start()

    def wait_for_first_round(self) -> None:
        """Every job runs once at the start, as after a deployment: no rates, no locks."""
        if self._jobs:
            self._first_round.wait(FIRST_ROUND_SECONDS)

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def fire(self, name: str) -> bool:
        """Run one timer now. False for a name that is no timer."""
        if name not in self._jobs:
            return False
        place, at_ms, began = self._gateway.place, int(time.time() * 1000), time.monotonic()
        event = aws.timer_event(name) if place.cloud == "aws" else tencent.timer_event(name, at_ms)
        outcome = "done"
        with self._one_at_a_time:
            try:
                self._gateway.invoke(SCHEDULE_DOOR, event, f"timer-{at_ms:x}")
            except Exception:  # the next tick comes anyway
                traceback.print_exc()
                outcome = "failed"
        self._gateway.flow.note("timer", name, began, outcome=outcome)
        return True

    def _run(self) -> None:
        next_at = dict.fromkeys(self._jobs, 0.0)
        while not self._stopped.wait(0.25 if self._first_round.is_set() else 0):
            for name, at in list(next_at.items()):
                if at <= time.monotonic() and not self._stopped.is_set():
                    self.fire(name)
                    next_at[name] = time.monotonic() + self._jobs[name]
            self._first_round.set()
