"""The simulator finds what it is there to find, soon, and shows it in a few lines."""

from __future__ import annotations

import pytest

from tests.simulation.defects import DEFECTS
from tests.simulation.payment_defects import PAYMENT_DEFECTS
from tests.simulation.shrinking import shrink, story_of
from tests.simulation.simulation import run

SEEDS = 200
FEW_ACTIONS = 4


ALL = {**DEFECTS, **PAYMENT_DEFECTS}


@pytest.mark.parametrize("name", ALL)
def test_a_defect_is_found_within_two_hundred_seeds_and_its_story_is_short(name: str) -> None:
    defect = ALL[name]
    runs = (run(seed, defect=defect) for seed in range(1, SEEDS + 1))
    failed = next((each for each in runs if each.violations), None)
    assert failed is not None
    small = shrink(failed, defect)
    print(story_of(small))
    assert len(small.actions) <= FEW_ACTIONS
    assert len(small.faults) <= FEW_ACTIONS
    assert not run(failed.seed, small.actions, frozenset(small.faults)).violations, "without the defect all is well"
