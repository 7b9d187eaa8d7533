"""The Weixin Pay twin does to us what the party does: probes, duplicates, disorder, silence; and it remembers."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Mapping

import pytest

from sandbox.twins.wechat_pay import WechatPayTwin
from tests.support import wechat_pay_notices as made
from tests.support.receiver import Received, Receiver
from twinshore import outbound
from twinshore.money import Money
from twinshore.payments.port import CAPTURED, PART_REFUNDED, Attempt, Notice, Payer, SignatureRefused
from twinshore.providers.wechat_pay.client import WechatPay, wechat_pay_from_secret

QUICK = (0.05, 0.1, 0.2, 0.4, 0.8)
TOTAL = Money(1299, "CNY")


def start(folder: Path | None = None) -> WechatPayTwin:
    return WechatPayTwin(folder, keys=made.keys(), ladder_seconds=QUICK)


def ours(twin: WechatPayTwin, refund_notify_url: str = "") -> WechatPay:
    return wechat_pay_from_secret(twin.url, json.dumps(twin.secret()), refund_notify_url=refund_notify_url)


def control(twin: WechatPayTwin, path: str, wanted: Mapping[str, Any]) -> None:
    assert outbound.send("POST", f"{twin.url}/_twin/{path}", {}, json.dumps(wanted).encode()).status == 200


def order(pay: WechatPay, notify_url: str, reference: str = "attempt-000001") -> None:
    now = made.present()
    pay.create(Attempt(reference, "o", TOTAL, "tea", notify_url, Payer("openid-of-nobody"), now + 900), now)


def read(pay: WechatPay, got: Received) -> Notice | None:
    """None where the signature was refused."""
    try:
        (notice,), _ = pay.read_webhook(got.headers, got.body, made.present())
    except SignatureRefused:
        return None
    return notice


def test_a_payment_is_told_by_a_probe_and_then_twice() -> None:
    with Receiver() as receiver, start() as twin:
        pay = ours(twin)
        order(pay, receiver.url)
        control(twin, "pay", {"out_trade_no": "attempt-000001"})
        probe, first, second = [read(pay, got) for got in receiver.wait_for(3)]
        assert probe is None
        assert first is not None
        assert (first, first.state) == (second, CAPTURED)
        assert "WECHATPAY/SIGNTEST/" in receiver.received[0].headers["wechatpay-signature"]


def test_the_number_of_copies_is_a_switch() -> None:
    with Receiver() as receiver, start() as twin:
        order(ours(twin), receiver.url)
        control(twin, "faults", {"duplicate": 5, "probe": False})
        control(twin, "pay", {"out_trade_no": "attempt-000001"})
        receiver.wait_for(5)
        time.sleep(0.1)
        assert len(receiver.received) == 5


def test_a_refund_may_overtake_its_payment() -> None:
    with Receiver() as receiver, start() as twin:
        pay = ours(twin, receiver.url)
        order(pay, receiver.url)
        control(twin, "faults", {"reorder": True, "duplicate": 1, "probe": False})
        control(twin, "pay", {"out_trade_no": "attempt-000001"})
        pay.refund("attempt-000001", "", "refund-000001", Money(300, "CNY"), TOTAL, made.present())
        states = [notice.state for got in receiver.wait_for(2) if (notice := read(pay, got))]
        assert states == [PART_REFUNDED, CAPTURED]


def test_what_is_held_goes_when_the_twin_is_healed() -> None:
    with Receiver() as receiver, start() as twin:
        order(ours(twin), receiver.url)
        control(twin, "faults", {"reorder": True, "duplicate": 1, "probe": False})
        control(twin, "pay", {"out_trade_no": "attempt-000001"})
        time.sleep(0.1)
        assert not receiver.received
        control(twin, "faults", {})
        receiver.wait_for(1)


def test_a_wrongly_signed_notice_is_refused_and_the_right_one_follows_after_healing() -> None:
    with start() as twin:
        pay = ours(twin)
        with Receiver(lambda got: 200 if read(pay, got) else 401) as receiver:
            order(pay, receiver.url)
            control(twin, "faults", {"wrong_signature": True, "duplicate": 1, "probe": False})
            control(twin, "pay", {"out_trade_no": "attempt-000001"})
            receiver.wait_for(2)
            control(twin, "faults", {})
            seen = len(receiver.received)
            until = time.monotonic() + 5
            while twin.undelivered() and time.monotonic() < until:
                time.sleep(0.02)
            assert not twin.undelivered()
            assert read(pay, receiver.received[-1]) is not None
            assert seen >= 2


def test_dropped_notices_leave_only_the_query() -> None:
    with Receiver() as receiver, start() as twin:
        pay = ours(twin)
        order(pay, receiver.url)
        control(twin, "faults", {"drop_notices": True})
        control(twin, "pay", {"out_trade_no": "attempt-000001"})
        time.sleep(0.2)
        assert not receiver.received
        assert pay.query("attempt-000001", "", made.present()).state == CAPTURED


def test_a_notice_that_is_not_acknowledged_comes_again_with_a_new_signature() -> None:
    answers = iter([500, 503, 200])
    with Receiver(lambda _: next(answers)) as receiver, start() as twin:
        order(ours(twin), receiver.url)
        control(twin, "faults", {"duplicate": 1, "probe": False})
        control(twin, "pay", {"out_trade_no": "attempt-000001"})
        got = receiver.wait_for(3)
        assert len({one.body for one in got}) == 1
        assert len({one.headers["wechatpay-nonce"] for one in got}) == 3


def test_payments_and_undelivered_notices_survive_a_restart(tmp_path: Path) -> None:
    with Receiver(lambda _: 500) as deaf, start(tmp_path) as twin:
        secret = twin.secret()
        order(ours(twin), deaf.url)
        control(twin, "faults", {"duplicate": 1, "probe": False, "notice_delay_seconds": 0.3})
        control(twin, "pay", {"out_trade_no": "attempt-000001"})
        twin.stop()
        waiting = twin.undelivered()
    assert waiting
    deaf_no_more = Receiver()
    for notice in waiting:
        notice["url"] = deaf_no_more.url
    (tmp_path / "notices.json").write_text(json.dumps(waiting))
    with deaf_no_more, WechatPayTwin(tmp_path, ladder_seconds=QUICK) as again:
        pay = ours(again)
        assert again.secret() == secret
        (got,) = deaf_no_more.wait_for(1)
        notice = read(pay, got)
        assert notice is not None
        assert notice.state == CAPTURED
        assert pay.query("attempt-000001", "", made.present()).state == CAPTURED


@pytest.mark.parametrize(
    "change",
    [
        {"unknown": 1}, {"attach": None}, {"amount": {"total": 0}}, {"amount": {"total": 1.5}},
        {"amount": {"total": 1, "currency": "USD"}}, {"notify_url": "https://shop.example/a?b=c"}, {"payer": {}},
        {"out_trade_no": "short"}, {"out_trade_no": "x" * 33}, {"time_expire": "2020-01-01T00:00:00+08:00"},
        {"appid": "wx0000000000000009"}, {"description": ""},
    ],
)  # fmt: skip
def test_an_order_that_the_party_would_not_take_is_refused(change: dict[str, Any]) -> None:
    with start() as twin:
        pay = ours(twin)
        wanted = {
            "appid": twin.appid, "mchid": twin.mchid, "description": "tea", "out_trade_no": "attempt-000001",
            "notify_url": "https://shop.example/n", "amount": {"total": 1}, "payer": {"openid": "o"}, **change,
        }  # fmt: skip
        reply = pay._exchange("POST", "/v3/pay/transactions/jsapi", wanted, made.present(), 5.0)
        assert reply.status == 400


def test_the_journal_names_what_was_signed_and_holds_no_key() -> None:
    with Receiver() as receiver, start() as twin:
        order(ours(twin), receiver.url)
        control(twin, "pay", {"out_trade_no": "attempt-000001"})
        receiver.wait_for(3)
        text = outbound.send("GET", f"{twin.url}/_twin/journal").body.decode()
        assert "signed notice" in text
        assert "PRIVATE" not in text
        assert made.keys()["api_v3_keys"][-1] not in text
