from __future__ import annotations

import socket
import traceback
from typing import Iterator

import pytest

from sandbox.twins.wechat import WechatTwin
from tests.support.wechat_world import APP_SECRET, APPID, client_of, control, delivered, force, login_code
from twinshore.errors import Problem, TooManyRequests, Unavailable
from twinshore.login.port import LoginCodeInvalid, LoginCodeUsed, LoginRefused
from twinshore.providers.wechat.client import NoClearAnswer, WechatClient

LOGIN_PATH = "/sns/jscode2session"
TOKEN_PATH = "/cgi-bin/stable_token"


@pytest.fixture
def twin() -> Iterator[WechatTwin]:
    with WechatTwin() as running:
        yield running


def closed_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def test_a_code_becomes_the_person_who_made_it(twin: WechatTwin) -> None:
    session = client_of(twin).code2session(login_code(twin, openid="oAnna", unionid="uAnna"))
    assert (session.openid, session.unionid) == ("oAnna", "uAnna")
    assert len(session.session_key) == 24


def test_an_absent_unionid_is_none(twin: WechatTwin) -> None:
    assert client_of(twin).code2session(login_code(twin)).unionid is None


def test_a_code_works_once(twin: WechatTwin) -> None:
    code = login_code(twin)
    client_of(twin).code2session(code)
    with pytest.raises(LoginCodeUsed):
        client_of(twin).code2session(code)


def test_a_code_lives_five_minutes(twin: WechatTwin) -> None:
    code = login_code(twin)
    control(twin.url, "/_twin/clock", {"advance_seconds": 301})
    with pytest.raises(LoginCodeInvalid):
        client_of(twin).code2session(code)


def test_a_person_whom_the_platform_blocks_is_refused(twin: WechatTwin) -> None:
    with pytest.raises(LoginRefused):
        client_of(twin).code2session(login_code(twin, high_risk=True))


def test_a_code_that_holds_query_syntax_stays_one_value(twin: WechatTwin) -> None:
    with pytest.raises(LoginCodeInvalid):
        client_of(twin).code2session("x&appid=other#?=%26")


@pytest.mark.parametrize(
    ("errcode", "problem", "status"),
    [
        (40029, LoginCodeInvalid, 401),
        (41008, LoginCodeInvalid, 401),
        (40163, LoginCodeUsed, 401),
        (40226, LoginRefused, 403),
        (45011, TooManyRequests, 429),
        (-1, Unavailable, 503),
        (40013, Unavailable, 503),
        (40125, Unavailable, 503),
        (41002, Unavailable, 503),
        (41004, Unavailable, 503),
        (40243, Unavailable, 503),
        (40164, Unavailable, 503),
        (61004, Unavailable, 503),
        (50007, Unavailable, 503),
        (99999, Unavailable, 503),
    ],
)
def test_each_errcode_of_a_login_is_a_problem_of_ours(
    twin: WechatTwin, errcode: int, problem: type[Problem], status: int
) -> None:
    force(twin, LOGIN_PATH, errcode, "the words of the far side", times=2)
    with pytest.raises(problem) as raised:
        client_of(twin).code2session("code")
    assert raised.value.status == status
    assert "far side" not in str(raised.value)


def test_a_busy_platform_is_asked_once_more(twin: WechatTwin) -> None:
    code = login_code(twin, openid="oAnna")
    force(twin, LOGIN_PATH, -1, "system error")
    assert client_of(twin).code2session(code).openid == "oAnna"


