"""A door carries only its own luggage: each is started in a fresh interpreter that has the runtime packages only.

The budget is import_budget.json: how many modules a door may bring along, and which it never does. Cold start is import
time (docs/performance.md), so a module more is a decision.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path

import pytest

from tests.support.tree import ROOT, doors

BUDGET = json.loads((Path(__file__).parent / "import_budget.json").read_text(encoding="utf-8"))
START_SECONDS = 60
START = """
import sys
sys.path[:0] = sys.argv[1:]
before = set(sys.modules)
import index
assert callable(index.main_handler)
print("\\n".join(sorted(set(sys.modules) - before)))
"""


def runtime_packages() -> str:
    """`make test` keeps a second environment with the runtime packages only, named after the first."""
    alone = Path(f"{sys.prefix}-runtime")
    here = Path(sysconfig.get_path("purelib"))
    beside = alone / here.relative_to(sys.prefix)
    return str(beside if beside.is_dir() else here)


@lru_cache(maxsize=None)
def luggage(door: str) -> list[str]:
    """Modules that a door's import brings along. No environment is set: a door that reads one at import fails here."""
    path = [str(ROOT / "functions" / door), str(ROOT / "layers" / "core"), runtime_packages()]
    done = subprocess.run(
        [sys.executable, "-S", "-s", "-E", "-c", START, *path],
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        capture_output=True, text=True, timeout=START_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"the door {door} does not start with the runtime packages alone:\n{done.stderr}"
    return done.stdout.split()


def carried(modules: list[str], names: list[str]) -> list[str]:
    return [module for module in modules if any(module == name or module.startswith(name + ".") for name in names)]


@pytest.mark.language_level
@pytest.mark.parametrize("door", doors())
def test_a_door_stays_within_its_budget_of_modules(door: str) -> None:
    modules = luggage(door)
    ours = [name for name in modules if name.startswith("twinshore")]
    assert len(modules) <= BUDGET["modules"][door], f"{door} brings {len(modules)} modules along; ours are {ours}"


@pytest.mark.language_level
@pytest.mark.parametrize("door", doors())
def test_a_door_loads_no_cloud_sdk_before_it_needs_one(door: str) -> None:
    assert not carried(luggage(door), BUDGET["never_at_import"])


@pytest.mark.language_level
@pytest.mark.parametrize("door", BUDGET["without_models"])
def test_a_door_without_models_never_loads_a_model_library(door: str) -> None:
    assert not carried(luggage(door), BUDGET["never_without_models"])


def test_the_budget_names_every_door_and_no_other() -> None:
    assert set(doors()) == set(BUDGET["modules"]), "a new door states its budget in import_budget.json"
