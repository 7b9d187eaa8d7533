"""What the Adyen twin adds to what every payment twin does: batches, complaints, and what fails afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.twins.adyen import AdyenTwin
from tests.support.pair_kinds import only
from tests.support.pairs import REFERENCE, Kind, Pair
from tests.support.receiver import Receiver
from twinshore.payments.port import CAPTURED, DISPUTE_LOST, DISPUTED, FAILED, PART_REFUNDED, PENDING

pytestmark = only("adyen")


def test_a_refund_that_fails_afterwards_is_told_newest_first(pair: Pair, receiver: Receiver) -> None:
    payment = pair.paid()
    pair.settle()
    pair.faults(refund_outcome="failed_later")
    pair.refund(payment)
    assert pair.states(receiver.wait_for(6)[2:]) == [CAPTURED, CAPTURED, PART_REFUNDED, PART_REFUNDED]


def test_what_happened_at_once_may_be_one_notification(pair: Pair, receiver: Receiver) -> None:
    payment = pair.paid()
    pair.settle()
    pair.faults(refund_outcome="failed_later", together=True, in_order=True, duplicate=1)
    pair.refund(payment)
    (batch,) = receiver.wait_for(3)[2:]
    assert [notice.refund_state for notice in pair.read(batch)] == ["refunded", "failed"]


def test_a_cardholder_complains(pair: Pair, receiver: Receiver) -> None:
    pair.faults(duplicate=1)
    pair.paid()
    for event in ("CHARGEBACK", "SECOND_CHARGEBACK"):
        assert pair.control("dispute", reference=REFERENCE, event=event).status == 200
    assert pair.states(receiver.wait_for(3)) == [CAPTURED, DISPUTED, DISPUTE_LOST]


def test_a_capture_that_fails_later_is_told(kind: Kind, receiver: Receiver, tmp_path: Path) -> None:
    with AdyenTwin(webhook_url=receiver.url, capture="manual") as twin:
        manual = Pair(kind, twin, tmp_path, receiver.url)
        manual.faults(duplicate=1, in_order=True, capture_outcome="failed")
        started = manual.start()
        payment = manual.payer(started).content["pspReference"]
        assert manual.pay.capture(REFERENCE, payment, {}, kind.total, 0).state == PENDING
        assert manual.states(receiver.wait_for(3))[1:] == [CAPTURED, FAILED]


@pytest.mark.parametrize("old_key", [True, False])
def test_while_a_key_is_replaced_either_may_sign(pair: Pair, receiver: Receiver, old_key: bool) -> None:
    before = pair.twin.secret()["hmac_keys"]
    pair.control("roll_key")
    pair.faults(old_key=old_key, duplicate=1)
    pair.paid()
    (got,) = receiver.wait_for(1)
    assert pair.read(got, pair.ours())
    assert bool(pair.read(got, pair.ours(hmac_keys=before))) is old_key
    assert not pair.read(got, pair.ours(hmac_keys=["00" * 32]))
