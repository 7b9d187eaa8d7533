"""A door carries only its own luggage: each is started in a fresh interpreter that has the runtime packages only.

import_budget.json says how many modules a door may bring along on any Python, and which it never does;
infra/budgets.json what it brings of the two layers, which is the same on every Python. Cold start is import time
(docs/performance.md), so a module more is a decision.
"""

from __future__ import annotations

import json
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path

import pytest

from tests.support.tree import ROOT, doors
from tools.budgets import EVERY_PYTHON, LUGGAGE, budgets, luggage_figures, verdict
from tools.counting import Luggage, luggage

BUDGET = json.loads((Path(__file__).parent / "import_budget.json").read_text(encoding="utf-8"))


def runtime_packages() -> Path:
    """`make test` keeps a second environment with the runtime packages only, named after the first."""
    alone = Path(f"{sys.prefix}-runtime")
    here = Path(sysconfig.get_path("purelib"))
    beside = alone / here.relative_to(sys.prefix)
    return beside if beside.is_dir() else here


@lru_cache(maxsize=None)
def luggage_of(door: str) -> Luggage:
    return luggage(sys.executable, ROOT / "functions" / door, [ROOT / "layers" / "core", runtime_packages()])


def carried(modules: list[str], names: list[str]) -> list[str]:
    return [module for module in modules if any(module == name or module.startswith(name + ".") for name in names)]


@pytest.mark.language_level
@pytest.mark.parametrize("door", doors())
def test_a_door_stays_within_its_budget_of_modules(door: str) -> None:
    modules = luggage_of(door).modules
    ours = [name for name in modules if name.startswith("twinshore")]
    assert len(modules) <= BUDGET["modules"][door], f"{door} brings {len(modules)} modules along; ours are {ours}"


@pytest.mark.language_level
@pytest.mark.parametrize("door", doors())
def test_what_a_door_brings_of_the_layers_is_its_budget_and_no_more(door: str) -> None:
    for kind, figure in zip(LUGGAGE, luggage_figures(luggage_of(door)), strict=True):
        budget = budgets()[EVERY_PYTHON][kind.name]
        assert verdict(kind, EVERY_PYTHON, door, {door: figure}, budget) == []


@pytest.mark.language_level
@pytest.mark.parametrize("door", doors())
def test_a_door_loads_no_cloud_sdk_before_it_needs_one(door: str) -> None:
    assert not carried(luggage_of(door).modules, BUDGET["never_at_import"])


@pytest.mark.language_level
@pytest.mark.parametrize("door", BUDGET["without_models"])
def test_a_door_without_models_never_loads_a_model_library(door: str) -> None:
    assert not carried(luggage_of(door).modules, BUDGET["never_without_models"])


def test_the_budget_names_every_door_and_no_other() -> None:
    assert set(doors()) == set(BUDGET["modules"]), "a new door states its budget in import_budget.json"
