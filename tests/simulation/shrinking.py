"""A failing run, made small: actions and faults are left out as long as any rule is still violated."""

from __future__ import annotations

from functools import partial
from typing import Callable, NamedTuple, Sequence, TypeVar

from tests.simulation.faults import Fault
from tests.simulation.plan import Action
from tests.simulation.shopping import whole_plan
from tests.simulation.simulation import Run, run
from tests.simulation.world import NONE, Defect

RUNS_LIMIT = 800
_Part = TypeVar("_Part")


class Small(NamedTuple):
    rule: str
    actions: list[Action]
    faults: tuple[Fault, ...]
    run: Run
    """With its story."""


def shrink(failed: Run, defect: Defect = NONE) -> Small:
    left = [RUNS_LIMIT]

    def fails(faults: Sequence[Fault], actions: list[Action]) -> bool:
        left[0] -= 1
        if left[0] < 0:
            return False
        return bool(run(failed.seed, actions, frozenset(faults), defect).violations)

    actions, faults, before = whole_plan(failed.seed), list(failed.happened), (0, 0)
    while before != (len(actions), len(faults)):
        before = len(actions), len(faults)
        actions = _calmer(_fewer(actions, partial(fails, faults)), partial(fails, faults))
        faults = _fewer(faults, partial(_swapped, fails, actions))
    told = run(failed.seed, actions, frozenset(faults), defect, telling=True)
    return Small(told.violations[0].rule, actions, tuple(fault for fault in faults if fault in told.happened), told)


def _swapped(fails: Callable[..., bool], actions: list[Action], faults: list[Fault]) -> bool:
    return fails(faults, actions)


def _fewer(parts: list[_Part], fails: Callable[[list[_Part]], bool]) -> list[_Part]:
    """Leave out ever smaller pieces."""
    size = len(parts)
    while size:
        start = 0
        while start < len(parts):
            rest = parts[:start] + parts[start + size :]
            if fails(rest):
                parts = rest
            else:
                start += size
        size //= 2
    return parts


def _calmer(actions: list[Action], fails: Callable[[list[Action]], bool]) -> list[Action]:
    """Clients that do not repeat what has been answered."""
    for place, action in enumerate(actions):
        if action.repeats:
            calm = [*actions[:place], action._replace(repeats=0), *actions[place + 1 :]]
            if fails(calm):
                actions = calm
    return actions


def story_of(small: Small) -> str:
    head = f"seed {small.run.seed}: {small.rule}\n{len(small.actions)} actions and {len(small.faults)} faults are left:"
    faults = [f"    {fault.kind} at {fault.at}" for fault in small.faults]
    return "\n".join([head, *map("    {}".format, small.actions), *faults, "", *small.run.story])
