"""What the box hands to a door has the form of the recorded events, member by member and type by type."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.gateway import aws, tencent
from sandbox.gateway.http_request import HttpRequest
from twinshore import http_events

RECORDED = Path(__file__).parents[1] / "events"
HEADERS = (
    ("Accept", "*/*"), ("Accept-Language", "zh-CN,zh;q=0.9"), ("Content-Type", "application/json"),
    ("Cookie", "a=1; b=2"), ("Host", "127.0.0.1:8802"), ("User-Agent", "Mozilla/5.0"),
    ("X-Forwarded-For", "198.51.100.9"),
)  # fmt: skip
BODY = '{"text": "你好"}'.encode()


def request(**changes: Any) -> HttpRequest:
    whole = HttpRequest(
        "POST", "/v1/echo/abc", "tag=a&tag=b&q=%E4%B8%AD%E6%96%87+x&empty=", HEADERS, BODY, "203.0.113.7", "id-1",
        1_795_334_400_000,
    )  # fmt: skip
    return whole._replace(**changes)


def recorded(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((RECORDED / name).read_text(encoding="utf-8"))
    return event


def form(value: Any, but: tuple[str, ...] = ("headers",)) -> Any:
    """Names and types. Header names are whatever a client sent."""
    if isinstance(value, dict):
        return {name: "..." if name in but else form(inner, but) for name, inner in value.items()}
    return type(value).__name__ if not isinstance(value, list) else [form(inner, but) for inner in value]


@pytest.mark.parametrize(
    ("shape", "file"),
    [(aws.API_GATEWAY, "aws/api_gateway_v2.json"), (aws.FUNCTION_URL, "aws/function_url.json")],
)
def test_an_aws_cell_gets_the_recorded_form(shape: str, file: str) -> None:
    made = aws.http_event(request(), shape, aws.domain_of(shape, "eu-central-1"))
    assert form(made) == form(recorded(file))
    assert {"host", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"} <= set(made["headers"])


@pytest.mark.parametrize(
    ("shape", "file"),
    [
        (tencent.PLAIN, "tencent/function_url.json"),
        (tencent.API_GATEWAY_COMPATIBLE, "tencent/function_url_apigw_compatible.json"),
    ],
)
def test_the_tencent_cell_gets_the_recorded_form(shape: str, file: str) -> None:
    made = tencent.http_event(request(), shape)
    assert form(made) == form(recorded(file))
    assert ("x-scf-remote-addr" in made["headers"]) == (shape == tencent.PLAIN)


def test_timers_have_the_recorded_forms() -> None:
    assert form(aws.timer_event("payment-poll")) == form(recorded("aws/schedule.json"))
    made = tencent.timer_event("payment-poll", 1_795_334_940_000)
    assert form(made) == form(recorded("tencent/timer.json"))
    assert made["Message"] == "payment-poll"


def test_a_stream_record_has_the_recorded_form_and_the_doors_reader_finds_the_events() -> None:
    from twinshore.store.dynamodb import events_of_stream_record

    event = {"id": "e1", "name": "payment.captured", "at": 5, "data": {"amount_minor": 7, "who": "m_1"}}
    image = {"pk": "order#x", "sk": "order", "_events": json.dumps([event])}
    made = aws.stream_record("1", "eu-central-1", image, 1_795_334_400)
    pattern = recorded("aws/dynamodb_stream.json")["Records"][0]
    assert form(made, ("NewImage",)) == form(pattern, ("NewImage",))
    assert [each.as_json() for each in events_of_stream_record(made)] == [event]


@pytest.mark.parametrize("shape", [aws.API_GATEWAY, aws.FUNCTION_URL])
def test_what_the_seam_reads_from_aws_is_what_was_sent(shape: str) -> None:
    event = aws.http_event(request(), shape, "d.example")
    call = http_events.from_aws(event, aws.LambdaContext("f", "eu-central-1", "id-1"))
    assert (call.method, call.path, call.body, call.client_ip) == ("POST", "/v1/echo/abc", BODY, "203.0.113.7")
    assert call.query == {"tag": ["a", "b"], "q": ["中文 x"], "empty": [""]}
    assert call.headers["cookie"] == "a=1; b=2"
    assert call.remaining_ms > 0


@pytest.mark.parametrize("shape", [tencent.PLAIN, tencent.API_GATEWAY_COMPATIBLE])
def test_what_the_seam_reads_from_tencent_is_what_was_sent(shape: str) -> None:
    call = http_events.from_tencent(tencent.http_event(request(), shape), tencent.context("f", "ap-guangzhou", "id-1"))
    assert (call.method, call.path, call.body, call.client_ip) == ("POST", "/v1/echo/abc", BODY, "203.0.113.7")
    assert call.query == {"tag": ["a", "b"], "q": ["中文 x"], "empty": [""]}
    assert call.request_id == "id-1"


def test_bytes_that_are_no_text_survive_on_aws_and_are_spoilt_on_tencent() -> None:
    raw = bytes(range(256))
    sent = request(body=raw, headers=(("Content-Type", "application/octet-stream"),))
    event = aws.http_event(sent, aws.API_GATEWAY, "d.example")
    assert event["isBase64Encoded"]
    assert base64.b64decode(event["body"]) == raw
    assert tencent.http_event(sent, tencent.PLAIN)["body"].encode() != raw


def test_a_request_without_body_query_and_cookie_has_none_of_these_members() -> None:
    event = aws.http_event(request(body=b"", query="", headers=()), aws.FUNCTION_URL, "d.example")
    assert not {"body", "cookies", "queryStringParameters"} & set(event)


@pytest.mark.parametrize("turn_back", [aws.http_answer, tencent.http_answer])
def test_an_answer_without_a_status_code_is_sent_as_a_200_as_the_clouds_do(turn_back: Any) -> None:
    reply = turn_back({"hello": "there"})
    assert (reply.status, json.loads(reply.body)) == (200, {"hello": "there"})


@pytest.mark.parametrize("turn_back", [aws.http_answer, tencent.http_answer])
def test_status_headers_and_body_of_an_answer_come_back(turn_back: Any) -> None:
    reply = turn_back({"statusCode": 201, "headers": {"X-A": "1"}, "body": "你好"})
    assert reply == (201, (("X-A", "1"),), "你好".encode())
    packed = turn_back(
        {"statusCode": 200, "headers": {}, "body": base64.b64encode(b"\xff").decode(), "isBase64Encoded": True}
    )
    assert packed.body == b"\xff"


def test_fractions_have_no_place_in_a_stream_record() -> None:
    with pytest.raises(TypeError):
        aws.dynamodb_json({"amount": 0.1})
