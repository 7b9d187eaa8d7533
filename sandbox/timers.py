"""The platform's timers for one cell: the `schedule` door is called with the cloud's own timer event.

Intervals are the box's: shorter than in the clouds, where a minute is the least, so that a visitor sees them work.
"""

from __future__ import annotations

import threading
import time
import traceback

from sandbox.cell_gateway import CellGateway
from sandbox.gateway import aws, tencent

SCHEDULE_DOOR = "schedule"
FIRST_SECONDS = 1.0
INTERVAL_SECONDS: dict[str, float] = {}


class Timers:
    def __init__(self, gateway: CellGateway) -> None:
        self._gateway = gateway
        self._stopped = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="timers", daemon=True)

    def start(self) -> None:
        if SCHEDULE_DOOR in self._gateway.doors:
            self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def fire(self, name: str) -> bool:
        """Run one timer now. False for a name that is no timer."""
        if name not in INTERVAL_SECONDS or SCHEDULE_DOOR not in self._gateway.doors:
            return False
        place, at_ms, began = self._gateway.place, int(time.time() * 1000), time.monotonic()
        event = aws.timer_event(name, place.region, at_ms) if place.cloud == "aws" else tencent.timer_event(name, at_ms)
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
        next_at = {name: time.monotonic() + FIRST_SECONDS for name in INTERVAL_SECONDS}
        while next_at and not self._stopped.wait(0.25):
            for name, at in list(next_at.items()):
                if at <= time.monotonic() and not self._stopped.is_set():
                    self.fire(name)
                    next_at[name] = time.monotonic() + INTERVAL_SECONDS[name]
