"""A verified event in our words."""

from __future__ import annotations

import hmac
import json
from typing import Any

import pytest

from tests.support.gateways import through_both_gateways
from twinshore.errors import BadRequest
from twinshore.money import Money
from twinshore.payments.port import (
    AUTHORISED,
    CAPTURED,
    CLOSED,
    CREATED,
    DISPUTE_LOST,
    DISPUTE_WON,
    DISPUTED,
    FAILED,
    PART_REFUNDED,
    PENDING,
    REFUNDED,
    Notice,
    OutcomeUnknown,
    SignatureRefused,
)
from twinshore.providers.airwallex.account import Account
from twinshore.providers.airwallex.client import Airwallex
from twinshore.providers.airwallex.status import DISPUTE_EVENT, INTENT_STATUS, REFUND_STATUS, fetched_notice, seconds
from twinshore.providers.exchange import send_outbound

NOW = 1_790_000_000
STAMP = str(NOW * 1000)
SECRET = "whsec_of_nobody"
PATH = "/v1/webhooks/airwallex"
INTENT = {
    "id": "int_1", "merchant_order_id": "attempt-000001", "amount": 12.99, "captured_amount": 12.99, "currency": "EUR",
    "status": "SUCCEEDED", "latest_payment_attempt": {"status": "AUTHORIZED", "refunded_amount": 0},
}  # fmt: skip
REFUND = {
    "id": "rfd_1", "payment_intent_id": "int_1", "amount": 3, "currency": "EUR", "status": "SETTLED",
    "metadata": {"reference": "attempt-000001", "refund_reference": "refund-000001"},
}  # fmt: skip
MADE = Notice("evt_1", "attempt-000001", "int_1", PENDING, None, NOW - 3)


def provider() -> Airwallex:
    return Airwallex("http://127.0.0.1:9", Account("id", "key", (SECRET,)), send=send_outbound)


def signed(body: bytes) -> dict[str, str]:
    mark = hmac.digest(SECRET.encode(), STAMP.encode() + body, "sha256").hex()
    return {"x-timestamp": STAMP, "x-signature": mark}


def read_body(body: bytes) -> list[Notice]:
    return provider().read_webhook(signed(body), body, NOW)[0]


def read(name: str, subject: Any, **changes: Any) -> list[Notice]:
    event = {
        "id": "evt_1",
        "name": name,
        "created_at": "2026-09-21T14:13:17+0000",
        "data": {"object": subject},
        **changes,
    }
    return read_body(json.dumps(event).encode())


