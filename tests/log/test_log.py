"""What a log line shows, and above all what it does not."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
from typing import Any

import pytest

from twinshore import log

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZW1iZXIifQ.c2lnbmF0dXJl"
OPENID = "oTwin0000000000000000000_-ab"
SECRETS = {
    "a session token": JWT,
    "an authorization header": f"Bearer {JWT}",
    "an opaque bearer token": "Bearer opaque-0001-token",
    "a webhook secret": "whsec_dHdpbnNob3Jl+/=",
    "a Stripe key": "sk_" + "test_51TwinshoreTwin",
    "an AWS key id": "AKIA" + "TWINSHORETWIN000",
    "a Tencent key id": "AKID" + "twinshoretwinshoretwin",
    "a PEM key": "-----BEGIN PRIVATE KEY-----\nMIIB\nAAAA\n-----END PRIVATE KEY-----",
    "a PEM key that was cut": "-----BEGIN PRIVATE KEY-----\nMIIBAAAA",
    "a mainland phone": "13800000000",
    "a mainland phone with its country": "+86 138 0000 0000",
    "a grouped mainland phone": "138-0000-0000",
    "a foreign phone": "+49 151 00000000",
    "an e-mail address": "li.lei+shop@mail.example.com",
    "a card number": "4242 4242 4242 4242",
    "a UnionPay card number": "6200000000000005",
    "an identity number": "11010519491231002X",
    "a WeChat openid": OPENID,
}
INNOCENT = {
    "milliseconds since the epoch": "1763848123456",
    "a request id": "1c07a1c5-2bb0-4242-4242-424242424242",
    "an order": "order 20261122-000042 of 1299 minor units",
    "a time": "2026-11-22T21:58:04.915Z",
    "sixteen digits that fail Luhn": "4242 4242 4242 4243",
    "a digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "Chinese words": "订单已支付，积分稍后到账",
    "an answer's code": "errcode=43101",
}


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(text) for text in capsys.readouterr().out.splitlines()]


@pytest.fixture(autouse=True)
def _nothing_bound() -> None:
    log.bind()


def test_a_line_is_one_flat_json_object_with_what_was_bound(capsys: pytest.CaptureFixture[str]) -> None:
    log.bind(request_id="r-1", door="points", cell="cn", cloud="tencent")
    log.line("info", "answered", status=200, took={"store": {"ms": 3}}, note="two\nlines")
    (line,) = lines_of(capsys)
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "info", "message": "answered", "request_id": "r-1", "door": "points", "cell": "cn", "cloud": "tencent",
        "status": 200, "took.store.ms": 3, "note": "two\nlines",
    }  # fmt: skip


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("around", ["{}", "said {}, then left", '{{"x": "{}"}}', "电话{}。"])
def test_a_secret_is_masked_by_its_shape(kind: str, around: str) -> None:
    text = log.masked(around.format(SECRETS[kind]))
    assert log.MASK in text
    assert SECRETS[kind].removeprefix("Bearer ") not in text


@pytest.mark.parametrize("kind", INNOCENT)
def test_what_only_looks_alike_stays(kind: str) -> None:
    assert log.masked(INNOCENT[kind]) == INNOCENT[kind]


@pytest.mark.parametrize(
    "text",
    [
        "https://api.example/sns?appid=wx1&secret=hidden-value&js_code=hidden-value",
        "https://api.example/oauth?code=hidden-value&state=1",
        '{"session_key": "hidden-value", "errcode": 0}',
        "{'access_token': 'hidden-value'}",
        r"{\"session_key\":\"hidden-value\"}",
        "password=hidden-value; Signature: hidden-value",
    ],
)
def test_a_named_secret_inside_a_text_is_masked(text: str) -> None:
    assert "hidden-value" not in log.masked(text)


@pytest.mark.parametrize(
    "name",
    ["openid", "openId", "from_openid", "phone", "purePhoneNumber", "mail", "email_address", "access_token",
     "client_secret", "session_key", "sessionKey", "Authorization", "password", "Set-Cookie", "to",
     "name", "real_name", "client_ip",
     "Wechatpay-Signature", "x-api-key", "id_number", "encryptedData", "iv"],
)  # fmt: skip
def test_a_field_is_masked_by_its_name_whatever_it_holds(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for value in ("plain", 12, ["plain"], {"inner": "plain"}):
        log.line("info", "m", **{name: value})
    log.line("info", "m", headers={name: "plain"})
    for line in lines_of(capsys):
        assert "plain" not in json.dumps(line)
        assert 12 not in line.values()


def test_secrets_inside_exception_texts_lists_and_messages_are_masked(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        try:
            raise KeyError(OPENID)
        except KeyError as err:
            raise ValueError(f"no member for {OPENID} at li.lei@mail.example.com") from err
    except ValueError as err:
        log.line("error", f"failed for {JWT}", error=err, tried=[{"session_key": "hidden-value"}], body=b"\x00secret")
    out = capsys.readouterr().out
    (line,) = [json.loads(text) for text in out.splitlines()]
    assert line["error_type"] == "ValueError"
    assert line["error_cause_type"] == "KeyError"
    assert line["error_stack"].startswith("test_log.py:")
    assert line["body"] == "7 bytes"
    for hidden in (OPENID, JWT, "li.lei", "hidden-value"):
        assert hidden not in out


def test_amounts_and_times_keep_their_digits_where_a_phone_number_would_not(capsys: pytest.CaptureFixture[str]) -> None:
    log.line("info", "m", amount_minor=13800000000, at_ms=13800000000, seen=13800000000, small=42, share=0.5)
    (line,) = lines_of(capsys)
    assert (line["amount_minor"], line["at_ms"], line["seen"]) == (13800000000, 13800000000, log.MASK)
    assert (line["small"], line["share"]) == (42, 0.5)


def test_a_caller_cannot_overwrite_what_the_house_writes(capsys: pytest.CaptureFixture[str]) -> None:
    log.bind(request_id="r-1", cell="eu")
    log.line("loud", "m", request_id="forged", at="never")
    (line,) = lines_of(capsys)
    assert (line["request_id"], line["cell"], line["level"]) == ("r-1", "eu", "error")
    assert line["field.request_id"] == "forged"


class Stubborn:
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_it_never_raises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    loop: dict[str, Any] = {}
    loop["self"] = loop
    log.line("info", "m", stubborn=Stubborn())
    log.line("info", "m", loop=loop, nan=float("nan"), surrogate="\ud800")
    assert len([json.loads(text) for text in capsys.readouterr().out.splitlines()]) == 2
    closed = io.StringIO()
    closed.close()
    for out in (closed, None, io.TextIOWrapper(io.BytesIO(), encoding="ascii")):
        monkeypatch.setattr(sys, "stdout", out)
        log.line("info", "你好", x=1)


def test_long_texts_are_cut_only_after_they_were_masked(capsys: pytest.CaptureFixture[str]) -> None:
    log.line(
        "info",
        "m",
        text="x" * (log.TEXT_LIMIT_CHARS - 20) + " li.lei@mail.example.com",
        **{f"f{n}": n for n in range(99)},
    )
    (line,) = lines_of(capsys)
    assert len(line["text"]) <= log.TEXT_LIMIT_CHARS + 1
    assert "li.lei" not in line["text"]
    assert len(line) == log.FIELD_LIMIT


def test_a_megabyte_of_text_is_masked_in_a_blink(capsys: pytest.CaptureFixture[str]) -> None:
    import time

    for hostile in (
        "a@" * 500_000,
        "1" * 1_000_000,
        "o" * 1_000_000,
        "eyJ" * 300_000,
        "1 " * 500_000,
        "token" * 200_000,
    ):
        started = time.thread_time()  # of the processor: what others do meanwhile is not our masking
        log.line("info", "m", text=hostile)
        assert time.thread_time() - started < 1.0
    capsys.readouterr()


def test_each_thread_has_its_own_request(capsys: pytest.CaptureFixture[str]) -> None:
    def serve(number: int) -> None:
        log.bind(request_id=f"r-{number}")
        log.line("info", "m", number=number)

    threads = [threading.Thread(target=serve, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(line["request_id"] == f"r-{line['number']}" for line in lines_of(capsys))


def test_it_is_cheap_to_import() -> None:
    code = (
        "import sys; sys.path.insert(0, 'layers/core'); import twinshore.log;"
        "print('logging' in sys.modules, 'traceback' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=log.__file__.split("/layers/")[0],
    )
    assert ran.stdout.split() == ["False", "False"]


def test_the_line_of_an_answered_request_is_json_whatever_is_bound(capsys: pytest.CaptureFixture[str]) -> None:
    log.bind(request_id='a "quoted" \\ 好', door="points", cell="eu")
    log.plain("answered", '"route": "/v1/points", "status": 200, "duration_ms": 1.5')
    told = json.loads(capsys.readouterr().out)
    assert told["request_id"] == 'a "quoted" \\ 好'
    assert (told["route"], told["status"], told["duration_ms"], told["cell"]) == ("/v1/points", 200, 1.5, "eu")
