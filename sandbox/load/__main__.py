"""`python -m sandbox.load`: a load test of the box on this machine's loopback. It stops by itself.

Exit code: 0 when every promise held, 1 when one did not; the lines above say which.
"""

from __future__ import annotations

import argparse
import random
import sys
import time

from sandbox.load import faults, page
from sandbox.load.run import Order, run, stories
from sandbox.load.scene import end_on_signals

SHORT_SECONDS, SHORT_RATE = 16.0, 2.0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.load", description="A load test of the box, with faults.")
    parser.add_argument("--seconds", type=float, default=300.0, help="of the load proper (300)")
    parser.add_argument("--rate", type=float, default=0.0, help="journeys per second (70 %% of the knee, found first)")
    parser.add_argument("--seed", type=int, default=0, help="of the order of journeys (another one each time)")
    parser.add_argument("--short", action="store_true", help="half a minute, two faults, no ramp: as the tests run it")
    parser.add_argument("--write", action="store_true", help="write docs/load.md")
    asked = parser.parse_args(arguments)
    end_on_signals()
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:6.0f}  {line}", flush=True)

    result = run(_order(asked), say)
    print("\n".join(page.shown(result)), flush=True)
    if asked.write:
        page.write(result, "the short form" if asked.short else "the full run")
    failures = result.failures
    if failures:
        print("\nNOT HELD:\n" + "\n".join(stories(failures)), flush=True)
    return 1 if failures else 0


def _order(asked: argparse.Namespace) -> Order:
    seed = asked.seed or random.SystemRandom().randrange(1, 10_000)
    if asked.short:
        return Order(SHORT_SECONDS, asked.rate or SHORT_RATE, faults.SHORT, seed)
    return Order(asked.seconds, asked.rate, faults.FULL, seed)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
