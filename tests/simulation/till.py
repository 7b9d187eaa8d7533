"""A room of the simulation's own, behind a door like the others: a shop that takes money, tells of it and takes it
back, and sets points aside and decides about them later. Where the product has rooms that do so, theirs are used."""

from __future__ import annotations

import json
from functools import lru_cache

from tests.simulation.place import CELLS
from twinshore import wiring
from twinshore.events import Event
from twinshore.points import holds, ledger
from twinshore.points.book import HOLD, entry_id
from twinshore.store.port import CommitConflict, Create, Key
from twinshore.web import Door, Request

CURRENCY = dict(zip(CELLS, ("CNY", "EUR", "SGD", "USD")))
PROVIDER = dict(zip(CELLS, ("wechat_pay", "stripe", "stripe", "stripe")))


@lru_cache(maxsize=1)
def till() -> Door:
    door = Door("till", wiring)

    @door.post("/till/orders/{id}", who="service")
    def capture(request: Request) -> object:
        """Paid: the event says so, whatever else becomes of this request."""
        return _happened(request, "payment.captured", {"captured_at": request.now})

    @door.post("/till/orders/{id}/returns", who="service")
    def give_back(request: Request) -> object:
        minor = json.loads(request.body)["amount_minor"]
        return _happened(request, "payment.refunded", {
            "taken_back_minor": minor, "refunded_minor": minor, "refunded_at": request.now, "refund_reference": "",
        })  # fmt: skip

    @door.post("/till/earnings/{id}", who="service")
    def earn(request: Request) -> object:
        body = json.loads(request.body)
        book = wiring.points_of(body["member_id"], body["programme"])
        entry = ledger.earn(book, body["points"], f"till:{request.params['id']}", "till", request.now,
                            expires_at=body.get("expires_at"))  # fmt: skip
        return {"entry": entry.id, "points": entry.amount}

    @door.post("/till/holds/{id}", who="service")
    def hold(request: Request) -> object:
        body = json.loads(request.body)
        book = wiring.points_of(body["member_id"])
        made = holds.hold(book, body["points"], request.params["id"], "till", request.now, until=body.get("until"))
        return {"hold": made.id, "points": made.points}

    @door.post("/till/holds/{id}/{end}", who="service")
    def end(request: Request) -> object:
        book = wiring.points_of(json.loads(request.body)["member_id"])
        hold_id = entry_id(HOLD, request.params["id"])
        if request.params["end"] == "settle":
            entry = holds.settle(book, hold_id, "till", request.now, house="house:till")
        else:
            entry = holds.release(book, hold_id, "till", request.now)
        return {"entry": entry.id, "kind": entry.kind}

    return door


def _happened(request: Request, name: str, more: dict[str, object]) -> dict[str, object]:
    body, order = json.loads(request.body), request.params["id"]
    here = wiring.cell_name()
    data = {"order_id": order, "member_id": body["member_id"], "amount_minor": body["amount_minor"],
            "currency": CURRENCY[here], "provider": PROVIDER[here], "reference": f"{order}.1", **more}  # fmt: skip
    event = Event(f"{order}.{name}", name, request.now, data)
    try:
        wiring.store().commit(Create(Key(f"till#{order}", name), {"at": request.now}), events=(event,))
    except CommitConflict:
        return {"order": order, "state": name}  # asked before
    return {"order": order, "state": name}
