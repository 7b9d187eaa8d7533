"""The small parts of the box: ports, doors, the inspector, the terminal, the secrets file, the gateway's desk."""

from __future__ import annotations

import json
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from sandbox import inspector, ports, secrets_file
from sandbox.cell_gateway import ALTERNATE, CellGateway, CellPlace
from sandbox.doors import FUNCTIONS, LoadedDoor, door_for, load_doors
from sandbox.flow import Flow
from sandbox.gateway import aws, tencent
from sandbox.gateway.http_request import HttpRequest
from sandbox.terminal import columns, language_from, padded
from twinshore.store.port import Create, Key
from twinshore.store.sqlite import SqliteStore

PAGE = "http://127.0.0.1:8800"


def test_cells_follow_the_page_and_twins_begin_at_eleven() -> None:
    plan = ports.plan(8800, ["cn", "eu"], ["wechat", "stripe"])
    assert plan == (8800, {"cn": 8801, "eu": 8802}, {"wechat": 8811, "stripe": 8812})


def test_a_taken_port_is_named_with_its_owner_and_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ports.PortTaken) as err:
            ports.require_free(ports.PortPlan(port + 1, {"cn": port}, {}))
    assert f"Port {port} (cell cn) is taken" in str(err.value)
    assert "TWINSHORE_PORT=" in str(err.value)
    assert "\n" not in str(err.value)


@pytest.mark.parametrize("text", ["", "no", "80", "70000", "-1", "８８００"])
def test_a_base_port_that_is_none_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ports.PortTaken, match="TWINSHORE_PORT must be"):
        ports.base_port({"TWINSHORE_PORT": text})


def test_every_door_of_the_house_is_loaded_by_its_path() -> None:
    doors = load_doors()
    assert sorted(doors) == sorted(folder.parent.name for folder in FUNCTIONS.glob("*/index.py"))
    assert all(callable(door.handler) for door in doors.values())


def door(name: str, *paths: str) -> LoadedDoor:
    return LoadedDoor(name, lambda event, context: None, tuple(tuple(path.strip("/").split("/")) for path in paths))


@pytest.mark.parametrize(
    ("path", "name"),
    [("/v1/a/b", "literal"), ("/v1/a/7", "parameter"), ("/v1/a/7/b", None), ("/v1/a", None), ("/", None)],
)
def test_the_path_with_the_most_literal_parts_wins(path: str, name: str | None) -> None:
    doors = {"parameter": door("parameter", "/v1/a/{id}"), "literal": door("literal", "/v1/a/b")}
    found = door_for(doors, path)
    assert (found.name if found else None) == name


def gateway(folder: Path, handler: Any, cloud: str = "aws") -> CellGateway:
    cell, region = ("eu", "eu-central-1") if cloud == "aws" else ("cn", "ap-guangzhou")
    doors = {"bootstrap": LoadedDoor("bootstrap", handler, (("v1", "x"),))}
    return CellGateway(CellPlace(cell, cloud, region, 1, str(folder), PAGE), doors, Flow())


def call(path: str = "/v1/x", method: str = "GET", body: bytes = b"", **headers: str) -> HttpRequest:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpRequest(method, path, "", named, body, "127.0.0.1", "id-1", 1_795_334_400_000)


