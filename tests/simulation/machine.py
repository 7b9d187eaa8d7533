"""The computer under the functions: its clock, its sleep, its randomness. What is ours is plugged in through ports;
what is the machine's is replaced at the machine, for every line of code that asks it, now and later."""

from __future__ import annotations

import contextlib
import io
import os
import random
import sys
import time
from typing import Any, Callable, Iterator


class Machine:
    def __init__(self, seed: object, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self.clock = clock
        self.sleep = sleep
        self._random = random.Random(f"{seed}/machine")

    def urandom(self, count: int) -> bytes:
        return self._random.randbytes(count)


class _Nowhere(io.TextIOBase):
    def write(self, text: str) -> int:
        return len(text)


@contextlib.contextmanager
def stood_in(machine: Machine) -> Iterator[None]:
    """While it lasts, `time`, `os.urandom` and all that is made of it are the simulated machine's, and what the
    functions log goes nowhere."""
    module: Any = random
    before = (time.time, time.monotonic, time.sleep, os.urandom, module._urandom, sys.stdout)
    time.time = time.monotonic = machine.clock
    time.sleep = machine.sleep
    os.urandom = module._urandom = machine.urandom
    sys.stdout = _Nowhere()
    try:
        yield
    finally:
        time.time, time.monotonic, time.sleep, os.urandom, module._urandom, sys.stdout = before
