"""The shoppers, as a process of their own: `python -m sandbox.load.crowd '<Plan as JSON>'`.

Journeys begin at an even pace whatever the cells do (an open loop), each on a thread of its own, so that a cell that
answers slowly is not spared. They begin for the seconds of the plan, and on as long as standard input is open, within
OVERTIME_SECONDS. The process ends when every journey has: their patience is bounded.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import IO, Any, NamedTuple

from sandbox.load.caller import Caller, DeedFailed, GaveUp, Sample
from sandbox.load.shopper import Shopper, World
from sandbox.load.shopping import Kind, drawn
from sandbox.walk import Traveller

OPEN_LIMIT = 300
"""Journeys at a time: beyond it a new one waits for its turn, and the run says how many did."""
OVERTIME_SECONDS = 120.0
"""A slow machine may need longer for the faults."""
STACK_BYTES = 512 * 1024


class Plan(NamedTuple):
    world: list[Any]
    """The fields of a World."""
    name: str
    """Of this run: every member and key begins with it."""
    rate: float
    """Journeys begun per second."""
    seconds: float
    seed: int
    folder: str
    """Where `<name>.promises`, `<name>.samples` and `<name>.journeys` are written, a JSON line each."""


class Lines:
    """Thread-safe."""

    def __init__(self, file: Path) -> None:
        self._file: IO[str] = file.open("w", encoding="utf-8")
        self._lock = threading.Lock()

    def add(self, line: Any) -> None:
        text = json.dumps(line, ensure_ascii=False) + "\n"
        with self._lock:
            self._file.write(text)

    def close(self) -> None:
        with self._lock:
            self._file.close()


class Crowd:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._world = World(*plan.world)
        folder = Path(plan.folder)
        self._promises = Lines(folder / f"{plan.name}.promises")
        self._samples = Lines(folder / f"{plan.name}.samples")
        self._journeys = Lines(folder / f"{plan.name}.journeys")
        self._places = threading.Semaphore(OPEN_LIMIT)
        self._threads: list[threading.Thread] = []

    def go(self) -> None:
        draw, plan = random.Random(self._plan.seed), self._plan
        over = threading.Event()
        threading.Thread(target=_wait_for_the_end, args=(over,), daemon=True).start()
        began, number = time.monotonic(), 0
        while True:
            time.sleep(max(0.0, began + number / plan.rate - time.monotonic()))
            late = not self._places.acquire(blocking=False)
            if late:
                self._places.acquire()
            spent = time.monotonic() - began
            if spent >= plan.seconds and (over.is_set() or spent >= plan.seconds + OVERTIME_SECONDS):
                break
            name = f"{plan.name}{number:05d}"
            thread = threading.Thread(target=self._one, args=(name, *drawn(draw, name), late), daemon=True)
            thread.start()
            self._threads = [each for each in self._threads if each.is_alive()] + [thread]
            number += 1
        for thread in self._threads:
            thread.join()
        for lines in (self._promises, self._samples, self._journeys):
            lines.close()

    def _one(self, name: str, kind: Kind, who: Traveller, late: bool) -> None:
        caller = Caller(self._world.cells, self._kept)
        at, began, story = time.time(), time.monotonic(), ""
        outcome = "done"
        try:
            kind.go(Shopper(self._world, who, caller, self._promises.add, name))
        except DeedFailed as err:
            outcome, story = "failed", str(err)
        except GaveUp as err:
            outcome, story = "gave up", str(err)
        except Exception:  # an answer of another shape is a story too
            outcome, story = "failed", traceback.format_exc(limit=-3)
        finally:
            caller.close()
            self._places.release()
        self._journeys.add({
            "name": name, "kind": kind.name, "who": who.slug, "cell": who.cell, "at": round(at, 3),
            "seconds": round(time.monotonic() - began, 3), "outcome": outcome, "story": story, "late": late,
        })  # fmt: skip

    def _kept(self, sample: Sample) -> None:
        self._samples.add(sample)


def _wait_for_the_end(over: threading.Event) -> None:
    while os.read(0, 1024):
        pass
    over.set()


def main(argument: str) -> int:
    threading.stack_size(STACK_BYTES)
    Crowd(Plan(*json.loads(argument))).go()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