def echo(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return {"statusCode": 200, "headers": {}, "body": json.dumps(event)}


@pytest.mark.parametrize("cloud", ["aws", "tencent"])
def test_both_forms_of_a_cloud_take_turns_until_one_is_chosen(tmp_path: Path, cloud: str) -> None:
    at = gateway(tmp_path, echo, cloud)
    for _ in range(4):
        at.answer(call())
    first, second = (
        (aws.API_GATEWAY, aws.FUNCTION_URL) if cloud == "aws" else (tencent.PLAIN, tencent.API_GATEWAY_COMPATIBLE)
    )
    shapes = [entry["shape"] for entry in at.flow.entries()][::-1]
    assert shapes == [first, second, first, second]
    told = at.answer(
        call("/_box/shape", "POST", json.dumps({"shape": second}).encode(), content_type="application/json")
    )
    assert told.status == 200
    at.answer(call())
    assert at.flow.entries()[0]["shape"] == second
    assert at.answer(call("/_box/shape", "POST", b'{"shape": "gcp"}', content_type="application/json")).status == 422
    assert at.shape == second != ALTERNATE


@pytest.mark.parametrize("cloud", ["aws", "tencent"])
def test_the_stated_address_is_the_platforms_and_the_header_does_not_reach_the_door(tmp_path: Path, cloud: str) -> None:
    at = gateway(tmp_path, echo, cloud)
    event = json.loads(at.answer(call(X_Box_Client_IP="101.80.0.1")).body)
    address = event["requestContext"]["http"]["sourceIp"] if cloud == "aws" else event["headers"]["x-scf-remote-addr"]
    assert address.startswith("101.80.0.1")
    assert "x-box-client-ip" not in {name.lower() for name in event["headers"]}


def test_the_page_may_call_a_cell_and_no_other_origin_may(tmp_path: Path) -> None:
    at = gateway(tmp_path, echo)
    assert ("Access-Control-Allow-Origin", PAGE) in at.answer(call(Origin=PAGE)).headers
    assert ("Access-Control-Allow-Origin", PAGE) in at.answer(call(method="OPTIONS", Origin=PAGE)).headers
    foreign = at.answer(call(Origin="https://elsewhere.example"))
    assert not [name for name, _ in foreign.headers if name.lower().startswith("access-control")]


def test_what_no_door_serves_goes_to_the_catch_all_door(tmp_path: Path) -> None:
    assert gateway(tmp_path, echo).answer(call("/nowhere")).status == 200


@pytest.mark.parametrize(("cloud", "status"), [("aws", {500, 502}), ("tencent", {502})])
def test_a_door_that_raises_is_the_platforms_to_answer_for(tmp_path: Path, cloud: str, status: set[int]) -> None:
    def broken(event: Any, context: Any) -> None:
        raise RuntimeError("a secret")

    at = gateway(tmp_path, broken, cloud)
    replies = [at.answer(call()) for _ in range(2)]
    assert {reply.status for reply in replies} == status
    assert all(b"secret" not in reply.body for reply in replies)


def test_an_answer_that_is_not_json_fails_as_it_would_in_the_cloud(tmp_path: Path) -> None:
    assert gateway(tmp_path, lambda event, context: {"statusCode": 200, "body": b"bytes"}).answer(call()).status == 500


def test_the_inspector_groups_by_noun_and_hides_persons_and_secrets(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    fields = {"openid": "oABC", "email": "a@b.example", "amount_minor": 5, "currency": "EUR", "state": "paid",
              "total_minor": 9, "payer": {"phone": "+8613800000000"}, "refresh_token": "r"}  # fmt: skip
    store.commit(Create(Key("order#1", "order"), fields), Create(Key("order#2", "order"), {}))
    store.commit(Create(Key("member#m", "member"), {"unionid": "u"}))
    shown = {noun["noun"]: noun for noun in inspector.inspect(tmp_path / "store.db", 0)}
    assert {name: noun["count"] for name, noun in shown.items()} == {"member": 1, "order": 2}
    text = json.dumps(shown)
    assert not [private for private in ("oABC", "a@b", "13800000000", '"r"', '"u"') if private in text]
    kept = next(item["fields"] for item in shown["order"]["items"] if item["partition"] == "order#1")
    assert (kept["amount_minor"], kept["currency"], kept["state"], kept["total_minor"]) == (5, "EUR", "paid", 9)


def test_the_inspector_shows_nothing_of_a_cell_that_has_not_stored_yet(tmp_path: Path) -> None:
    assert inspector.inspect(tmp_path / "store.db", 0) == []


def test_secrets_are_made_once_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    file = tmp_path / "cell" / "secrets.json"
    public = secrets_file.keep(file, {"stripe": "one"})
    first = json.loads(file.read_text())
    assert secrets_file.keep(file, {"stripe": "two"}) == public
    second = json.loads(file.read_text())
    assert {**first, "stripe": "two"} == second
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_chinese_character_takes_two_columns() -> None:
    assert columns("锁定 ab") == 7
    assert columns(padded("锁定", 10)) == 10


@pytest.mark.parametrize(
    ("environ", "language"),
    [({"LANG": "zh_CN.UTF-8"}, "zh"), ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"), ({}, "en")],
)
def test_the_terminals_language_is_that_of_the_locale(environ: dict[str, str], language: str) -> None:
    assert language_from(environ) == language
