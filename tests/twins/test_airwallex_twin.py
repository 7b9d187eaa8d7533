"""The Airwallex twin does to us what the party does: duplicates, disorder, two secrets, silence; and it remembers."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Mapping

from sandbox.twins.airwallex import AirwallexTwin
from tests.support.receiver import Received, Receiver
from twinshore import outbound
from twinshore.money import Money
from twinshore.payments.port import (
    CAPTURED,
    CREATED,
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
from twinshore.providers.airwallex.client import Airwallex, airwallex_from_secret

QUICK = (0.05, 0.1, 0.2, 0.4, 0.8)
TOTAL = Money(1299, "EUR")
ORDER = "attempt-000001"


def start(url: str, folder: Path | None = None) -> AirwallexTwin:
    return AirwallexTwin(folder, webhook_url=url, ladder_seconds=QUICK)


def ours(twin: AirwallexTwin, **changes: Any) -> Airwallex:
    return airwallex_from_secret(twin.url, json.dumps({**twin.secret(), **changes}))


def control(twin: AirwallexTwin, path: str, wanted: Mapping[str, Any]) -> None:
    assert outbound.send("POST", f"{twin.url}/_twin/{path}", {}, json.dumps(wanted).encode()).status in (200, 402)


def order(pay: Airwallex) -> Started:
    return pay.create(Attempt(ORDER, "o", TOTAL, "tea", "https://shop.example/n", Payer(), 0), 0)


def read(pay: Airwallex, got: Received) -> Notice | None:
    """None where the signature was refused."""
    try:
        (notice,), _ = pay.read_webhook(got.headers, got.body, int(time.time()))
    except SignatureRefused:
        return None
    return notice


def states(pay: Airwallex, got: list[Received]) -> list[str]:
    return [notice.state for one in got if (notice := read(pay, one))]


def test_the_news_of_a_payment_come_twice_and_newest_first() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin)
        control(twin, "pay", order(pay).client)
        assert states(pay, receiver.wait_for(6)) == [CREATED, CREATED, CAPTURED, CAPTURED, PENDING, PENDING]


def test_a_refund_may_overtake_its_payment() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin)
        control(twin, "faults", {"reorder": True, "duplicate": 1, "in_order": True})
        started = order(pay)
        control(twin, "pay", started.client)
        pay.refund(ORDER, started.provider_id, "r-1", Money(300, "EUR"), TOTAL, 0)
        got = [one for one in (read(pay, each) for each in receiver.wait_for(5)) if one]
        assert [(one.state, one.refund_state) for one in got[:2]] == [(CAPTURED, PENDING), (PART_REFUNDED, "refunded")]
        assert [one.refund_reference for one in got] == ["r-1", "r-1", "", "", ""]


def test_a_declined_card_and_a_complaint_are_told() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin)
        control(twin, "faults", {"duplicate": 1})
        started = order(pay)
        control(twin, "pay", {**started.client, "decline": "issuer_declined"})
        assert states(pay, receiver.wait_for(2)) == [CREATED, FAILED]
        control(twin, "pay", started.client)
        control(twin, "dispute", {"reference": ORDER})
        assert states(pay, receiver.wait_for(5))[4:] == [DISPUTED]


def test_after_a_roll_the_new_secret_signs_and_both_are_kept() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        before = twin.secret()["webhook_secrets"]
        control(twin, "roll_key", {})
        after = twin.secret()["webhook_secrets"]
        order(ours(twin))
        for got in receiver.wait_for(2):
            assert read(ours(twin, webhook_secrets=after), got)
            assert read(ours(twin, webhook_secrets=before), got) is None


def test_a_wrongly_signed_event_is_refused_and_the_right_one_follows_after_healing() -> None:
    pays: list[Airwallex] = []
    with Receiver(lambda got: 200 if read(pays[0], got) else 401) as receiver, start(receiver.url) as twin:
        pays.append(ours(twin))
        control(twin, "faults", {"wrong_signature": True, "duplicate": 1})
        order(pays[0])
        receiver.wait_for(2)
        control(twin, "faults", {})
        until = time.monotonic() + 5
        while twin.undelivered() and time.monotonic() < until:
            time.sleep(0.02)
        assert not twin.undelivered()
        assert read(pays[0], receiver.received[-1]) is not None


def test_dropped_events_leave_only_the_query() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin)
        control(twin, "faults", {"drop_notices": True})
        control(twin, "pay", order(pay).client)
        time.sleep(0.2)
        assert not receiver.received
        assert pay.query(ORDER, "", 0).state == CAPTURED


def test_intents_request_ids_and_undelivered_events_survive_a_restart(tmp_path: Path) -> None:
    with Receiver(lambda _: 500) as deaf, start("", tmp_path) as twin:
        control(twin, "webhook_endpoint", {"url": deaf.url})
        control(twin, "faults", {"duplicate": 1, "notice_delay_seconds": 0.3})
        first = order(ours(twin))
        twin.stop()
        waiting = twin.undelivered()
    assert waiting
    heard = Receiver()
    for notice in waiting:
        notice["url"] = heard.url
    (tmp_path / "notices.json").write_text(json.dumps(waiting))
    with heard, AirwallexTwin(tmp_path, ladder_seconds=QUICK) as again:
        pay = ours(again)
        assert again.webhook_url == deaf.url
        assert order(pay) == first
        assert CREATED in states(pay, heard.wait_for(1))
