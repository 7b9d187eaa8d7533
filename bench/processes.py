"""Fresh interpreters, all stacks in turn in each round (the order rotates): ratios are taken pair by pair."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Callable, NamedTuple

from bench.place import Place

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_SECONDS = 60


class Figures(NamedTuple):
    """One value per round."""

    values: list[float]
    modules: int = 0
    cpu_ms: list[float] = []
    """Of a process up to its first answer."""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def over(self, other: Figures) -> float:
        """The median of this one's ratio to the other one, round by round."""
        return _median_ratio(self.values, other.values)

    def cpu_over(self, other: Figures) -> float:
        return _median_ratio(self.cpu_ms, other.cpu_ms)


def _median_ratio(mine: list[float], theirs: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(mine, theirs, strict=True))


def in_turn(names: list[str], rounds: int, measure: Callable[[str], float]) -> dict[str, list[float]]:
    """Each name once per round, beginning with another one each time. One round more goes first, and is not kept: it
    warms the page cache and writes the .pyc files."""
    got: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds + 1):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            value = measure(name)
            if number:
                got[name].append(value)
    return got


def cold(stacks: list[str], rounds: int, place: Place) -> dict[str, Figures]:
    """Milliseconds from the spawn of an interpreter to the first answer."""
    return _measured(stacks, rounds, place, 0)


def warm(stacks: list[str], rounds: int, place: Place, blocks: int) -> dict[str, Figures]:
    """Microseconds for a request in a warm process: the fastest of many short blocks, for on a shared machine the
    others only ever add."""
    return _measured(stacks, rounds, place, blocks)


def _measured(stacks: list[str], rounds: int, place: Place, blocks: int) -> dict[str, Figures]:
    said: dict[str, list[dict[str, float]]] = {name: [] for name in stacks}

    def measure(stack: str) -> float:
        value, result = _run(stack, place.environment(stack), blocks)
        said[stack].append(result)
        return value

    return {
        name: Figures(values, int(said[name][-1]["modules"]), [result["cpu_ms"] for result in said[name][1:]])
        for name, values in in_turn(stacks, rounds, measure).items()
    }


def start_once(stacks: tuple[str, ...], place: Place) -> None:
    for stack in stacks:
        _run(stack, place.environment(stack), 0)


def _run(stack: str, variables: dict[str, str], blocks: int) -> tuple[float, dict[str, float]]:
    command = [*probe(stack), *([str(blocks)] if blocks else [])]
    start = time.perf_counter()
    done = subprocess.run(
        command, env=environment(variables), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
        timeout=TIMEOUT_SECONDS,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{stack}: {done.stderr.decode()[-2000:]}")
    result: dict[str, float] = json.loads(done.stderr.decode().splitlines()[-1])
    return (result["us"] if blocks else (result["ready"] - start) * 1e3), result


def probe(stack: str) -> list[str]:
    """Without `site`, whose .pth files are none of a function's business."""
    return [sys.executable, "-S", "-s", str(ROOT / "bench" / "probe.py"), stack]


def environment(variables: dict[str, str]) -> dict[str, str]:
    path = os.pathsep.join((str(ROOT), str(ROOT / "layers" / "core"), sysconfig.get_paths()["purelib"]))
    return {"PATH": os.environ["PATH"], "PYTHONPATH": path, "HOME": "/", **variables}
