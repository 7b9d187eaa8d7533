"""The built zips as SCF runs them: Python 3.10, real PostgreSQL, secrets from a twin that checks TC3 signatures."""

from __future__ import annotations

import json
import secrets
import zipfile
from base64 import b64encode
from pathlib import Path
from typing import Any, Iterator, Mapping

import pytest

from infra.build.staging import zip_of
from infra.build.targets import doors
from sandbox.gateway import tencent as gateway
from sandbox.gateway.http_request import HttpRequest
from sandbox.twins.tencent_cloud import TencentCloudTwin
from sandbox.twins.wechat import WechatTwin
from tests.support.deployed.built import Built
from tests.support.deployed.mounts import own_namespace, read_only
from tests.support.deployed.recorded import http_event, recorded
from tests.support.deployed.scf import ScfError, ScfInstance
from tests.support.doors import load_door
from tests.support.engines import PostgresServer
from tests.support.wechat_world import APP_SECRET, APPID, login_code

CREDENTIALS = ("AKIDexample", "example-key", "example-session-token")


@pytest.fixture(scope="module")
def wechat() -> Iterator[WechatTwin]:
    with WechatTwin() as twin:
        yield twin


class Cell:
    """The cn cell: its secrets at the SSM twin, its database, and instances that are started cold."""

    def __init__(self, built: Built, folder: Path, twin: TencentCloudTwin, wechat: WechatTwin) -> None:
        self.built, self.folder, self.twin, self.wechat = built, folder, twin, wechat
        self.environment = {
            "TWINSHORE_CELL": "cn", "TWINSHORE_STORE": "postgresql:database", "TWINSHORE_SECRETS": "tencent",
            "TWINSHORE_OUTSIDE": json.dumps({"ssm": twin.url, "scf": twin.url, "wechat": wechat.url}),
        }  # fmt: skip

    def start(self, door: str, number: int = 1, **changes: str) -> ScfInstance:
        instance = ScfInstance(self.built, door, {**self.environment, **changes}, self.folder / f"{door}-{number}")
        instance.credentials = dict(zip(instance.credentials, CREDENTIALS, strict=True))
        return instance


@pytest.fixture
def cell(tencent: Built, tmp_path: Path, postgres_server: PostgresServer, wechat: WechatTwin) -> Iterator[Cell]:
    kept = {
        "session_keys": json.dumps([{"id": "k1", "secret": secrets.token_hex(32)}]),
        "database": postgres_server.dsn(postgres_server.new_database()),
        "wechat_app": json.dumps({"appid": APPID, "secret": APP_SECRET}),
        "cell_key": json.dumps({"id": "k1", "private": b64encode(secrets.token_bytes(32)).decode()}),
    }
    versions = {(f"twinshore-cn-{name}", "SSM_Current"): value for name, value in kept.items()}
    key_id, key, token = CREDENTIALS
    with TencentCloudTwin({key_id: (key, token)}, versions) as twin:
        yield Cell(tencent, tmp_path, twin, wechat)


def asked(instance: ScfInstance, method: str, path: str, body: object = None, shape: str = gateway.PLAIN,
          headers: Mapping[str, str] | None = None) -> tuple[int, Any]:  # fmt: skip
    sent = {"Content-Type": "application/json", **(headers or {})}
    request = HttpRequest(
        method, path, "", tuple(sent.items()), json.dumps(body).encode() if body else b"", "203.0.113.9", "r1", 0
    )
    result = instance.invoke(gateway.http_event(request, shape))
    assert set(result) >= {"statusCode", "headers", "body"}
    return result["statusCode"], json.loads(result["body"])


@pytest.mark.parametrize("door", doors())
def test_every_door_starts_from_its_zip_and_the_two_layers_alone(door: str, cell: Cell) -> None:
    with cell.start(door) as instance:
        if door == "events":
            assert instance.invoke({"events": []})["delivered"] == 0
        elif door == "schedule":
            said = instance.invoke(
                {"Type": "Timer", "TriggerName": "t", "Time": "2026-11-23T00:00:00Z", "Message": "outbox-sweep"}
            )
            assert said["job"] == "outbox-sweep"
        else:
            status, answer = asked(instance, "GET", "/no/such/route")
            assert (status, answer["type"].rsplit("/", 1)[1]) == (404, "not-found")
        assert instance.written_bytecode() == [], "SCF never writes bytecode: what is not shipped costs each cold start"


@pytest.mark.parametrize("door", [door for door in doors() if door not in ("events", "schedule")])
def test_recorded_requests_reach_a_route_of_each_door(door: str, cell: Cell) -> None:
    """Nobody is logged in and the body is no door's: what counts is that the route answers, and not with a fault."""
    with cell.start(door) as instance:
        for shape in ("function_url", "function_url_apigw_compatible"):
            answer = instance.invoke(http_event("tencent", shape, door))
            assert 200 <= answer["statusCode"] < 500, answer
        answered = [line for line in instance.own_log() if line["message"] == "answered"]
        assert [line["route"] for line in answered] == [load_door(door).main_handler.routes[0].path] * 2


