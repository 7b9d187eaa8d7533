"""`make simulate SEEDS=10000`: many seeds, and what came of them. `make simulate SEED=1234`: one, with its story."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from tests.simulation.faults import KINDS
from tests.simulation.place import remove_files
from tests.simulation.shrinking import shrink, story_of
from tests.simulation.simulation import Run, run

CHUNK_SEEDS = 50
SHOWN_STORIES = 3
FAULTS, WISHES = Run._fields.index("faults"), Run._fields.index("wishes")


class Sum(NamedTuple):
    seeds: int
    steps: int
    faults: Counter[str]
    wishes: Counter[str]
    failed: list[int]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--seed", type=int, default=None, help="only this one, with its story")
    parser.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 8))
    asked = parser.parse_args(arguments)
    try:
        return _one(asked.seed) if asked.seed is not None else _many(asked.first, asked.seeds, asked.workers)
    finally:
        remove_files()


def _one(seed: int) -> int:
    whole = run(seed, telling=True)
    if not whole.violations:
        print("\n".join(whole.story))
        print(f"seed {seed}: {whole.steps} steps, {sum(whole.faults.values())} faults, nothing is violated")
        return 0
    print(story_of(shrink(whole)))
    return 1


def _many(first: int, count: int, workers: int) -> int:
    began = time.monotonic()
    starts = range(first, first + count, CHUNK_SEEDS)
    total = Sum(0, 0, Counter(), Counter(), [])
    with ProcessPoolExecutor(workers) as pool:
        for part in pool.map(_chunk, [range(start, min(start + CHUNK_SEEDS, first + count)) for start in starts]):
            total = Sum(*(one + other for one, other in zip(total, part)))
            if sys.stderr.isatty():
                print(f"\r{total.seeds} of {count} seeds, {len(total.failed)} failed ", end="", file=sys.stderr)
    _report(total, time.monotonic() - began)
    for seed in total.failed[:SHOWN_STORIES]:
        print(f"\n{story_of(shrink(run(seed)))}\n\nagain: make simulate SEED={seed}")
    return 1 if total.failed else 0


def _chunk(seeds: range) -> Sum:
    gc.set_threshold(100_000)  # a run leaves little behind that is not freed at once
    try:
        runs = [run(seed) for seed in seeds]
    finally:
        remove_files()
    faults, wishes = (sum((one[place] for one in runs), Counter[str]()) for place in (FAULTS, WISHES))
    return Sum(len(runs), sum(one.steps for one in runs), faults, wishes, [one.seed for one in runs if one.violations])


def _report(total: Sum, seconds: float) -> None:
    print(
        f"seeds       {total.seeds:>10,}\nsteps       {total.steps:>10,}\nwishes      {sum(total.wishes.values()):>10,}"
    )
    for name, number in sorted(total.wishes.items()):
        print(f"  {name:<24} {number:>9,}")
    print(f"faults      {sum(total.faults.values()):>10,}")
    for kind in KINDS:
        print(f"  {kind:<24} {total.faults[kind]:>9,}")
    print(f"violations  {len(total.failed):>10,}\nseconds     {seconds:>10.1f}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
