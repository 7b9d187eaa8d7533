"""What lies between the parties that take payments, our doors, and the people who pay."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, Mapping
from urllib.parse import parse_qsl, urlsplit

from sandbox.twins.book import PartyRefusal
from sandbox.twins.server import TwinReply, TwinRequest
from tests.simulation import faults as f
from tests.simulation.delivery import MINUTELY, Delivery
from tests.simulation.network import Network
from tests.simulation.parties import PARTY, Letter, Party, party_in
from tests.simulation.place import webhook_url
from tests.simulation.store import Crash
from tests.simulation.world import START
from twinshore.outbound import NoAnswer, Reply, Unreachable
from twinshore.payments.order import load, number_in, order_id_of
from twinshore.points.book import EARN, entry_id
from twinshore.store.port import Change, Create

if TYPE_CHECKING:
    from tests.simulation.world import World

AGAIN_SECONDS = (15, 90, 600, 3600, 21_600, 43_200, 86_400)
"""When a party sends a notice again that nobody has acknowledged."""
PAID_KINDS = ("TRANSACTION.SUCCESS", "payment_intent.succeeded")
POLLS_LIMIT = 2000
"""Of one cell: a payment that is due for ever must not keep a run from its end."""
((_JOB, (_QUEUE,)),) = MINUTELY.items()


class Paying:
    """The parties of one run."""

    def __init__(self, world: World, network: Network, delivery: Delivery) -> None:
        self._world, self._network, self._delivery = world, network, delivery
        self.parties: dict[str, Party] = {}
        self.paid_closed: set[str] = set()
        """Attempts that were paid though the party had closed them."""
        self._told_alone: set[str] = set()
        """Attempts of which something has happened at the party that nobody here waits for any more, or ever did: if
        no notice tells it, the day's bill does, and there is none here."""
        self._letters: dict[str, int] = {}
        self._polls: set[str] = set()
        for cell in PARTY:
            self.parties[cell] = party_in(cell, lambda: world.now, partial(self._posted, cell), webhook_url(cell))
            world.places[cell].call_party = world.defect.call(partial(self._call, cell))
        world.watchers.append(self._watch)

    # Our functions call a party

    def _call(
        self, cell: str, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout_seconds: float
    ) -> Reply:
        """What `outbound.send` is in production."""
        world, parts = self._world, urlsplit(url)
        at, fault = world.port_call(f.CALLING)
        if fault == f.PARTY_SLOW:
            self._wait(f"{at}/before")
        if fault == f.PARTY_UNREACHABLE:
            raise Unreachable("simulated")
        if fault == f.PARTY_LOST:
            raise NoAnswer("simulated, not delivered")
        if fault == f.PARTY_DOWN:
            return _PAGE
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        lower = {name.lower(): value for name, value in headers.items()}
        request = TwinRequest(method, parts.path, dict(parse_qsl(parts.query)), target, lower, body)
        with world.elsewhere(at):
            reply = self._answer(cell, request, at)
        world.tell(f"{at} {cell} asks {PARTY[cell]} {method} {target}, and it says {reply.status}")
        if fault == f.CRASH_CALLING:
            raise Crash
        if fault == f.PARTY_SLOW:
            self._wait(f"{at}/after")
        if fault == f.PARTY_SILENT:
            raise NoAnswer("simulated, delivered")
        if fault == f.PARTY_DOWN_AFTER:
            return _PAGE
        return Reply(reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.body)

    def _wait(self, at: str) -> None:
        """A party takes its time, and more than one of the others may come in between."""
        for _ in range(int(self._world.faults.amount(0, 4, at))):
            self._world.be_overtaken(at)

    def _answer(self, cell: str, request: TwinRequest, at: str) -> TwinReply:
        party, world = self.parties[cell], self._world
        party.faults["refund_outcome"] = _SUCCESS[party.name]
        if request.method == "POST" and "refund" in request.path and world.faults.draw((f.REFUND_FAILS,), f"{at}/back"):
            party.faults["refund_outcome"] = _FAILURE[party.name]
        return party.handle(request)

    # A person at the party

    def pay(self, cell: str, client: dict[str, Any], called: str, decline: bool = False) -> None:
        """Somebody pays with what their device was given."""
        party, world = self.parties[cell], self._world
        with world.elsewhere(called):
            reference = party.reference_of(client)
            if party.is_closed(client) and world.faults.draw((f.PAID_CLOSED,), f"{called}/closed"):
                world.tell(f"{called}: {f.PAID_CLOSED}")
                party.reopen(client)
                self.paid_closed.add(reference)
                self._told_alone.add(reference)
            elif not party.is_closed(client) and world.faults.draw((f.LESS_TAKEN,), f"{called}/less"):
                world.tell(f"{called}: {f.LESS_TAKEN}")
                self._take_less(party, client)
            wanted = {**client, "decline": "insufficient_funds"} if decline and party.name == "stripe" else client
            try:
                reply = party.pay(wanted)
            except PartyRefusal as no:
                world.tell(f"{called}: {PARTY[cell]} does not let {reference} be paid: {no}")
            else:
                world.tell(f"{called}: {reference} at {PARTY[cell]}: {reply.status}")

    def _take_less(self, party: Party, client: dict[str, Any]) -> None:
        paid = {payment.reference for payment in party.payments() if payment.captured_minor}
        if party.reference_of(client) not in paid:
            party.take_less(client)

    def refund_there(self, cell: str, order_id: str, share: float, called: str) -> None:
        party, world = self.parties[cell], self._world
        found = [payment.reference for payment in party.payments()
                 if payment.reference.startswith(order_id) and payment.captured_minor]  # fmt: skip
        with world.elsewhere(called):
            for reference in found[:1]:
                self._told_alone.add(reference)
                try:
                    party.refund_here(reference, share)  # type: ignore[union-attr]
                except PartyRefusal as no:
                    world.tell(f"{called}: {PARTY[cell]} does not refund {reference}: {no}")
                else:
                    world.tell(f"{called}: {PARTY[cell]} gives a share of {share} of {reference} back")

    # Notices

    def _posted(self, cell: str, letter: Letter) -> None:
        world = self._world
        name = world.named(f"{cell}:{letter.reference}:{letter.refund_reference}:{letter.kind}")
        self._letters[name] = number = self._letters.get(name, 0) + 1
        called = f"{name}:{number}"
        alone = letter.reference in self._told_alone
        fault = world.faults.draw(f.NOTICES[1:] if alone else f.NOTICES, f"{called}/posted")
        if fault:
            world.tell(f"{called}: {fault}")
        if fault == f.NOTICE_LOST:
            return  # a question finds it
        delay = world.faults.amount(0, 8, f"{called}/posted")
        if fault == f.NOTICE_LATE:
            delay = world.faults.amount(10, 4000, f"{called}/late") ** 1.3
        world.later(delay, called, lambda: self._deliver(cell, letter, called, 1))
        if fault == f.NOTICE_TWICE:
            more = delay + world.faults.delay(f"{called}/twice")
            world.later(more, called, lambda: self._knock(cell, letter, f"{called}+"))

    def _deliver(self, cell: str, letter: Letter, called: str, number: int) -> None:
        world = self._world
        heard = self._knock(cell, letter, f"{called}.{number}")
        if heard and world.faults.draw((f.NOTICE_UNHEARD,), f"{called}.{number}/heard"):
            world.tell(f"{called}.{number}: {f.NOTICE_UNHEARD}")
            heard = False
        if not heard and number <= len(AGAIN_SECONDS):
            world.later(AGAIN_SECONDS[number - 1], called, lambda: self._deliver(cell, letter, called, number + 1))

    def _knock(self, cell: str, letter: Letter, called: str) -> bool:
        """Whether the door has acknowledged it: then it must have had its effect."""
        world, party = self._world, self.parties[cell]
        with world.elsewhere(called):
            headers = party.notice_headers({"id": letter.id}, letter.body, False)
        answer = self._network.post(
            cell, "payment_callbacks", urlsplit(letter.url).path, (headers, letter.body), called
        )
        world.tell(f"{called} is told to {cell}, which says {'nothing' if answer is None else answer.status}")
        if answer is None or answer.status >= 300:
            return False
        if not self._has_its_effect(cell, letter):
            world.violated("an acknowledged notice has its effect", called)
        return True

    def _has_its_effect(self, cell: str, letter: Letter) -> bool:
        order = load(self._world.places[cell].engine, order_id_of(letter.reference))
        attempt = order.attempt(number_in(letter.reference)) if order is not None else None
        if order is None or attempt is None:
            return False
        if letter.kind not in PAID_KINDS:
            return True
        return attempt.captured_at != 0 or any(flag.attempt == attempt.number for flag in order.flags)

    # The timer

    def _watch(self, cell: str, changes: tuple[Change, ...]) -> None:
        for change in changes:
            if change.key.sort == "order" and isinstance(change, Create):
                self._christen(change)
            due = getattr(change, "due", None)
            if due is not None and due.queue == _QUEUE:
                self._poll_from(cell, due.at)

    def _christen(self, change: Create) -> None:
        order_id, name = change.key.partition.partition("#")[2], change.fields["description"]
        self._world.orders |= {order_id: name, entry_id(EARN, f"order:{order_id}"): f"{name}.points"}

    def _poll_from(self, cell: str, at: float) -> None:
        minute = math.ceil((max(at, self._world.now + 1) - START) / 60)
        name = f"{cell}:poll{minute}"
        if name not in self._polls and len(self._polls) < POLLS_LIMIT:
            self._polls.add(name)
            self._world.at(START + 60 * minute, name, partial(self._poll, cell, name))

    def _poll(self, cell: str, name: str) -> None:
        self._delivery.timer(cell, _JOB, name)
        now = self._world.now
        if _QUEUE in self._world.places[cell].due_queues(int(now)):
            self._poll_from(cell, now + 60)


_PAGE = Reply(502, {"content-type": "text/html"}, b"<html><h1>Bad Gateway</h1></html>")
_SUCCESS = {"wechat_pay": "SUCCESS", "stripe": "succeeded"}
_FAILURE = {"wechat_pay": "CLOSED", "stripe": "failed"}