@pytest.mark.parametrize(
    ("status", "tried", "state", "amount"),
    [
        ("REQUIRES_PAYMENT_METHOD", None, CREATED, None), ("REQUIRES_PAYMENT_METHOD", "FAILED", FAILED, None),
        ("REQUIRES_PAYMENT_METHOD", "EXPIRED", FAILED, None), ("REQUIRES_PAYMENT_METHOD", "RECEIVED", CREATED, None),
        ("REQUIRES_CUSTOMER_ACTION", None, PENDING, None), ("PENDING", None, PENDING, None),
        ("PENDING_REVIEW", None, PENDING, None), ("REQUIRES_CAPTURE", None, AUTHORISED, Money(1299, "EUR")),
        ("SUCCEEDED", None, CAPTURED, Money(1299, "EUR")), ("CANCELLED", None, CLOSED, None),
        ("EXPIRED", None, CLOSED, None), ("A_WORD_OF_NEXT_YEAR", None, PENDING, None), (None, None, PENDING, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["payment_intent.succeeded", "payment_intent.a_name_of_next_year"])
def test_the_intent_in_the_event_says_its_state(
    name: str, status: Any, tried: Any, state: str, amount: Money | None
) -> None:
    """Names of events change with the API version of the subscription; the object's status is what is fetched too."""
    intent = {**INTENT, "status": status, "latest_payment_attempt": {"status": tried} if tried else None}
    assert read(name, intent) == [MADE._replace(state=state, amount=amount)]
    assert status in INTENT_STATUS or state == PENDING
    fetched = fetched_notice(json.loads(json.dumps(intent), parse_float=str))
    assert (fetched.state, fetched.amount) == (state, amount)


@pytest.mark.parametrize(("refunded", "state"), [(3, PART_REFUNDED), (12.99, REFUNDED)])
def test_an_intent_tells_the_sum_of_its_refunds(refunded: float, state: str) -> None:
    intent = {**INTENT, "latest_payment_attempt": {"refunded_amount": refunded}}
    (notice,) = read("payment_intent.updated", intent)
    assert (notice.state, notice.amount) == (state, Money(round(refunded * 100), "EUR"))


@pytest.mark.parametrize(
    ("status", "state", "refund_state"),
    [
        ("RECEIVED", CAPTURED, PENDING), ("ACCEPTED", CAPTURED, PENDING), ("PROCESSING", CAPTURED, PENDING),
        ("SETTLED", PART_REFUNDED, REFUNDED), ("SUCCEEDED", PART_REFUNDED, REFUNDED), ("FAILED", CAPTURED, FAILED),
        ("A_WORD_OF_NEXT_YEAR", CAPTURED, PENDING),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["refund.received", "refund.settled", "refund.succeeded"])
def test_a_refund_event_tells_of_one_refund(name: str, status: str, state: str, refund_state: str) -> None:
    (notice,) = read(name, {**REFUND, "status": status})
    assert notice == MADE._replace(state=state, refund_reference="refund-000001", refund_state=refund_state)
    assert status in REFUND_STATUS or refund_state == PENDING


def test_a_refund_that_somebody_made_in_the_dashboard_has_no_reference_of_ours() -> None:
    (notice,) = read("refund.settled", {**REFUND, "metadata": None})
    assert (notice.reference, notice.refund_reference, notice.provider_id) == ("", "airwallex-rfd_1", "int_1")


@pytest.mark.parametrize(
    ("event", "state"),
    [
        ("requires_response", DISPUTED), ("challenged", DISPUTED), ("pending_closure", DISPUTED),
        ("pending_decision", DISPUTED), ("won", DISPUTE_WON), ("reversed", DISPUTE_WON), ("lost", DISPUTE_LOST),
        ("accepted", DISPUTE_LOST), ("expired", DISPUTE_LOST), ("next_year", PENDING),
    ],
)  # fmt: skip
def test_each_event_of_a_dispute_has_its_place(event: str, state: str) -> None:
    name = f"payment_dispute.{event}"
    (notice,) = read(name, {"id": "dsp_1", "payment_intent_id": "int_1", "amount": 12.99, "currency": "EUR"})
    assert notice == MADE._replace(reference="", state=state)
    assert name in DISPUTE_EVENT or state == PENDING


@pytest.mark.parametrize("name", ["payment_attempt.paid", "payment_consent.created", "payout.paid", ""])
def test_other_news_give_no_notices(name: str) -> None:
    assert read(name, {"id": "x"}) == []


def test_a_capture_without_its_amount_is_left_to_be_fetched() -> None:
    (notice,) = read("payment_intent.succeeded", {**INTENT, "captured_amount": None})
    assert notice == MADE._replace(state=CAPTURED)


def test_the_older_shape_without_an_inner_object_is_read_too() -> None:
    assert read("payment_intent.succeeded", None, data=INTENT)[0].state == CAPTURED


@pytest.mark.parametrize(
    "change",
    [
        {"captured_amount": True}, {"captured_amount": 12.999}, {"captured_amount": [1]},
        {"currency": None}, {"currency": "XXX"}, {"latest_payment_attempt": {"refunded_amount": "much"}},
    ],
)  # fmt: skip
def test_an_amount_that_cannot_be_read_is_a_bad_request_and_unknown_when_fetched(change: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        read("payment_intent.succeeded", {**INTENT, **change})
    with pytest.raises(OutcomeUnknown):
        fetched_notice({**INTENT, **change})


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{", b"{}", b'{"id":"e","name":"refund.settled","data":[]}', b'{"name":"a","data":{}}'],
)
def test_a_genuine_body_of_another_shape_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read_body(body)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-09-21T14:13:20+0000", NOW), ("2026-09-21T14:13:20Z", NOW), ("2026-09-21T22:13:20+08:00", NOW),
        ("2026-09-21T14:13:20.123+0000", NOW), ("2026-09-21T10:43:20-0330", NOW), ("2026-09-21T14:13:20", 0),
        ("2026-02-31T14:13:20Z", 0), ("yesterday", 0), (None, 0), (5, 0),
    ],
)  # fmt: skip
def test_times_are_read_in_every_spelling(text: object, expected: int) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("how", ["plain", "utf-8", "bom", "indented"])
def test_the_signature_holds_on_the_raw_bytes_through_both_gateways(how: str) -> None:
    event = {"id": "evt_1", "name": "payment_intent.succeeded", "data": {"object": {**INTENT, "descriptor": "两罐茶"}}}
    text = json.dumps(event, ensure_ascii=how == "plain", indent=2 if how == "indented" else None)
    body = ("\ufeff" + text if how == "bom" else text).encode()
    headers = {"X-Timestamp": STAMP, "X-Signature": signed(body)["x-signature"], "Content-Type": "application/json"}
    for call in through_both_gateways(PATH, headers, body):
        (notice,), _ = provider().read_webhook(call.headers, call.body, NOW)
        assert notice.state == CAPTURED
        with pytest.raises(SignatureRefused):
            provider().read_webhook(call.headers, call.body + b" ", NOW)
