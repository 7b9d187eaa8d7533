"""Members who buy: they place an order, pay at the party with what their device was given, ask whether it is paid, try
again, and want their money back; and the house's own people, who decide about what was flagged."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from tests.simulation.delivery import Delivery
from tests.simulation.faults import chance
from tests.simulation.network import Call, Network
from tests.simulation.parties import PARTY
from tests.simulation.paying import Paying
from tests.simulation.plan import Action
from tests.simulation.shopping import CURRENCY

if TYPE_CHECKING:
    from tests.simulation.world import World

PAUSE_SECONDS = (1, 30)
GONE_BACK = {"paid": 0, "part_refunded": 1, "refunded": 2}
"""An order that has been paid never says less again."""
Then = Callable[[dict[str, Any]], None]


class Heard(NamedTuple):
    """What a client knows for certain."""

    action: Action
    step: str
    call: Call
    answer: dict[str, Any]


class Shoppers:
    def __init__(self, world: World, network: Network, delivery: Delivery, actions: list[Action]) -> None:
        self.world, self.network = world, network
        self.paying = Paying(world, network, delivery)
        self.actions = actions
        self.orders: dict[str, tuple[str, str]] = {}
        """By wish: the order that its client knows of, and its member."""
        self.heard: dict[tuple[str, str], Heard] = {}
        self.asked: set[str] = set()
        for action in actions:
            world.at(action.at, action.id, partial(self._begin, action))

    def _begin(self, action: Action) -> None:
        self.world.tell(str(action))
        if action.kind == "buy":
            self._buy(action)
        elif action.kind == "decide":
            self.decide(action.cell, action.id)
        elif action.facts["of"] in self.orders:
            order_id, member = self.orders[action.facts["of"]]
            {"pay-again": self._pay, "give-back": self._give_back, "refund-there": self._refund_there}[action.kind](
                action, order_id, member
            )

    def _buy(self, action: Action) -> None:
        cell = action.cell
        body = {"description": action.id, "amount": {"amount_minor": action.facts["minor"], "currency": CURRENCY[cell]}}

        def placed(said: dict[str, Any]) -> None:
            self.orders[action.id] = said["order_id"], action.member
            self._pay(action, said["order_id"], action.member)

        call = Call(cell, "payments", "POST", "/v1/orders", body, "member", action.member, f"{action.id}-order")
        self._ask(action, "order", call, placed)

    def _pay(self, action: Action, order_id: str, member: str) -> None:
        body = {"method": action.facts["method"]}
        path, cell = f"/v1/orders/{order_id}/payments", member.split("_")[1]

        def started(said: dict[str, Any]) -> None:
            if action.facts["pays"] != "never":
                self.world.later(action.facts["after"], action.id, lambda: self._at_the_party(action, cell, said))
            if action.facts["asks"]:
                seconds = action.facts["after"] + self.world.faults.amount(0, 20, f"{action.id}/asks")
                look = Call(cell, "payments", "GET", f"/v1/orders/{order_id}", None, "member", member,
                            query={"refresh": "true"})  # fmt: skip
                self.world.later(seconds, action.id, lambda: self._ask(action, "look", look, lambda _: None))

        self._ask(
            action, "pay", Call(cell, "payments", "POST", path, body, "member", member, f"{action.id}-pay"), started
        )

    def _at_the_party(self, action: Action, cell: str, said: dict[str, Any]) -> None:
        called = f"{action.id}pays"
        if action.facts["pays"] == "declined first":
            self.paying.pay(cell, said["client"], f"{called}0", decline=True)
        self.world.later(1, called, lambda: self.paying.pay(cell, said["client"], called))

    def _give_back(self, action: Action, order_id: str, member: str) -> None:
        of = next(one for one in self.actions if one.id == action.facts["of"])
        body: dict[str, Any] = {"reason": "of no use"}
        if action.facts["share"] < 1:
            body["amount_minor"] = max(1, int(of.facts["minor"] * action.facts["share"]))
        path, cell = f"/v1/orders/{order_id}/refunds", member.split("_")[1]
        call = Call(cell, "payments", "POST", path, body, "member", member, f"{action.id}-back")
        self._ask(action, "back", call, lambda _: None)

    def _refund_there(self, action: Action, order_id: str, member: str) -> None:
        self.paying.refund_there(member.split("_")[1], order_id, action.facts["share"], action.id)

    # Asking

    def _ask(self, action: Action, step: str, call: Call, then: Then, number: int = 1) -> None:
        self.asked.add(action.id)
        called = f"{action.id}{step}.{number}"
        answer = self.network.request(call, called)
        if answer is None or answer.status >= 500 or (answer.status == 409 and "in-progress" in answer.text):
            self.world.tell(f"{called}: {call} -> {'no answer' if answer is None else answer.status}")
            if number < action.tries:
                pause = self.world.faults.amount(*PAUSE_SECONDS, f"{called}/pause")
                self.world.later(pause, called, partial(self._ask, action, step, call, then, number + 1))
            return
        said = answer.json()
        # What the device is given is signed by keys that each process makes for itself.
        shown = {name: value for name, value in said.items() if name != "client"}
        self.world.tell(f"{called}: {call} -> {answer.status} {shown}")
        if answer.status >= 300:
            return
        self._listen(action, step, call, said, then)
        if number < 100 and call.key:
            for again in range(action.repeats):
                pause = self.world.faults.delay(f"{called}/repeat{again}")
                self.world.later(pause, called, partial(self._ask, action, step, call, then, 100 + again))

    def _listen(self, action: Action, step: str, call: Call, said: dict[str, Any], then: Then) -> None:
        first = self.heard.get((action.id, step))
        if first is None:
            self.heard[action.id, step] = Heard(action, step, call, said)
            then(said)
        elif step == "look":
            self._never_less(action, first.answer["status"], said["status"])
            self.heard[action.id, step] = first._replace(answer=said)
        elif any(first.answer.get(name) != said.get(name) for name in ("order_id", "reference", "amount")):
            self.world.violated("the same key has the same answer", f"{action.id}: {first.answer} then {said}")

    def _never_less(self, action: Action, before: str, after: str) -> None:
        if before in GONE_BACK and GONE_BACK.get(after, -1) < GONE_BACK[before]:
            self.world.violated("what was paid stays paid", f"{action.id} was told {before}, and then {after}")

    # The house's own people

    def decide(self, cell: str, called: str) -> None:
        """About everything that is flagged, by lot; what cannot be done now is done another time."""
        flags = Call(cell, "desk", "GET", "/v1/flags", None, "service", "staff", query={"limit": "100"})
        listed = self.network.direct(flags, f"{called}.flags")
        if listed is None or listed.status != 200:
            return
        for item in listed.json()["items"]:
            name = self.world.named(f"{item['reference']}.{item['reason']}")
            actions = item["actions"] or ["write_off"]
            action = actions[int(chance(self.world.seed, name, "decision") * len(actions))]
            path, body = f"/v1/flags/{item['id']}/resolutions", {"action": action, "reason": "as seems right"}
            call = Call(cell, "desk", "POST", path, body, "service", "staff")
            answer = self.network.direct(call, f"{called}.{name}")
            said = "no answer" if answer is None else f"{answer.status} {answer.text}"
            self.world.tell(f"{called}: {name} is to end by {action} -> {said}")

    def decide_all(self, called: str) -> None:
        for cell in PARTY:
            self.decide(cell, f"{called}:{cell}")

    def outcomes(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for action in self.actions:
            steps = [step for step in ("order", "pay", "back") if (action.id, step) in self.heard]
            if action.id in self.asked:
                found[f"{action.kind} {'answered' if steps and steps[-1] != 'order' else 'not answered'}"] += 1
        return found
