"""The notifications door on both clouds, with the twins of WeChat and of the mail services behind it."""

from __future__ import annotations

import json
import time
from typing import Any, Iterator, NamedTuple

import pytest

from sandbox.twins.mail import MailTwin
from sandbox.twins.wechat import APPS, WechatTwin
from tests.notify.conftest import control
from tests.support.doors import Answer, Place
from twinshore import wiring
from twinshore.notify import credit_ledger
from twinshore.notify.templates import TEMPLATES

DOOR, ADDRESS = "notifications", "anna.beispiel@mail.example.com"
SUBSCRIPTIONS, PREFERENCES, SEND = (
    "/v1/notifications/subscriptions",
    "/v1/notifications/preferences",
    "/v1/notifications",
)
RECEIPT = {"order_id": "A-1", "amount": {"amount_minor": 1299, "currency": "EUR"}, "paid_at": "2026-11-22T15:01:00Z"}
POINTS = {"points": 1, "reason": "x", "credited_at": "2026-11-22T15:01:00Z"}
CHOICE = {"channels": {"wechat_subscribe": True, "email": True}, "language": "en", "time_zone": "Europe/Berlin"}


class Shore(NamedTuple):
    at: Place
    wechat: WechatTwin
    mail: MailTwin

    def member(self, method: str, path: str, body: Any = None, key: str = "k-1", **more: Any) -> Answer:
        return self.at.call(DOOR, method, path, json_body=body, key=key, token=self.at.member_token(), **more)

    def send(self, key: str = "s-1", member: str = "m_anna", template: str = "receipt", data: Any = None) -> Answer:
        body = {"member_id": member, "template": template, "data": RECEIPT if data is None else data}
        return self.at.call(DOOR, "POST", SEND, json_body=body, key=key, token=self.at.service_token())


@pytest.fixture
def shore(at: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shore]:
    for name in ("AWS_ACCESS_KEY_ID", "TENCENTCLOUD_SECRETID"):
        monkeypatch.setenv(name, "AKIDtwin")
    for name in ("AWS_SECRET_ACCESS_KEY", "TENCENTCLOUD_SECRETKEY"):
        monkeypatch.setenv(name, "twin-key-of-no-account")
    with WechatTwin() as wechat, MailTwin(accounts={"AKIDtwin": ("twin-key-of-no-account", "")}) as mail:
        appid, secret = next(iter(APPS.items()))
        app = {"appid": appid, "secret": secret, "templates": {name: f"tmpl-{name}" for name in TEMPLATES}}
        at.secrets.update(wechat_app=json.dumps(app), mail=json.dumps({"sender": "Twinshore <a@mail.example.com>"}))
        at.outside.update(wechat=wechat.url, mail=mail.url)
        at.rewire()
        yield Shore(at, wechat, mail)


def counted() -> int:
    return credit_ledger.balance(wiring.store(), "m_anna", "receipt")


def test_a_tap_is_a_credit_and_a_repeated_request_is_the_same_tap(shore: Shore) -> None:
    first = shore.member("POST", SUBSCRIPTIONS, {"accepted": ["receipt", "points_credited"]})
    again = shore.member("POST", SUBSCRIPTIONS, {"accepted": ["receipt", "points_credited"]})
    assert (first.status, first.json()) == (200, {"accepted": ["receipt", "points_credited"]})
    assert (again.status, again.json(), counted()) == (200, first.json(), 1)
    shore.member("POST", SUBSCRIPTIONS, {"accepted": ["receipt"]}, key="k-2")
    assert counted() == 2


def test_one_key_stands_for_one_request(shore: Shore) -> None:
    shore.member("POST", SUBSCRIPTIONS, {"accepted": ["receipt"]})
    other = shore.member("POST", SUBSCRIPTIONS, {"accepted": ["order_refunded"]})
    assert (other.status, other.problem()) == (422, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        ({"accepted": ["nonsense"]}, 422, "unknown-template"),
        ({"accepted": []}, 422, "invalid-request"),
        ({"accepted": ["receipt"] * 2}, 422, "invalid-request"),
        ({"accepted": ["receipt"] * 6}, 422, "invalid-request"),
        ({"accepted": "receipt"}, 422, "invalid-request"),
        ({"accepted": ["receipt"], "extra": 1}, 422, "invalid-request"),
        ({}, 422, "invalid-request"),
    ],
)
def test_a_tap_that_cannot_be_is_refused_and_counts_nothing(shore: Shore, body: Any, status: int, slug: str) -> None:
    answer = shore.member("POST", SUBSCRIPTIONS, body)
    assert (answer.status, answer.problem(), counted()) == (status, slug, 0)


