"""What lies between a client and a door, and between two cells."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Mapping, NamedTuple
from urllib.parse import urlencode, urlsplit

from tests.simulation import faults as f
from tests.simulation.place import declared
from tests.simulation.world import Died
from tests.support.doors import Answer, aws_event, tencent_event
from twinshore.intercell.port import Heard, NotHeard

if TYPE_CHECKING:
    from tests.simulation.world import World

TOKEN_SECONDS = 3600


class Call(NamedTuple):
    """A request of a client, whoever it is made by."""

    cell: str
    door: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    who: str = "member"
    """"member" or "service"."""
    name: str = ""
    """Of the member or the service."""
    key: str = ""
    query: Mapping[str, str] = {}

    def __str__(self) -> str:
        body = f" {json.dumps(self.body)}" if self.body else ""
        key = f" key={self.key}" if self.key else ""
        return f"{self.name}@{self.cell} {self.method} {self.path}{body}{key}"


class Network:
    def __init__(self, world: World) -> None:
        self._world = world
        world.send = self.send
        self._cell_of = {urlsplit(cell.endpoint).netloc: name for name, cell in declared().all.items()}

    # A client and a door

    def request(self, call: Call, called: str) -> Answer | None:
        """None: the client has no answer, and does not know more."""
        world = self._world
        fault = world.faults.draw(f.REQUESTING, f"{called}/request")
        if fault:
            world.tell(f"{called}: {fault}")
        if fault == f.REQUEST_LOST:
            return None
        if fault in (f.REQUEST_LATE, f.REQUEST_TWICE):
            delay = world.faults.delay(f"{called}/request")
            world.later(delay, f"{called}+", lambda: self._late(call, f"{called}+"))
        if fault == f.REQUEST_LATE:
            return None
        answer = self.direct(call, called)
        return None if fault == f.ANSWER_LOST else answer

    def _late(self, call: Call, called: str) -> None:
        self._world.tell(f"{called} arrives now: {call}")
        self.direct(call, called)

    def direct(self, call: Call, called: str) -> Answer | None:
        world = self._world
        try:
            raw = world.invoke(call.cell, call.door, self._event(call), called)
        except Died:
            return None
        answer = _answer(raw)
        if answer.status == 500:
            world.violated("no door answers with a fault of its own", f"{called}: {call}")
        return answer

    def _event(self, call: Call) -> dict[str, Any]:
        world = self._world
        place = world.places[call.cell]
        headers = {"Authorization": f"Bearer {self._token(call)}"}
        body = b""
        if call.body is not None:
            body, headers["Content-Type"] = json.dumps(call.body).encode(), "application/json"
        if call.key:
            headers["Idempotency-Key"] = call.key
        if place.cloud == "aws":
            return aws_event(call.method, call.path, urlencode(call.query), headers, body, "203.0.113.7")
        return tencent_event(call.method, call.path, dict(call.query), headers, body, "203.0.113.7")

    def _token(self, call: Call) -> str:
        issued = int(self._world.now) - TOKEN_SECONDS // 2
        return self._world.places[call.cell].signer.issue(
            call.who, {"sub": call.name, "sid": "s1"}, TOKEN_SECONDS, issued
        )

    def post(
        self, cell: str, door: str, path: str, message: tuple[Mapping[str, str], bytes], called: str
    ) -> Answer | None:
        """What somebody outside sends to a cell."""
        make = aws_event if self._world.places[cell].cloud == "aws" else tencent_event
        query: Any = "" if make is aws_event else {}
        headers, body = message
        try:
            raw = self._world.invoke(cell, door, make("POST", path, query, dict(headers), body, "203.0.113.9"), called)
        except Died:
            return None
        return _answer(raw)

    # Two cells

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Heard:
        """The way out of a cell: what `outbound.send` is in production."""
        world = self._world
        asking = world.standing()
        asking.calls += 1
        parts = urlsplit(url)
        to, at = self._cell_of[parts.netloc], f"{asking.name}>{asking.calls}"
        world.tell(f"{at} {asking.cell} asks {to} {parts.path} {body.decode()}")
        if frozenset((asking.cell, to)) in world.cuts:
            world.tell(f"{at}: there is no way from {asking.cell} to {to}")
            raise NotHeard("unreachable")
        fault = world.faults.draw(f.TELLING, at)
        if fault:
            world.tell(f"{at}: {fault}")
        if fault == f.MESSAGE_LOST:
            raise NotHeard("no answer")
        message = (to, parts.path, dict(headers), body)
        if fault in (f.MESSAGE_LATE, f.MESSAGE_TWICE):
            world.later(world.faults.delay(at), f"{at}+", lambda: self._arrive(message, f"{at}+"))
        if fault == f.MESSAGE_LATE:
            raise NotHeard("no answer")
        heard = self._arrive(message, f"{at}!")
        if heard is None or fault == f.REPLY_LOST:
            raise NotHeard("no answer")
        return heard

    def _arrive(self, message: tuple[str, str, dict[str, str], bytes], called: str) -> Heard | None:
        to, path, headers, body = message
        answer = self.post(to, "cells", path, (headers, body), called)
        if answer is None:
            return None
        self._world.tell(f"{called} {to} says {answer.status} {answer.text}")
        return Heard(answer.status, answer.headers, answer.text.encode())


def _answer(raw: dict[str, Any]) -> Answer:
    headers = {name.lower(): value for name, value in raw["headers"].items()}
    text = base64.b64decode(raw["body"]).decode("latin-1") if raw.get("isBase64Encoded") else raw["body"]
    return Answer(raw["statusCode"], headers, text)
