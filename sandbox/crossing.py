"""Points across the sea, as the page shows them: her journey, the line between the two cells, and what both stores hold
of her at this moment.

The stores are read beside the doors, a visitor's window into both at once: no cell sees the other one like this.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any, Iterator

from sandbox.box import Box
from sandbox.gateway.http_request import HttpAnswer
from sandbox.http_server import json_answer
from sandbox.journeys import Journeys
from sandbox.sea import STATES, WHOLE, Sea, pair
from sandbox.story_cross import ABROAD, HOME
from sandbox.travellers import CROSSER, CROSSER_ABROAD
from twinshore.cells import load_cells
from twinshore.exchange.receipts import Receipt, first_broken, receipt_from_json

PROGRAMME = {HOME: "mainland", ABROAD: "overseas"}


class Crossing:
    def __init__(self, box: Box, journeys: Journeys) -> None:
        self._box = box
        self._journeys = journeys
        self.sea = Sea(box.folder)

    def press(self, deed: str) -> dict[str, Any]:
        if deed == "restart":
            self._journeys.restart(CROSSER.slug)
            self.sea.set(HOME, ABROAD, WHOLE)
        else:
            self._journeys.advance(CROSSER.slug)
        return self.shown()

    def set_line(self, line: str, body: dict[str, Any]) -> HttpAnswer:
        """`{"state": "cut"}` for a pair of cells as in `cn-eu`."""
        one, _, other = line.partition("-")
        if one == other or not {one, other} <= set(self._box.cells) or body.get("state") not in STATES:
            return json_answer({"lines": "<cell>-<cell>", "states": STATES}, 422)
        self.sea.set(one, other, body["state"])
        return json_answer({"line": pair(one, other), "state": body["state"]})

    def shown(self) -> dict[str, Any]:
        memory = self._journeys.memory(CROSSER.slug)
        kept = {cell: self._of(cell, memory) for cell in (HOME, ABROAD)}
        return {
            "journey": self._journeys.shown(),
            "line": {"pair": pair(HOME, ABROAD), "state": self.sea.state(HOME, ABROAD)},
            "shores": {
                cell: {"cell": cell, "city": traveller.place, "programme": PROGRAMME[cell], **kept[cell]}
                for cell, traveller in ((HOME, CROSSER), (ABROAD, CROSSER_ABROAD))
            },
            "voucher": memory.get("voucher"),
        }  # fmt: skip

    def _of(self, cell: str, memory: dict[str, Any]) -> dict[str, Any]:
        """What this cell holds of her: points, links, exchanges, receipts; nothing before she has joined."""
        member_id = memory.get(cell, {}).get("member_id", "")
        nothing = {"joined": False, "balance": 0, "held": 0, "linked": False, "exchanges": [], "receipts": []}
        if not member_id:
            return nothing
        with _reading(self._box.folder / cell / "store.db") as read:
            points = read(f"points#{member_id}", f"account#{PROGRAMME[cell]}#")
            exchanges = [fields for _, fields in read(f"points-exchanges#{member_id}", "exchange#")]
            links = {fields["link"] for _, fields in read(f"points-links#{member_id}", "link#")}
            states = [fields["state"] for link in links for _, fields in read(f"points-link#{link}", "link")]
            receipts = [fields for link in sorted(links) for _, fields in read(f"points-link#{link}", "receipt#")]
        held = [fields for sort, fields in points if "#hold#" in sort and fields["state"] == "open"]
        return {
            "joined": True,
            "balance": sum(fields["balance"] for sort, fields in points if sort.endswith("#balance")),
            "held": sum(fields["points"] for fields in held),
            "linked": "open" in states,
            "exchanges": [
                {name: each[name] for name in ("id", "state", "points_out", "points_in", "tries", "held_at")}
                for each in sorted(exchanges, key=lambda one: (one["held_at"], one["id"]))
            ],
            "receipts": [self._receipt(each) for each in receipts],
            "broken": self._broken(receipts),
        }  # fmt: skip

    def _receipt(self, fields: dict[str, Any]) -> dict[str, Any]:
        wanted = ("sequence", "previous", "receipt", "signed_by", "points_out", "points_in", "decided_at")
        return {name: fields[name] for name in wanted}

    def _broken(self, receipts: list[dict[str, Any]]) -> str:
        """Why this cell's copy of the chain does not hold; "" if it does. Checked as anybody can, with public keys."""
        whole = [receipt_from_json({name: each[name] for name in Receipt._fields}) for each in receipts]
        broken = first_broken(whole, load_cells(str(self._box.folder / "cells.json")))
        return broken.why if broken else ""


@contextlib.contextmanager
def _reading(file: Path) -> Iterator[Any]:
    """A function (partition, beginning of the sort key) -> [(sort key, fields)], on one connection."""
    sql = "select sort, fields from items where partition = ? and substr(sort, 1, ?) = ? order by sort"
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=2)

    def read(partition: str, beginning: str) -> list[tuple[str, dict[str, Any]]]:
        rows = connection.execute(sql, (partition, len(beginning), beginning))
        return [(sort, json.loads(fields)) for sort, fields in rows]

    try:
        yield read
    finally:
        connection.close()