def test_the_language_of_the_prompt_is_the_language_of_the_message(shore: Shore) -> None:
    shore.member("POST", SUBSCRIPTIONS, {"accepted": ["receipt"]}, headers={"Accept-Language": "en"})
    assert shore.member("GET", PREFERENCES).json()["language"] == "en"


def test_preferences_are_set_whole_and_shown_with_a_masked_address(shore: Shore) -> None:
    assert shore.member("GET", PREFERENCES).json() == {
        "channels": {"wechat_subscribe": True, "email": False}, "language": "zh-CN", "time_zone": "Asia/Shanghai",
    }  # fmt: skip
    put = shore.member("PUT", PREFERENCES, {**CHOICE, "email": ADDRESS})
    assert (put.status, put.json()) == (200, {**CHOICE, "email": "a***@***.com"})
    assert shore.member("GET", PREFERENCES).json() == put.json()
    assert shore.member("PUT", PREFERENCES, CHOICE).json()["email"] == "a***@***.com", "absent: it stays"
    off = {**CHOICE, "channels": {"wechat_subscribe": True, "email": False}}
    assert "email" not in shore.member("PUT", PREFERENCES, {**off, "email": None}).json()


@pytest.mark.parametrize(
    ("changed", "slug"),
    [
        ({"email": "a***@***.com"}, "email-invalid"),
        ({"email": "anna@example.com\r\nBcc: b@example.com"}, "email-invalid"),
        ({}, "email-missing"),
        ({"email": ADDRESS, "language": "de"}, "invalid-request"),
        ({"email": ADDRESS, "time_zone": "../../etc/passwd"}, "invalid-request"),
        ({"email": ADDRESS, "channels": {"wechat_subscribe": "yes", "email": True}}, "invalid-request"),
        ({"email": ADDRESS, "channels": {"email": True}}, "invalid-request"),
        ({"email": 5}, "invalid-request"),
    ],
)
def test_preferences_that_cannot_be_are_refused_without_an_echo(
    shore: Shore, changed: dict[str, Any], slug: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = shore.member("PUT", PREFERENCES, {**CHOICE, **changed})
    assert (answer.status, answer.problem()) == (422, slug)
    said = answer.text + capsys.readouterr().out
    assert "beispiel" not in said and "Bcc" not in said
    assert shore.member("GET", PREFERENCES).json()["channels"]["email"] is False


def test_a_service_tells_a_member_by_mail(shore: Shore) -> None:
    shore.member("PUT", PREFERENCES, {**CHOICE, "email": ADDRESS})
    answer = shore.send()
    assert answer.status == 202
    assert (answer.json()["state"], answer.json()["channel"]) == ("sent", "email")
    assert shore.send().json() == answer.json()
    (letter,) = shore.mail.mailbox
    assert (letter["to"], letter["subject"]) == ([ADDRESS], "Payment received: order A-1")
    assert letter["service"] == shore.at.cloud


def test_a_service_tells_a_member_who_logged_in_with_wechat_and_tapped(shore: Shore) -> None:
    openid = "oTwin0000000000000000000anna"
    member = log_in(shore, openid)
    control(shore.wechat.url, "/_twin/accept", {"openid": openid, "template_id": "tmpl-receipt"})
    token = shore.at.member_token(member)
    shore.at.call(DOOR, "POST", SUBSCRIPTIONS, json_body={"accepted": ["receipt"]}, key="k", token=token)
    assert shore.send(member=member).json()["channel"] == "wechat_subscribe"
    (said,) = [entry for entry in shore.wechat.journal if entry["what"] == "subscribe message delivered"]
    assert (said["openid"], said["data"]["amount2"]) == (openid, "€12.99")


def log_in(shore: Shore, openid: str) -> str:
    from twinshore.login.identity import person_of
    from twinshore.login.port import WechatSession

    control(shore.wechat.url, "/_twin/codes", {"openid": openid})
    appid = next(iter(APPS))
    return person_of(
        wiring.login_home(), appid, WechatSession(openid=openid, unionid=None, session_key="k"), wiring.now()
    )


def test_a_member_nobody_reaches_is_a_failed_delivery_not_an_error(shore: Shore) -> None:
    answer = shore.send()
    assert (answer.status, answer.json()["state"], "channel" in answer.json()) == (202, "failed", False)


def test_a_cell_whose_channels_are_not_set_up_says_failed_and_a_line_in_the_log(
    at: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    body = {"member_id": "m_anna", "template": "receipt", "data": RECEIPT}
    answer = at.call(DOOR, "POST", SEND, json_body=body, key="s-1", token=at.service_token())
    assert (answer.status, answer.json()["state"]) == (202, "failed")
    assert "a notification channel is not set up" in capsys.readouterr().out


def test_what_could_not_be_sent_yet_is_a_503_and_the_same_key_goes_on(shore: Shore) -> None:
    shore.member("PUT", PREFERENCES, {**CHOICE, "email": ADDRESS})
    shore.mail.faults = {"error": "throttle"}
    answer = shore.send()
    assert (answer.status, answer.problem()) == (503, "notification-not-delivered-yet")
    assert int(answer.headers["retry-after"]) > 0
    shore.mail.faults = {}
    time.sleep(1.1)  # a channel that said "later" is not asked again within the same second
    assert shore.send().json()["state"] == "sent"


@pytest.mark.parametrize(
    ("template", "data", "slug"),
    [
        ("nonsense", RECEIPT, "unknown-template"),
        ("receipt", {}, "template-values-wrong"),
        ("receipt", {**RECEIPT, "extra": "x"}, "template-values-wrong"),
        ("receipt", {**RECEIPT, "amount": "12.99"}, "template-values-wrong"),
        ("receipt", {**RECEIPT, "amount": 12.5}, "invalid-request"),
        ("receipt", {**RECEIPT, "amount": {"amount_minor": 0, "currency": "EUR"}}, "invalid-request"),
        ("receipt", {**RECEIPT, "amount": {"amount_minor": 5, "currency": "XYZ"}}, "unknown-currency"),
        ("receipt", {**RECEIPT, "paid_at": "yesterday"}, "template-values-wrong"),
        ("receipt", {**RECEIPT, "paid_at": 1795359660}, "template-values-wrong"),
        ("receipt", {**RECEIPT, "order_id": "订单"}, "template-values-wrong"),
        ("receipt", {**RECEIPT, "order_id": {"amount_minor": 5, "currency": "EUR"}}, "template-values-wrong"),
        ("points_credited", {**POINTS, "points": -1}, "template-values-wrong"),
        ("points_credited", {**POINTS, "reason": "x" * 201}, "template-values-wrong"),
    ],
)  # fmt: skip
def test_a_message_with_wrong_values_is_refused_and_nothing_is_kept(
    shore: Shore, template: str, data: dict[str, Any], slug: str
) -> None:
    answer = shore.send(template=template, data=data)
    assert (answer.status, answer.problem()) == (422, slug)
    assert wiring.store().query("delivery#m_anna").items == []


@pytest.mark.parametrize(
    ("method", "path"), [("POST", SUBSCRIPTIONS), ("GET", PREFERENCES), ("PUT", PREFERENCES), ("POST", SEND)]
)
def test_nobody_comes_in_without_the_right_token(shore: Shore, method: str, path: str) -> None:
    wrong = shore.at.member_token() if path == SEND else shore.at.service_token()
    for token in ("", "nonsense", wrong):
        assert shore.at.call(DOOR, method, path, json_body={}, key="k", token=token).status == 401
    assert wiring.store().query("notify#m_anna").items == []


def test_sending_and_subscribing_want_an_idempotency_key(shore: Shore) -> None:
    assert shore.send(key="").problem() == "bad-request"
    assert shore.member("POST", SUBSCRIPTIONS, {"accepted": ["receipt"]}, key="").status == 400
    assert counted() == 0
