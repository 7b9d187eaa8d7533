"""Points that are earned, spent, given and exchanged across the sea, with two releases serving in whatever turn."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any, Iterator

import pytest

from tests.support.cell_pair import cells_file, secret
from tests.support.shores import CellServer, Shore, with_endpoints
from tests.upgrade.releases import ADDITIONS, NEW, OLD, PACKAGE, Places, make
from twinshore import wiring
from twinshore.cells import load_cells
from twinshore.exchange.exchanges import exchange_key
from twinshore.points import ledger
from twinshore.points.book import all_entries
from twinshore.store.port import Create, Key
from twinshore.store.sqlite import SqliteStore

START, SPENT, GIVEN, EXCHANGED = 50_000, 200, 30, 600


class Member:
    """Anna, whose membership in the cell `sea` is linked; the doors here are those of the releases."""

    def __init__(self, place: Places, folder: Path) -> None:
        self.place = place
        self.servers = {cell: CellServer() for cell in (place.cell, "sea")}
        file = with_endpoints(cells_file(folder), {cell: server.url for cell, server in self.servers.items()})
        place.secrets["cell_key"] = secret(place.cell)
        place.rewire(TWINSHORE_CELLS_FILE=str(file))
        self._sea = SqliteStore(folder / "sea.db")
        self.far = Shore("sea", load_cells(str(file)), self._sea, lambda: int(time.time()), "m_far")
        self.servers["sea"].hear = self.far.hear
        self.servers[place.cell].hear = lambda path, headers, body: place.call(
            "cells", "POST", path, headers=headers, body=body
        )
        self.token = place.member_token()
        label = wiring.residency().label({}, place.cell)
        wiring.store().commit(Create(Key("member#m_ben", "member"), label))
        ledger.earn(wiring.points_of("m_anna"), START, "order:1", "o1", int(time.time()))

    def do(self, release: str, door: str, method: str, path: str, body: Any = None, key: str = "") -> Any:
        with self.place.served_by(release):
            answer = self.place.call(door, method, path, json_body=body, token=self.token, key=key)
        assert answer.status in (200, 201, 202), answer.text
        return answer.json()

    def stop(self) -> None:
        for server in self.servers.values():
            server.stop()
        self._sea.close()


@pytest.fixture
def anna(place: Places, tmp_path: Path) -> Iterator[Member]:
    made = Member(place, tmp_path)
    place.take_up(**{OLD: PACKAGE.parent, NEW: make(tmp_path / NEW, ADDITIONS)})
    yield made
    made.stop()


def test_points_move_between_releases_and_the_books_agree(anna: Member) -> None:
    for number, release in enumerate((NEW, OLD, OLD, NEW)):
        anna.do(release, "points", "POST", "/v1/points/redemptions", {"reward": "food_coupon"}, f"spend-{number}")
        gift = {"to_member_id": "m_ben", "points": GIVEN}
        anna.do(release, "points", "POST", "/v1/points/gifts", gift, f"give-{number}")
        again = OLD if release == NEW else NEW
        first = anna.do(again, "points", "POST", "/v1/points/gifts", gift, f"give-{number}")
        assert first["points"] == -GIVEN, "the same request, heard by the other release, is the same gift"
    entries = list(all_entries(wiring.points_of("m_anna")))
    spent = -sum(entry.points for entry in entries if entry.kind == "redeem")
    assert len(entries) == 9
    left = START - spent - 4 * GIVEN
    for release in (OLD, NEW):
        assert anna.do(release, "points", "GET", "/v1/points")["balance"] == left
    assert ledger.balance(wiring.points_of("m_ben")) == 4 * GIVEN
    account = wiring.engine().get(wiring.points_of("m_ben").account)
    assert account is not None and account.fields["seen_by"] == "new"


def test_the_steps_of_an_exchange_are_shared_in_every_way(anna: Member) -> None:
    for number, (shows, quotes, asks, ends) in enumerate(itertools.product((OLD, NEW), repeat=4)):
        if number % 4 == 0:  # a link for each way of making one; it ends after four exchanges
            code = anna.do(shows, "points_links", "POST", "/v1/points/links", {"cell": "sea", "consent": True})["code"]
            anna.place.serving = quotes
            link = anna.far.enter(code, anna.place.cell).id
        wanted = {"link": link, "points": EXCHANGED}
        promise = anna.do(quotes, "exchange", "POST", "/v1/points/exchanges/quotes", wanted)["quote"]
        hear = anna.servers["sea"].hear
        anna.servers["sea"].hear = anna.servers["sea"].nobody
        body, key = {"quote": promise}, f"x-{number}"
        pending = anna.do(asks, "exchange", "POST", "/v1/points/exchanges", body, key)
        assert pending["state"] == "pending"
        anna.servers["sea"].hear = hear
        done = anna.do(ends, "exchange", "POST", "/v1/points/exchanges", body, key)
        assert (done["id"], done["state"]) == (pending["id"], "settled"), (asks, ends)
        item = wiring.engine().get(exchange_key("m_anna", pending["id"]))
        assert item is not None and (item.fields.get("channel") == "new") == (NEW in (asks, ends))
        if number % 4 == 3:
            anna.do(ends, "points_links", "DELETE", f"/v1/points/links/{link}")
    assert anna.do(OLD, "points", "GET", "/v1/points")["balance"] == START - 16 * EXCHANGED
    assert anna.far.balance() == sum(entry.points for entry in all_entries(anna.far.book()))
