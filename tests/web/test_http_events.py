"""Four event shapes of two clouds become one call."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, Callable

import pytest

from tests.support.doors import LambdaContext
from twinshore.errors import BadRequest
from twinshore.http_events import HttpCall, from_aws, from_tencent, to_aws, to_tencent

EVENTS = Path(__file__).resolve().parents[1] / "events"
SCF_CONTEXT = {"request_id": "scf-request", "time_limit_in_ms": 3000}
SHAPES: dict[str, Callable[[Any], HttpCall]] = {
    "aws/api_gateway_v2": lambda event: from_aws(event, LambdaContext("echo", "aws-request")),
    "aws/function_url": lambda event: from_aws(event, LambdaContext("echo", "aws-request")),
    "tencent/function_url": lambda event: from_tencent(event, SCF_CONTEXT),
    "tencent/function_url_apigw_compatible": lambda event: from_tencent(event, SCF_CONTEXT),
}


def recorded(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_becomes_the_same_call(name: str) -> None:
    call = SHAPES[name](recorded(name))
    assert (call.method, call.path) == ("POST", "/v1/echo/abc")
    assert call.query == {"tag": ["a", "b"], "q": ["中文 x"], "empty": [""]}
    assert call.body == '{"text": "你好"}'.encode()
    assert call.client_ip == "203.0.113.7", "from the platform, not from x-forwarded-for"
    assert call.headers["accept-language"].startswith("zh-CN")
    assert call.headers["cookie"] == "a=1; b=2"
    assert call.request_id in ("aws-request", "scf-request")
    assert call.remaining_ms > 0


@pytest.mark.parametrize("name", SHAPES)
def test_header_names_come_in_any_case(name: str) -> None:
    event = recorded(name)
    event["headers"] = {header.title(): value for header, value in event["headers"].items()}
    assert set(SHAPES[name](event).headers) == set(SHAPES[name](recorded(name)).headers)


@pytest.mark.parametrize("name", SHAPES)
def test_a_missing_body_is_no_body(name: str) -> None:
    event = recorded(name)
    event.pop("body")
    assert SHAPES[name](event).body == b""
    assert SHAPES[name]({**event, "body": None}).body == b""
    assert SHAPES[name]({**event, "body": ""}).body == b""


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("raw", [b"\xef\xbb\xbf{}", '{"名": "值"}'.encode(), b'{"a":1}\r\n', b" {} "])
def test_bytes_reach_the_verifier_as_they_were_sent(name: str, raw: bytes) -> None:
    plain = {**recorded(name), "body": raw.decode(), "isBase64Encoded": False}
    coded = {**recorded(name), "body": base64.b64encode(raw).decode(), "isBase64Encoded": True}
    assert SHAPES[name](plain).body == raw
    assert SHAPES[name](coded).body == raw


@pytest.mark.parametrize("name", SHAPES)
def test_base64_is_undone_only_when_the_platform_says_so(name: str) -> None:
    event = {**recorded(name), "body": "e30=", "isBase64Encoded": "false"}
    assert SHAPES[name](event).body == b"e30="


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("body", ["not base64!", "e30", "\ud800"])
def test_a_broken_body_is_a_bad_request(name: str, body: str) -> None:
    with pytest.raises(BadRequest):
        SHAPES[name]({**recorded(name), "body": body, "isBase64Encoded": body != "\ud800"})


@pytest.mark.parametrize(
    ("remote", "address"),
    [("203.0.113.7:51234", "203.0.113.7"), ("203.0.113.7", "203.0.113.7"), ("[2001:db8::1]:443", "2001:db8::1"),
     ("2001:db8::1", "2001:db8::1")],
)  # fmt: skip
def test_scf_addresses_come_with_and_without_a_port(remote: str, address: str) -> None:
    event = recorded("tencent/function_url")
    event["headers"]["x-scf-remote-addr"] = remote
    assert from_tencent(event, SCF_CONTEXT).client_ip == address


def test_a_client_cannot_write_the_platforms_address_in_another_case() -> None:
    event = recorded("tencent/function_url")
    event["headers"]["X-Scf-Remote-Addr"] = "192.0.2.66"
    assert from_tencent(event, SCF_CONTEXT).client_ip == "203.0.113.7"


def test_a_query_that_is_not_utf8_is_a_bad_request() -> None:
    event = {**recorded("aws/api_gateway_v2"), "rawQueryString": "q=%ff%fe"}
    with pytest.raises(BadRequest):
        from_aws(event, LambdaContext("echo", "x"))


def test_answers_take_each_clouds_form() -> None:
    text, raw = "好".encode(), b"\xff\x00"
    assert to_aws(200, {"A": "b"}, text) == {"statusCode": 200, "headers": {"A": "b"}, "body": "好",
                                             "isBase64Encoded": False}  # fmt: skip
    assert to_tencent(200, {"A": "b"}, text) == {"statusCode": 200, "headers": {"A": "b"}, "body": "好"}
    for answer in (to_aws(200, {}, raw), to_tencent(200, {}, raw)):
        assert answer["isBase64Encoded"] is True
        assert base64.b64decode(answer["body"]) == raw
