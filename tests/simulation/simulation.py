"""One seed: a plan, the weather, the healing, the checks."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from tests.simulation import checks, shelves, till
from tests.simulation.actors import Actors
from tests.simulation.faults import Fault, Faults
from tests.simulation.machine import stood_in
from tests.simulation.parties import APPID
from tests.simulation.place import CELLS
from tests.simulation.plan import MEMBERS, Action, joined_at_start
from tests.simulation.shoppers import Shoppers
from tests.simulation.shopping import is_shopping, whole_plan
from tests.simulation.world import NONE, Defect, Violation, World
from twinshore.store.port import Create, Key

HEALING_SECONDS = (120, 120, 120, 1200, 7200, 30_000, 90_000, 90_000)
"""After the weather: how long until each round of the timers. In all longer than the longest ladder of retries."""
DECIDING = (1, 4, 6, 7)
"""After which of them the house's own people decide about what is flagged."""
SETTLED_SEEDS = 10
"""One in so many ends with the daily settlement: it asks every cell about every day, and so takes its time."""


class Run(NamedTuple):
    seed: int
    steps: int
    faults: Counter[str]
    wishes: Counter[str]
    """What became of what members wanted."""
    happened: tuple[Fault, ...]
    violations: tuple[Violation, ...]
    story: tuple[str, ...]


def run(
    seed: int, actions: list[Action] | None = None, only: frozenset[Fault] | None = None,
    defect: Defect = NONE, telling: bool = False,
) -> Run:  # fmt: skip
    """actions, only: what is left of the seed's own plan and faults, when a failing run is shrunk. defect: one that is
    to be found."""
    faults = Faults(seed, only)
    world = World(seed, faults, defect, telling)
    with stood_in(world.machine):
        world.extra_doors["till"] = till.till()
        _people(world)
        shelves.fill(world)
        wishes = whole_plan(seed) if actions is None else actions
        actors = Actors(world, [action for action in wishes if not is_shopping(action)])
        bought = [action for action in wishes if is_shopping(action)]
        shoppers = Shoppers(world, actors.network, actors.delivery, bought) if bought else None
        actors.join(joined_at_start(seed))
        world.run()
        _heal(world, actors, shoppers)
        checks.check(world, actors, shoppers)
    return Run(
        seed,
        world.steps,
        faults.counted(),
        actors.outcomes() + (shoppers.outcomes() if shoppers is not None else Counter()),
        tuple(faults.happened),
        tuple(world.violations),
        tuple(world.story),
    )


def _people(world: World) -> None:
    for member in MEMBERS:
        place = world.places[member.split("_")[1]]
        identities = [f"wechat:{APPID}:openid-of-{member}"]
        fields = place.residency.label({"identities": identities}, place.cell)
        place.engine.commit(Create(Key(f"member#{member}", "member"), fields))


def _heal(world: World, actors: Actors, shoppers: Shoppers | None) -> None:
    """The network is up, clocks are right, timers run, and whoever has left something open comes back to it."""
    world.faults.on = False
    world.cuts.clear()
    world.tell("the weather is over")
    for place in world.places.values():
        place.idle.clear()
    for number, seconds in enumerate(HEALING_SECONDS):
        world.run(world.now + seconds)
        for cell in CELLS:
            actors.delivery.fire_what_is_due(cell, f"heal{number}:{cell}")
        if number == 1:
            actors.end_holds()
        if shoppers is not None and number in DECIDING:
            shoppers.decide_all(f"decide{number}")
    actors.ask_again()
    if world.seed % SETTLED_SEEDS == 0:
        for cell in CELLS:
            actors.delivery.fire(cell, "points-settlement", f"settlement:{cell}")
    world.run()
