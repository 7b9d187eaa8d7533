"""Four cells in bad weather: after it nothing is lost, nothing is made, and every answer is still true."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.simulation.faults import KINDS, Fault
from tests.simulation.parties import PARTY
from tests.simulation.plan import plan_of
from tests.simulation.shopping import is_shopping, whole_plan
from tests.simulation.simulation import SETTLED_SEEDS, run
from tests.support.tree import ROOT

CHUNK = 40
SOME = 30
BUYING = 8
"""A seed in which members buy."""


@pytest.mark.parametrize("first", range(1, 241, CHUNK))
def test_no_rule_is_violated(first: int) -> None:
    failed = {seed: found for seed in range(first, first + CHUNK) if (found := run(seed).violations)}
    assert not failed, f"see `make simulate SEED={next(iter(failed))}`"


@pytest.mark.parametrize("seed", [5, BUYING])
def test_a_seed_is_the_same_run_each_time_and_another_seed_is_another(seed: int) -> None:
    assert run(seed, telling=True) == run(seed, telling=True)
    assert run(seed, telling=True).story != run(seed + 1, telling=True).story


@pytest.mark.parametrize("seed", [5, BUYING])
def test_a_seed_is_the_same_run_in_another_process(seed: int) -> None:
    code = f"from tests.simulation.simulation import run\nprint('\\n'.join(run({seed}, telling=True).story))"
    told = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": salt}, check=True,
            capture_output=True, text=True,
        ).stdout
        for salt in ("1", "2")
    ]  # fmt: skip
    assert told[0] == told[1] == "\n".join(run(seed, telling=True).story) + "\n"


def test_what_goes_wrong_is_all_that_can() -> None:
    happened = sum((run(seed).faults for seed in range(1, SOME + 1)), Counter[str]())
    assert not {kind for kind in KINDS if not happened[kind]}


@pytest.mark.parametrize("seed", [3, BUYING])
def test_a_run_with_the_faults_that_have_happened_is_the_same_run(seed: int) -> None:
    whole = run(seed, telling=True)
    assert run(seed, only=frozenset(whole.happened), telling=True) == whole


def test_a_run_that_is_not_told_is_the_same_as_one_that_is() -> None:
    for seed in (3, BUYING):
        told, silent = run(seed, telling=True), run(seed)
        assert (told.steps, told.happened, told.wishes) == (silent.steps, silent.happened, silent.wishes)


def test_without_faults_nothing_goes_wrong_and_without_actions_nothing_happens() -> None:
    assert not run(3, only=frozenset()).faults
    calm = run(3, actions=[], telling=True)
    assert calm.story == run(4, actions=[], telling=True).story
    assert not calm.violations


def test_to_leave_out_a_fault_leaves_the_lots_of_all_others_as_they_are() -> None:
    whole = run(3)
    rest = set(whole.happened) - {whole.happened[0]}
    assert set(run(3, only=frozenset(rest)).happened) <= rest
    assert not run(3, only=frozenset({Fault("nowhere", "crash before commit")})).faults


def test_members_of_several_cells_meet() -> None:
    cells = {action.cell for seed in range(1, SOME + 1) for action in plan_of(seed)}
    assert cells == {"cn", "eu", "sea", "us"}


def test_members_buy_at_both_parties_and_a_plan_without_it_is_as_ever() -> None:
    bought = {seed: [wish for wish in whole_plan(seed) if is_shopping(wish)] for seed in range(1, SOME + 1)}
    assert {wish.cell for wishes in bought.values() for wish in wishes} == set(PARTY)
    assert {wish.kind for wishes in bought.values() for wish in wishes} == {
        "buy", "pay-again", "give-back", "refund-there", "decide"
    }  # fmt: skip
    assert not all(bought.values())
    assert whole_plan(BUYING)[: len(plan_of(BUYING))] == plan_of(BUYING)


def test_days_are_settled_in_some_seeds() -> None:
    told = run(SETTLED_SEEDS, telling=True).story
    assert any("cn asks eu /cells/v1/points-settlements" in line for line in told)
    assert any("settlement:cn" in line and "eu says 200" in line for line in told)


def test_the_command_tells_seeds_steps_wishes_faults_and_violations() -> None:
    asked = [sys.executable, "-m", "tests.simulation", "--seeds", "6", "--workers", "1"]
    done = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True)
    told = {line.split()[0]: line.split()[1] for line in done.stdout.splitlines() if not line.startswith(" ")}
    assert list(told) == ["seeds", "steps", "wishes", "faults", "violations", "seconds"]
    assert (told["seeds"], told["violations"]) == ("6", "0")
