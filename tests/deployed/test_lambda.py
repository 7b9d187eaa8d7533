"""The built zips in AWS's own runtime client, cold and warm, with DynamoDB and Secrets Manager of MiniStack."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from pathlib import Path
from typing import Any, Iterator, Mapping

import boto3
import pytest

from infra.build.targets import doors
from sandbox.gateway import aws as gateway
from sandbox.gateway.http_request import HttpRequest
from sandbox.twins.stripe import StripeTwin
from sandbox.twins.wechat import WechatTwin
from tests.support.deployed.built import Built
from tests.support.deployed.lambda_runtime import LambdaInstance
from tests.support.deployed.mounts import own_namespace, read_only
from tests.support.deployed.recorded import http_event, recorded
from tests.support.doors import load_door
from tests.support.engines import dynamodb_client, ministack, new_table
from tests.support.wechat_world import APP_SECRET, APPID, control, login_code

INIT_LIMIT_SECONDS = 3.0
"""Generous: two busy cores, eight times slower than one Lambda of 512 MB would be. The bench has the exact figures."""
MEMORY_LIMIT_BYTES = 160 * 1024 * 1024
DOMAIN = gateway.domain_of(gateway.API_GATEWAY, "eu-central-1")


@pytest.fixture(scope="module")
def cloud() -> Iterator[str]:
    with ministack() as url:
        yield url


@pytest.fixture(scope="module")
def wechat() -> Iterator[WechatTwin]:
    with WechatTwin() as twin:
        yield twin


class Cell:
    """The eu cell: its table, its secrets, and instances that are started cold."""

    def __init__(self, built: Built, folder: Path, cloud: str, wechat: WechatTwin, stripe: StripeTwin) -> None:
        self.built, self.folder, self.cloud, self.wechat, self.stripe = built, folder, cloud, wechat, stripe
        self.client = dynamodb_client(cloud)
        self.environment = {
            "TWINSHORE_CELL": "eu", "TWINSHORE_STORE": f"dynamodb:{new_table(self.client)}", "TWINSHORE_SECRETS": "aws",
            "TWINSHORE_OUTSIDE": json.dumps({"wechat": wechat.url, "stripe": stripe.url}), "AWS_ENDPOINT_URL": cloud,
        }  # fmt: skip
        self.keep("session_keys", [{"id": "k1", "secret": secrets.token_hex(32)}])
        self.keep("vault_keys", [{"id": "k1", "secret": secrets.token_hex(32)}])
        self.keep("cell_key", {"id": "k1", "private": b64encode(secrets.token_bytes(32)).decode()})
        self.keep("wechat_app", {"appid": APPID, "secret": APP_SECRET})
        self.keep("provider_stripe", stripe.secret())

    def keep(self, name: str, value: object) -> None:
        client = boto3.client("secretsmanager", region_name="eu-central-1", endpoint_url=self.cloud,
                              aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="not-a-secret")  # fmt: skip
        text = value if isinstance(value, str) else json.dumps(value)
        try:
            client.create_secret(Name=f"twinshore/eu/{name}", SecretString=text)
        except client.exceptions.ResourceExistsException:
            client.put_secret_value(SecretId=f"twinshore/eu/{name}", SecretString=text)

    def start(self, door: str, timeout_seconds: int = 10) -> LambdaInstance:
        return LambdaInstance(self.built, door, self.environment, self.folder / door, timeout_seconds)


@pytest.fixture
def cell(aws: Built, tmp_path: Path, cloud: str, wechat: WechatTwin) -> Iterator[Cell]:
    with StripeTwin() as stripe:
        yield Cell(aws, tmp_path, cloud, wechat, stripe)


def asked(instance: LambdaInstance, method: str, path: str, body: object = None,
          headers: Mapping[str, str] | None = None) -> tuple[int, Any]:  # fmt: skip
    sent = {"content-type": "application/json", **(headers or {})}
    content = json.dumps(body).encode() if body else b""
    request = HttpRequest(method, path, "", tuple(sent.items()), content, "203.0.113.9", "r1", 0)
    result = instance.invoke(gateway.http_event(request, gateway.API_GATEWAY, DOMAIN))
    assert isinstance(result, dict) and "statusCode" in result, result
    return result["statusCode"], json.loads(result["body"])


@pytest.mark.parametrize("door", doors())
def test_every_door_starts_from_its_zip_and_the_two_layers_alone(door: str, cell: Cell) -> None:
    with cell.start(door) as instance:
        before = instance.code()
        for _ in range(2):  # cold, then warm
            if door == "events":
                assert instance.invoke({"Records": []}) == {"batchItemFailures": []}
            elif door == "schedule":
                assert instance.invoke(gateway.timer_event("payment-poll"))["job"] == "payment-poll"
            else:
                status, answer = asked(instance, "GET", "/no/such/route")
                assert (status, answer["type"].rsplit("/", 1)[1]) == (404, "not-found")
        cold, warm = (took for _, took in instance.reports())
        assert warm < cold < INIT_LIMIT_SECONDS * 1000
        assert instance.peak_memory_bytes() < MEMORY_LIMIT_BYTES
        assert instance.code() == before, "read-only there: bytecode that is not shipped costs each cold start"


@pytest.mark.parametrize("door", [door for door in doors() if door not in ("events", "schedule")])
def test_recorded_requests_reach_a_route_of_each_door(door: str, cell: Cell) -> None:
    """Nobody is logged in and the body is no door's: what counts is that the route answers, and not with a fault."""
    with cell.start(door) as instance:
        for shape in ("api_gateway_v2", "function_url"):
            answer = instance.invoke(http_event("aws", shape, door))
            assert 200 <= answer["statusCode"] < 500, answer
        answered = [line for line in instance.lines() if line["message"] == "answered"]
        assert [line["route"] for line in answered] == [load_door(door).main_handler.routes[0].path] * 2


