"""The GrabPay twin does to us what a party may do: duplicates, disorder, silence, no signature; and it remembers."""

from __future__ import annotations

import json
import time
from pathlib import Path

from sandbox.twins.grabpay import GrabPayTwin
from tests.support.grabpay_place import REFERENCE, SGD_1299, agree, attempt, control, present, provider, vault_in
from tests.support.receiver import Received, Receiver
from twinshore import outbound
from twinshore.money import Money
from twinshore.payments.port import CAPTURED, SignatureRefused
from twinshore.providers.grabpay.client import GrabPay

QUICK = (0.05, 0.1, 0.2, 0.4, 0.8)


def start(url: str, folder: Path | None = None) -> GrabPayTwin:
    return GrabPayTwin(folder, webhook_url=url, ladder_seconds=QUICK)


def ours(twin: GrabPayTwin, folder: Path, url: str) -> GrabPay:
    return provider(twin.url, twin.secret(), vault_in(folder), notify=url)


def captured(pay: GrabPay, twin: GrabPayTwin) -> None:
    returned = agree(twin, pay.create(attempt(), present()))
    assert pay.capture(REFERENCE, "", returned, SGD_1299, present()).state == CAPTURED


def words(got: list[Received]) -> list[str]:
    return [json.loads(one.body)["txStatus"] for one in got]


def test_news_come_twice_newest_first_and_signed(tmp_path: Path) -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin, tmp_path, receiver.url)
        captured(pay, twin)
        got = receiver.wait_for(4)
        assert words(got) == ["success", "success", "authorised", "authorised"]
        for one in got:
            (notice,), _ = pay.read_webhook(one.headers, one.body, present())
            assert (notice.reference, notice.amount) == (REFERENCE, None)


def test_a_refund_may_overtake_its_charge(tmp_path: Path) -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin, tmp_path, receiver.url)
        control(twin, "faults", {"reorder": True, "duplicate": 1})
        captured(pay, twin)
        pay.refund(REFERENCE, "", "o1-r1", Money(300, "SGD"), SGD_1299, present())
        assert json.loads(receiver.wait_for(3)[0].body)["partnerTxID"] == "o1-r1"


def test_a_wrongly_signed_notice_is_refused_and_an_unsigned_one_is_only_a_reason_to_ask(tmp_path: Path) -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin, tmp_path, receiver.url)
        control(twin, "faults", {"wrong_signature": True, "duplicate": 1})
        captured(pay, twin)
        for one in receiver.wait_for(2):
            try:
                pay.read_webhook(one.headers, one.body, present())
            except SignatureRefused:
                continue
            raise AssertionError("a wrong signature was taken")
        control(twin, "faults", {"unsigned_notices": True, "duplicate": 1})
        pay.refund(REFERENCE, "", "o1-r1", Money(300, "SGD"), SGD_1299, present())
        unsigned = receiver.wait_for(3)[2]
        assert "authorization" not in unsigned.headers
        assert pay.read_webhook(unsigned.headers, unsigned.body, present())[0][0].amount is None


def test_dropped_notices_leave_only_the_query(tmp_path: Path) -> None:
    with Receiver() as receiver, start(receiver.url) as twin:
        pay = ours(twin, tmp_path, receiver.url)
        control(twin, "faults", {"drop_notices": True})
        captured(pay, twin)
        time.sleep(0.2)
        assert not receiver.received
        assert pay.query(REFERENCE, "", present()).state == CAPTURED


def test_grabs_page_can_be_opened_in_a_browser(tmp_path: Path) -> None:
    with start("") as twin:
        started = ours(twin, tmp_path, "https://shop.example/n").create(attempt(), present())
        page = outbound.send("GET", started.client["redirect_url"])
        assert b"Agree" in page.body
        back = outbound.send("POST", started.client["redirect_url"], {}, b"")
        assert back.status == 303
        assert back.headers["location"].startswith("https://shop.example/pay/return?code=")


def test_charges_and_undelivered_notices_survive_a_restart(tmp_path: Path) -> None:
    state, vault = tmp_path / "twin", tmp_path / "vault"
    vault.mkdir()
    with Receiver(lambda _: 500) as deaf, start("", state) as twin:
        control(twin, "webhook_endpoint", {"url": deaf.url})
        control(twin, "faults", {"duplicate": 1, "notice_delay_seconds": 0.3})
        captured(ours(twin, vault, deaf.url), twin)
        twin.stop()
        assert twin.undelivered()
    with GrabPayTwin(state, ladder_seconds=QUICK) as again:
        assert again.webhook_url == deaf.url
        pay = ours(again, vault, deaf.url)
        assert pay.query(REFERENCE, "", present()).state == CAPTURED
        assert pay.refund(REFERENCE, "", "o1-r1", SGD_1299, SGD_1299, present()) == "refunded"
