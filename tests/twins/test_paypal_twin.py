"""The PayPal twin does to us what the party does: duplicates, disorder, lost notices; and it remembers."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Mapping

from sandbox.twins.paypal import PayPalTwin
from tests.support.receiver import Received, Receiver
from twinshore import outbound
from twinshore.money import Money
from twinshore.payments.port import (
    AUTHORISED,
    CAPTURED,
    DISPUTE_LOST,
    DISPUTED,
    PART_REFUNDED,
    Attempt,
    Notice,
    Payer,
    SignatureRefused,
    Started,
)
from twinshore.providers.paypal.client import PayPal, paypal_from_secret

QUICK = (0.05, 0.1, 0.2, 0.4, 0.8)
TOTAL = Money(1299, "EUR")
REFERENCE = "attempt-000001"


def start(url: str, folder: Path | None = None) -> PayPalTwin:
    return PayPalTwin(folder, webhook_url=url, ladder_seconds=QUICK)


def ours(twin: PayPalTwin) -> PayPal:
    return paypal_from_secret(twin.url, json.dumps(twin.secret()))


def control(twin: PayPalTwin, path: str, wanted: Mapping[str, Any]) -> None:
    assert outbound.send("POST", f"{twin.url}/_twin/{path}", {}, json.dumps(wanted).encode()).status == 200


def approve(twin: PayPalTwin, pay: PayPal) -> Started:
    now = int(time.time())
    started = pay.create(Attempt(REFERENCE, "o", TOTAL, "tea", "https://shop.example/n", Payer(), now + 900), now)
    control(twin, "pay", started.client)
    return started


def take(pay: PayPal, started: Started) -> None:
    assert pay.capture(REFERENCE, started.provider_id, {}, TOTAL, int(time.time())).state == CAPTURED


def read(pay: PayPal, got: Received) -> Notice | None:
    """None where the signature was refused."""
    try:
        (notice,), _ = pay.read_webhook(got.headers, got.body, int(time.time()))
    except SignatureRefused:
        return None
    return notice


def states(pay: PayPal, got: list[Received]) -> list[str]:
    return [notice.state for one in got if (notice := read(pay, one))]


def test_news_come_twice_and_what_they_say_of_money_is_fetched() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin)
        started = approve(twin, pay)
        assert states(pay, receiver.wait_for(2)) == [AUTHORISED] * 2
        take(pay, started)
        got = receiver.wait_for(6)
        assert states(pay, got) == [AUTHORISED] * 2 + [CAPTURED] * 4
        kinds = [json.loads(one.body)["event_type"] for one in got[2:]]
        assert kinds == ["PAYMENT.CAPTURE.COMPLETED"] * 2 + ["CHECKOUT.ORDER.COMPLETED"] * 2
        notice = read(pay, got[-1])
        assert notice is not None and notice.amount is None
        assert pay.query(notice.reference, notice.provider_id, 0).amount == TOTAL


def test_a_refund_in_the_dashboard_is_found_by_its_capture() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin)
        started = approve(twin, pay)
        take(pay, started)
        receiver.wait_for(6)
        control(twin, "refund", {"order_id": started.provider_id, "value": "3.00"})
        notice = read(pay, receiver.wait_for(8)[-1])
        assert notice is not None and notice.reference == ""
        found = pay.query(notice.reference, notice.provider_id, int(time.time()))
        assert (found.reference, found.state, found.amount) == (REFERENCE, PART_REFUNDED, Money(300, "EUR"))


def test_a_refund_may_overtake_its_payment() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin)
        control(twin, "faults", {"reorder": True, "duplicate": 1})
        started = approve(twin, pay)
        take(pay, started)
        pay.refund(REFERENCE, started.provider_id, "r-1", TOTAL, TOTAL, int(time.time()))
        kinds = [json.loads(one.body)["event_type"] for one in receiver.wait_for(4)]
        assert kinds[0] == "PAYMENT.CAPTURE.REFUNDED" and "CHECKOUT.ORDER.APPROVED" in kinds[1:]


def test_a_dispute_opens_and_ends() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin)
        started = approve(twin, pay)
        take(pay, started)
        receiver.wait_for(6)
        control(twin, "dispute", {"order_id": started.provider_id})
        control(twin, "dispute", {"order_id": started.provider_id, "outcome": "RESOLVED_BUYER_FAVOUR"})
        last = [notice for one in receiver.wait_for(10)[6:] if (notice := read(pay, one))]
        assert {notice.state for notice in last} == {DISPUTED, DISPUTE_LOST}
        assert {notice.reference for notice in last} == {REFERENCE}


def test_a_wrong_signature_is_the_simulators_and_is_refused() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin)
        control(twin, "faults", {"wrong_signature": True, "duplicate": 1})
        approve(twin, pay)
        assert states(pay, receiver.wait_for(1)) == []


def test_a_certificate_that_cannot_be_had_now_is_had_at_the_retry() -> None:
    with start("") as twin:
        pay = ours(twin)

        def answer(got: Received) -> int:
            accepted = read(pay, got) is not None
            control(twin, "faults", {"duplicate": 1})
            return 200 if accepted else 401

        with Receiver(answer) as receiver:
            twin.webhook_url = receiver.url
            control(twin, "faults", {"no_certificate": True, "duplicate": 1})
            approve(twin, pay)
            receiver.wait_for(2)
            deadline = time.monotonic() + 5
            while twin.undelivered() and time.monotonic() < deadline:
                time.sleep(0.02)
            assert twin.undelivered() == []


def test_what_is_not_acknowledged_comes_again_and_ends_with_the_ladder() -> None:
    with Receiver(lambda _: 500) as receiver, start(receiver.url) as twin:
        control(twin, "faults", {"duplicate": 1})
        approve(twin, ours(twin))
        receiver.wait_for(len(QUICK) + 1)


def test_dropped_notices_are_found_by_a_query_only() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin)
        control(twin, "faults", {"drop_notices": True})
        started = approve(twin, pay)
        assert pay.query(REFERENCE, started.provider_id, int(time.time())).state == AUTHORISED
        assert receiver.received == [] and twin.undelivered() == []


def test_the_twin_remembers_orders_keys_and_what_is_not_delivered(tmp_path: Path) -> None:
    with start("http://127.0.0.1:9/", tmp_path) as twin:
        secret, started = twin.secret(), approve(twin, ours(twin))
    with Receiver() as receiver, PayPalTwin(tmp_path, ladder_seconds=QUICK) as again:
        assert again.secret() == secret
        pay = ours(again)
        assert pay.query(REFERENCE, started.provider_id, int(time.time())).state == AUTHORISED
        again.webhook_url = receiver.url
        take(pay, started)
        assert CAPTURED in states(pay, receiver.wait_for(4))