def test_recorded_events_of_the_stream_and_the_clock_are_heard(cell: Cell) -> None:
    with cell.start("events") as events, cell.start("schedule") as schedule:
        assert events.invoke(recorded("aws", "dynamodb_stream")) == {"batchItemFailures": []}
        assert schedule.invoke(recorded("aws", "schedule"))["job"] == "payment-poll"


def logged_in(cell: Cell, name: str = "oAnna") -> dict[str, Any]:
    with cell.start("login") as login:
        status, session = asked(login, "POST", "/v1/login", {"code": login_code(cell.wechat, openid=name)})
        assert (status, session["home_cell"]) == (200, "eu")
        lines = [line for line in login.log().splitlines() if line.startswith("{")]
        assert lines
        assert session["access_token"] not in login.log()
        assert session["refresh_token"] not in login.log()
    return dict(session)


@pytest.mark.skipif(not own_namespace(), reason="mount namespaces are permitted neither to root nor to users here")
def test_a_login_works_with_the_layers_at_opt_and_nothing_of_the_code_can_be_written(cell: Cell) -> None:
    with LambdaInstance(cell.built, "login", cell.environment, cell.folder / "there", in_place=True) as login:
        assert asked(login, "POST", "/v1/login", {"code": login_code(cell.wechat, openid="oAnna")})[0] == 200
        assert read_only(login.pid) >= {"/opt", str(login.task)}


def test_a_member_logs_in_and_reads_their_points_across_two_functions(cell: Cell) -> None:
    session = logged_in(cell)
    with cell.start("points") as points:
        status, answer = asked(
            points, "GET", "/v1/points", None, {"authorization": f"Bearer {session['access_token']}"}
        )
        assert (status, answer["balance"], answer["member_id"]) == (200, 0, session["member_id"])


def test_a_payment_door_near_its_time_limit_answers_and_leaves_nothing_half_done(cell: Cell) -> None:
    """The provider takes longer than the function may: the caller hears "unknown, ask again", not the platform's
    time-out, and the same request, once the provider is well, finds the one payment."""
    session = logged_in(cell)
    bearer = {"authorization": f"Bearer {session['access_token']}", "idempotency-key": "order-1"}
    with cell.start("payments", timeout_seconds=3) as payments:
        status, order = asked(
            payments,
            "POST",
            "/v1/orders",
            {"description": "tea", "amount": {"amount_minor": 1299, "currency": "EUR"}},
            bearer,
        )
        assert status == 201, order
        pay, paying = f"/v1/orders/{order['order_id']}/payments", {**bearer, "idempotency-key": "pay-1"}
        control(cell.stripe.url, "/_twin/faults", {"delay_seconds": 6})
        status, answer = asked(payments, "POST", pay, {"method": "card"}, paying)
        assert status in (202, 502, 503, 504), answer
        assert "timed out" not in payments.log().lower()
        control(cell.stripe.url, "/_twin/faults", {"delay_seconds": 0})
        status, answer = asked(payments, "POST", pay, {"method": "card"}, paying)
        assert status in (200, 201), answer
        assert len(cell.stripe.book.intents) == 1, "asked for twice, begun once"
        status, order = asked(payments, "GET", f"/v1/orders/{order['order_id']}", None, bearer)
        assert (status, order["status"]) == (200, "pending")
