"""`python -m bench [--quick] [--write] [SECTION ...]`: figures as ratios against peers, goals beside them."""

from __future__ import annotations

import argparse
import functools
import time
import warnings
from typing import Callable

from bench import (
    doors,
    exchange,
    instructions,
    provider_callbacks,
    redemption_postgres,
    redemption_reward,
    redemption_sqlite,
    report,
    signatures,
    units,
)
from bench.doors import Pace
from bench.place import place
from bench.rows import Section


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Figures, as ratios against peers in one run.")
    parser.add_argument("--quick", action="store_true", help="a few rounds: a first look, under a minute")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all without")
    asked = parser.parse_args()
    for unknown in set(asked.parts) - set(PARTS):
        parser.error(f"no part {unknown}")
    if asked.write and asked.parts:
        parser.error("the page needs all parts")
    warnings.simplefilter("ignore")  # of peers
    started = time.monotonic()
    sections = []
    for name in asked.parts or PARTS:
        for section in PARTS[name](asked.quick):
            print(report.shown(section), end="\n\n", flush=True)
            sections.append(section)
    print(f"{report.summary(sections)}, in {time.monotonic() - started:.0f} s")
    if asked.write:
        report.write_page(sections, "a quick look" if asked.quick else "the full run")
        print(f"written: {report.PAGE}")


def _doors(measure: Callable[..., list[Section]], quick: bool) -> list[Section]:
    pace = Pace(2, 1, 10) if quick else Pace(11, 5, 60)
    with place() as found:
        return measure(found, pace)


def _instructions(quick: bool) -> list[Section]:
    """Takes its minute, so not for a first look."""
    if quick:
        return []
    with place() as found:
        return instructions.section(found)


def _signatures(quick: bool) -> list[Section]:
    rounds, calls = (3, 100) if quick else (21, 200)
    return [signatures.signed_promises(rounds, calls), signatures.stripe_webhooks(rounds, calls)]


def _providers(quick: bool) -> list[Section]:
    return [provider_callbacks.section(3, 2, 50) if quick else provider_callbacks.section(15, 9, 200)]


def _sqlite(quick: bool) -> list[Section]:
    return [redemption_sqlite.section(3, 0.4) if quick else redemption_sqlite.section(11, 1.0)]


def _postgres(quick: bool) -> list[Section]:
    return [redemption_postgres.section(2, 1) if quick else redemption_postgres.section(10, 3)]


def _reward(quick: bool) -> list[Section]:
    return [redemption_reward.section(1, 1) if quick else redemption_reward.section(5, 2)]


def _exchange(quick: bool) -> list[Section]:
    return [exchange.section(30 if quick else 200)]


def _units(quick: bool) -> list[Section]:
    """Engines have to start, so not for a first look."""
    return [] if quick else [units.section()]


PARTS: dict[str, Callable[[bool], list[Section]]] = {
    "callbacks": functools.partial(_doors, doors.callbacks),
    "dynamodb": functools.partial(_doors, doors.with_dynamodb),
    "json": functools.partial(_doors, doors.json_doors),
    "login": functools.partial(_doors, doors.login),
    "instructions": _instructions,
    "signatures": _signatures,
    "providers": _providers,
    "sqlite": _sqlite,
    "postgres": _postgres,
    "reward": _reward,
    "exchange": _exchange,
    "units": _units,
}

if __name__ == "__main__":
    main()
