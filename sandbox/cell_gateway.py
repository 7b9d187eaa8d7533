"""The gateway of one cell: HTTP in, the cloud's event to the real door, the door's answer out; and `/_box/...`.

It adds nothing to the product. What a real gateway does is here: events, contexts, CORS for the page, platform errors;
and the line from each other cell, which can be cut (`sea`).
`X-Box-Client-IP` sets the address that the platform would have seen, so that a laptop can visit from anywhere.
"""

from __future__ import annotations

import json
import time
import traceback
from pathlib import Path
from typing import Any, Callable, NamedTuple

from sandbox import inspector
from sandbox.doors import LoadedDoor, door_for
from sandbox.flow import Flow
from sandbox.gateway import aws, tencent
from sandbox.gateway.http_request import HttpAnswer, HttpRequest
from sandbox.http_server import json_answer
from sandbox.sea import CUT, DEAF, Sea, sender_of

CLIENT_IP_HEADER = "x-box-client-ip"
ALTERNATE = "alternate"
SHAPES = {
    "aws": (ALTERNATE, aws.API_GATEWAY, aws.FUNCTION_URL),
    "tencent": (ALTERNATE, tencent.PLAIN, tencent.API_GATEWAY_COMPATIBLE),
}
"""What a cell can be told to send its doors. ALTERNATE: each form of the cloud in turn."""
DEFAULT_DOOR = "bootstrap"
"""Answers what no route fits: a gateway's catch-all route must lead somewhere that speaks problem documents."""


class CellPlace(NamedTuple):
    """Where and what a cell of the box is. JSON between the box and the cell's process."""

    cell: str
    cloud: str
    region: str
    port: int
    folder: str
    page_origin: str


