"""The DANA twin does to us what the party does: duplicates, silence, a wrong signature; and it remembers."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sandbox.twins.dana import DanaTwin
from tests.support.dana_place import IDR_50000, REFERENCE, attempt, control, present, provider, twin
from tests.support.receiver import Receiver
from twinshore import outbound
from twinshore.payments.port import CAPTURED, CLOSED, SignatureRefused
from twinshore.providers.dana.client import Dana

QUICK = (0.05, 0.1, 0.2, 0.4, 0.8)


def start(folder: Path | None = None) -> DanaTwin:
    return twin(folder, ladder_seconds=QUICK)


def ours(running: DanaTwin, url: str) -> Dana:
    return provider(running.url, notify=url)


def pay(running: DanaTwin, shop: Dana, url: str, **wanted: object) -> None:
    started = shop.create(attempt(notify=url), present())
    assert control(running, "pay", {**started.client, **wanted}) == 200


@pytest.mark.parametrize(("wanted", "state"), [({}, CAPTURED), ({"expire": True}, CLOSED)])
def test_the_end_of_an_order_is_told_twice(wanted: dict[str, bool], state: str) -> None:
    with Receiver() as receiver, start() as running:
        shop = ours(running, receiver.url)
        pay(running, shop, receiver.url, **wanted)
        for got in receiver.wait_for(2):
            (notice,), _ = shop.read_webhook(got.headers, got.body, present())
            assert (notice.state, notice.reference) == (state, REFERENCE)


def test_a_wrongly_signed_notice_is_refused_and_the_right_one_follows_after_healing() -> None:
    answers: list[int] = []

    def judge(shop: Dana, headers: dict[str, str], body: bytes) -> int:
        try:
            shop.read_webhook(headers, body, present())
        except SignatureRefused:
            return 401
        return 200

    shops: list[Dana] = []
    receiver = Receiver(lambda got: answers.append(judge(shops[0], got.headers, got.body)) or answers[-1])
    with receiver, start() as running:
        shops.append(ours(running, receiver.url))
        control(running, "faults", {"wrong_signature": True, "duplicate": 1})
        pay(running, shops[0], receiver.url)
        receiver.wait_for(2)
        control(running, "faults", {})
        until = time.monotonic() + 5
        while running.undelivered() and time.monotonic() < until:
            time.sleep(0.02)
        assert answers[:2] == [401, 401] and answers[-1] == 200


def test_dropped_notices_leave_only_the_query() -> None:
    with Receiver() as receiver, start() as running:
        shop = ours(running, receiver.url)
        control(running, "faults", {"drop_notices": True})
        pay(running, shop, receiver.url)
        time.sleep(0.2)
        assert not receiver.received
        assert shop.query(REFERENCE, "", present()).state == CAPTURED


def test_danas_page_can_be_opened_in_a_browser() -> None:
    with start() as running:
        url = ours(running, "https://shop.example/n").create(attempt(), present()).client["redirect_url"]
        assert b"Pay" in outbound.send("GET", url).body
        back = outbound.send("POST", url, {}, b"")
        assert (back.status, back.headers["location"]) == (303, "https://shop.example/pay/return")


def test_an_external_id_that_comes_twice_in_a_day_is_a_conflict() -> None:
    kept: list[tuple[str, str, dict[str, str], bytes]] = []

    def twice(method: str, url: str, headers: dict[str, str], body: bytes, seconds: float) -> outbound.Reply:
        kept.append((method, url, headers, body))
        return outbound.send(method, url, headers, body, seconds)

    with start() as running:
        provider(running.url, twice).query(REFERENCE, "", present())  # type: ignore[arg-type]
        again = outbound.send(*kept[0])
        assert (again.status, b'"4095500"' in again.body) == (409, True)


def test_orders_refunds_and_undelivered_notices_survive_a_restart(tmp_path: Path) -> None:
    with Receiver(lambda _: 500) as deaf, start(tmp_path) as running:
        control(running, "faults", {"duplicate": 1, "notice_delay_seconds": 0.3})
        shop = ours(running, deaf.url)
        pay(running, shop, deaf.url)
        running.stop()
        assert running.undelivered()
    with start(tmp_path) as again:
        shop = ours(again, deaf.url)
        assert shop.query(REFERENCE, "", present()).state == CAPTURED
        assert shop.refund(REFERENCE, "", "o1-r1", IDR_50000, IDR_50000, present()) == "refunded"
