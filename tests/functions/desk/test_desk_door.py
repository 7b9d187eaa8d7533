"""The desk door on both clouds: what the house's own services say of orders."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.doors import Answer, Place, load_door
from twinshore import wiring

PRICE: dict[str, Any] = {"amount_minor": 10_000, "currency": "EUR"}


@pytest.fixture
def place(at: Place) -> Place:
    """A cell where cash on delivery and instalments are offered for any currency."""
    cells = json.loads((Path(wiring.__file__).parent / "cells.json").read_text(encoding="utf-8"))
    for name in ("cash_on_delivery", "instalments_3"):
        cells["methods"][name] = {**cells["methods"][name], "cells": [at.cell], "currencies": [], "max_minor": {}}
    cells["cells"][at.cell].update(refund_days=1, refund_limit_minor={"EUR": 10_000})
    file = at.folder / "cells.json"
    file.write_text(json.dumps(cells))
    at.rewire(TWINSHORE_CELLS_FILE=str(file))
    return at


def member(place: Place, method: str, path: str, body: Any = None, key: str = "") -> Answer:
    return place.call("payments", method, path, json_body=body, key=key, token=place.member_token())


def ordered(place: Place, method: str = "cash_on_delivery") -> str:
    placed = member(place, "POST", "/v1/orders", {"description": "A kettle", "amount": PRICE}, "o1")
    order_id = str(placed.json()["order_id"])
    begun = member(place, "POST", f"/v1/orders/{order_id}/payments", {"method": method}, "p1")
    assert begun.status == 201, begun.text
    return order_id


def say(place: Place, path: str, body: Any = None, token: str | None = None) -> Answer:
    token = place.service_token("courier") if token is None else token
    return place.call("desk", "POST", f"/v1/desk/orders/{path}", json_body=body, token=token)


def test_cash_is_collected_and_paid_back_by_hand(place: Place) -> None:
    order_id = ordered(place)
    for _ in range(2):
        answer = say(place, f"{order_id}/deliveries", {"collected": PRICE})
        assert (answer.status, answer.json()["status"]) == (200, "paid"), answer.text
    refund = member(place, "POST", f"/v1/orders/{order_id}/refunds", {"reason": "broken"}, "r1").json()
    assert refund["status"] == "pending"
    assert say(place, f"{order_id}/refunds/{refund['reference']}", {"paid": True}).json()["status"] == "refunded"


def test_a_refused_parcel_closes_the_order(place: Place) -> None:
    order_id = ordered(place)
    assert say(place, f"{order_id}/deliveries", {"collected": None}).json()["status"] == "closed"


def test_what_makes_no_sense_is_refused(place: Place) -> None:
    order_id = ordered(place)
    bad: tuple[Any, ...] = (
        {}, {"collected": 1}, {"collected": {**PRICE, "amount_minor": 0}}, {"collected": PRICE, "at": "yesterday"},
        {"collected": PRICE, "at": "2026-13-01T00:00:00Z"}, {"collected": PRICE, "more": 1},
    )  # fmt: skip
    for body in bad:
        assert say(place, f"{order_id}/deliveries", body).status == 422, body
    assert say(place, f"{order_id}/refunds/{order_id}-r1", {"paid": 1}).status == 422
    assert say(place, f"{order_id}/refunds/{order_id}-r1", {"paid": True}).problem() == "refund-not-found"
    assert say(place, f"{order_id}/acceptance").problem() == "order-not-held"
    assert say(place, f"{'z' * 26}/deliveries", {"collected": None}).problem() == "order-not-found"


def test_no_member_speaks_at_the_desk(place: Place) -> None:
    order_id = ordered(place)
    for token in ("", place.member_token()):
        for path, body in (
            (f"{order_id}/deliveries", {"collected": PRICE}),
            (f"{order_id}/refunds/x", {"paid": True}),
            (f"{order_id}/acceptance", None),
        ):
            assert say(place, path, body, token).status == 401
    assert member(place, "GET", f"/v1/orders/{order_id}").json()["status"] == "pending"


def test_money_after_the_close_is_accepted_by_a_person(place: Place) -> None:
    order_id = ordered(place)
    say(place, f"{order_id}/deliveries", {"collected": None})
    held = say(place, f"{order_id}/deliveries", {"collected": PRICE}).json()
    assert (held["status"], held["needs_review"]) == ("paid", True)
    for _ in range(2):
        accepted = say(place, f"{order_id}/acceptance").json()
        assert (accepted["status"], accepted["needs_review"]) == ("paid", False)


def test_a_plan_of_parts_is_shown_with_its_dates(place: Place) -> None:
    placed = member(place, "POST", "/v1/orders", {"description": "A kettle", "amount": PRICE}, "o1").json()
    path = f"/v1/orders/{placed['order_id']}/payments"
    begun = member(place, "POST", path, {"method": "instalments_3"}, "p1").json()
    parts = begun["client"]["parts"]
    assert [part["amount"]["amount_minor"] for part in parts] == [3_334, 3_333, 3_333]
    assert all(part["due_at"].endswith("Z") for part in parts)
    part = member(place, "GET", f"/v1/orders/{parts[0]['order_id']}").json()
    assert (part["part_of"], part["status"]) == (placed["order_id"], "created")
    assert member(place, "POST", path, {"method": "instalments_3"}, "p2").json()["client"] == begun["client"]


def flags(place: Place, token: str | None = None, **query: str) -> Answer:
    token = place.service_token("care") if token is None else token
    return place.call("desk", "GET", "/v1/flags", query=query, token=token)


def decide(place: Place, flag_id: str, body: Any, token: str | None = None) -> Answer:
    token = place.service_token("care") if token is None else token
    return place.call("desk", "POST", f"/v1/flags/{flag_id}/resolutions", json_body=body, token=token)


def flagged(place: Place) -> str:
    """An order whose courier took too little."""
    order_id = ordered(place)
    say(place, f"{order_id}/deliveries", {"collected": {**PRICE, "amount_minor": 9_000}})
    return order_id


def sweep(place: Place) -> None:
    """What was told is consumed."""
    job = {"Message": "outbox-sweep", "Type": "Timer"} if place.cloud == "tencent" else {"job": "outbox-sweep"}
    load_door("schedule").main_handler(job, place.context("schedule"))


def test_what_a_person_must_look_at_is_listed_and_decided(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    order_id, real_time = flagged(place), time.time
    monkeypatch.setattr(time, "time", lambda: real_time() + 10)  # the sweep leaves the newest to whoever wrote them
    sweep(place)
    (flag,) = flags(place).json()["items"]
    assert (flag["order_id"], flag["reason"], flag["amount"]["amount_minor"]) == (order_id, "amount_differs", 9_000)
    assert flag["actions"] == ["refund_payment", "write_off"]
    assert decide(place, flag["id"], {"action": "accept", "reason": "no"}).problem() == "flag-action-not-offered"
    for _ in range(2):
        answer = decide(place, flag["id"], {"action": "refund_payment", "reason": "the courier gives it back"})
        assert (answer.status, answer.json()["resolution"]["by"]) == (200, "care"), answer.text
    assert decide(place, flag["id"], {"action": "write_off", "reason": "no"}).problem() == "flag-resolved"
    assert flags(place).json()["items"] == []
    assert [item["id"] for item in flags(place, status="resolved").json()["items"]] == [flag["id"]]
    shown = member(place, "GET", f"/v1/orders/{order_id}").json()
    assert shown["needs_review"] is False and [one["status"] for one in shown["refunds"]] == ["pending"]


def test_flags_are_for_services_and_their_words_are_checked(place: Place) -> None:
    for token in ("", place.member_token()):
        assert (
            flags(place, token).status == decide(place, "x", {"action": "accept", "reason": "x"}, token).status == 401
        )
    for query in ({"limit": "0"}, {"limit": "101"}, {"status": "all"}, {"after": "x"}, {"more": "1"}):
        assert flags(place, **query).status == 422, query
    for body in ({}, {"action": "accept"}, {"action": "Accept!", "reason": "x"}, {"action": "accept", "reason": ""}):
        assert decide(place, "x", body).status == 422, body
    assert decide(place, "x", {"action": "accept", "reason": "x"}).problem() == "flag-not-found"


def test_a_refund_above_the_rule_waits_for_a_yes(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    file = place.folder / "cells.json"
    cells = json.loads(file.read_text())
    cells["cells"][place.cell]["refund_limit_minor"] = {"EUR": 5_000}
    file.write_text(json.dumps(cells))
    place.rewire(TWINSHORE_CELLS_FILE=str(file))
    order_id, real_time = ordered(place), time.time
    say(place, f"{order_id}/deliveries", {"collected": PRICE})
    asked = member(place, "POST", f"/v1/orders/{order_id}/refunds", {"reason": "too loud"}, "r1")
    assert (asked.status, asked.json()["status"]) == (201, "requested"), asked.text
    monkeypatch.setattr(time, "time", lambda: real_time() + 10)
    sweep(place)
    (flag,) = flags(place).json()["items"]
    assert (flag["reason"], flag["actions"]) == ("refund_requested", ["approve", "decline"])
    assert decide(place, flag["id"], {"action": "approve", "reason": "seen"}).status == 200
    shown = member(place, "GET", f"/v1/orders/{order_id}").json()
    assert (shown["refunds"][0]["status"], shown["needs_review"]) == ("pending", False)
