"""Fresh interpreters, all variants in turn in each round (the order rotates): ratios are taken pair by pair."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Figure(NamedTuple):
    name: str
    median: float
    low: float
    high: float
    ratios: dict[str, float]
    """Median of the per-round ratios of this variant to each other one."""
    modules: int


def cold(stacks: list[str], rounds: int, keys: Path) -> dict[str, Figure]:
    """Milliseconds from the spawn of an interpreter to the first answer."""
    return _measure(stacks, rounds, keys, 0)


def warm(stacks: list[str], rounds: int, keys: Path, requests: int) -> dict[str, Figure]:
    """Microseconds for a request in a warm process (the middle of five blocks)."""
    return _measure(stacks, rounds, keys, requests)


def _measure(stacks: list[str], rounds: int, keys: Path, requests: int) -> dict[str, Figure]:
    got: dict[str, list[float]] = {name: [] for name in stacks}
    modules: dict[str, int] = {}
    for number in range(rounds + 1):
        shift = number % len(stacks)
        for name in stacks[shift:] + stacks[:shift]:
            value, count = _run(name, keys, requests)
            if number:  # the first round warms the page cache and writes the .pyc files
                got[name].append(value)
                modules[name] = count
    return {
        name: Figure(
            name, statistics.median(values), min(values), max(values),
            {other: statistics.median(a / b for a, b in zip(values, got[other])) for other in stacks}, modules[name],
        )
        for name, values in got.items()
    }  # fmt: skip


def _run(stack: str, keys: Path, requests: int) -> tuple[float, int]:
    path = os.pathsep.join((str(ROOT), str(ROOT / "layers" / "core"), sysconfig.get_paths()["purelib"]))
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": path, "BENCH_KEYS": str(keys), "HOME": "/"}
    command = [sys.executable, "-S", "-s", str(ROOT / "bench" / "probe.py"), stack]
    if requests:
        command.append(str(requests))
    start = time.perf_counter()
    done = subprocess.run(command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise RuntimeError(f"{stack}: {done.stderr.decode()[-2000:]}")
    result = json.loads(done.stderr.decode().splitlines()[-1])
    if requests:
        return float(result["us"]), int(result["modules"])
    return (float(result["ready"]) - start) * 1e3, int(result["modules"])
