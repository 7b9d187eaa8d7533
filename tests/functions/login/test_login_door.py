"""The login door on both clouds, against the WeChat twin."""

from __future__ import annotations

import json
import threading
from typing import Any, Iterator

import pytest

from sandbox.twins.wechat import WechatTwin
from tests.support.doors import Answer, Place
from tests.support.wechat_world import APP_SECRET, APPID, control, force, login_code
from twinshore import wiring


@pytest.fixture
def twin(at: Place) -> Iterator[WechatTwin]:
    with WechatTwin() as running:
        at.secrets["wechat_app"] = json.dumps({"appid": APPID, "secret": APP_SECRET})
        at.outside["wechat"] = running.url
        at.rewire()
        yield running


def log_in(at: Place, twin: WechatTwin, **person: object) -> dict[str, Any]:
    answer = at.call("login", "POST", "/v1/login", json_body={"code": login_code(twin, **person)})
    assert answer.status == 200, answer.text
    return dict(answer.json())


def renew(at: Place, refresh_token: str) -> Answer:
    return at.call("login", "POST", "/v1/login/refresh", json_body={"refresh_token": refresh_token})


def test_a_code_buys_a_session_of_this_cell(at: Place, twin: WechatTwin) -> None:
    session = log_in(at, twin, openid="oAnna", unionid="uAnna")
    assert set(session) == {"access_token", "refresh_token", "expires_in", "member_id", "home_cell"}
    assert session["home_cell"] == at.cell
    claims = wiring.sessions().verify("member", session["access_token"], wiring.now())
    assert claims["sub"] == session["member_id"]
    assert claims["exp"] - claims["iat"] == session["expires_in"] == 1800


def test_the_same_person_is_the_same_member_next_time(at: Place, twin: WechatTwin) -> None:
    first, second = log_in(at, twin, openid="oAnna"), log_in(at, twin, openid="oAnna")
    assert first["member_id"] == second["member_id"]
    assert first["refresh_token"] != second["refresh_token"]
    assert log_in(at, twin, openid="oBert")["member_id"] != first["member_id"]


def test_other_rooms_find_the_openid_that_wechat_wants_to_hear(at: Place, twin: WechatTwin) -> None:
    member_id = log_in(at, twin, openid="oAnna")["member_id"]
    assert wiring.wechat_openid(member_id) == "oAnna"
    assert wiring.wechat_openid("m_nobody") is None


def test_a_cell_calls_its_nearest_access_point_first(at: Place, twin: WechatTwin) -> None:
    del at.outside["wechat"]
    at.rewire()
    nearest = {"cn": "https://sz.api.weixin.qq.com", "eu": "https://hk.api.weixin.qq.com"}[at.cell]
    assert wiring.wechat().base_urls == (nearest, "https://api.weixin.qq.com", "https://api2.weixin.qq.com")


def test_nothing_of_the_platform_is_in_an_answer_or_a_log_line(
    at: Place, twin: WechatTwin, capsys: pytest.CaptureFixture[str]
) -> None:
    session = log_in(at, twin, openid="oAnnasOpenid", unionid="uAnnasUnionid")
    renewed = renew(at, session["refresh_token"]).text
    [session_key] = twin.state["session_keys"].values()
    captured = capsys.readouterr()
    for place in (json.dumps(session), renewed, captured.out, captured.err):
        for secret in (APP_SECRET, session_key, "oAnnasOpenid", "uAnnasUnionid"):
            assert secret not in place
    for token in (session["access_token"], session["refresh_token"]):
        assert token not in captured.out


def test_a_used_code_asks_for_a_new_one_in_the_caller_s_language(at: Place, twin: WechatTwin) -> None:
    code = login_code(twin)
    at.call("login", "POST", "/v1/login", json_body={"code": code})
    again = at.call("login", "POST", "/v1/login", json_body={"code": code}, headers={"Accept-Language": "zh-CN"})
    assert (again.status, again.problem()) == (401, "login-code-used")
    assert again.json()["title"] == "登录凭证已被使用，请重新登录"


@pytest.mark.parametrize(
    ("errcode", "status", "slug"),
    [
        (40029, 401, "login-code-invalid"),
        (40226, 403, "login-refused"),
        (45011, 429, "too-many-requests"),
        (40164, 503, "unavailable"),
        (-1, 503, "unavailable"),
    ],
)
def test_a_refusal_of_the_platform_is_a_problem_document(
    at: Place, twin: WechatTwin, errcode: int, status: int, slug: str
) -> None:
    force(twin, "/sns/jscode2session", errcode, times=2)
    answer = at.call("login", "POST", "/v1/login", json_body={"code": "code"})
    assert (answer.status, answer.problem()) == (status, slug)


@pytest.mark.parametrize("body", [{}, {"code": ""}, {"code": 7}, {"code": "a b"}, {"code": "x", "openid": "oMallory"}])
def test_a_request_that_is_not_a_code_does_not_reach_the_platform(at: Place, twin: WechatTwin, body: object) -> None:
    assert at.call("login", "POST", "/v1/login", json_body=body).problem() == "invalid-request"
    assert twin.journal == []


