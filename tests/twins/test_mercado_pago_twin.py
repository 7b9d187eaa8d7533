"""The Mercado Pago twin does to us what the party does, and the official SDK takes its signatures."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from mercadopago.webhook import WebhookSignatureValidator

from sandbox.twins.mercado_pago import MercadoPagoTwin
from tests.support.mercado_pago_place import REFERENCE, TOTAL, attempt, control, paid, provider, read
from tests.support.receiver import Receiver
from twinshore.payments.port import CAPTURED, REFUNDED

QUICK = (0.05, 0.1, 0.2, 0.4, 0.8)


def start(url: str, folder: Path | None = None) -> MercadoPagoTwin:
    return MercadoPagoTwin(folder, webhook_url=url, ladder_seconds=QUICK)


def test_a_payment_is_told_twice_and_fetched() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = provider(twin)
        started = paid(twin, pay)
        for got in receiver.wait_for(2):
            notice = read(pay, got)
            assert notice is not None and notice.amount is None
            found = pay.query(notice.reference, notice.provider_id, int(time.time()))
            assert (found.reference, found.state, found.amount) == (REFERENCE, CAPTURED, TOTAL)
            assert found.provider_id == started.provider_id


def test_the_official_sdk_takes_the_twins_signature_in_milliseconds_and_in_seconds() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = provider(twin)
        started = paid(twin, pay)
        receiver.wait_for(2)
        control(twin, "faults", {"milliseconds": False})
        control(twin, "refund", {"redirect_url": started.client["redirect_url"], "amount": "3.00"})
        stamps = set()
        for got in receiver.wait_for(4):
            data_id = parse_qs(urlsplit(got.target).query)["data.id"][0].lower()
            secret = twin.secret()["webhook_secrets"]["BRL"]
            WebhookSignatureValidator.validate(got.headers["x-signature"], got.headers["x-request-id"], data_id, secret)
            stamps.add(len(got.headers["x-signature"].partition(",")[0]) - len("ts="))
            assert read(pay, got) is not None
        assert stamps == {10, 13}


def test_a_refund_may_overtake_its_payment() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = provider(twin)
        control(twin, "faults", {"reorder": True, "duplicate": 1})
        started = paid(twin, pay)
        pay.refund(REFERENCE, started.provider_id, "r-1", TOTAL, TOTAL, int(time.time()))
        first = receiver.wait_for(2)[0]
        assert b"order.refunded" in first.body
        notice = read(pay, first)
        assert notice is not None
        assert pay.query("", notice.provider_id, int(time.time())).state == REFUNDED


def test_a_wrong_signature_is_refused() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = provider(twin)
        control(twin, "faults", {"wrong_signature": True, "duplicate": 1})
        paid(twin, pay)
        assert read(pay, receiver.wait_for(1)[0]) is None


def test_what_is_not_acknowledged_comes_again_and_ends_with_the_ladder() -> None:
    with Receiver(lambda _: 500) as receiver, start(receiver.url) as twin:
        control(twin, "faults", {"duplicate": 1})
        paid(twin, provider(twin))
        receiver.wait_for(len(QUICK) + 1)


def test_dropped_notices_are_found_by_a_query_only() -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = provider(twin)
        control(twin, "faults", {"drop_notices": True})
        started = paid(twin, pay)
        assert pay.query(REFERENCE, started.provider_id, int(time.time())).state == CAPTURED
        assert receiver.received == [] and twin.undelivered() == []


def test_the_twin_remembers_orders_and_keys(tmp_path: Path) -> None:
    with start("", tmp_path) as twin:
        secret, started = twin.secret(), provider(twin).create(attempt(), int(time.time()))
    with start("", tmp_path) as again:
        assert again.secret() == secret
        control(again, "pay", {"order_id": started.provider_id.partition(":")[2]})
        assert provider(again).query(REFERENCE, started.provider_id, int(time.time())).state == CAPTURED
