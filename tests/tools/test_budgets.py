"""The ratchet: what is above its budget is refused, what is far below is held by a new one."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.build.targets import TARGETS, doors
from tools.budgets import (
    EVERY_PYTHON,
    INSTRUCTIONS,
    KINDS,
    LUGGAGE,
    MODULES,
    OPCODES,
    SOURCE,
    ZIPPED,
    Kind,
    budgets,
    key,
    verdicts,
    wrong,
)
from tools.counting import REFERENCE

EDGES = ((1_030_000, ""), (1_030_001, "Make it less"), (900_000, ""), (899_999, "Good: hold it by"))


@pytest.mark.parametrize(
    ("kind", "figure", "said"),
    [
        (INSTRUCTIONS, 1_000_000, ""),
        (INSTRUCTIONS, 1_030_000, ""),
        (INSTRUCTIONS, 1_030_001, "(+3.0%). Make it less"),
        (INSTRUCTIONS, 900_000, ""),
        (INSTRUCTIONS, 899_999, "Good: hold it by"),
        *((kind, figure, said) for kind in (OPCODES, ZIPPED, SOURCE) for figure, said in EDGES),
        (MODULES, 1_000_002, ""),
        (MODULES, 1_000_003, "Make it less"),
        (MODULES, 899_999, "Good: hold it by"),
    ],
)
def test_a_figure_is_within_its_budget_or_not(kind: Kind, figure: int, said: str) -> None:
    found = verdicts(kind, "a cloud", {"login": figure}, {"login": 1_000_000})
    assert len(found) == bool(said)
    assert said in "".join(found)


def test_a_small_zip_may_grow_by_a_comment() -> None:
    assert verdicts(ZIPPED, "a cloud", {"fx": 2_300}, {"fx": 2_000}) == []
    assert verdicts(ZIPPED, "a cloud", {"fx": 2_301}, {"fx": 2_000})


@pytest.mark.parametrize(("figure", "wrong_here"), [(824_000, False), (825_000, True), (719_000, True)])
def test_counts_of_another_build_of_python_are_compared_by_the_reference(figure: int, wrong_here: bool) -> None:
    budget = {REFERENCE: 200_000, "login": 1_000_000}
    assert bool(verdicts(INSTRUCTIONS, "a cloud", {REFERENCE: 160_000, "login": figure}, budget)) is wrong_here


def test_a_door_without_a_budget_and_a_budget_without_a_door_are_named() -> None:
    said = verdicts(OPCODES, "aws 3.13", {"new": 1}, {"old": 1})
    assert [line.split(":")[1] for line in said] == [
        " new has no budget of opcodes",
        " old has a budget of opcodes and is no more",
    ]


def test_what_is_measured_on_a_python_without_a_budget_is_no_success() -> None:
    assert wrong({}, {"aws 3.99": {"opcodes": {"login": 1}}}) == [
        "aws 3.99: login has no budget of opcodes: python -m tools.budgets --write"
    ]


def test_every_door_of_each_cloud_has_a_budget_of_every_kind() -> None:
    known = budgets()
    assert set(known) == {EVERY_PYTHON, *map(key, TARGETS)}
    for where, kinds in known.items():
        here = set(LUGGAGE) if where == EVERY_PYTHON else set(KINDS.values()) - set(LUGGAGE)
        assert set(kinds) == {kind.name for kind in here}
        for figures in kinds.values():
            assert set(figures) - {REFERENCE, "layer-core", "layer-deps"} == set(doors())


def test_ci_holds_the_budgets() -> None:
    lines = (Path(__file__).resolve().parents[2] / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert "make budgets" in lines
