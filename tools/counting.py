"""What the import of a door costs, counted and not timed: counts repeat on a busy machine.

What comes along (`luggage`) can be had on any Python, and is the same on all.

Two counts are of the built door on its cloud's own Python: bytecode instructions (`opcodes`, needs only Python), and
the processor's instructions (`instructions`, needs valgrind; sees C code too). Both also count a REFERENCE, a few
modules of the standard library: another build of the same Python needs up to a quarter more or fewer instructions for
everything alike, so figures are compared in parts of the reference.
"""

from __future__ import annotations

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, NamedTuple

from infra.build.targets import Target, doors

Count = Callable[[str, Target, Path, str], int]
REFERENCE = "reference"
START_SECONDS = 60
OPCODES_SECONDS = 60
INSTRUCTIONS_SECONDS = 300
PARALLEL = 2

_LUGGAGE = """
before = set(sys.modules)
import index
assert callable(index.main_handler)
for name in sorted(set(sys.modules) - before):
    print(name, getattr(sys.modules[name], "__file__", None) or "", sep="\\t")
"""
_REFERENCE_IMPORT = "import json, urllib.parse, http.client, decimal, datetime, hmac, hashlib"
_PATH = "import sys; sys.path[:0] = sys.argv[1:]\n"
_OPCODES = """
count = 0
def each(frame, event, argument):
    global count
    count += event == "opcode"
    return each
def enter(frame, event, argument):
    frame.f_trace_opcodes, frame.f_trace_lines = True, False
    return each
sys.settrace(enter)
{what}
sys.settrace(None)
print(count)
"""
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}
"""The same on every machine: the order of a set and the bytes of an environment are instructions too."""


class Luggage(NamedTuple):
    """What the import of a door brought along."""

    modules: list[str]
    """All, the standard library's too."""
    sources: list[Path]
    """Files of those that lie in the layers."""

    @property
    def source_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.sources if path.suffix == ".py")


def luggage(python: str, door: Path, layers: list[Path]) -> Luggage:
    """In a fresh interpreter. No environment is set: a door that reads one at import raises RuntimeError here."""
    command = [python, "-S", "-s", "-E", "-c", _PATH + _LUGGAGE, str(door), *map(str, layers)]
    pairs = [line.split("\t") for line in _run(command, START_SECONDS).stdout.splitlines()]
    files = [Path(file) for _, file in pairs if file]
    return Luggage([name for name, _ in pairs], [file for file in files if any(f in file.parents for f in layers)])


def opcodes(python: str, target: Target, home: Path, door: str) -> int:
    """`door`: or REFERENCE. `home`: build/<cloud>."""
    return int(_run([python, *_start(target, home, door, _OPCODES.format(what=_what(door)))], OPCODES_SECONDS).stdout)


def instructions(python: str, target: Target, home: Path, door: str) -> int:
    """The .pyc files of the standard library must be there: look at `luggage` first. Raises FileNotFoundError where
    there is no valgrind."""
    # Cachegrind without a cache counts what callgrind counts (within 0.3 %) in less than half the time.
    command = [_valgrind(), "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", python]
    done = _run([*command, *_start(target, home, door, _what(door))], INSTRUCTIONS_SECONDS)
    line = next(line for line in done.stderr.splitlines() if "refs:" in line)
    return int(line.rpartition(":")[2].replace(",", ""))


def count_all(
    count: Callable[[str, Target, Path, str], int], python: str, target: Target, home: Path
) -> dict[str, int]:
    """`opcodes` or `instructions` of every door and of the REFERENCE."""
    names = (REFERENCE, *doors())
    with ThreadPoolExecutor(PARALLEL) as several:
        return dict(zip(names, several.map(lambda door: count(python, target, home, door), names), strict=True))


def has_valgrind() -> bool:
    return shutil.which("valgrind") is not None


def _valgrind() -> str:
    found = shutil.which("valgrind")
    if found is None:
        raise FileNotFoundError("valgrind")
    return found


def _what(door: str) -> str:
    return _REFERENCE_IMPORT if door == REFERENCE else "import index"


def built_layers(target: Target, home: Path) -> list[Path]:
    return [home / "layers" / name / target.inside for name in ("core", "deps")]


def _start(target: Target, home: Path, door: str, code: str) -> list[str]:
    """Without `site`: its .pth files are none of a function's business."""
    return ["-S", "-s", "-c", _PATH + code, *map(str, (home / "functions" / door, *built_layers(target, home)))]


def _run(command: list[str], seconds: int) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, env=_ENVIRONMENT, capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode:
        raise RuntimeError(f"the import fails:\n{done.stderr[-2000:]}")
    return done
