"""The Adyen twin does to us what the party does: duplicates, disorder, batches, two keys, silence; and it remembers."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Mapping

import pytest

from sandbox.twins.adyen import AdyenTwin
from tests.support.receiver import Received, Receiver
from tests.support.vaults import sqlite_vault
from twinshore import outbound
from twinshore.money import Money
from twinshore.payments.port import (
    CAPTURED,
    DISPUTE_LOST,
    DISPUTED,
    FAILED,
    PART_REFUNDED,
    PENDING,
    Attempt,
    Notice,
    Payer,
    SignatureRefused,
    Started,
)
from twinshore.providers.adyen.client import Adyen, adyen_from_secret

QUICK = (0.05, 0.1, 0.2, 0.4, 0.8)
TOTAL = Money(1299, "EUR")
ORDER = "attempt-000001"


def start(url: str, folder: Path | None = None) -> AdyenTwin:
    return AdyenTwin(folder, webhook_url=url, ladder_seconds=QUICK)


def ours(twin: AdyenTwin, folder: Path, **changes: Any) -> Adyen:
    return adyen_from_secret(twin.url, json.dumps({**twin.secret(), **changes}), sqlite_vault(folder, "adyen"))


def control(twin: AdyenTwin, path: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    reply = outbound.send("POST", f"{twin.url}/_twin/{path}", {}, json.dumps(wanted).encode())
    assert reply.status in (200, 402)
    answer: dict[str, Any] = json.loads(reply.body)
    return answer


def order(pay: Adyen) -> Started:
    expires_at = int(time.time()) + 900
    return pay.create(Attempt(ORDER, "o", TOTAL, "tea", "https://shop.example/n", Payer(), expires_at), 0)


def read(pay: Adyen, got: Received) -> list[Notice]:
    """None at all where the signature was refused."""
    try:
        return pay.read_webhook(got.headers, got.body, int(time.time()))[0]
    except SignatureRefused:
        return []


def states(pay: Adyen, got: list[Received]) -> list[str]:
    return [notice.state for one in got for notice in read(pay, one)]


def test_the_news_of_a_payment_come_twice_and_newest_first(tmp_path: Path) -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin, tmp_path)
        payment = control(twin, "pay", order(pay).client)["pspReference"]
        assert states(pay, receiver.wait_for(2)) == [CAPTURED, CAPTURED]
        control(twin, "faults", {"refund_outcome": "failed_later"})
        pay.refund(ORDER, payment, "r-1", Money(300, "EUR"), TOTAL, int(time.time()))
        assert states(pay, receiver.wait_for(6)[2:]) == [CAPTURED, CAPTURED, PART_REFUNDED, PART_REFUNDED]


def test_what_happened_at_once_may_be_one_notification(tmp_path: Path) -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin, tmp_path)
        payment = control(twin, "pay", order(pay).client)["pspReference"]
        receiver.wait_for(2)
        control(twin, "faults", {"refund_outcome": "failed_later", "together": True, "in_order": True, "duplicate": 1})
        pay.refund(ORDER, payment, "r-1", TOTAL, TOTAL, int(time.time()))
        (batch,) = receiver.wait_for(3)[2:]
        assert [notice.refund_state for notice in read(pay, batch)] == ["refunded", "failed"]


def test_a_refund_may_overtake_its_payment(tmp_path: Path) -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin, tmp_path)
        control(twin, "faults", {"reorder": True, "duplicate": 1})
        payment = control(twin, "pay", order(pay).client)["pspReference"]
        pay.refund(ORDER, payment, "r-1", Money(300, "EUR"), TOTAL, int(time.time()))
        assert states(pay, receiver.wait_for(2)) == [PART_REFUNDED, CAPTURED]


def test_a_declined_try_is_told_and_the_link_may_be_paid_after_it(tmp_path: Path) -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin, tmp_path)
        control(twin, "faults", {"duplicate": 1})
        started = order(pay)
        control(twin, "pay", {**started.client, "decline": "Refused"})
        control(twin, "pay", started.client)
        assert states(pay, receiver.wait_for(2)) == [FAILED, CAPTURED]


def test_a_cardholder_complains(tmp_path: Path) -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin, tmp_path)
        control(twin, "faults", {"duplicate": 1})
        control(twin, "pay", order(pay).client)
        for event in ("CHARGEBACK", "SECOND_CHARGEBACK"):
            control(twin, "dispute", {"reference": ORDER, "event": event})
        assert states(pay, receiver.wait_for(3)) == [CAPTURED, DISPUTED, DISPUTE_LOST]


def test_a_capture_that_fails_later_is_told(tmp_path: Path) -> None:
    with Receiver() as receiver, AdyenTwin(webhook_url=receiver.url, capture="manual") as twin:
        pay = ours(twin, tmp_path)
        control(twin, "faults", {"duplicate": 1, "in_order": True, "capture_outcome": "failed"})
        payment = control(twin, "pay", order(pay).client)["pspReference"]
        assert pay.capture(ORDER, payment, {}, TOTAL, 0).state == PENDING
        assert states(pay, receiver.wait_for(3))[1:] == [CAPTURED, FAILED]


@pytest.mark.parametrize("old_key", [True, False])
def test_while_a_key_is_replaced_notices_under_both_verify(tmp_path: Path, old_key: bool) -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        before = twin.secret()["hmac_keys"]
        control(twin, "roll_key", {})
        after = twin.secret()["hmac_keys"]
        control(twin, "faults", {"old_key": old_key, "duplicate": 1})
        control(twin, "pay", order(ours(twin, tmp_path)).client)
        (got,) = receiver.wait_for(1)
        assert read(ours(twin, tmp_path, hmac_keys=after), got)
        assert bool(read(ours(twin, tmp_path, hmac_keys=before), got)) is old_key
        assert not read(ours(twin, tmp_path, hmac_keys=["00" * 32]), got)


def test_a_wrongly_signed_notice_is_refused_and_the_right_one_follows_after_healing(tmp_path: Path) -> None:
    pays: list[Adyen] = []
    with Receiver(lambda got: 200 if read(pays[0], got) else 401) as receiver, start(receiver.url) as twin:
        pays.append(ours(twin, tmp_path))
        control(twin, "faults", {"wrong_signature": True, "duplicate": 1})
        control(twin, "pay", order(pays[0]).client)
        receiver.wait_for(2)
        control(twin, "faults", {})
        until = time.monotonic() + 5
        while twin.undelivered() and time.monotonic() < until:
            time.sleep(0.02)
        assert not twin.undelivered()
        assert read(pays[0], receiver.received[-1])


def test_dropped_notices_leave_us_waiting_and_never_guessing(tmp_path: Path) -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin, tmp_path)
        control(twin, "faults", {"drop_notices": True})
        control(twin, "pay", order(pay).client)
        time.sleep(0.2)
        assert not receiver.received
        assert pay.query(ORDER, "", 0).state == PENDING


def test_links_idempotency_and_undelivered_notices_survive_a_restart(tmp_path: Path) -> None:
    with Receiver(lambda _: 500) as deaf, start("", tmp_path) as twin:
        control(twin, "webhook_endpoint", {"url": deaf.url})
        control(twin, "faults", {"duplicate": 1, "notice_delay_seconds": 0.3})
        first = order(ours(twin, tmp_path))
        control(twin, "pay", first.client)
        twin.stop()
        waiting = twin.undelivered()
    assert waiting
    heard = Receiver()
    for notice in waiting:
        notice["url"] = heard.url
    (tmp_path / "notices.json").write_text(json.dumps(waiting))
    with heard, AdyenTwin(tmp_path, ladder_seconds=QUICK) as again:
        pay = ours(again, tmp_path)
        assert again.webhook_url == deaf.url
        assert order(pay) == first
        assert states(pay, heard.wait_for(1)) == [CAPTURED]
        assert pay.query(ORDER, "", 0).state == PENDING
