"""A door of the test's own, opened as both clouds open it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from tests.support.doors import Answer, Place, aws_event, tencent_event
from twinshore import wiring
from twinshore.errors import Conflict, Unavailable
from twinshore.store.port import StoreUnavailable
from twinshore.tokens import Signer, SigningKey
from twinshore.web import Door, Request, Response


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    amount_minor: int = Field(gt=0, le=10**12)
    note: str = ""


class Search(BaseModel):
    model_config = ConfigDict(extra="forbid")

    quote: str
    limit: int = 10


class Taken(Conflict):
    slug = "taken"
    title_en = "It is taken"
    title_zh = "已被占用"


def a_door() -> Door:
    door = Door("trial", wiring)

    @door.post("/v1/orders", takes=Order, status=201)
    def create(request: Request, body: Order) -> object:
        return {"amount_minor": body.amount_minor, "language": request.language}

    @door.get("/v1/search", takes=Search)
    def search(request: Request, query: Search) -> object:
        return query

    @door.get("/v1/orders/{id}", who="member")
    def read(request: Request) -> object:
        return {"id": request.params["id"], "member": request.session.member_id}

    @door.post("/v1/orders/{id}/close", who="member", idempotent=True)
    def close(request: Request) -> object:
        return {"key": request.idempotency.key, "fingerprint": request.idempotency.fingerprint}

    @door.post("/v1/hook", body_limit_bytes=10)
    def hook(request: Request) -> object:
        return Response(202, request.body, "text/plain", (("X-Seen", "yes"),))

    @door.get("/v1/fail/{how}")
    def fail(request: Request) -> object:
        raise {"bug": KeyError("the secret is hunter2"), "taken": Taken("by another", holder="x"),
               "store": StoreUnavailable("down"), "busy": Unavailable("busy"),
               "later": Unavailable("later", retry_after=40)}[request.params["how"]]  # fmt: skip

    @door.put("/v1/service", who="service")
    def service(request: Request) -> object:
        return None

    return door


def call(at: Place, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    path, _, query = path.partition("?")
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if at.cloud == "aws":
        event = aws_event(method, path, query, sent, raw, "203.0.113.7")
    else:
        pairs = dict(pair.split("=", 1) for pair in query.split("&") if pair)
        event = tencent_event(method, path, pairs, sent, raw, "203.0.113.7")
    answer = a_door()(event, at.context("trial"))
    return Answer(answer["statusCode"], {k.lower(): v for k, v in answer["headers"].items()}, answer["body"])


def test_a_model_goes_in_and_json_comes_out(at: Place) -> None:
    answer = call(at, "POST", "/v1/orders", {"amount_minor": 5}, Accept_Language="zh-CN,en;q=0.5")
    assert (answer.status, answer.json()) == (201, {"amount_minor": 5, "language": "zh-CN"})
    assert answer.headers["x-request-id"].startswith("request-")
    assert answer.headers["cache-control"] == "no-store"


def test_a_query_becomes_a_model(at: Place) -> None:
    assert call(at, "GET", "/v1/search?quote=USD,EUR&limit=3").json() == {"quote": "USD,EUR", "limit": 3}
    assert call(at, "GET", "/v1/search?quote=USD&limit=x").problem() == "invalid-request"
    assert call(at, "GET", "/v1/search?quote=USD&other=x").problem() == "invalid-request"


@pytest.mark.parametrize(
    ("body", "slug", "status"),
    [
        (b"{", "malformed-json", 400),
        (b"", "malformed-json", 400),
        (b"\xff\xfe{", "malformed-json", 400),
        (b"[1]", "invalid-request", 422),
        (b'{"amount_minor": "5"}', "invalid-request", 422),
        (b'{"amount_minor": 5.5}', "invalid-request", 422),
        (b'{"amount_minor": 0}', "invalid-request", 422),
        (b'{"amount_minor": -1}', "invalid-request", 422),
        (b'{"amount_minor": NaN}', "invalid-request", 422),
        (b'{"amount_minor": 1e400}', "invalid-request", 422),
        (b'{"amount_minor": 99999999999999999999999999}', "invalid-request", 422),
        (b'{"amount_minor": true}', "invalid-request", 422),
        (b'{"amount_minor": 5, "hunter2": 1}', "invalid-request", 422),
    ],
)
def test_bad_bodies_are_told_what_is_wrong_and_not_repeated(at: Place, body: bytes, slug: str, status: int) -> None:
    if body.startswith(b"\xff") and at.cloud == "tencent":
        body = b"\xef\xbf\xbd\xef\xbf\xbd{"  # what the platform makes of it
    answer = call(at, "POST", "/v1/orders", body)
    assert (answer.status, answer.problem()) == (status, slug)
    assert "hunter2" not in answer.text


def test_limits_and_forms_are_held(at: Place) -> None:
    assert call(at, "POST", "/v1/hook", b"12345678901").problem() == "body-too-large"
    assert call(at, "POST", "/v1/orders", b"x" * 70_000).status == 413
    assert call(at, "POST", "/v1/orders", b"a=1", Content_Type="text/plain").problem() == "unsupported-media-type"
    assert call(at, "GET", "/v1/nowhere").problem() == "not-found"
    assert call(at, "GET", "/v1/orders/../etc", None).status == 404
    refused = call(at, "DELETE", "/v1/orders")
    assert (refused.problem(), refused.headers["allow"]) == ("method-not-allowed", "POST")


def test_raw_answers_pass_through(at: Place) -> None:
    answer = call(at, "POST", "/v1/hook", b"ok")
    assert (answer.status, answer.text, answer.headers["content-type"]) == (202, "ok", "text/plain")
    assert answer.headers["x-seen"] == "yes"


def test_problems_speak_the_callers_language_and_carry_their_extensions(at: Place) -> None:
    document = call(at, "GET", "/v1/fail/taken", Accept_Language="zh").json()
    assert (document["title"], document["detail"], document["holder"]) == ("已被占用", "by another", "x")
    assert call(at, "GET", "/v1/fail/taken").json()["title"] == "It is taken"


def test_a_bug_is_a_500_with_an_id_and_without_its_text(at: Place, capsys: pytest.CaptureFixture[str]) -> None:
    answer = call(at, "GET", "/v1/fail/bug")
    assert (answer.status, answer.problem()) == (500, "internal")
    assert "hunter2" not in answer.text
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert any(line["message"] == "unhandled" and line["request_id"] == answer.json()["request_id"] for line in lines)


@pytest.mark.parametrize(("how", "seconds"), [("store", 2), ("busy", 2), ("later", 40)])
def test_a_503_says_when_to_come_again(at: Place, how: str, seconds: int) -> None:
    """RFC 9110, section 15.6.4: Retry-After. Where the cause names no time, ours."""
    answer = call(at, "GET", f"/v1/fail/{how}")
    assert (answer.status, answer.problem()) == (503, "unavailable")
    assert (answer.json()["retry_after"], answer.headers["retry-after"]) == (seconds, str(seconds))


def test_members_come_with_a_token_of_this_cell(at: Place) -> None:
    good = call(at, "GET", "/v1/orders/o1", Authorization=f"Bearer {at.member_token('m_1')}")
    assert good.json() == {"id": "o1", "member": "m_1"}
    assert call(at, "GET", "/v1/orders/o1").problem() == "unauthenticated"
    assert call(at, "GET", "/v1/orders/o1", Authorization="Basic abc").problem() == "unauthenticated"
    assert call(at, "GET", "/v1/orders/o1", Authorization="Bearer rubbish").problem() == "unauthenticated"
    stale = at.member_token(now=int(time.time()) - 3600, ttl_seconds=600)
    assert call(at, "GET", "/v1/orders/o1", Authorization=f"Bearer {stale}").problem() == "token-expired"
    service = at.service_token()
    assert call(at, "GET", "/v1/orders/o1", Authorization=f"Bearer {service}").problem() == "token-invalid"
    assert call(at, "PUT", "/v1/service", Authorization=f"Bearer {service}").status == 204


def test_a_forged_token_is_refused(at: Place) -> None:
    forger = Signer(at.cell, [SigningKey("k1", b"f" * 32)])
    token = forger.issue("member", {"sub": "m_1"}, 600, int(time.time()))
    assert call(at, "GET", "/v1/orders/o1", Authorization=f"Bearer {token}").problem() == "token-invalid"


def test_a_member_of_another_cell_is_shown_the_way(at: Place) -> None:
    other = "cn" if at.cell == "eu" else "eu"
    token = Signer(other, [SigningKey("k1", b"o" * 32)]).issue("member", {"sub": "m_1"}, 600, int(time.time()))
    answer = call(at, "GET", "/v1/orders/o1", Authorization=f"Bearer {token}")
    assert (answer.status, answer.problem(), answer.json()["home"]) == (421, "wrong-cell", other)
    assert answer.json()["endpoint"] == f"https://{other}.api.twinshore.example"
    stranger = Signer("mars", [SigningKey("k1", b"o" * 32)]).issue("member", {"sub": "m_1"}, 600, int(time.time()))
    assert call(at, "GET", "/v1/orders/o1", Authorization=f"Bearer {stranger}").status == 401


def test_idempotent_routes_want_a_key_and_know_its_content(at: Place) -> None:
    auth = f"Bearer {at.member_token()}"
    for bad in ("", "x" * 65, "a b", "ключ"):
        answer = call(at, "POST", "/v1/orders/o1/close", b"1", Authorization=auth, Idempotency_Key=bad)
        assert answer.problem() == "bad-request"
    one = call(at, "POST", "/v1/orders/o1/close", b"1", Authorization=auth, Idempotency_Key="k").json()
    same = call(at, "POST", "/v1/orders/o1/close", b"1", Authorization=auth, Idempotency_Key="k").json()
    body = call(at, "POST", "/v1/orders/o1/close", b"2", Authorization=auth, Idempotency_Key="k").json()
    path = call(at, "POST", "/v1/orders/o2/close", b"1", Authorization=auth, Idempotency_Key="k").json()
    assert one == same
    assert len({one["fingerprint"], body["fingerprint"], path["fingerprint"]}) == 3
