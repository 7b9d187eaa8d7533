"""Points across the sea in the box: what left one shore arrives on the other, once, whatever is cut or killed."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from sandbox import sea
from sandbox.cell_gateway import CellGateway, CellPlace
from sandbox.doors import LoadedDoor
from sandbox.flow import Flow
from sandbox.gateway.http_request import HttpRequest
from sandbox.story_cross import CROSSING, FIRST, POINTS_IN, POINTS_OUT, SECOND
from tests.support.box_process import BoxProcess
from twinshore.cells import load_cells
from twinshore.exchange.receipts import first_broken, receipt_from_json

CROSSED = "What left one shore arrived on the other"


def memory_of(box: BoxProcess) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads((box.folder / "crossing.json").read_text(encoding="utf-8"))
    memory: dict[str, Any] = kept["qing"]["memory"]
    return memory


def ask(box: BoxProcess, cell: str, path: str) -> Any:
    """As she asks, with her own session in that cell."""
    token = memory_of(box)[cell]["access_token"]
    url = box.get("/box.json")["cells"][cell] + path
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def crossed_once(box: BoxProcess) -> None:
    """Both ledgers, entry by entry: nothing was lost, nothing was made, nothing is held."""
    entries = {cell: ask(box, cell, "/v1/points/entries?limit=50")["items"] for cell in ("cn", "eu")}
    points = {cell: ask(box, cell, "/v1/points") for cell in ("cn", "eu")}
    earned = sum(each["points"] for each in entries["cn"] if each["kind"] == "earn")
    arrived = [each["points"] for each in entries["eu"] if each["kind"] == "exchange_in"]
    assert points["cn"]["balance"] + POINTS_OUT == earned
    assert [each["kind"] for each in entries["cn"]].count("settle") == 2
    assert sorted(arrived) == [FIRST[1], SECOND[1]]
    assert [each["points"] for each in entries["eu"] if each["kind"] == "redeem"] == [-POINTS_IN]
    for cell, there in points.items():
        assert there["held"] == there["pending"] == 0
        assert there["balance"] == sum(each["points"] for each in entries[cell])
    exchanges = ask(box, "cn", "/v1/points/exchanges")["items"]
    assert [each["state"] for each in exchanges] == ["settled", "settled"]
    exported = {cell: ask(box, cell, f"/v1/points/links/{memory_of(box)['link']}/receipts") for cell in ("cn", "eu")}
    assert exported["cn"] == exported["eu"]
    receipts = [receipt_from_json(each) for each in exported["cn"]["items"]]
    assert len(receipts) == 2
    assert first_broken(receipts, load_cells(str(box.folder / "cells.json"))) is None


def test_the_terminal_tells_how_points_crossed_although_the_line_was_cut(tmp_path: Path) -> None:
    with BoxProcess(tmp_path) as box:
        output = box.read_until("Ctrl-C")
        told = output[output.index("Points across the sea") :]
        assert all(step.title["en"] in told for step in CROSSING)
        assert f"pending: {SECOND[0]} held in cn; eu has {POINTS_IN}, and cannot say so" in told
        assert CROSSED in told
        crossed_once(box)


@pytest.mark.parametrize(
    ("title", "whole_group"), [("Points quote", True), ("The line is cut", False), ("A second exchange", True)]
)
def test_killed_while_the_line_is_cut_the_exchange_still_ends_once(
    tmp_path: Path, title: str, whole_group: bool
) -> None:
    """The line stays cut over the death: it is healed by the journey, and the sweeper does the rest."""
    with BoxProcess(tmp_path) as box:
        box.read_until("Points across the sea")
        box.read_until(title)
        time.sleep(0.02)
        box.kill(whole_group)
    before = memory_of(box)
    with BoxProcess(tmp_path, box.base) as again:
        again.read_until("Points across the sea")
        output = again.read_until("Ctrl-C")
        assert "goes on where it was cut" in output
        assert CROSSED in output
        after = memory_of(again)
        assert after["quote"] == before["quote"], "it is the same journey, with the same promise"
        crossed_once(again)


def heard(folder: Path) -> tuple[CellGateway, list[str]]:
    paths: list[str] = []

    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        paths.append(event["rawPath"])
        return {"statusCode": 200, "body": "{}"}

    door = LoadedDoor("cells", handler, (("cells", "v1", "{message}"), ("v1", "points")))
    place = CellPlace("eu", "aws", "eu-central-1", 1, str(folder / "eu"), "http://127.0.0.1:1")
    return CellGateway(place, {"cells": door}, Flow()), paths


def message(path: str = "/cells/v1/points-credit", sender: str = "cn") -> HttpRequest:
    said = f'cell=("@method");created=1;nonce="n";keyid="{sender}:box";tag="twinshore"'
    return HttpRequest("POST", path, "", (("Signature-Input", said),), b"{}", "127.0.0.1", "id-1", 1_795_334_400_000)


@pytest.mark.parametrize(("state", "arrives"), [(sea.CUT, False), (sea.DEAF, True)])
def test_a_cut_line_ends_the_connection_before_or_after_the_question_arrived(
    tmp_path: Path, state: str, arrives: bool
) -> None:
    gateway, paths = heard(tmp_path)
    sea.Sea(tmp_path).set("eu", "cn", state)
    with pytest.raises(ConnectionResetError):
        gateway.answer(message())
    assert bool(paths) == arrives
    assert gateway.flow.entries()[0]["outcome"] == "line_cut"
    sea.Sea(tmp_path).set("cn", "eu", sea.WHOLE)
    assert gateway.answer(message()).status == 200


def test_a_cut_line_is_between_two_cells_and_in_nobody_elses_way(tmp_path: Path) -> None:
    gateway, _ = heard(tmp_path)
    sea.Sea(tmp_path).set("cn", "eu", sea.CUT)
    assert gateway.answer(message(sender="us")).status == 200
    assert gateway.answer(message("/v1/points")).status == 200
    assert sea.Sea(tmp_path).lines() == {"cn-eu": "cut"}
    sea.Sea(tmp_path).heal()
    assert gateway.answer(message()).status == 200
    with pytest.raises(ValueError, match="a line is"):
        sea.Sea(tmp_path).set("cn", "eu", "wet")


def test_every_cell_sweeps_its_points_every_few_seconds() -> None:
    from sandbox.timers import jobs_of

    assert all(jobs_of(cloud)["points-sweep"] <= 5 for cloud in ("aws", "tencent"))
