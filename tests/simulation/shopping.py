"""Who buys what and how they pay, drawn beside the plan: a plan without it is the same as ever."""

from __future__ import annotations

from random import Random
from typing import Any, Mapping, NamedTuple

from tests.simulation.parties import PARTY
from tests.simulation.plan import DAY, HOUR, MEMBERS, MINOR, Action, plan_of

SHARE = 0.5
"""Of the seeds in which members buy."""
METHODS = {"cn": ("wechat_pay",), "eu": ("card", "apple_pay")}
CURRENCY = {"cn": "CNY", "eu": "EUR"}
BUYERS = tuple(member for member in MEMBERS if member.split("_")[1] in PARTY)
PAYS = (("at once", 10), ("declined first", 2), ("late", 2), ("never", 2))


class _Buying(NamedTuple):
    random: Random
    action: Action


def whole_plan(seed: int) -> list[Action]:
    plan = plan_of(seed)
    return [*plan, *shopping_of(seed, plan)]


def is_shopping(action: Action) -> bool:
    return action.id.startswith("s")


def shopping_of(seed: int, plan: list[Action]) -> list[Action]:
    random = Random(f"{seed}/shopping")
    if random.random() >= SHARE:
        return []
    wishes: list[tuple[int, str, str, Mapping[str, Any]]] = []
    for number in range(random.randint(2, 5)):
        at, member = random.choice(plan).at + random.randint(0, 5), random.choice(BUYERS)
        cell = member.split("_")[1]
        minor = random.choice((60, 120, 300, 400, 1500, 3000)) * MINOR[cell] + random.randint(0, 11)
        paid = _payment(random, cell)
        wishes.append((at, member, "buy", {"minor": minor, **paid}))
        wishes += [(when, member, kind, {"of": f"s{number}", **facts})
                   for when, kind, facts in _after(random, at, paid, cell)]  # fmt: skip
    wishes += [(wish[0] + random.randint(HOUR, DAY), random.choice(BUYERS), "decide", {})
               for wish in wishes if random.random() < 0.1]  # fmt: skip
    wishes.sort(key=lambda wish: wish[2] != "buy")  # so that each purchase has the number by which others name it
    return [
        Action(f"s{number}", *wish[:1], wish[2], wish[1], wish[3], random.choice((1, 2, 3, 3, 5)),
               random.choice((0, 0, 0, 1, 2)))
        for number, wish in enumerate(wishes)
    ]  # fmt: skip


def _payment(random: Random, cell: str, before: str = "") -> dict[str, Any]:
    """before: the method that was tried first; another one, where there is one, ends it."""
    pays = random.choices(*zip(*PAYS))[0]
    methods = [method for method in METHODS[cell] if method != before] or METHODS[cell]
    after = {"late": random.randint(1500, 2100)}.get(
        pays, random.choice((random.randint(0, 5), random.randint(5, 900)))
    )
    return {"method": random.choice(methods), "pays": pays, "after": after, "asks": random.random() < 0.5}


def _after(random: Random, at: int, first: dict[str, Any], cell: str) -> list[tuple[int, str, dict[str, Any]]]:
    """What else becomes of a purchase: when, what, how. Much of it at about the same time."""
    found: list[tuple[int, str, dict[str, Any]]] = []
    for _ in range(random.choice((0, 0, 1, 1, 2))):
        when = at + random.choice((random.randint(0, 5), random.randint(0, 60), random.randint(60, 4000)))
        found.append((when, "pay-again", _payment(random, cell, first["method"])))
    paid = at + first["after"]
    for _ in range(random.choice((0, 1, 1, 2))):
        when = paid + random.choice(
            (random.randint(0, 60), random.randint(60, 8 * HOUR), random.randint(DAY, 20 * DAY))
        )
        for _ in range(random.choice((1, 1, 2, 3))):
            there = PARTY[cell] == "stripe" and random.random() < 0.2
            share = random.choice((1.0, 1.0, 0.5, 0.34, 0.67))
            found.append((when + random.randint(0, 4), "refund-there" if there else "give-back", {"share": share}))
    return found
