"""What the Airwallex twin adds to what every payment twin does."""

from __future__ import annotations

from tests.support.pair_kinds import only
from tests.support.pairs import REFERENCE, Pair
from tests.support.receiver import Receiver
from twinshore.payments.port import DISPUTED

pytestmark = only("airwallex")


def test_a_complaint_is_told(pair: Pair, receiver: Receiver) -> None:
    pair.paid()
    pair.settle()
    assert pair.control("dispute", reference=REFERENCE).status == 200
    pair.settle()
    assert pair.states(receiver.received)[-2:] == [DISPUTED] * 2
