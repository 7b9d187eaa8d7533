"""The twin behaves as the platform's documents say: what the other tests lean on."""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Iterator

import pytest

from sandbox.twins.wechat import WechatTwin
from sandbox.twins.wechat_rules import broken_value
from tests.support.wechat_world import APP_SECRET, APPID, client_of, control, delivered, login_code

CREDENTIALS = {"grant_type": "client_credential", "appid": APPID, "secret": APP_SECRET}


@pytest.fixture
def twin() -> Iterator[WechatTwin]:
    with WechatTwin() as running:
        yield running


def get(twin: WechatTwin, path: str, **query: str) -> Any:
    with urllib.request.urlopen(f"{twin.url}{path}?{urllib.parse.urlencode(query)}", timeout=10) as reply:
        return json.loads(reply.read())


def post(twin: WechatTwin, path: str, **body: object) -> Any:
    return control(twin.url, path, body)


def token_of(twin: WechatTwin) -> str:
    return str(post(twin, "/cgi-bin/stable_token", **CREDENTIALS)["access_token"])


def check(twin: WechatTwin, token: str, openid: str = "oAnna", key: str = "") -> int:
    signature = hmac.new(key.encode(), b"", hashlib.sha256).hexdigest()
    return int(get(twin, "/wxa/checksession", access_token=token, openid=openid, signature=signature)["errcode"])


def test_the_token_stays_the_same_until_five_minutes_before_its_end(twin: WechatTwin) -> None:
    first = token_of(twin)
    control(twin.url, "/_twin/clock", {"advance_seconds": 6890})
    assert token_of(twin) == first
    control(twin.url, "/_twin/clock", {"advance_seconds": 20})
    second = token_of(twin)
    assert second != first
    assert check(twin, first) == check(twin, second) == 87009  # both are taken; only the signature is wrong
    control(twin.url, "/_twin/clock", {"advance_seconds": 300})
    assert (check(twin, first), check(twin, second), check(twin, "made up")) == (42001, 87009, 40001)


def test_a_forced_refresh_voids_the_token_before(twin: WechatTwin) -> None:
    first = token_of(twin)
    assert post(twin, "/cgi-bin/stable_token", **CREDENTIALS, force_refresh=True)["access_token"] != first
    assert check(twin, first) == 40001


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"appid": "wx_unknown"}, 40013),
        ({"secret": "wrong"}, 40125),
        ({"appid": ""}, 41002),
        ({"secret": ""}, 41004),
        ({"grant_type": "x"}, 40002),
    ],
)
def test_wrong_credentials_have_their_codes(twin: WechatTwin, changed: dict[str, str], errcode: int) -> None:
    assert post(twin, "/cgi-bin/stable_token", **{**CREDENTIALS, **changed})["errcode"] == errcode


def test_the_token_must_be_posted_for_as_json(twin: WechatTwin) -> None:
    assert get(twin, "/cgi-bin/stable_token", **CREDENTIALS)["errcode"] == 43002
    request = urllib.request.Request(twin.url + "/cgi-bin/stable_token", b"appid=1")
    with urllib.request.urlopen(request, timeout=10) as reply:
        assert json.loads(reply.read())["errcode"] == 47001


def test_the_classic_token_is_not_to_be_had_and_the_attempt_is_in_the_journal(twin: WechatTwin) -> None:
    assert get(twin, "/cgi-bin/token", **CREDENTIALS)["errcode"] == 50004
    assert len(delivered(twin, "classic token asked for")) == 1


def test_a_session_key_is_checked_by_its_text(twin: WechatTwin) -> None:
    session = client_of(twin).code2session(login_code(twin, openid="oAnna"))
    token = token_of(twin)
    assert check(twin, token, key=session.session_key) == 0
    assert check(twin, token, key="another") == check(twin, token, openid="oBert", key=session.session_key) == 87009


def test_codes_tokens_and_credits_survive_a_restart(tmp_path: Path) -> None:
    with WechatTwin(tmp_path) as before:
        token, code = token_of(before), login_code(before, openid="oAnna")
        used = login_code(before, openid="oBert")
        client_of(before).code2session(used)
        control(before.url, "/_twin/accept", {"openid": "oAnna", "template_id": "T1"})
    with WechatTwin(tmp_path) as after:
        assert token_of(after) == token
        assert client_of(after).code2session(code).openid == "oAnna"
        query = {"appid": APPID, "secret": APP_SECRET, "grant_type": "authorization_code"}
        assert get(after, "/sns/jscode2session", **query, js_code=used)["errcode"] == 40163
        message = {"touser": "oAnna", "template_id": "T1", "data": {"thing1": {"value": "好"}}}
        path = f"/cgi-bin/message/subscribe/send?access_token={token}"
        assert [post(after, path, **message)["errcode"] for _ in range(2)] == [0, 43101]


def test_two_apps_do_not_know_each_other_s_codes_tokens_and_people() -> None:
    other = {"appid": "wx5a1e0f00d0000002", "secret": "fedcba9876543210fedcba9876543210"}
    with WechatTwin(apps={APPID: APP_SECRET, other["appid"]: other["secret"]}) as twin:
        code = login_code(twin, openid="oAnna")
        query = {"grant_type": "authorization_code", "js_code": code}
        assert get(twin, "/sns/jscode2session", **other, **query)["errcode"] == 40029
        theirs = post(twin, "/cgi-bin/stable_token", **{**CREDENTIALS, **other})["access_token"]
        control(twin.url, "/_twin/accept", {"openid": "oAnna", "template_id": "T1"})
        message = {"touser": "oAnna", "template_id": "T1", "data": {"thing1": {"value": "好"}}}
        path = f"/cgi-bin/message/subscribe/send?access_token={theirs}"
        assert post(twin, path, **message)["errcode"] == 40003


def test_a_template_wants_all_its_values(twin: WechatTwin) -> None:
    control(twin.url, "/_twin/accept", {"openid": "oAnna", "template_id": "T1"})
    control(twin.url, "/_twin/templates", {"template_id": "T1", "keys": ["thing1", "date2"]})
    message = {"touser": "oAnna", "template_id": "T1", "data": {"thing1": {"value": "好"}}}
    reply = post(twin, f"/cgi-bin/message/subscribe/send?access_token={token_of(twin)}", **message)
    assert reply["errcode"] == 47003
    assert "data.date2.value is emtpy" in reply["errmsg"]


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("thing1", "字" * 20, "字" * 21),
        ("thing1", "Your parcel", "two\nlines"),
        ("number2", "-12.50", "12a"),
        ("letter3", "ABC", "AB1"),
        ("symbol4", "¥$", "a"),
        ("character_string5", "SF-123 456", "单号1"),
        ("time6", "15:01", "25:01"),
        ("time6", "2019年10月1日 15:01~16:00", "tomorrow"),
        ("date7", "2019年10月1日", "1 October"),
        ("date7", "2019-10-01 15:01", "2019"),
        ("amount8", "¥1299.00", "1,299"),
        ("amount8", "12.5元", "12345678901"),
        ("phone_number9", "+86 400-000-0000", "call us"),
        ("car_number10", "粤B12345", "粤B12345678"),
        ("name11", "安娜", "字" * 11),
        ("name11", "Anna Example", "A" * 21),
        ("phrase12", "已发货", "shipped"),
        ("unheard13", "", "anything"),
    ],
)
def test_a_value_obeys_the_rule_of_its_key(key: str, good: str, bad: str) -> None:
    assert not good or broken_value({key: {"value": good}}, []) == ""
    assert broken_value({key: {"value": bad}}, []) == f"argument invalid! data.{key}.value invalid"
