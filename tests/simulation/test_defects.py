"""The simulator finds what it is there to find, soon, and shows it in a few lines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.defects import NoIdempotencyCheck, SweptTwice
from tests.simulation.shrinking import shrink, story_of
from tests.simulation.simulation import run

SEEDS = 200
FEW_ACTIONS = 4


@pytest.mark.parametrize("defect", [NoIdempotencyCheck, SweptTwice], ids=["no idempotency check", "swept twice"])
def test_a_defect_is_found_within_two_hundred_seeds_and_its_story_is_short(defect: Any) -> None:
    failed = next((each for seed in range(1, SEEDS + 1) if (each := run(seed, wrap=defect)).violations), None)
    assert failed is not None
    small = shrink(failed, defect)
    print(story_of(small))
    assert len(small.actions) <= FEW_ACTIONS
    assert len(small.faults) <= FEW_ACTIONS
    assert not run(failed.seed, small.actions, frozenset(small.faults)).violations, "without the defect all is well"
