"""The matrix in docs/payments.md is what the scenarios found: no tick stands for what failed, or is not there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.one_method import OneMethod
from tests.support.scenario_results import INTO, RED, gathered, keep, kept
from tests.support.scenarios import Scenarios
from tests.support.tree import PACKAGE, ROOT
from tools.payment_matrix import METHOD_ROWS, PAGE, ROWS, SCENARIOS, cell, page, parties, renewed, run

A_SUITE = """
from typing import NamedTuple

import pytest

class Party(NamedTuple):
    title: str

class TestAcme:
    party = Party("acme")

    def test_green(self): pass
    def test_red(self): assert False
    def test_skipped(self): pytest.skip("later")
    @pytest.mark.parametrize("n", [1, 2])
    def test_one_of_two_is_red(self, n): assert n == 1
    @pytest.fixture
    def broken(self):
        yield
        raise ValueError
    def test_red_when_it_is_over(self, broken): pass
    @pytest.fixture
    def never(self): raise ValueError
    def test_never_run(self, never): pass
"""


def pytest_of(tests: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(tests)]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True)


def test_every_provider_of_payments_has_a_scenario_file() -> None:
    folders = {file.parent.name for file in (PACKAGE / "providers").glob("*/entry.py")}
    assert {party.name for party in parties()} == folders


def test_every_scenario_is_a_row_of_the_matrix() -> None:
    assert set(ROWS) == {name for name in dir(Scenarios) if name.startswith("test_")}
    assert set(METHOD_ROWS) == {name for name in dir(OneMethod) if name.startswith("test_")}


def test_the_matrix_in_the_page_is_what_the_scenarios_found() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(PAGE.read_text(encoding="utf-8"), kept()), "run: make docs"


def test_what_is_kept_are_the_scenarios_that_there_are_and_none_of_them_is_red(tmp_path: Path) -> None:
    pytest_of(SCENARIOS, "--collect-only", **{INTO: str(tmp_path)})
    there = {(name, column) for name, found in gathered(tmp_path).items() for column in found}
    held = {(name, column): said for name, found in kept().items() for column, said in found.items()}
    assert set(held) == there and there, "run: make docs"
    assert not [place for place, said in held.items() if said == RED]


@pytest.mark.parametrize("processes", ["0", "2"])
def test_only_what_passed_in_every_phase_and_every_process_gets_a_tick(tmp_path: Path, processes: str) -> None:
    suite = tmp_path / "test_acme.py"
    suite.write_text(A_SUITE)
    results = run("-n", processes, "-p", "tests.support.scenario_results", tests=[suite])
    names = {name.partition("[")[0] for name in results}
    assert len(names) == 6
    assert {name for name in names if cell(results, name, "acme") == "✓"} == {"test_green"}
    assert {cell(results, name, "acme") for name in names - {"test_green"}} == {RED}
    assert cell(results, "test_of_nobody", "acme") == cell(results, "test_green", "other") == ""


def test_a_scenario_that_finds_something_else_than_is_kept_fails(tmp_path: Path) -> None:
    suite = tmp_path / "test_acme.py"
    suite.write_text(A_SUITE)
    before = kept()
    said = pytest_of(suite, "-p", "tests.support.scenario_results", "-k", "test_green")
    assert said.returncode == 1 and "make docs" in said.stdout
    assert kept() == before


def test_results_are_kept_as_they_were_found(tmp_path: Path) -> None:
    keep({"test_a[x-1]": {"acme": "✓", "other": ""}, "test_b": {"acme": RED}}, tmp_path / "kept.json")
    assert kept(tmp_path / "kept.json") == {"test_a[x-1]": {"acme": "✓", "other": ""}, "test_b": {"acme": RED}}


def test_a_run_of_some_parties_leaves_the_others_and_drops_what_these_have_no_more() -> None:
    before = {
        "test_a": {"acme": "✓", "other": "✓"},
        "test_gone": {"acme": "✓"},
        "test_kept": {"acme": "✓", "other": "✓"},
    }
    found = {"test_a": {"acme": RED}, "test_new": {"acme": "✓"}}
    expected = {"test_a": {"acme": RED, "other": "✓"}, "test_kept": {"other": "✓"}, "test_new": {"acme": "✓"}}
    assert renewed(before, found) == expected
