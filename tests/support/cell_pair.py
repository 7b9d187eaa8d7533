"""Two cells that talk: the asker's `Peers`, and the hearer's door in its cloud's own event shape.

The demo message lives here only: the house's own table is of `twinshore.intercell.messages`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any, Mapping
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.doors import ROOT, Answer, Place, aws_event, tencent_event
from twinshore import intercell_wiring, wiring
from twinshore.cells import Cells, load_cells
from twinshore.errors import Conflict
from twinshore.intercell import messages, receiving
from twinshore.intercell.client import Peers, ask
from twinshore.intercell.keys import CellKey
from twinshore.intercell.messages import ID, POINTS, Field, Message, or_none, text
from twinshore.intercell.port import Fields, Handler, Heard
from twinshore.web import Door, Request, Response

PHONE = Field(text(r"\+[0-9]{6,15}"), personal=True, optional=True)
DEMO = {"demo": Message(asks={"ref": ID, "points": POINTS, "note": or_none(ID), "phone": PHONE},
                        answers={"ref": ID, "total": POINTS})}  # fmt: skip


class NoRoom(Conflict):
    slug = "demo-no-room"


def seed(cell: str, key_id: str = "k1") -> bytes:
    return hashlib.sha256(f"{cell}:{key_id}".encode()).digest()


def public(cell: str, key_id: str = "k1") -> str:
    key = Ed25519PrivateKey.from_private_bytes(seed(cell, key_id)).public_key()
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def secret(cell: str, key_id: str = "k1") -> str:
    return json.dumps({"id": key_id, "private": base64.b64encode(seed(cell, key_id)).decode()})


def cells_file(folder: Path, published: Mapping[str, tuple[str, ...]] | None = None) -> Path:
    """The usual cells; each has published `k1`, but for those that `published` names."""
    compiled = json.loads((ROOT / "layers" / "core" / "twinshore" / "cells.json").read_text(encoding="utf-8"))
    for cell, row in compiled["cells"].items():
        row["public_keys"] = {key_id: public(cell, key_id) for key_id in (published or {}).get(cell, ("k1",))}
    file = folder / "cells.json"
    file.write_text(json.dumps(compiled), encoding="utf-8")
    return file


class Room:
    """What the demo's handler does: it adds each `ref` once, and has no room for `full`."""

    def __init__(self) -> None:
        self.points: dict[str, int] = {}
        self.heard: list[tuple[str, Fields]] = []

    def hear(self, sender: str, fields: Fields, now: int) -> Fields:
        self.heard.append((sender, fields))
        if fields["ref"] == "full":
            raise NoRoom("not one more")
        self.points.setdefault(fields["ref"], fields["points"])
        return {"ref": fields["ref"], "total": sum(self.points.values())}


class Pair:
    """`at` is the cell that hears; `asker` another cell. `send` carries the question through a door, as HTTP would."""

    def __init__(self, at: Place, published: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self.at = at
        self.here = at.cell
        self.asker = "sea"
        self.room = Room()
        self.handlers: dict[str, Handler] = {"demo": self.room.hear}
        self.sent: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[Answer] = []
        at.secrets["cell_key"] = secret(at.cell)
        self.publish(published)

    def publish(self, published: Mapping[str, tuple[str, ...]] | None) -> None:
        self.file = cells_file(self.at.folder, published)
        self.at.rewire(TWINSHORE_CELLS_FILE=str(self.file))

    @property
    def cells(self) -> Cells:
        return load_cells(str(self.file))

    def key(self, cell: str = "", key_id: str = "k1") -> CellKey:
        name = cell or self.asker
        return CellKey(name, key_id, seed(name, key_id))

    def peers(self, **changes: Any) -> Peers:
        return Peers(self.key(), self.cells, self.send, messages={**messages.MESSAGES, **DEMO})._replace(**changes)

    def ask(self, now: int, fields: Fields | None = None, message: str = "demo", **changes: Any) -> Fields:
        wanted = {"ref": "r1", "points": 5} if fields is None else fields
        return ask(self.peers(**changes), self.here, message, wanted, now)

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Heard:
        self.sent.append((url, dict(headers), body))
        answer = self.call("POST", urlsplit(url).path, dict(headers), body)
        return Heard(answer.status, answer.headers, answer.text.encode())

    def call(self, method: str, path: str, headers: dict[str, str], body: bytes, query: str = "") -> Answer:
        """Through a door that hears the demo, in the cloud's own event shape."""
        if self.at.cloud == "aws":
            event = aws_event(method, path, query, headers, body, "203.0.113.9")
        else:
            pairs = dict(part.split("=") for part in query.split("&")) if query else {}
            event = tencent_event(method, path, pairs, headers, body, "203.0.113.9")
        raw = self._door()(event, self.at.context("cells"))
        answer = Answer(raw["statusCode"], {name.lower(): v for name, v in raw["headers"].items()}, raw["body"])
        self.answers.append(answer)
        return answer

    def _door(self) -> Door:
        door = Door("cells", wiring)

        @door.post("/cells/v1/{message}")
        def hear(request: Request) -> Response:
            desk = intercell_wiring.desk(wiring.store())._replace(messages={**messages.MESSAGES, **DEMO})
            return receiving.receive(request, self.handlers, desk)

        return door
