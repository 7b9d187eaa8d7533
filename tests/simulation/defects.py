"""Three mistakes that a points ledger can have, put between the product and its ports: the simulator must find each."""

from __future__ import annotations

import itertools
import time
from types import SimpleNamespace
from typing import Any, Mapping
from urllib.parse import urlsplit

from tests.simulation.place import cell_key_secret, declared
from tests.simulation.world import Defect
from twinshore.events import Event
from twinshore.exchange.receipts import FIRST, Receipt, signed
from twinshore.intercell.keys import cell_key_from_secret
from twinshore.intercell.port import Fields, Heard, NotHeard, Send
from twinshore.intercell.receiving import Desk, receive
from twinshore.store.port import Change, Create, Increment, Replace, Store


class Around:
    def __init__(self, engine: Store) -> None:
        self._engine: Any = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


class NoIdempotencyCheck(Around):
    """A redemption whose key has been used is carried out once more, under a key that nobody has used."""

    def __init__(self, engine: Store) -> None:
        super().__init__(engine)
        self._numbers = itertools.count()

    def commit(self, *changes: Change, events: tuple[Event, ...] = ()) -> None:
        self._engine.commit(*map(self._unused, changes), events=events)

    def _unused(self, change: Any) -> Any:
        if not is_entry(change, "redeem") or self._engine.get(change.key) is None:
            return change
        return change._replace(key=change.key._replace(sort=f"{change.key.sort}{next(self._numbers)}"))


class SweptTwice(Around):
    """What a timer does is done once more, whatever the versions say by then."""

    def commit(self, *changes: Change, events: tuple[Event, ...] = ()) -> None:
        self._engine.commit(*changes, events=events)
        swept = [change for change in changes if is_entry(change, "expire") or is_entry(change, "release")]
        if swept:
            points = sum(change.fields["points"] for change in swept)
            self._engine.commit(*(self._again(change, points) for change in changes))

    def _again(self, change: Any, points: int) -> Change:
        if isinstance(change, Create):
            return change._replace(key=change.key._replace(sort=f"{change.key.sort}again"))
        if isinstance(change, Replace):
            current = self._engine.get(change.key)
            fields = dict(current.fields)
            if "balance" in fields:
                fields["balance"] += points
            return Replace(change.key, fields, current.version, change.due, change.expires_at)
        return Increment(change.key, "balance", 0)


def is_entry(change: Any, kind: str) -> bool:
    return isinstance(change, Create) and change.key.sort.startswith("entry#") and change.fields["kind"] == kind


def settled_when_sent(send: Send) -> Send:
    """Whoever has only sent a question takes it for answered: the points are settled before they are credited."""

    def hasty(url: str, headers: Mapping[str, str], body: bytes) -> Heard:
        try:
            return send(url, headers, body)
        except NotHeard:
            if not url.endswith("/points-credit"):
                raise
            return _credited(url, headers, body)

    return hasty


def _credited(url: str, headers: Mapping[str, str], body: bytes) -> Heard:
    """What the other cell would have said, with its own key, had it been there."""
    parts = urlsplit(url)
    other = next(name for name, cell in declared().all.items() if urlsplit(cell.endpoint).netloc == parts.netloc)
    key = cell_key_from_secret(other, cell_key_secret(other))
    now = int(time.time())

    def handler(sender: str, fields: Fields, _: int) -> Fields:
        terms = {name: value for name, value in fields.items() if name != "valid_until"}
        receipt = signed(
            Receipt(**terms, from_cell=sender, to_cell=other, sequence=1, previous=FIRST, decided_at=now), key
        )
        proof = {name: getattr(receipt, name) for name in ("sequence", "previous", "receipt", "signed_by", "signature")}
        return {"exchange": receipt.exchange, "outcome": "credited", "decided_at": now, **proof}

    lower = {name.lower(): value for name, value in headers.items()}
    asked: Any = SimpleNamespace(method="POST", path=parts.path, query={}, headers=lower, body=body,
                                 params={"message": "points-credit"}, now=now, request_id="hasty")  # fmt: skip
    anything: Any = SimpleNamespace(commit=lambda *_, **__: None)
    said = receive(asked, {"points-credit": handler}, Desk(key, declared(), anything))
    return Heard(said.status, {name.lower(): value for name, value in said.headers}, said.body)


DEFECTS = {
    "no idempotency check": Defect(store=NoIdempotencyCheck),
    "settle before credit": Defect(send=settled_when_sent),
    "sweep twice": Defect(store=SweptTwice),
}