def test_a_frozen_secret_is_an_alarm_and_not_the_caller_s_fault(
    twin: WechatTwin, capsys: pytest.CaptureFixture[str]
) -> None:
    force(twin, TOKEN_PATH, 40243, "secret frozen rid: 5f1e-22aa-99bc")
    with pytest.raises(Unavailable):
        client_of(twin).stable_token()
    line = capsys.readouterr().out
    assert '"message": "WeChat refuses us"' in line
    assert '"errcode": 40243' in line
    assert "5f1e-22aa-99bc" in line
    assert "frozen" not in line


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist rid: 1-2-3", "203.0.113.9"),
        ("invalid ip 2001:db8::7, not in whitelist", "2001:db8::7"),
        ("a new wording without one", ""),
    ],
)
def test_an_unlisted_address_is_an_alarm_that_names_only_the_address(
    twin: WechatTwin, capsys: pytest.CaptureFixture[str], text: str, address: str
) -> None:
    force(twin, LOGIN_PATH, 40164, text)
    with pytest.raises(Unavailable) as raised:
        client_of(twin).code2session("code")
    line = capsys.readouterr().out
    assert f'"egress": "{address}"' in line
    assert "whitelist" not in line
    assert "wording" not in line
    assert not address or address not in str(raised.value)


def test_a_host_that_cannot_be_reached_is_passed_over(twin: WechatTwin) -> None:
    client = WechatClient(APPID, APP_SECRET, (closed_port(), twin.url))
    assert client.code2session(login_code(twin, openid="oAnna")).openid == "oAnna"


def test_after_a_detour_the_working_host_comes_first_for_a_while(twin: WechatTwin) -> None:
    with WechatTwin() as nearest:
        client = WechatClient(APPID, APP_SECRET, (closed_port(), twin.url, nearest.url))
        client.stable_token()
        client.stable_token()
        assert len(delivered(twin, "stable_token")) == 2


def test_no_host_at_all_is_unavailable() -> None:
    with pytest.raises(Unavailable) as raised:
        WechatClient(APPID, APP_SECRET, (closed_port(), closed_port())).code2session("code")
    assert not isinstance(raised.value, NoClearAnswer)


@pytest.mark.parametrize("errcode", [-1, 40029, 40163, 40164, 45011])
def test_an_errcode_is_an_answer_and_no_reason_to_ask_another_host(twin: WechatTwin, errcode: int) -> None:
    force(twin, LOGIN_PATH, errcode, times=2)
    with WechatTwin() as other:
        with pytest.raises(Problem):
            client_of(twin, other.url).code2session(login_code(other))
        assert delivered(other, "login") == []


@pytest.mark.parametrize("fault", [{"status": 502}, {"reset": True}], ids=["html 502", "reset"])
def test_a_broken_answer_is_not_asked_of_another_host(twin: WechatTwin, fault: dict[str, object]) -> None:
    control(twin.url, "/_twin/faults", fault)
    with WechatTwin() as other:
        with pytest.raises(NoClearAnswer):
            client_of(twin, other.url).code2session(login_code(other))
        assert delivered(other, "login") == []


def test_only_the_stable_token_is_ever_asked_for(twin: WechatTwin) -> None:
    fresh = client_of(twin).stable_token()
    assert fresh.lives_seconds > 7000
    assert delivered(twin, "classic token asked for") == []
    assert [entry["force_refresh"] for entry in delivered(twin, "stable_token")] == [False]


@pytest.mark.parametrize(
    "disaster",
    [{"status": 500}, {"reset": True}, {"errcode": 40029}, {"errcode": 40125}, {"errcode": 40164}, {"gone": True}],
    ids=str,
)
def test_no_secret_stands_in_an_error_or_a_log_line(
    twin: WechatTwin, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, disaster: dict[str, object]
) -> None:
    code = login_code(twin)
    client = client_of(twin)
    if "errcode" in disaster:
        echo = f"appsecret {APP_SECRET} js_code {code}"
        force(twin, LOGIN_PATH, int(str(disaster["errcode"])), echo, times=2)
    elif "gone" in disaster:
        client = WechatClient(APPID, APP_SECRET, (closed_port(),))
    else:
        control(twin.url, "/_twin/faults", disaster)
    with pytest.raises(Problem) as raised:
        client.code2session(code)
    shown = "".join(traceback.format_exception(raised.value)) + repr(client) + repr(raised.value.extensions)
    captured = capsys.readouterr()
    for place in (shown, captured.out, captured.err, caplog.text):
        assert APP_SECRET not in place
        assert code not in place
