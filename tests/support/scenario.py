"""One provider's payments as they happen in the world: its twin, the doors of its cell, and one clock for both."""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
import threading
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox.twins.mail import MailTwin
from tests.support.clock import Clock
from tests.support.doors import Answer, Place, load_door
from tests.support.party import Act, Party
from tests.support.paying_place import Gateway, PayingPlace
from tests.support.scenario_results import PASSED
from twinshore import deployment, wiring
from twinshore.events import Event
from twinshore.money import Money
from twinshore.notify.templates import TEMPLATES
from twinshore.outbound import Reply, send
from twinshore.payments.order import Order, load, replace
from twinshore.points.ledger import entries
from twinshore.points.rewards import points_for

LADDER_SECONDS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 1.0, 1.0)
RECEIPT = TEMPLATES["receipt"].wordings["en"].subject.partition("{")[0]
EMAIL = "shopper@example.com"
_keys: dict[str, Any] = {}
"""What the first twin of each party has made: RSA keys take their second."""


class Scene(PayingPlace):
    def __init__(self, party: Party, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.party, self.clock = party, Clock(monkeypatch)
        for cloud in ("AWS_ACCESS_KEY_ID", "TENCENTCLOUD_SECRETID"):
            monkeypatch.setenv(cloud, "AKIDtwin")
        for cloud in ("AWS_SECRET_ACCESS_KEY", "TENCENTCLOUD_SECRETKEY"):
            monkeypatch.setenv(cloud, "twin-key-of-no-account")
        self.mail = MailTwin(accounts={"AKIDtwin": ("twin-key-of-no-account", "")})
        vault = json.dumps([{"id": "k1", "secret": "5a" * 32}])
        sender = json.dumps({"sender": "Twinshore <a@mail.example.com>"})
        self.place = Place(party.cell, folder, {"vault_keys": vault, "mail": sender}, {"mail": self.mail.url})
        self.gateway = Gateway(self.place)
        self.provider, self.method, self.currency = party.name, party.method, party.currency
        self.twin = _twin_of(party, folder / "twin", f"{self.gateway.url}/v1/webhooks/{party.name}")
        self.heard: list[Event] = []
        self.found = PASSED
        """What the matrix says of this scenario, once it has passed."""
        self._numbers = itertools.count(1)
        self._wire(self.place)
        wiring.on_committed(lambda events: self.heard.extend(events))

    def _cells(self) -> dict[str, Any]:
        """This cell takes money with this provider and with nobody else."""
        cells = super()._cells()
        row = {**cells["methods"]["card"], "provider": self.party.name, "cells": [self.party.cell], "currencies": []}
        for other in cells["methods"].values():
            other["cells"] = [cell for cell in other["cells"] if cell != self.party.cell]
        names = dict.fromkeys((self.party.method, self.party.elsewhere or self.party.method))
        cells["methods"].update(dict.fromkeys(names, row))
        currencies = (self.party.currency, *self.party.more_currencies, "EUR", "JPY", "KWD", "CLP", "USD")
        anything = dict.fromkeys(currencies, 10**12)
        cells["cells"][self.party.cell].update(refund_days=365, refund_limit_minor=anything)
        return cells

    def start(self) -> None:
        super().start()
        self.mail.start()
        choice = {"channels": {"wechat_subscribe": False, "email": True}, "language": "en", "email": EMAIL}
        chosen = self.place.call(
            "notifications", "PUT", "/v1/notifications/preferences", json_body=choice, token=self.token, key="mail"
        )
        assert chosen.status == 200, chosen.text

    def stop(self) -> None:
        super().stop()
        self.mail.stop()

    # What the member does.

    def call(self, method: str, path: str, json_body: Any = None, key: str = "", **more: Any) -> Answer:
        token = self.place.member_token(self.member_id)
        return super().call(method, path, json_body, key or f"key-{next(self._numbers)}", token=token, **more)

    def place_order(self, amount_minor: int = 0, currency: str = "") -> str:
        return self.order_with(
            {"amount_minor": amount_minor or self.party.price, "currency": currency or self.currency}
        )

    def order_with(self, amount: Mapping[str, Any], **more: Any) -> str:
        answer = self.call("POST", "/v1/orders", {"description": "A kettle", "amount": amount, **more})
        assert answer.status == 201, answer.text
        return str(answer.json()["order_id"])

    def begin(self, order_id: str, key: str = "") -> Answer:
        currency = self.order_of(order_id).amount.currency
        wish = {"method": self.party.method_for(currency), "market": self.party.market}
        return self.call("POST", f"/v1/orders/{order_id}/payments", wish, key)

    def begun(self, order_id: str) -> dict[str, Any]:
        answer = self.begin(order_id)
        assert answer.status == 201, answer.text
        started: dict[str, Any] = answer.json()
        return started

    def payer(self, started: Mapping[str, Any], comes_back: bool = True, **content: Any) -> Reply:
        """The payer pays, or declines, at the party; then their browser comes back, where one was sent away."""
        reply = self.act(Act("pay", {**started["client"], **content}))
        assert reply.status in (200, 402), reply.body
        back_to = json.loads(reply.body).get("return_to", "")
        if comes_back and back_to:
            self.come_back(started, back_to)
        return reply

    def come_back(self, started: Mapping[str, Any], address: str) -> Answer:
        returned = {"returned": dict(parse_qsl(urlsplit(address).query))}
        path = f"/v1/orders/{started['order_id']}/payments/{started['reference']}/return"
        return self.call("POST", path, returned)

    def paid_order(self, amount_minor: int = 0, currency: str = "") -> str:
        order_id = self.place_order(amount_minor, currency)
        self.payer(self.begun(order_id))
        self.settle()
        assert self.status(order_id) == "paid", (self.status(order_id), self.twin.journal[-6:])
        return order_id

    def refund(self, order_id: str, amount_minor: int | None = None, key: str = "") -> Answer:
        wanted = {"reason": "changed my mind", **({} if amount_minor is None else {"amount_minor": amount_minor})}
        return self.call("POST", f"/v1/orders/{order_id}/refunds", wanted, key)

    def desk(self, method: str, path: str, json_body: Any = None) -> Any:
        """What one of the house's services says."""
        answer = self.place.call("desk", method, path, json_body=json_body, token=self.place.service_token("care"))
        assert answer.status == 200, answer.text
        return answer.json()

    # What the world does.

    def act(self, act: Act) -> Reply:
        body = json.dumps(act.content).encode()
        return send("POST", f"{self.twin.url}/_twin/{act.path}", {"Content-Type": "application/json"}, body)

    def faults(self, **switches: Any) -> None:
        assert self.act(Act("faults", switches)).status == 200

    def job(self, name: str) -> None:
        event = {"Message": name, "Type": "Timer"} if self.place.cloud == "tencent" else {"job": name}
        load_door("schedule").main_handler(event, self.place.context("schedule"))

    def poll(self, after_seconds: int) -> None:
        self.clock.advance(after_seconds)
        self.job("payment-poll")

    def delivered(self) -> None:
        """Every notice has arrived."""
        self.wait_for(lambda: not self.twin.undelivered())

    def settle(self) -> None:
        """Notices arrive, and what was told is consumed, until there is nothing more to tell."""
        for _ in range(4):
            before = len(self.heard)
            self.delivered()
            self.clock.advance(6)
            self.job("outbox-sweep")
            self.delivered()
            if len(self.heard) == before:
                return

    def at_once(self, *acts: Callable[[], object]) -> None:
        gate, failed = threading.Barrier(len(acts)), []

        def run(act: Callable[[], object]) -> None:
            gate.wait()
            try:
                act()
            except BaseException as err:  # shown by the assertion below
                failed.append(err)

        threads = [threading.Thread(target=run, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed, failed

    def genuine(self) -> list[Any]:
        """The notices that the door has taken, as they came."""
        with self.gateway.lock:
            pairs = zip(self.gateway.requests, self.gateway.answers, strict=True)
            return [request for request, answer in pairs if answer.status < 300]

    # What we can see of it.

    def rows(self) -> Sequence[tuple[Any, ...]]:
        """Everything that is stored."""
        with sqlite3.connect(self.place.folder / "store.db") as connection:
            return connection.execute("select * from items order by partition, sort").fetchall()

    def wrap_provider(self, wrap: Callable[[Any], Any]) -> None:
        """This instance's provider, and no other instance's."""
        wiring.payment_provider(self.party.name)
        before = deployment.become({})
        [name] = [key for key in before if "_payment_provider" in str(key)]
        deployment.become({**before, name: wrap(before[name])})

    def next_instance(self) -> None:
        """Of the same functions: nothing that one has built is known to it but what is stored."""
        deployment.become({})

    def put_back(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """The store as it was: whatever we have learnt since, we have not."""
        with sqlite3.connect(self.place.folder / "store.db") as connection:
            connection.execute("delete from items")
            connection.executemany("insert into items values (?, ?, ?, ?, ?, ?, ?)", rows)
        self.heard.clear()

    def order_of(self, order_id: str) -> Order:
        found = load(wiring.store(), order_id)
        assert found is not None
        return found

    def shown(self, order_id: str) -> dict[str, Any]:
        shown: dict[str, Any] = self.call("GET", f"/v1/orders/{order_id}").json()
        return shown

    def charge_more(self, order_id: str) -> None:
        """The order costs more than what the party was asked to take."""
        order = self.order_of(order_id)
        dearer = Money(order.amount.amount_minor + 100, order.amount.currency)
        wiring.store().commit(replace(order._replace(amount=dearer)))

    def told_of(self, order_id: str, name: str) -> list[Event]:
        return [event for event in self.heard if event.name == name and event.data.get("order_id") == order_id]

    def credits(self, order_id: str) -> list[int]:
        """Points that this order has earned or lost."""
        found, _ = entries(wiring.points_of(self.member_id), 100, None)
        return [entry.points for entry in found if entry.reason == order_id]

    def receipts(self) -> int:
        return sum(RECEIPT in str(letter["subject"]) for letter in self.mail.mailbox)

    def taken(self) -> int:
        return self.party.taken(self.book)

    def returned(self) -> int:
        return self.party.returned(self.book)

    @property
    def book(self) -> Any:
        return getattr(self.twin, "book", None) or self.twin.book


def _twin_of(party: Party, folder: Path, webhook_url: str) -> Any:
    folder.mkdir(parents=True)
    if party.name in _keys:
        (folder / "keys.json").write_text(json.dumps(_keys[party.name]))
    twin = party.twin(folder, ladder_seconds=LADDER_SECONDS)
    _keys[party.name] = json.loads(json.dumps(twin.keys))
    if hasattr(twin, "webhook_url"):
        twin.webhook_url = webhook_url
    return twin


def scene_of(party: Party, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A fixture's body: a scene, open while it is used."""
    before = dict(os.environ)
    scene = Scene(party, folder, monkeypatch)
    scene.start()
    try:
        yield scene
    finally:
        scene.stop()
        os.environ.clear()
        os.environ.update(before)
        wiring.reset()


def paid_once(scene: Scene, order_id: str) -> None:
    """One charge, one capture event, one credit, one receipt, and nothing for a person to look at."""
    assert scene.status(order_id) == "paid"
    assert scene.taken() == 1
    assert len(scene.told_of(order_id, "payment.captured")) == 1
    points = points_for(scene.order_of(order_id).amount)
    assert scene.credits(order_id) == ([points] if points else [])
    assert scene.receipts() == 1
    assert not scene.shown(order_id)["needs_review"]
