"""The Stripe twin does to us what the party does: duplicates, disorder, two secrets, silence; and it remembers."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Mapping

from sandbox.twins.stripe import StripeTwin
from tests.support.receiver import Received, Receiver
from twinshore import outbound
from twinshore.money import Money
from twinshore.payments.port import (
    CAPTURED,
    CREATED,
    FAILED,
    PART_REFUNDED,
    PENDING,
    Attempt,
    Notice,
    Payer,
    SignatureRefused,
    Started,
)
from twinshore.providers.stripe.client import Stripe, stripe_from_secret

QUICK = (0.05, 0.1, 0.2, 0.4, 0.8)
TOTAL = Money(1299, "EUR")


def start(url: str, folder: Path | None = None) -> StripeTwin:
    return StripeTwin(folder, webhook_url=url, ladder_seconds=QUICK)


def ours(twin: StripeTwin, **changes: Any) -> Stripe:
    return stripe_from_secret(twin.url, json.dumps({**twin.secret(), **changes}))


def control(twin: StripeTwin, path: str, wanted: Mapping[str, Any]) -> None:
    assert outbound.send("POST", f"{twin.url}/_twin/{path}", {}, json.dumps(wanted).encode()).status in (200, 402)


def order(pay: Stripe) -> Started:
    return pay.create(Attempt("attempt-000001", "o", TOTAL, "tea", "https://shop.example/n", Payer(), 0), 0)


def read(pay: Stripe, got: Received) -> Notice | None:
    """None where the signature was refused."""
    try:
        (notice,), _ = pay.read_webhook(got.headers, got.body, int(time.time()))
    except SignatureRefused:
        return None
    return notice


def states(pay: Stripe, got: list[Received]) -> list[str]:
    return [notice.state for one in got if (notice := read(pay, one))]


def test_the_news_of_a_payment_come_twice_and_newest_first() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin)
        control(twin, "pay", order(pay).client)
        assert states(pay, receiver.wait_for(6)) == [CREATED, CREATED, CAPTURED, CAPTURED, PENDING, PENDING]


def test_order_can_be_asked_for() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin)
        control(twin, "faults", {"in_order": True, "duplicate": 1})
        control(twin, "pay", order(pay).client)
        assert states(pay, receiver.wait_for(3)) == [CREATED, PENDING, CAPTURED]


def test_a_refund_may_overtake_its_payment() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin)
        control(twin, "faults", {"reorder": True, "duplicate": 1})
        started = order(pay)
        control(twin, "pay", started.client)
        pay.refund("attempt-000001", started.provider_id, "r-1", Money(300, "EUR"), TOTAL, 0)
        got = states(pay, receiver.wait_for(5))
        assert got[:2] == [PART_REFUNDED, PART_REFUNDED]
        assert sorted(got[2:]) == sorted([CREATED, CAPTURED, PENDING])


def test_a_declined_card_is_told() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin)
        started = order(pay)
        control(twin, "pay", {**started.client, "decline": "lost_card"})
        assert FAILED in states(pay, receiver.wait_for(4))


def test_while_a_secret_is_rolled_both_sides_of_the_roll_verify() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        before = twin.secret()["webhook_secrets"]
        control(twin, "roll_key", {})
        after = twin.secret()["webhook_secrets"]
        order(ours(twin))
        for got in receiver.wait_for(2):
            for secrets in (before, after, after[:1]):
                assert read(ours(twin, webhook_secrets=secrets), got) is not None
            assert read(ours(twin, webhook_secrets=["whsec_of_another"]), got) is None


def test_a_wrongly_signed_event_is_refused_and_the_right_one_follows_after_healing() -> None:
    pays: list[Stripe] = []
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
        assert pay.query("attempt-000001", "", 0).state == CAPTURED


def test_payments_idempotency_and_undelivered_events_survive_a_restart(tmp_path: Path) -> None:
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
    with heard, StripeTwin(tmp_path, ladder_seconds=QUICK) as again:
        pay = ours(again)
        assert again.webhook_url == deaf.url
        assert order(pay) == first
        assert CREATED in states(pay, heard.wait_for(1))
