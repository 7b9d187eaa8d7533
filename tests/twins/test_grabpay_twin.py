"""What the GrabPay twin adds to what every payment twin does: notices without a signature, and Grab's page."""

from __future__ import annotations

import json

from tests.support.pair_kinds import only
from tests.support.pairs import REFERENCE, RETURN_URL, Pair
from tests.support.receiver import Receiver
from twinshore import outbound

pytestmark = only("grabpay")


def test_the_completion_is_told_before_the_agreement_and_neither_says_an_amount(pair: Pair, receiver: Receiver) -> None:
    pair.paid()
    got = receiver.wait_for(4)
    assert [json.loads(one.body)["txStatus"] for one in got] == ["success", "success", "authorised", "authorised"]
    assert {(notice.reference, notice.amount) for one in got for notice in pair.read(one)} == {(REFERENCE, None)}


def test_a_notice_without_a_signature_is_only_a_reason_to_ask(pair: Pair, receiver: Receiver) -> None:
    pair.faults(unsigned_notices=True, duplicate=1)
    pair.paid()
    for unsigned in receiver.wait_for(2):
        assert "authorization" not in unsigned.headers
        assert [notice.amount for notice in pair.read(unsigned)] == [None]


def test_grabs_page_can_be_opened_in_a_browser(pair: Pair) -> None:
    url = pair.start().client["redirect_url"]
    assert b"Agree" in outbound.send("GET", url).body
    back = outbound.send("POST", url, {}, b"")
    assert back.status == 303
    assert back.headers["location"].startswith(f"{RETURN_URL}?code=")
