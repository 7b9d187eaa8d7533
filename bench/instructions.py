"""Cold starts counted in instructions (callgrind): they repeat within a fraction of a percent on any machine."""

from __future__ import annotations

import shutil
import subprocess

from bench.doors import NAMES
from bench.place import Place
from bench.processes import ROOT, environment, probe, start_once
from bench.rows import Row, Section

STACKS = (
    "pay_hand",
    "pay_path",
    "pay_seam",
    "pay_door",
    "json_bare",
    "json_twinshore",
    "json_powertools",
    "json_fastapi",
)
TIMEOUT_SECONDS = 300


def section(place: Place) -> list[Section]:
    """Nothing where there is no valgrind."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        return []
    start_once(STACKS, place)  # once without counting: it writes the .pyc files
    counts = {stack: _count(valgrind, stack, place.environment(stack)) for stack in STACKS}

    def row(stack: str, peer: str, hold: float | None, reach: float | None = None) -> Row:
        what = f"{NAMES[stack].removeprefix('ours: ')}, cold, instructions"
        return Row(what, NAMES[peer], counts[stack] / counts[peer], hold, reach)

    rows = [
        row("pay_path", "pay_hand", 1.3, 0.9),
        row("pay_seam", "pay_hand", 1.3, 0.9),
        row("pay_door", "pay_hand", None),
        row("json_twinshore", "json_fastapi", 0.5),
        row("json_twinshore", "json_powertools", 0.75),
    ]
    table = [("stack", "instructions, millions"), *((NAMES[s], f"{counts[s] / 1e6:,.0f}") for s in STACKS)]
    note = "From the start of the interpreter to the first answer, under callgrind, with PYTHONHASHSEED=0."
    return [Section("Cold starts in instructions", note, rows, table)]


def _count(valgrind: str, stack: str, variables: dict[str, str]) -> int:
    command = [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", *probe(stack)]
    done = subprocess.run(
        command, env=environment({**variables, "PYTHONHASHSEED": "0"}), cwd=ROOT, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, check=True, timeout=TIMEOUT_SECONDS,
    )  # fmt: skip
    line = next(line for line in done.stderr.splitlines() if "Collected" in line)
    return int(line.rpartition(":")[2].split()[0])
