from __future__ import annotations

import socket
from pathlib import Path
from typing import Iterator

import pytest

from sandbox.twins.wechat import WechatTwin
from tests.support.wechat_world import client_of, control, delivered, force
from twinshore.providers.wechat import errcodes
from twinshore.providers.wechat.client import WechatClient
from twinshore.providers.wechat.subscribe import SendResult, send_subscribe_message
from twinshore.providers.wechat.token_lease import AccessTokenLease
from twinshore.store.sqlite import SqliteStore

PATH = "/cgi-bin/message/subscribe/send"
DATA = {"thing1": "你好，您的订单已发货", "date2": "2026年10月1日 15:01", "amount3": "¥12.99"}


@pytest.fixture
def twin() -> Iterator[WechatTwin]:
    with WechatTwin() as running:
        control(running.url, "/_twin/accept", {"openid": "oAnna", "template_id": "T1"})
        yield running


@pytest.fixture
def lease(twin: WechatTwin, tmp_path: Path) -> AccessTokenLease:
    return AccessTokenLease(SqliteStore(tmp_path / "store.db"), client_of(twin), lambda: int(twin.now()))


def send(lease: AccessTokenLease, **other: object) -> SendResult:
    message = {"openid": "oAnna", "template_id": "T1", "page": "pages/order?id=1", "data": DATA, "lang": "zh-CN"}
    return send_subscribe_message(lease, **{**message, **other})  # type: ignore[arg-type]


def test_a_message_arrives_with_real_characters(twin: WechatTwin, lease: AccessTokenLease) -> None:
    assert send(lease) == SendResult(errcodes.SENT)
    [message] = delivered(twin, "subscribe message delivered")
    assert message["data"] == DATA
    assert (message["page"], message["lang"], message["escaped"]) == ("pages/order?id=1", "zh_CN", False)


def test_each_accept_of_the_user_is_good_for_one_message(twin: WechatTwin, lease: AccessTokenLease) -> None:
    control(twin.url, "/_twin/accept", {"openid": "oAnna", "template_id": "T1"})
    assert [send(lease).state for _ in range(3)] == [errcodes.SENT, errcodes.SENT, errcodes.NO_CREDIT]


def test_an_unknown_person_or_template_is_named_so(lease: AccessTokenLease) -> None:
    assert send(lease, openid="oNobody").state == errcodes.BAD_RECIPIENT
    assert send(lease, template_id="T9").state == errcodes.BAD_TEMPLATE


def test_a_value_that_breaks_its_rule_is_named(twin: WechatTwin, lease: AccessTokenLease) -> None:
    assert send(lease, data={**DATA, "thing1": "字" * 21}) == SendResult(errcodes.BAD_DATA, None, "thing1")
    assert send(lease, data={**DATA, "thing1": ""}).field == "thing1"
    assert send(lease).state == errcodes.SENT  # nothing of the above has spent the credit


def test_only_a_field_of_ours_is_repeated(twin: WechatTwin, lease: AccessTokenLease) -> None:
    force(twin, PATH, 47003, "argument invalid! data.someone_else.value invalid")
    assert send(lease) == SendResult(errcodes.BAD_DATA, None, "")


@pytest.mark.parametrize(
    ("errcode", "state", "retry_after_seconds"),
    [
        (43101, "no_credit", None),
        (47003, "bad_data", None),
        (47001, "bad_data", None),
        (44002, "bad_data", None),
        (40097, "bad_data", None),
        (40003, "bad_recipient", None),
        (43104, "bad_recipient", None),
        (40037, "bad_template", None),
        (41030, "bad_page", None),
        (40165, "bad_page", None),
        (45168, "sensitive", None),
        (43107, "banned", None),
        (48001, "banned", None),
        (48004, "banned", None),
        (50002, "banned", None),
        (43108, "concurrent", 5),
        (-1, "platform_busy", 2),
        (45011, "rate_limited", 60),
        (44990, "rate_limited", 60),
        (44991, "rate_limited", 60),
        (45009, "daily_quota_spent", None),
        (44993, "daily_quota_spent", None),
        (40001, "misconfigured", None),
        (40013, "misconfigured", None),
        (40164, "misconfigured", None),
        (99999, "unknown", None),
    ],
)
def test_each_errcode_of_a_message_has_a_name_of_ours(
    twin: WechatTwin, lease: AccessTokenLease, errcode: int, state: str, retry_after_seconds: int | None
) -> None:
    force(twin, PATH, errcode, "words of the far side", times=2)
    assert send(lease) == SendResult(state, retry_after_seconds)


def test_every_row_of_the_table_is_tested_or_a_credential_fault() -> None:
    [table] = list(test_each_errcode_of_a_message_has_a_name_of_ours.pytestmark)  # type: ignore[attr-defined]
    tested = {row[0] for row in table.args[1]}
    untested = set(errcodes.SEND) - tested - {0}
    assert {errcodes.SEND[code] for code in untested} == {errcodes.MISCONFIGURED}


@pytest.mark.parametrize("fault", [{"status": 502}, {"reset": True}], ids=["html 502", "reset"])
def test_a_message_without_a_clear_answer_may_have_arrived(
    twin: WechatTwin, lease: AccessTokenLease, fault: dict[str, object]
) -> None:
    lease.token()
    control(twin.url, "/_twin/faults", fault)
    assert send(lease) == SendResult(errcodes.UNKNOWN)


def test_a_message_that_surely_did_not_leave_may_be_sent_later(twin: WechatTwin, lease: AccessTokenLease) -> None:
    lease.token()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{probe.getsockname()[1]}"
    lease.client = WechatClient(lease.client.appid, "secret", (closed,))
    assert send(lease) == SendResult(errcodes.PLATFORM_BUSY, 2)


def test_no_token_and_no_recipient_stand_in_a_log_line(
    twin: WechatTwin, lease: AccessTokenLease, capsys: pytest.CaptureFixture[str]
) -> None:
    token = lease.token()
    force(twin, PATH, 40164, f"invalid ip 203.0.113.9 for {token} oAnna")
    send(lease)
    shown = capsys.readouterr().out
    assert "203.0.113.9" in shown
    assert token not in shown
    assert "oAnna" not in shown
