"""Clients: they ask, wait, ask again with the same key, give up, and remember every answer that they were given."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.simulation.delivery import Delivery
from tests.simulation.network import Call, Network
from tests.simulation.plan import Action
from tests.support.doors import Answer
from twinshore.exchange.links import CONSENT, OPEN, Link, created
from twinshore.rewards.vouchers import voucher_id

if TYPE_CHECKING:
    from tests.simulation.world import World

PAUSE_SECONDS = (1, 30)
MOVES = ("exchange", "link", "unlink", "bring-back")
"""What may be answered before it is decided."""
DECIDED = ("returned", "settled", "rejected", "ended", "refused")


class Told(NamedTuple):
    """What a client knows for certain."""

    action: Action
    call: Call
    answer: dict[str, Any]


class Actors:
    def __init__(self, world: World, actions: list[Action]) -> None:
        self.world = world
        self.network, self.delivery = Network(world), Delivery(world)
        self.actions = {action.id: action for action in actions}
        self.told: dict[str, Told] = {}
        self.calls: dict[str, Call] = {}
        """By action: what was asked for, answered or not."""
        self.links: list[tuple[str, str, str]] = []
        """Link, and the members at its ends."""
        self.refused: dict[str, str] = {}
        for action in actions:
            world.at(action.at, action.id, partial(self._begin, action))

    def _begin(self, action: Action) -> None:
        self.world.tell(str(action))
        if action.kind == "timer":
            self.delivery.timer(action.cell, action.facts["job"], action.id)
        elif action.kind == "cut":
            self._cut(action)
        elif action.kind in ("exchange", "link"):
            self._first_ask(action)
        else:
            self._really_ask(action, self.call_of(action))

    def _first_ask(self, action: Action) -> None:
        """For what is needed for the question itself: a quote, a code."""
        first = self._quote(action) if action.kind == "exchange" else self._code(action)
        if first is not None:
            self._ask(action, first, 1, "?")

    def _really_ask(self, action: Action, call: Call | None) -> None:
        if call is not None:
            self.calls[action.id] = call
            self._ask(action, call, 1)

    def _ask(self, action: Action, call: Call, number: int, step: str = "") -> None:
        called = f"{action.id}{step}.{number}"
        answer = self.network.request(call, called)
        if answer is None or answer.status >= 500 or (answer.status == 409 and "in-progress" in answer.text):
            self.world.tell(f"{called}: {call} -> {'no answer' if answer is None else answer.status}")
            if number < action.tries:
                pause = self.world.faults.amount(*PAUSE_SECONDS, f"{called}/pause")
                self.world.later(pause, called, partial(self._ask, action, call, number + 1, step))
            return
        self.world.tell(f"{called}: {call} -> {answer.status} {answer.text}")
        if step:
            if answer.status < 300:
                self._really_ask(action, self._second(action, answer.json()))
            return
        self._heard(action, call, answer)
        if number < 100 and answer.status < 300 and action.repeats:
            for again in range(action.repeats):
                pause = self.world.faults.delay(f"{called}/repeat{again}")
                self.world.later(pause, called, partial(self._ask, action, call, 100 + again))

    def _heard(self, action: Action, call: Call, answer: Answer) -> None:
        if answer.status >= 300:
            self.refused.setdefault(action.id, answer.problem())
            return
        said, first = answer.json(), self.told.get(action.id)
        if first is None:
            self.told[action.id] = Told(action, call, said)
            if action.kind == "link" and said["state"] == "open":
                self._joined(said["id"], action.member, action.facts["with"])
        elif action.kind in MOVES:
            self._has_moved(action, first, said)
        elif first.answer != said and action.kind not in ("look", "check-in"):
            self.world.violated("the same key has the same answer", f"{action.id}: {first.answer} then {said}")

    def _has_moved(self, action: Action, first: Told, said: dict[str, Any]) -> None:
        """The same thing as before, which may have been decided meanwhile, once."""
        before = first.answer
        if said["id"] != before["id"] or (before["state"] in DECIDED and said["state"] != before["state"]):
            self.world.violated("the same key has the same answer", f"{action.id}: {before} then {said}")
        self.told[action.id] = first._replace(answer=said)

    def join(self, pairs: list[tuple[str, str]]) -> None:
        """Links that there are before the first action, as both cells keep them."""
        at = int(self.world.now) - 86_400
        for number, (one, other) in enumerate(pairs):
            link = f"{number:032x}"
            for mine, theirs in ((one, other), (other, one)):
                place = self.world.places[mine.split("_")[1]]
                made = Link(link, mine, theirs.split("_")[1], OPEN, CONSENT, at, CONSENT, at, at)
                place.engine.commit(*created(made, place.residency))
            self._joined(link, one, other)

    def _joined(self, link: str, one: str, other: str) -> None:
        self.links.append((link, one, other))

    def _link_of(self, action: Action) -> str | None:
        own = [link for link, *members in self.links if action.member in members]
        return own[action.facts["which"] % len(own)] if own else None

    def _cut(self, action: Action) -> None:
        pair = frozenset((action.cell, action.facts["from"]))
        if len(pair) < 2:
            return
        if not self.world.faults.note("partition", action.id):
            return
        self.world.tell(f"{action.id}: no way between {' and '.join(sorted(pair))}")
        self.world.cuts.add(pair)
        self.world.later(action.facts["seconds"], action.id, lambda: self.world.cuts.discard(pair))

    # What each kind of action asks for

    def call_of(self, action: Action) -> Call | None:
        return {
            "order": self._order, "return": self._return, "earn": self._earn, "redeem": self._redeem,
            "gift": self._gift, "refund": self._refund, "bring-back": self._bring_back,
            "hold": self._hold, "end": self._end, "unlink": self._unlink, "check-in": self._check_in,
            "look": self._look,
        }[action.kind](action)  # fmt: skip

    def _till(self, action: Action, path: str, body: dict[str, Any]) -> Call:
        whole = {"member_id": action.member, **body}
        return Call(action.cell, "till", "POST", f"/till/{path}", whole, "service", "till")

    def _order(self, action: Action) -> Call:
        return self._till(action, f"orders/{action.id}", {"amount_minor": action.facts["minor"]})

    def _return(self, action: Action) -> Call | None:
        of = self.actions.get(action.facts["of"])
        if of is None or of.id not in self.told:
            return None
        return self._till(of, f"orders/{of.id}/returns", {"amount_minor": of.facts["minor"]})

    def _earn(self, action: Action) -> Call:
        body = {name: action.facts[name] for name in ("points", "expires_at") if name in action.facts}
        return self._till(action, f"earnings/{action.id}", {**body, "programme": action.facts.get("programme", "")})

    def _redeem(self, action: Action) -> Call:
        body = {"reward": action.facts["reward"]}
        return Call(action.cell, "points", "POST", "/v1/points/redemptions", body, "member", action.member, action.id)

    def _gift(self, action: Action) -> Call:
        body = {"to_member_id": action.facts["to"], "points": action.facts["points"]}
        return Call(action.cell, "points", "POST", "/v1/points/gifts", body, "member", action.member, action.id)

    def _refund(self, action: Action) -> Call | None:
        of = self.told.get(action.facts["of"])
        if of is None:
            return None
        path = f"/v1/points/redemptions/{of.answer['id']}/refunds"
        return Call(of.call.cell, "points", "POST", path, {"member_id": of.action.member}, "service", "crm")

    def _bring_back(self, action: Action) -> Call | None:
        """The voucher of a redemption, unused."""
        of = self.told.get(action.facts["of"])
        if of is None:
            return None
        path = f"/v1/rewards/vouchers/{voucher_id(of.action.member, of.answer['id'])}/returns"
        return Call(of.call.cell, "rewards", "POST", path, None, "member", of.action.member)

    def _hold(self, action: Action) -> Call:
        body = {name: action.facts[name] for name in ("points", "until") if name in action.facts}
        return self._till(action, f"holds/{action.id}", body)

    def _end(self, action: Action) -> Call | None:
        of = self.actions.get(action.facts["of"])
        return None if of is None else self._till(of, f"holds/{of.id}/{action.facts['by']}", {})

    def _quote(self, action: Action) -> Call | None:
        link = self._link_of(action)
        body = {"link": link, "points": action.facts["points"]}
        path = "/v1/points/exchanges/quotes"
        return None if link is None else Call(action.cell, "exchange", "POST", path, body, "member", action.member)

    def _code(self, action: Action) -> Call:
        shown_to = action.facts["with"]
        body = {"cell": action.cell, "consent": True}
        return Call(shown_to.split("_")[1], "points_links", "POST", "/v1/points/links", body, "member", shown_to)

    def _second(self, action: Action, said: dict[str, Any]) -> Call:
        if action.kind == "exchange":
            body = {"quote": said["quote"]}
            return Call(
                action.cell, "exchange", "POST", "/v1/points/exchanges", body, "member", action.member, action.id
            )
        body = {"cell": action.facts["with"].split("_")[1], "code": said["code"], "consent": True}
        path = "/v1/points/links/confirmations"
        return Call(action.cell, "points_links", "POST", path, body, "member", action.member, action.id)

    def _unlink(self, action: Action) -> Call | None:
        link = self._link_of(action)
        path = f"/v1/points/links/{link}"
        return (
            None if link is None else Call(action.cell, "points_links", "DELETE", path, None, "member", action.member)
        )

    def _check_in(self, action: Action) -> Call:
        return Call(action.cell, "members", "POST", "/v1/points/check-ins", None, "member", action.member)

    def _look(self, action: Action) -> Call:
        return Call(action.cell, "points", "GET", "/v1/points", None, "member", action.member)

    # After the weather

    def ask_again(self) -> None:
        """With the key of long ago: the answer of then."""
        for told in self.told.values():
            if told.action.kind in ("redeem", "gift"):
                answer = self.network.direct(told.call, f"{told.action.id}.last")
                if answer is None or answer.status != 201 or answer.json() != told.answer:
                    self.world.violated(
                        "the same key has the same answer", f"{told.action.id}: {told.answer}, {answer}"
                    )

    def outcomes(self) -> Counter[str]:
        """How many wishes were granted, refused, or never answered, by kind."""
        found: Counter[str] = Counter()
        for action in self.actions.values():
            if action.id in self.told:
                found[f"{action.kind} {self.told[action.id].answer.get('state', 'granted')}"] += 1
            elif action.id in self.calls:
                found[f"{action.kind} {'refused' if action.id in self.refused else 'unanswered'}"] += 1
        return found

    def end_holds(self) -> None:
        """Whoever has had points set aside decides about them in the end."""
        for action in self.actions.values():
            if action.kind == "hold" and action.id in self.calls:
                call = self._till(action, f"holds/{action.id}/release", {})
                answer = self.network.direct(call, f"{action.id}.end")
                if answer is None or answer.status not in (200, 404, 409):
                    self.world.violated("a hold can be ended", f"{action.id}: {answer}")