def test_what_a_commit_wakes_is_delivered_by_the_function_that_is_woken(cell: Cell) -> None:
    """login -> commit -> Invoke, asynchronous -> events, with the very event that the platform was handed."""
    with cell.start("login") as login, cell.start("events") as events:
        asked(login, "POST", "/v1/login", {"code": login_code(cell.wechat, openid="oCarla")})
        [(name, told)] = cell.twin.invocations
        assert name == events.name
        said = events.invoke(told)
        assert (said["delivered"], said["failed"]) == (len(told["events"]), 0)
        assert "member.joined" in {each["name"] for each in told["events"]}
    with cell.start("schedule") as schedule:
        swept = schedule.invoke(recorded("tencent", "timer") | {"Message": "outbox-sweep"})
        assert swept["job"] == "outbox-sweep"


@pytest.mark.parametrize("shape", [gateway.PLAIN, gateway.API_GATEWAY_COMPATIBLE])
def test_a_login_works_from_the_url_event_to_the_database_and_back(shape: str, cell: Cell) -> None:
    with cell.start("login") as login, cell.start("points") as points:
        status, session = asked(login, "POST", "/v1/login", {"code": login_code(cell.wechat, openid="oAnna")}, shape)
        assert (status, session["home_cell"]) == (200, "cn")
        status, answer = asked(
            points, "GET", "/v1/points", None, shape, {"Authorization": f"Bearer {session['access_token']}"}
        )
        assert (status, answer["balance"], answer["member_id"]) == (200, 0, session["member_id"])


@pytest.mark.skipif(not own_namespace(), reason="mount namespaces are permitted neither to root nor to users here")
def test_a_login_works_with_the_layers_at_opt_and_nothing_of_the_code_can_be_written(cell: Cell) -> None:
    with ScfInstance(cell.built, "login", cell.environment, cell.folder / "there", in_place=True) as login:
        login.credentials = dict(zip(login.credentials, CREDENTIALS, strict=True))
        assert asked(login, "POST", "/v1/login", {"code": login_code(cell.wechat, openid="oLin")})[0] == 200
        assert read_only(login.pid) >= {"/opt", str(login.code)}


def test_a_returned_token_is_in_the_platforms_log_and_in_no_line_of_ours(cell: Cell) -> None:
    """SCF logs what a function returns: the reason why docs/operations.md has that log switched off."""
    with cell.start("login") as login:
        _, session = asked(login, "POST", "/v1/login", {"code": login_code(cell.wechat, openid="oBert")})
        for secret in (session["access_token"], session["refresh_token"], *CREDENTIALS[1:]):
            assert not [line for line in login.log if secret in line and not line.startswith("RetMsg:")]
        assert [line for line in login.log if session["access_token"] in line and line.startswith("RetMsg:")]


def test_our_lines_in_the_log_are_flat_for_cls_indexes_one_level(cell: Cell) -> None:
    with cell.start("login") as login:
        asked(login, "POST", "/v1/login", {"code": login_code(cell.wechat, openid="oAnna")})
        lines = login.own_log()
        assert lines
        assert not [line for line in lines if any(isinstance(value, (dict, list)) for value in line.values())]
        assert not [line for line in lines if any(name.startswith("SCF_") for name in line)], (
            "reserved for the platform"
        )


def test_credentials_that_the_platform_renews_between_two_invocations_are_used(cell: Cell) -> None:
    with cell.start("login", TWINSHORE_SECRETS="tencent") as login:
        login.credentials = dict.fromkeys(login.credentials, "expired")
        status, _ = asked(login, "POST", "/v1/login", {"code": login_code(cell.wechat, openid="oAnna")})
        assert status in (500, 503)
        login.credentials = dict(zip(login.credentials, CREDENTIALS, strict=True))
        status, _ = asked(login, "POST", "/v1/login", {"code": login_code(cell.wechat, openid="oAnna")})
        assert status == 200


def test_an_event_of_no_known_form_is_an_error_that_the_platform_reports(cell: Cell) -> None:
    with cell.start("schedule") as schedule:
        assert schedule.invoke({"Type": "Timer", "Message": "no-such-job"})["statusCode"] == 430


def test_a_function_that_lacks_a_package_fails_here(cell: Cell) -> None:
    """The harness is worth something only if what is not in the zips is not there."""
    poorer = cell.built._replace(home=_without(cell, "pydantic_core"))
    with ScfInstance(poorer, "login", cell.environment, cell.folder / "bare") as login:
        assert asked(login, "POST", "/v1/login", {"code": "any"})[0] == 500
        assert [line for line in login.own_log() if "pydantic_core" in str(line)]


def _without(cell: Cell, package: str) -> Path:
    """A build whose packages' layer lacks one."""
    home = cell.folder / "poorer"
    for name in ("login", "layer-core", "layer-deps"):
        target = zip_of(home, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(zip_of(cell.built.home, name)) as old, zipfile.ZipFile(target, "w") as new:
            for info in old.infolist():
                if not info.filename.startswith(package):
                    new.writestr(info, old.read(info))
    return home


@pytest.mark.parametrize(
    "environment", [{"SCF_MINE": "1"}, {"TENCENTCLOUD_REGION": "x"}, {"QCLOUD_X": "1"}, {"BIG": "x" * 4096}]
)
def test_a_deployment_that_the_platform_refuses_is_refused(
    environment: dict[str, str], tencent: Built, tmp_path: Path
) -> None:
    with pytest.raises(ScfError):
        ScfInstance(tencent, "login", environment, tmp_path)
