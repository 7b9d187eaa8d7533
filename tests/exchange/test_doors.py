"""The doors of both clouds, with the other cell at a real HTTP server."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Iterator

import pytest

from tests.support.cell_pair import cells_file, secret
from tests.support.doors import Place
from tests.support.shores import CellServer, Shore, with_endpoints
from twinshore import wiring
from twinshore.cells import load_cells
from twinshore.exchange.codes import show_code
from twinshore.exchange.receipts import first_broken, receipt_from_json
from twinshore.points import ledger
from twinshore.store.sqlite import SqliteStore


class Crossing:
    """`at` is wired with the doors themselves; `far` is a member in the cell `sea`."""

    def __init__(self, at: Place, folder: Path) -> None:
        self.at, self.servers = at, {cell: CellServer() for cell in (at.cell, "sea")}
        file = with_endpoints(cells_file(folder), {cell: server.url for cell, server in self.servers.items()})
        at.secrets["cell_key"] = secret(at.cell)
        at.rewire(TWINSHORE_CELLS_FILE=str(file))
        store = SqliteStore(folder / "sea.db")
        self.far = Shore("sea", load_cells(str(file)), store, lambda: int(time.time()), "m_far")
        self.servers["sea"].hear = self.far.hear
        self.servers[at.cell].hear = lambda path, headers, body: at.call(
            "cells", "POST", path, headers=headers, body=body
        )
        self.token = at.member_token()
        book = wiring.points_of("m_anna")
        ledger.earn(book, 5000, "order:1", "o1", int(time.time()))

    def link(self) -> str:
        shown = self.at.call("points_links", "POST", "/v1/points/links", token=self.token,
                             json_body={"cell": "sea", "consent": True})  # fmt: skip
        assert shown.status == 201, shown.text
        return self.far.enter(shown.json()["code"], self.at.cell).id

    def far_code(self) -> str:
        return show_code(self.far.store, self.far.peers, self.far.member, self.at.cell, self.far.now()).text

    def quoted(self, link: str, points: int) -> str:
        answer = self.at.call("exchange", "POST", "/v1/points/exchanges/quotes", token=self.token,
                              json_body={"link": link, "points": points})  # fmt: skip
        assert answer.status == 201, answer.text
        return str(answer.json()["quote"])

    def close(self) -> None:
        for server in self.servers.values():
            server.stop()


@pytest.fixture
def crossing(at: Place, tmp_path: Path) -> Iterator[Crossing]:
    one = Crossing(at, tmp_path)
    yield one
    one.close()


def test_from_link_to_receipt(crossing: Crossing, tmp_path: Path) -> None:
    at, token, link = crossing.at, crossing.token, crossing.link()
    promise = crossing.quoted(link, 600)
    body = {"quote": promise}
    done = at.call("exchange", "POST", "/v1/points/exchanges", token=token, key="k1", json_body=body)
    assert (done.status, done.json()["state"]) == (201, "settled")
    again = at.call("exchange", "POST", "/v1/points/exchanges", token=token, key="k1", json_body=body)
    assert again.json() == done.json()
    other_key = at.call("exchange", "POST", "/v1/points/exchanges", token=token, key="k2", json_body=body)
    assert other_key.problem() == "points-quote-used"
    found = at.call("exchange", "GET", f"/v1/points/exchanges/{done.json()['id']}", token=token)
    assert found.json() == done.json()
    listed = at.call("exchange", "GET", "/v1/points/exchanges", token=token)
    assert listed.json()["items"] == [done.json()]
    assert crossing.far.balance() == done.json()["points_in"]
    export = at.call("points_links", "GET", f"/v1/points/links/{link}/receipts", token=token)
    assert first_broken(map(receipt_from_json, export.json()["items"]), wiring.cells()) is None
    assert len(export.json()["items"]) == 1


def test_silence_is_told_as_pending_and_the_timer_ends_it(crossing: Crossing) -> None:
    at, token, link = crossing.at, crossing.token, crossing.link()
    promise, hear = crossing.quoted(link, 600), crossing.servers["sea"].hear
    crossing.servers["sea"].hear = crossing.servers["sea"].nobody
    told = at.call("exchange", "POST", "/v1/points/exchanges", token=token, key="k1", json_body={"quote": promise})
    assert (told.status, told.json()["state"]) == (202, "pending")
    crossing.servers["sea"].hear = hear
    assert wiring.jobs()["points-sweep"](int(time.time()) + 60)["exchanges"] == (1, 0, 0)
    again = at.call("exchange", "POST", "/v1/points/exchanges", token=token, key="k1", json_body={"quote": promise})
    assert (again.status, again.json()["state"]) == (201, "settled")


def test_a_link_is_listed_and_ended(crossing: Crossing) -> None:
    at, token, link = crossing.at, crossing.token, crossing.link()
    shown = at.call("points_links", "GET", "/v1/points/links", token=token).json()["items"]
    assert [(each["id"], each["state"], each["cell"]) for each in shown] == [(link, "open", "sea")]
    stranger = at.member_token("m_stranger")
    path = f"/v1/points/links/{link}"
    assert at.call("points_links", "DELETE", path, token=stranger).problem() == "points-link-not-found"
    assert at.call("points_links", "GET", f"{path}/receipts", token=stranger).problem() == "points-link-not-found"
    assert at.call("points_links", "DELETE", path, token=token).json()["state"] == "ended"
    assert crossing.far.link(link).state == "ended"
    quoted = at.call("exchange", "POST", "/v1/points/exchanges/quotes", token=token,
                     json_body={"link": link, "points": 600})  # fmt: skip
    assert quoted.problem() == "points-link-not-open"


def test_a_code_of_the_other_cell_is_entered_here(crossing: Crossing) -> None:
    at, token = crossing.at, crossing.token
    code = crossing.far_code()
    body = {"cell": "sea", "code": code, "consent": True}
    path = "/v1/points/links/confirmations"
    done = at.call("points_links", "POST", path, token=token, key="k1", json_body=body)
    assert (done.status, done.json()["state"]) == (201, "open")
    assert at.call("points_links", "POST", path, token=token, key="k1", json_body=body).json() == done.json()
    wrong = {**body, "code": "22222222"}
    assert at.call("points_links", "POST", path, token=at.member_token("m_eve"), key="k2",
                   json_body=wrong).problem() == "points-link-code-invalid"  # fmt: skip


@pytest.mark.parametrize("consent", [False, None, 1, "true"])
def test_without_consent_there_is_no_code(crossing: Crossing, consent: object) -> None:
    answer = crossing.at.call("points_links", "POST", "/v1/points/links", token=crossing.token,
                              json_body={"cell": "sea", "consent": consent})  # fmt: skip
    assert answer.problem() == "invalid-request"


def test_a_settlement_report_is_for_services(crossing: Crossing) -> None:
    at, path = crossing.at, "/v1/points/settlements/sea/2026-11-22"
    assert at.call("exchange", "GET", path, token=crossing.token).status == 401
    assert at.call("exchange", "GET", path, token=at.service_token()).problem() == "points-settlement-not-found"
    wiring.jobs()["points-settlement"](int(time.time()))
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86_400))
    report = at.call("exchange", "GET", f"/v1/points/settlements/sea/{day}", token=at.service_token()).json()
    assert report["agrees"] is True
    assert json.dumps(report["sums"]).count('"exchanges": 0') == 4