def test_a_renewed_session_goes_on_with_new_tokens(at: Place, twin: WechatTwin) -> None:
    session = log_in(at, twin)
    renewed = renew(at, session["refresh_token"])
    assert renewed.status == 200
    assert renewed.json()["member_id"] == session["member_id"]
    assert renewed.json()["refresh_token"] != session["refresh_token"]
    assert renew(at, renewed.json()["refresh_token"]).status == 200


def test_a_used_refresh_token_ends_the_session_for_everyone(at: Place, twin: WechatTwin) -> None:
    stolen = log_in(at, twin)["refresh_token"]
    second = renew(at, stolen).json()["refresh_token"]
    third = renew(at, second).json()["refresh_token"]
    assert renew(at, stolen).problem() == "session-ended"
    assert renew(at, third).problem() == "session-ended"


def test_two_renewals_at_once_agree_on_one_successor(at: Place, twin: WechatTwin) -> None:
    token = log_in(at, twin)["refresh_token"]
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda: answers.append(renew(at, token))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [200, 200]
    [successor] = {answer.json()["refresh_token"] for answer in answers}
    assert renew(at, successor).status == 200


@pytest.mark.parametrize("token", ["x", "a.b.c.d", "cn.m_" + "a" * 26 + "." + "A" * 22 + "." + "A" * 43])
def test_a_forged_refresh_token_is_refused(at: Place, twin: WechatTwin, token: str) -> None:
    here = token.replace("cn.", f"{at.cell}.", 1)
    answer = renew(at, here)
    assert (answer.status, answer.problem()) == (401, "refresh-token-invalid")


def test_a_refresh_token_of_another_cell_is_sent_home(at: Place, twin: WechatTwin) -> None:
    _, rest = log_in(at, twin)["refresh_token"].split(".", 1)
    answer = renew(at, f"us.{rest}")
    assert (answer.status, answer.problem()) == (421, "wrong-cell")
    assert answer.json()["home"] == "us"
    assert answer.json()["endpoint"] == wiring.endpoint_of("us")
    assert renew(at, f"mars.{rest}").problem() == "refresh-token-invalid"


def test_a_session_ends_with_logout(at: Place, twin: WechatTwin) -> None:
    session = log_in(at, twin)
    out = at.call("login", "POST", "/v1/logout", token=session["access_token"])
    assert (out.status, out.text) == (204, "")
    assert renew(at, session["refresh_token"]).problem() == "session-ended"
    assert at.call("login", "POST", "/v1/logout", token=session["access_token"]).status == 204


def test_logout_ends_one_session_and_not_the_person_s_others(at: Place, twin: WechatTwin) -> None:
    phone, tablet = log_in(at, twin, openid="oAnna"), log_in(at, twin, openid="oAnna")
    at.call("login", "POST", "/v1/logout", token=phone["access_token"])
    assert renew(at, tablet["refresh_token"]).status == 200


def forged_tokens(at: Place) -> dict[str, str]:
    now = wiring.now()
    good = at.member_token()
    header, payload, signature = good.split(".")
    return {
        "another signature": f"{header}.{payload}.{signature[::-1]}",
        "another kind": wiring.sessions().issue("service", {"sub": "crm"}, 600, now),
        "over": at.member_token(now=now - 700, ttl_seconds=600),
        "nothing": "",
    }


@pytest.mark.parametrize(
    ("which", "slug"),
    [
        ("another signature", "token-invalid"),
        ("another kind", "token-invalid"),
        ("over", "token-expired"),
        ("nothing", "unauthenticated"),
    ],
)
def test_logout_wants_a_token_that_this_cell_gave_a_member(at: Place, which: str, slug: str) -> None:
    answer = at.call("login", "POST", "/v1/logout", token=forged_tokens(at)[which])
    assert (answer.status, answer.problem()) == (401, slug)


def test_a_refresh_token_is_no_access_token(at: Place, twin: WechatTwin) -> None:
    assert at.call("login", "POST", "/v1/logout", token=log_in(at, twin)["refresh_token"]).status == 401


def test_an_account_that_logs_in_too_often_waits(at: Place, twin: WechatTwin) -> None:
    answers = [
        at.call("login", "POST", "/v1/login", json_body={"code": login_code(twin, openid="oAnna")}) for _ in range(21)
    ]
    refused = next(answer for answer in answers if answer.status != 200)
    assert (refused.status, refused.problem()) == (429, "too-many-requests")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.json()["limit"] == "login-account"
    log_in(at, twin, openid="oBert")


def test_when_the_platform_is_down_the_caller_may_try_again(at: Place, twin: WechatTwin) -> None:
    control(twin.url, "/_twin/faults", {"status": 502})
    answer = at.call("login", "POST", "/v1/login", json_body={"code": "code"})
    assert (answer.status, answer.problem()) == (503, "wechat-no-answer")
