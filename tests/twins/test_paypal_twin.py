"""What the PayPal twin adds to what every payment twin does: two kinds of news, disputes, certificates to fetch."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.pair_kinds import only
from tests.support.pairs import PART_MINOR, REFERENCE, Kind, Pair, pair_of
from tests.support.receiver import Received, Receiver
from twinshore.payments.port import AUTHORISED, DISPUTE_LOST, DISPUTED, PART_REFUNDED

pytestmark = only("paypal")


def test_what_is_said_of_money_says_no_amount_and_is_fetched(pair: Pair, receiver: Receiver) -> None:
    started = pair.start()
    pair.payer(started)
    assert pair.states(receiver.wait_for(2)) == [AUTHORISED] * 2
    pair.pay.capture(REFERENCE, started.provider_id, {}, pair.kind.total, pair.now)
    got = receiver.wait_for(6)
    kinds = [json.loads(one.body)["event_type"] for one in got[2:]]
    assert kinds == ["PAYMENT.CAPTURE.COMPLETED"] * 2 + ["CHECKOUT.ORDER.COMPLETED"] * 2
    (notice,) = pair.read(got[-1])
    assert notice.amount is None
    assert pair.query(notice.provider_id, notice.reference).amount == pair.kind.total


def test_a_refund_in_the_dashboard_is_found_by_its_capture(pair: Pair, receiver: Receiver) -> None:
    order_id = pair.paid()
    pair.settle()
    assert pair.control("refund", order_id=order_id, value="3.00").status == 200
    (notice,) = pair.read(receiver.wait_for(8)[-1])
    assert notice.reference == ""
    found = pair.query(notice.provider_id, notice.reference)
    assert (found.reference, found.state, found.amount) == (REFERENCE, PART_REFUNDED, pair.money(PART_MINOR))


def test_a_dispute_opens_and_ends(pair: Pair, receiver: Receiver) -> None:
    order_id = pair.paid()
    pair.settle()
    for more in ({}, {"outcome": "RESOLVED_BUYER_FAVOUR"}):
        assert pair.control("dispute", order_id=order_id, **more).status == 200
    last = [notice for one in receiver.wait_for(10)[6:] for notice in pair.read(one)]
    assert {notice.state for notice in last} == {DISPUTED, DISPUTE_LOST}
    assert {notice.reference for notice in last} == {REFERENCE}


def test_a_certificate_that_cannot_be_had_now_is_had_at_the_retry(kind: Kind, tmp_path: Path) -> None:
    answers: list[int] = []

    def answer(got: Received) -> int:
        answers.append(200 if pair.read(got) else 401)
        pair.faults(duplicate=1)
        return answers[-1]

    with Receiver(answer) as receiver, pair_of(kind, tmp_path, receiver.url) as pair:
        pair.faults(no_certificate=True, duplicate=1)
        pair.payer(pair.start())
        receiver.wait_for(2)
        pair.settle()
    assert answers == [401, 200]
