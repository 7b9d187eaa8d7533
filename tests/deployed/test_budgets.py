"""The built zips within infra/budgets.json, on each cloud's own Python. What the processor does is counted by `make
budgets`, which CI runs: here it is shown that the count can be trusted."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from infra.build.sizes import sizes
from tests.support.deployed.built import Built
from tests.support.tree import doors
from tools.budgets import OPCODES, ZIPPED, budget_for, key, verdict, verdicts
from tools.counting import REFERENCE, has_valgrind, instructions, opcodes

STEADY = 0.005
"""Part by which counts of the same thing may differ."""


def test_each_zip_is_within_its_budget(tencent: Built, aws: Built) -> None:
    for target, home, _ in (tencent, aws):
        budget, kind, of = budget_for(target, ZIPPED)
        print(f"{key(target)} against the budget of {of}")
        assert verdicts(kind, key(target), {size.name: size.zipped_bytes for size in sizes(home)}, budget) == []


@pytest.mark.parametrize("cloud", ["aws", "tencent"])
@pytest.mark.parametrize("door", doors())
def test_the_import_of_a_door_does_no_more_than_its_budget(
    cloud: str, door: str, reference: dict[str, int], request: pytest.FixtureRequest
) -> None:
    target, home, python = request.getfixturevalue(cloud)
    budget, kind, _ = budget_for(target, OPCODES)
    found = {REFERENCE: reference[cloud], door: opcodes(python, target, home, door)}
    assert verdict(kind, key(target), door, found, budget) == []


@pytest.fixture(scope="module")
def reference(tencent: Built, aws: Built) -> dict[str, int]:
    """Cloud -> opcodes of the reference."""
    return {t.cloud: opcodes(python, t, home, REFERENCE) for t, home, python in (tencent, aws)}


def test_a_count_is_the_same_from_another_folder_with_other_times(aws: Built, tmp_path: Path) -> None:
    target, home, python = aws
    moved = tmp_path / "a folder with a long name, to be sure that the length of a path makes no difference" / "aws"
    shutil.copytree(home, moved, copy_function=shutil.copyfile)
    os.utime(moved / "functions" / "events" / "index.py", (1, 1))
    count = instructions if has_valgrind() else opcodes
    counts = [count(python, target, place, "events") for place in (home, moved, home)]
    assert max(counts) - min(counts) <= STEADY * min(counts), f"{count.__name__}: {counts}"


def test_a_door_that_loads_a_library_more_is_noticed(aws: Built, tmp_path: Path) -> None:
    target, home, python = aws
    heavier = tmp_path / "aws"
    shutil.copytree(home, heavier)
    door = heavier / "functions" / "events"
    shutil.rmtree(door / "__pycache__")
    (door / "index.py").write_text("import phonenumbers\n" + (door / "index.py").read_text(encoding="utf-8"))
    budget, kind, _ = budget_for(target, OPCODES)
    found = {name: opcodes(python, target, heavier, name) for name in (REFERENCE, "events")}
    assert "Make it less" in verdict(kind, key(target), "events", found, budget)[0]
