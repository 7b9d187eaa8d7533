"""Who wants to do what, and when: drawn from the seed before anything happens, so that parts of it can be left out."""

from __future__ import annotations

from random import Random
from typing import Any, Mapping, NamedTuple

from tests.simulation.delivery import QUEUES
from tests.simulation.place import CELLS
from tests.simulation.world import START

HOUR, DAY = 3600, 86_400
MEMBERS = tuple(f"m_{cell}_{number}" for cell in CELLS for number in (1, 2))
REWARDS = {"coffee_voucher": 100, "food_coupon": 200, "taxi_coupon": 300, "lounge_access": 800}
MINOR = {"cn": 100, "eu": 12, "sea": 18, "us": 14}
"""What one point costs in minor units of the cell's currency."""
GAPS = ((5, 40, 60), (4, 60, 900), (2, HOUR, 8 * HOUR), (1, DAY, 40 * DAY), (0.4, 330 * DAY, 420 * DAY))
"""(how often, from, to) seconds between two bursts."""
KINDS = (
    ("order", 8), ("earn", 3), ("redeem", 9), ("gift", 5), ("refund", 4), ("bring-back", 3), ("return", 2),
    ("hold", 5), ("end", 6), ("exchange", 12), ("link", 0.7), ("unlink", 0.8),
    ("check-in", 2), ("look", 1), ("timer", 6), ("cut", 1.5),
)  # fmt: skip


class Action(NamedTuple):
    id: str
    at: int
    """Seconds since the epoch."""
    kind: str
    member: str
    facts: Mapping[str, Any]
    tries: int = 3
    """After so many without an answer the client gives up."""
    repeats: int = 0
    """How often it asks again what has been answered, e.g. by a second tap."""

    @property
    def cell(self) -> str:
        return self.member.split("_")[1]

    def __str__(self) -> str:
        facts = ", ".join(f"{name} {value}" for name, value in self.facts.items())
        return f"{self.id}: {self.member} wants {self.kind} ({facts})"


def joined_at_start(seed: int) -> list[tuple[str, str]]:
    """Memberships that are one person's, linked before anything else: both ends of each link."""
    random = Random(f"{seed}/joined")
    found: list[tuple[str, str]] = []
    ends: set[tuple[str, str]] = set()
    for _ in range(random.choice((1, 2, 4, 4))):
        one, other = (f"m_{cell}_{random.choice((1, 2))}" for cell in random.sample(CELLS, 2))
        new = {(one, other.split("_")[1]), (other, one.split("_")[1])}
        if not new & ends:  # a member has one link to a cell
            ends |= new
            found.append((one, other))
    return found


def plan_of(seed: int) -> list[Action]:
    random = Random(f"{seed}/plan")
    moments = _moments(random, random.randint(24, 44))
    busy = [member for pair in joined_at_start(seed) for member in pair]  # they do most, and so meet one another
    actions: list[Action] = []
    for number, at in enumerate(moments):
        kind = "order" if number < 3 else random.choices(*zip(*KINDS))[0]
        member = random.choice(busy if random.random() < 0.85 else MEMBERS)
        if kind in ("exchange", "unlink"):
            member = random.choice(busy)
        facts = _FACTS[kind](random, at, member, actions)
        if facts is not None:
            tries, repeats = random.choice((1, 2, 3, 3, 5)), random.choice((0, 0, 0, 1, 2))
            actions.append(Action(f"a{number}", at, kind, member, facts, tries, repeats))
    return actions


def _moments(random: Random, count: int) -> list[int]:
    at, moments = float(START), []
    while len(moments) < count:
        moments += [int(at + random.uniform(0, 6)) for _ in range(random.randint(2, 7))]
        _, low, high = random.choices(GAPS, [gap[0] for gap in GAPS])[0]
        at += random.uniform(low, high)
    return sorted(moments[:count])


def _order(random: Random, at: int, member: str, before: list[Action]) -> Mapping[str, Any]:
    return {"minor": random.choice((120, 600, 1500, 3000)) * MINOR[member.split("_")[1]] + random.randint(0, 11)}


def _earn(random: Random, at: int, member: str, before: list[Action]) -> Mapping[str, Any]:
    soon, later = random.randint(30, 200), random.randint(HOUR, 10 * HOUR)
    lives = random.choice((None, soon, later, random.randint(DAY, 60 * DAY)))
    facts: dict[str, Any] = {"points": random.choice((50, 120, 400, 1000))}
    if random.random() < 0.15:
        return {**facts, "programme": "miles"}
    return {**facts, "expires_at": at + lives} if lives else facts


def _redeem(random: Random, at: int, member: str, before: list[Action]) -> Mapping[str, Any]:
    return {"reward": random.choice(tuple(REWARDS))}


def _gift(random: Random, at: int, member: str, before: list[Action]) -> Mapping[str, Any]:
    cell = member.split("_")[1]
    others = [other for other in MEMBERS if other.split("_")[1] == cell and other != member]
    return {"to": random.choice(others), "points": random.choice((10, 100, 250, 900))}


def _hold(random: Random, at: int, member: str, before: list[Action]) -> Mapping[str, Any]:
    facts = {"points": random.choice((20, 100, 300))}
    return facts if random.random() < 0.6 else {**facts, "until": at + random.randint(20, 3 * HOUR)}


def _timer(random: Random, at: int, member: str, before: list[Action]) -> Mapping[str, Any]:
    return {"job": random.choice(tuple(QUEUES))}


def _exchange(random: Random, at: int, member: str, before: list[Action]) -> Mapping[str, Any]:
    return {"points": random.choice((100, 100, 110, 350, 777)), "which": random.randint(0, 5)}


def _link(random: Random, at: int, member: str, before: list[Action]) -> Mapping[str, Any]:
    """The code is shown to the other one."""
    cell = random.choice([cell for cell in CELLS if cell != member.split("_")[1]])
    return {"with": f"m_{cell}_{random.choice((1, 2))}"}


def _cut(random: Random, at: int, member: str, before: list[Action]) -> Mapping[str, Any]:
    return {"from": random.choice(CELLS), "seconds": random.choice((300, HOUR, 9 * HOUR, 30 * HOUR))}


def _about(kind: str) -> Any:
    def facts(random: Random, at: int, member: str, before: list[Action]) -> Mapping[str, Any] | None:
        """About an action of some member that came before; the actor is that member then."""
        found = [action for action in before if action.kind == kind]
        if not found:
            return None
        more = {"by": random.choice(("settle", "release"))} if kind == "hold" else {}
        return {"of": random.choice(found).id, **more}

    return facts


_FACTS: dict[str, Any] = {
    "order": _order, "earn": _earn, "redeem": _redeem, "gift": _gift, "refund": _about("redeem"),
    "bring-back": _about("redeem"), "return": _about("order"), "hold": _hold, "end": _about("hold"),
    "check-in": lambda *_: {},
    "exchange": _exchange, "link": _link, "unlink": lambda random, *_: {"which": random.randint(0, 5)},
    "look": lambda *_: {}, "timer": _timer, "cut": _cut,
}  # fmt: skip
