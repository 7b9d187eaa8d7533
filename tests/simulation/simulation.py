"""One seed: a plan, the weather, the healing, the checks."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from tests.simulation import checks, till
from tests.simulation.actors import Actors
from tests.simulation.delivery import QUEUES
from tests.simulation.faults import Fault, Faults
from tests.simulation.machine import stood_in
from tests.simulation.place import CELLS
from tests.simulation.plan import MEMBERS, Action, plan_of
from tests.simulation.world import Violation, World, Wrap
from twinshore.store.port import Create, Key

HEALING_SECONDS = (120, 120, 120, 1200, 7200, 30_000, 90_000, 90_000)
"""After the weather: how long until each round of the timers. In all longer than the longest ladder of retries."""


class Run(NamedTuple):
    seed: int
    steps: int
    faults: Counter[str]
    happened: tuple[Fault, ...]
    violations: tuple[Violation, ...]
    story: tuple[str, ...]


def as_it_is(store: object) -> object:
    return store


def run(
    seed: int, actions: list[Action] | None = None, only: frozenset[Fault] | None = None,
    wrap: Wrap = as_it_is, telling: bool = False,
) -> Run:  # fmt: skip
    """actions, only: what is left of the seed's own plan and faults, when a failing run is shrunk. wrap: a defect."""
    faults = Faults(seed, only)
    world = World(seed, faults, wrap, telling)
    with stood_in(world.machine):
        world.extra_doors["till"] = till.till()
        _people(world)
        actors = Actors(world, plan_of(seed) if actions is None else actions)
        world.run()
        _heal(world, actors)
        checks.check(world, actors)
    return Run(seed, world.steps, faults.counted(), tuple(faults.happened), tuple(world.violations), tuple(world.story))


def _people(world: World) -> None:
    for member in MEMBERS:
        place = world.places[member.split("_")[1]]
        fields = place.residency.label({"identities": []}, place.cell)
        place.engine.commit(Create(Key(f"member#{member}", "member"), fields))


def _heal(world: World, actors: Actors) -> None:
    """The network is up, clocks are right, timers run, and whoever has left something open comes back to it."""
    world.faults.on = False
    world.cuts.clear()
    world.tell("the weather is over")
    for place in world.places.values():
        place.idle.clear()
    for number, seconds in enumerate(HEALING_SECONDS):
        world.run(world.now + seconds)
        for cell in CELLS:
            for job, queues in QUEUES.items():
                if any(world.places[cell].engine.due(queue, int(world.now), 1) for queue in queues):
                    actors.delivery.fire(cell, job, f"heal{number}:{cell}:{job}")
        if number == 1:
            actors.end_holds()
    world.run()
