"""The Checkout.com twin does to us what the party does: duplicates, disorder, two keys, silence; and it remembers."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Iterator, Mapping

import pytest

from sandbox.twins.checkout_com import CheckoutComTwin
from tests.support.receiver import Received, Receiver
from twinshore import outbound
from twinshore.money import Money
from twinshore.payments.port import (
    CAPTURED,
    FAILED,
    PART_REFUNDED,
    PENDING,
    REFUNDED,
    Attempt,
    Notice,
    Payer,
    SignatureRefused,
)
from twinshore.providers.checkout_com.client import CheckoutCom, checkout_com_from_secret
from twinshore.store.sqlite import SqliteStore
from twinshore.vault import StoreVault

QUICK = (0.05, 0.1, 0.2, 0.4, 0.8)
TOTAL = Money(9200, "SAR")
NOW = int(time.time())


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[StoreVault]:
    store = SqliteStore(tmp_path / "store.db")
    yield StoreVault(store, "checkout_com", lambda: '[{"id": "k", "secret": "' + "22" * 32 + '"}]')
    store.close()


def start(url: str, folder: Path | None = None) -> CheckoutComTwin:
    return CheckoutComTwin(folder, webhook_url=url, ladder_seconds=QUICK)


def ours(twin: CheckoutComTwin, vault: StoreVault, **changes: Any) -> CheckoutCom:
    return checkout_com_from_secret(twin.url, json.dumps({**twin.secret(), **changes}), vault)


def control(twin: CheckoutComTwin, path: str, wanted: Mapping[str, Any]) -> None:
    assert outbound.send("POST", f"{twin.url}/_twin/{path}", {}, json.dumps(wanted).encode()).status in (200, 402)


def order(pay: CheckoutCom) -> dict[str, Any]:
    asked = Attempt("order-1", "order", TOTAL, "tea", "https://shop.example/n", Payer(), NOW + 900, "mada")
    return pay.create(asked, NOW).client


def read(pay: CheckoutCom, got: Received) -> Notice | None:
    """None where the signature was refused."""
    try:
        (notice,), _ = pay.read_webhook(got.headers, got.body, NOW)
    except SignatureRefused:
        return None
    return notice


def states(pay: CheckoutCom, got: list[Received]) -> list[str]:
    return [notice.state for one in got if (notice := read(pay, one))]


def test_the_news_of_a_payment_come_twice_and_newest_first(vault: StoreVault) -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin, vault)
        control(twin, "pay", order(pay))
        assert states(pay, receiver.wait_for(4)) == [CAPTURED, CAPTURED, PENDING, PENDING]


def test_a_refund_may_overtake_its_payment(vault: StoreVault) -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin, vault)
        control(twin, "faults", {"reorder": True, "duplicate": 1})
        control(twin, "pay", order(pay))
        pay.refund("order-1", "", "order-r1", Money(300, "SAR"), TOTAL, NOW)
        got = [notice for one in receiver.wait_for(4) if (notice := read(pay, one))]
        assert [(one.state, one.refund_state) for one in got[:2]] == [(PART_REFUNDED, REFUNDED), (CAPTURED, PENDING)]
        assert sorted(one.state for one in got[2:]) == sorted([CAPTURED, PENDING])


def test_a_declined_card_is_told(vault: StoreVault) -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin, vault)
        control(twin, "pay", {**order(pay), "decline": "20051"})
        assert states(pay, receiver.wait_for(2)) == [FAILED, FAILED]


def test_while_a_key_is_rolled_both_sides_of_the_roll_are_read(vault: StoreVault) -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        before = twin.secret()["webhook_keys"]
        control(twin, "faults", {"duplicate": 1})
        client = order(ours(twin, vault))
        control(twin, "pay", {**client, "decline": "20051"})
        receiver.wait_for(1)
        control(twin, "roll_key", {})
        control(twin, "pay", client)
        got = receiver.wait_for(3)
        both = ours(twin, vault)
        assert all(read(both, one) for one in got)
        assert [read(ours(twin, vault, webhook_keys=before), one) is not None for one in got] == [True, False, False]


def test_a_wrongly_signed_notice_is_refused_and_the_right_one_follows_after_healing(vault: StoreVault) -> None:
    pays: list[CheckoutCom] = []
    with Receiver(lambda got: 200 if read(pays[0], got) else 401) as receiver, start(receiver.url) as twin:
        pays.append(ours(twin, vault))
        control(twin, "faults", {"wrong_signature": True, "duplicate": 1})
        control(twin, "pay", order(pays[0]))
        receiver.wait_for(2)
        control(twin, "faults", {})
        until = time.monotonic() + 5
        while twin.undelivered() and time.monotonic() < until:
            time.sleep(0.02)
        assert not twin.undelivered()
        assert read(pays[0], receiver.received[-1]) is not None


def test_dropped_notices_leave_only_the_query(vault: StoreVault) -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin, vault)
        control(twin, "faults", {"drop_notices": True})
        control(twin, "pay", order(pay))
        time.sleep(0.2)
        assert not receiver.received
        assert pay.query("order-1", "", NOW).state == CAPTURED


def test_payments_and_undelivered_notices_survive_a_restart(tmp_path: Path, vault: StoreVault) -> None:
    folder = tmp_path / "twin"
    with Receiver(lambda _: 500) as deaf, start("", folder) as twin:
        control(twin, "webhook_endpoint", {"url": deaf.url})
        control(twin, "faults", {"duplicate": 1, "notice_delay_seconds": 0.3})
        control(twin, "pay", order(ours(twin, vault)))
        paid = ours(twin, vault).query("order-1", "", NOW)
        twin.stop()
        waiting = twin.undelivered()
    assert waiting
    heard = Receiver()
    for notice in waiting:
        notice["url"] = heard.url
    (folder / "notices.json").write_text(json.dumps(waiting))
    with heard, CheckoutComTwin(folder, ladder_seconds=QUICK) as again:
        pay = ours(again, vault)
        assert again.webhook_url == deaf.url
        assert pay.query("order-1", "", NOW) == paid
        assert CAPTURED in states(pay, heard.wait_for(2))