class CellGateway:
    def __init__(self, place: CellPlace, doors: dict[str, LoadedDoor], flow: Flow) -> None:
        self.place = place
        self.doors = doors
        self.flow = flow
        self.sea = Sea(Path(place.folder).parent)
        self.shape = ALTERNATE
        self.is_ready = False
        self.fire_timer: Callable[[str], bool] = lambda name: False
        """Set by the process: run one timer now; False if there is none of that name."""
        self._calls = 0

    def answer(self, request: HttpRequest) -> HttpAnswer:
        if request.path.startswith("/_box/"):
            return self._control(request)
        origin = request.folded_headers().get("origin", "")
        if request.method == "OPTIONS" and origin:
            return _with_cors(HttpAnswer(204, (), b""), origin, self.place.page_origin)
        return _with_cors(self._over_the_line(_from_stated_address(request)), origin, self.place.page_origin)

    def context(self, door: str, request_id: str) -> Any:
        if self.place.cloud == "aws":
            return aws.LambdaContext(f"twinshore-{door}", self.place.region, request_id)
        return tencent.context(f"twinshore-{door}", self.place.region, request_id)

    def invoke(self, door: str, event: Any, request_id: str) -> Any:
        """One invocation: the event goes in and the answer comes out as JSON, as it does over there."""
        answer = self.doors[door].handler(json.loads(json.dumps(event)), self.context(door, request_id))
        return json.loads(json.dumps(answer))

    def event_of(self, request: HttpRequest, shape: str) -> dict[str, Any]:
        if self.place.cloud == "aws":
            return aws.http_event(request, shape, aws.domain_of(shape, self.place.region))
        return tencent.http_event(request, shape)

    def _over_the_line(self, request: HttpRequest) -> HttpAnswer:
        """Raises ConnectionResetError where the line to the cell that asks is cut: the connection just ends."""
        sender, began = sender_of(request.path, request.folded_headers()), time.monotonic()
        line = self.sea.state(sender, self.place.cell) if sender else ""
        reply = self._call(request) if line != CUT else None
        if reply is not None and line != DEAF:
            return reply
        self.flow.note("call", f"{request.method} {request.path}", began, via=sender, outcome="line_cut")
        raise ConnectionResetError

    def _call(self, request: HttpRequest) -> HttpAnswer:
        door = door_for(self.doors, request.path) or self.doors.get(DEFAULT_DOOR)
        if door is None:
            return json_answer({"message": "Not Found"}, 404)
        shape, began = self._next_shape(), time.monotonic()
        on_aws = self.place.cloud == "aws"
        try:
            result = self.invoke(door.name, self.event_of(request, shape), request.request_id)
            reply = aws.http_answer(result) if on_aws else tencent.http_answer(result)
        except Exception:  # a function that raises is the platform's to answer for; the cell's log has the trace
            traceback.print_exc()
            reply = aws.failed_answer(shape) if on_aws else tencent.failed_answer(request.request_id)
        self.flow.note(
            "call", f"{request.method} {request.path}", began, door=door.name, shape=shape, status=reply.status
        )
        return reply

    def _next_shape(self) -> str:
        if self.shape != ALTERNATE:
            return self.shape
        self._calls += 1
        first, second = SHAPES[self.place.cloud][1:]
        return first if self._calls % 2 else second

    def _control(self, request: HttpRequest) -> HttpAnswer:
        """The box's own desk: never part of the product, only on 127.0.0.1, JSON only."""
        word = request.path.removeprefix("/_box/")
        if request.method == "GET" and word == "ready":
            return json_answer({"cell": self.place.cell, "doors": sorted(self.doors)}, 200 if self.is_ready else 503)
        if request.method == "GET" and word == "state":
            return json_answer(self._state())
        if request.method != "POST" or "json" not in request.folded_headers().get("content-type", ""):
            return json_answer({"message": "POST JSON, or GET /_box/state"}, 405)
        if word == "shape":
            return self._set_shape(str(json.loads(request.body or b"{}").get("shape", "")))
        if word.startswith("timers/"):
            fired = self.fire_timer(word.removeprefix("timers/"))
            return json_answer({"fired": fired}, 200 if fired else 404)
        return json_answer({"message": "Not Found"}, 404)

    def _set_shape(self, shape: str) -> HttpAnswer:
        if shape not in SHAPES[self.place.cloud]:
            return json_answer({"shapes": SHAPES[self.place.cloud]}, 422)
        self.shape = shape
        return json_answer({"shape": shape})

    def _state(self) -> dict[str, Any]:
        return {
            "cell": self.place.cell,
            "cloud": self.place.cloud,
            "region": self.place.region,
            "doors": sorted(self.doors),
            "shape": self.shape,
            "shapes": SHAPES[self.place.cloud],
            "stored": inspector.inspect(Path(self.place.folder) / "store.db", int(time.time())),
            "flow": self.flow.entries(),
        }


def _from_stated_address(request: HttpRequest) -> HttpRequest:
    stated = [value for name, value in request.headers if name.lower() == CLIENT_IP_HEADER]
    rest = tuple(pair for pair in request.headers if pair[0].lower() != CLIENT_IP_HEADER)
    return request._replace(headers=rest, client_ip=stated[-1].strip() if stated else request.client_ip)


# The clouds' own setting (tests/iac holds it to both templates), and the header by which the page says where it is.
CORS = {
    "Access-Control-Allow-Methods": "GET,POST,PUT,DELETE",
    "Access-Control-Allow-Headers": f"authorization,content-type,idempotency-key,accept-language,{CLIENT_IP_HEADER}",
    "Access-Control-Expose-Headers": "x-request-id,retry-after",
    "Access-Control-Max-Age": "600",
}


def _with_cors(reply: HttpAnswer, origin: str, allowed: str) -> HttpAnswer:
    """As the clouds do it: for the page only."""
    if not origin or origin != allowed:
        return reply
    headers = [pair for pair in reply.headers if not pair[0].lower().startswith("access-control-")]
    headers += [
        ("Access-Control-Allow-Origin", allowed),
        *CORS.items(),
        ("Vary", "Origin"),
    ]
    return reply._replace(headers=tuple(headers))
