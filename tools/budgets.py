"""`python -m tools.budgets [--write] [--quick]`: what a cold start pulls and does, against infra/budgets.json.

Builds both clouds' artefacts into build/, takes the size of each zip and counts each door's import (tools/counting.py).
Ends with 1 if a figure is above its budget, or so far below that the budget no longer holds anything.
--write makes what was found the budget.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import NamedTuple

from infra.build.compiling import interpreter
from infra.build.sizes import sizes
from infra.build.staging import stage
from infra.build.targets import ROOT, TARGETS, Target, doors
from tools.counting import (
    REFERENCE,
    Luggage,
    built_layers,
    count_all,
    has_valgrind,
    instructions,
    luggage,
    opcodes,
)

FILE = ROOT / "infra" / "budgets.json"
RENEW = "python -m tools.budgets --write"

Figures = dict[str, int]
"""Door or artefact -> figure; with REFERENCE where figures are parts of it."""
Measured = dict[str, dict[str, dict[str, int]]]
"""Cloud and Python ("aws 3.13"), or EVERY_PYTHON -> kind -> Figures."""


class Kind(NamedTuple):
    name: str
    above: float
    """Part of the budget that a figure may be above it."""
    below: float
    slack: int
    """Absolute figure that is allowed anyway: a small zip grows by a comment."""


ZIPPED = Kind("zipped bytes", 0.03, 0.10, 300)
OPCODES = Kind("opcodes", 0.03, 0.10, 2_000)
INSTRUCTIONS = Kind("instructions", 0.03, 0.10, 0)
MODULES = Kind("modules", 0.0, 0.10, 2)
SOURCE = Kind("source bytes", 0.03, 0.10, 2_000)
LUGGAGE = (MODULES, SOURCE)
"""Of the layers alone, so that they are the same on every Python."""
EVERY_PYTHON = "every Python"
COUNTING = {OPCODES: opcodes, INSTRUCTIONS: instructions}
KINDS = {kind.name: kind for kind in (ZIPPED, OPCODES, INSTRUCTIONS, *LUGGAGE)}
ANOTHER_PYTHON = 0.5
"""How far a figure on another Python than the cloud's may be above: formats and interpreters differ by a third, a cloud
SDK at import is several times as much."""


def budgets() -> Measured:
    found: Measured = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def key(target: Target) -> str:
    return f"{target.cloud} {target.version}"


def verdicts(kind: Kind, where: str, found: Figures, budget: Figures) -> list[str]:
    """What is wrong, in words. `where`: key of a target."""
    said = [f"{where}: {name} has no budget of {kind.name}: {RENEW}" for name in found if name not in budget]
    said += [
        f"{where}: {name} has a budget of {kind.name} and is no more: {RENEW}" for name in budget if name not in found
    ]
    return said + [line for name in found if name in budget for line in verdict(kind, where, name, found, budget)]


def verdict(kind: Kind, where: str, name: str, found: Figures, budget: Figures) -> list[str]:
    """As `verdicts`, of one door or artefact."""
    if name == REFERENCE:
        return []
    allowed = budget[name] * found.get(REFERENCE, 1) / budget.get(REFERENCE, 1)
    change = found[name] - allowed
    told = f"{where}: {name} has {found[name]:,} {kind.name}, its budget is {allowed:,.0f} ({change / allowed:+.1%})"
    if change > max(allowed * kind.above, kind.slack):
        return [f"{told}. Make it less, or say why it is worth it and {RENEW}"]
    if -change > max(allowed * kind.below, kind.slack):
        return [f"{told}. Good: hold it by {RENEW}"]
    return []


def budget_for(target: Target, kind: Kind) -> tuple[Figures, Kind, str]:
    """The budget, how strictly it holds, and of which Python it is. On a machine without the cloud's own Python a
    target is built for another one: then only what is far above is wrong."""
    known = budgets()
    if key(target) in known:
        return known[key(target)][kind.name], kind, key(target)
    other = next(where for where in known if where.split()[0] == target.cloud)
    return known[other][kind.name], kind._replace(above=ANOTHER_PYTHON, below=1.0), other


def luggage_figures(brought: Luggage) -> tuple[int, int]:
    """In the order of LUGGAGE."""
    return len(brought.sources), brought.source_bytes


def measured(target: Target, python: str, build: Path, counts: list[Kind]) -> Measured:
    """Sizes, what comes along, and these counts. `python`: of the target's version."""
    stage(target, build)
    home = build / target.cloud
    found = {ZIPPED.name: {size.name: size.zipped_bytes for size in sizes(home)}}
    brought: Measured = {EVERY_PYTHON: {kind.name: {} for kind in LUGGAGE}}
    for door in doors():
        figures = luggage_figures(luggage(python, home / "functions" / door, built_layers(target, home)))
        for kind, figure in zip(LUGGAGE, figures, strict=True):
            brought[EVERY_PYTHON][kind.name][door] = figure
    for kind in counts:
        found[kind.name] = count_all(COUNTING[kind], python, target, home)
    return {key(target): found, **brought}


def counted_here(write: bool, quick: bool) -> list[Kind]:
    """Instructions hold what opcodes hold, and more; those stand for a machine without valgrind, and in `make test`."""
    if not has_valgrind() or quick:
        return [OPCODES]
    return [OPCODES, INSTRUCTIONS] if write else [INSTRUCTIONS]


def renewed(known: Measured, found: Measured) -> Measured:
    """`found`; what could not be counted here stays, but for a cloud whose Python has changed."""
    clouds = {where.split()[0] for where in found}
    stay = {where: kinds for where, kinds in known.items() if where in found or where.split()[0] not in clouds}
    return {**stay, **{where: {**stay.get(where, {}), **kinds} for where, kinds in found.items()}}


def wrong(known: Measured, found: Measured) -> list[str]:
    """Verdicts on all that was found."""
    each = [(KINDS[kind], where, kind) for where, kinds in found.items() for kind in kinds]
    return [
        line
        for kind, where, name in each
        for line in verdicts(kind, where, found[where][name], known.get(where, {}).get(name, {}))
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.budgets", description="Cold starts against their budgets.")
    parser.add_argument("--write", action="store_true", help="make what is found the budget")
    parser.add_argument("--quick", action="store_true", help="leave instructions as they are: two minutes less")
    asked = parser.parse_args()
    known = budgets() if FILE.exists() else {}
    said: list[str] = []
    if not has_valgrind():
        print(
            "!!! NO VALGRIND HERE: instructions are not counted, opcodes are. On Debian: apt-get install valgrind !!!"
        )
    for target in TARGETS:
        python, started = interpreter(target.python), time.monotonic()
        if python is None:
            print(f"!!! NO PYTHON {target.version} HERE: nothing of {target.cloud} is compared !!!", flush=True)
            continue
        found = measured(target, python, ROOT / "build", counted_here(asked.write, asked.quick))
        if asked.write:
            known = renewed(known, found)
        said += wrong(known, found)
        print(
            f"twinshore: {key(target)}: {', '.join(found[key(target)])}: {time.monotonic() - started:.0f} s", flush=True
        )
    if asked.write:
        FILE.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
    print("\n".join(said) or "every figure is within its budget", file=sys.stderr if said else sys.stdout)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
