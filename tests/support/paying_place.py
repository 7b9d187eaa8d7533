"""A cell with its payment provider's twin, joined as in the world: the twin's webhooks reach the callbacks door.

Cell eu (Lambda) takes cards with Stripe, cell cn (SCF) takes Weixin Pay.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Callable

from sandbox.twins.server import Twin, TwinReply, TwinRequest
from sandbox.twins.stripe import StripeTwin
from sandbox.twins.wechat_pay import WechatPayTwin
from tests.support.doors import Answer, Place
from twinshore import wiring
from twinshore.events import Event, event_from_json
from twinshore.login.identity import person_of
from twinshore.login.port import WechatSession
from twinshore.store.port import OUTBOX

OPENID = "o6_bmasdasdsad6_2sgVt7hMZOPfL"  # the form of an openid, of nobody
WAIT_LIMIT_SECONDS = 15.0


class Gateway(Twin):
    """What stands before the callbacks door: real HTTP in, the cloud's event shape to the door."""

    name = "gateway"

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.answers: list[Answer] = []
        self.requests: list[TwinRequest] = []
        self.is_open = True
        """False: what comes is turned away before it reaches the door, and written down."""
        self.turned_away: list[TwinRequest] = []

    def handle(self, request: TwinRequest) -> TwinReply:
        with self.lock:
            if not self.is_open:
                self.turned_away.append(request)
                return TwinReply(503)
        answer = self.deliver(request)
        return TwinReply(answer.status, answer.text.encode(), {"Content-Type": answer.headers["content-type"]})

    def deliver(self, request: TwinRequest) -> Answer:
        answer = self.place.call(
            "payment_callbacks", "POST", request.path, headers=request.headers, body=request.body, query=request.query
        )
        with self.lock:
            self.requests.append(request)
            self.answers.append(answer)
        return answer


class PayingPlace:
    def __init__(self, place: Place, wechat_pay_keys: dict[str, Any]) -> None:
        self.place = place
        self.gateway = Gateway(place)
        self.twin: Any
        if place.cell == "eu":
            self.provider, self.method, self.currency = "stripe", "card", "EUR"
            self.twin = StripeTwin(webhook_url=f"{self.gateway.url}/v1/webhooks/stripe")
        else:
            self.provider, self.method, self.currency = "wechat_pay", "wechat_pay", "CNY"
            self.twin = WechatPayTwin(keys=wechat_pay_keys)
        self._wire(place)

    def _wire(self, place: Place) -> None:
        place.secrets[f"provider_{self.provider}"] = json.dumps(self.twin.secret())
        place.secrets["wechat_app"] = json.dumps({"appid": "wx0000000000000001", "secret": "of-nobody"})
        place.outside[self.provider] = self.twin.url
        cells = self._cells()
        cells["cells"][place.cell]["endpoint"] = self.gateway.url
        file = place.folder / "cells.json"
        file.write_text(json.dumps(cells))
        place.rewire(TWINSHORE_CELLS_FILE=str(file))
        home = wiring.login_home()
        self.member_id = person_of(
            home, "wx0000000000000001", WechatSession(OPENID, None, "session-key"), int(time.time())
        )
        self.token = place.member_token(self.member_id)

    def _cells(self) -> dict[str, Any]:
        """What the cells file of this place says, before its endpoint is moved to this machine."""
        cells: dict[str, Any] = json.loads((Path(wiring.__file__).parent / "cells.json").read_text(encoding="utf-8"))
        return cells

    def start(self) -> None:
        self.gateway.start()
        self.twin.start()

    def stop(self) -> None:
        self.twin.stop()
        self.gateway.stop()

    def call(self, method: str, path: str, json_body: Any = None, key: str = "", **more: Any) -> Answer:
        more.setdefault("token", self.token)
        return self.place.call("payments", method, path, json_body=json_body, key=key, **more)

    def order(self, amount_minor: int = 1299, key: str = "order-key") -> str:
        body = {"description": "A kettle", "amount": {"amount_minor": amount_minor, "currency": self.currency}}
        answer = self.call("POST", "/v1/orders", body, key)
        assert answer.status == 201, answer.text
        return str(answer.json()["order_id"])

    def begin(self, order_id: str, key: str = "pay-key") -> Answer:
        return self.call("POST", f"/v1/orders/{order_id}/payments", {"method": self.method}, key)

    def payer_pays(self, client: dict[str, Any]) -> None:
        """What happens on the payer's device, with the parameters that we gave it."""
        if self.provider == "stripe":
            client = {"client_secret": client["client_secret"]}
        self._control("/_twin/pay", client)

    def faults(self, **switches: Any) -> None:
        self._control("/_twin/faults", switches)

    def status(self, order_id: str, refresh: bool = False) -> str:
        query = {"refresh": "true"} if refresh else {}
        return str(self.call("GET", f"/v1/orders/{order_id}", query=query).json()["status"])

    def wait_for(self, holds: Callable[[], bool]) -> None:
        ends = time.monotonic() + WAIT_LIMIT_SECONDS
        while not holds():
            assert time.monotonic() < ends, "it did not happen in time"
            time.sleep(0.02)

    def told(self) -> list[Event]:
        """The events in the outbox."""
        return [event_from_json(item.fields) for item in wiring.store().due(OUTBOX, 2**40, 1000)]

    def _control(self, path: str, content: dict[str, Any]) -> None:
        from twinshore.outbound import send

        reply = send("POST", self.twin.url + path, {"Content-Type": "application/json"}, json.dumps(content).encode())
        assert reply.status == 200, reply.body
