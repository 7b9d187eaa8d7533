"""A verified event in our words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.support.gateways import through_both_gateways
from tests.support.vectors import load
from twinshore.errors import BadRequest
from twinshore.money import Money
from twinshore.payments.port import (
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
    SignatureRefused,
)
from twinshore.providers.exchange import send_outbound
from twinshore.providers.stripe.client import Stripe
from twinshore.providers.stripe.status import fetched_notice

NOW = 1_790_000_000
SECRET = "whsec_of_nobody"
PATH = "/v1/webhooks/stripe"
INTENT = {
    "id": "pi_1", "object": "payment_intent", "amount": 1299, "amount_received": 1299, "currency": "eur",
    "status": "succeeded", "metadata": {"order_id": "order-1", "reference": "attempt-000001"},
}  # fmt: skip
CHARGE = {
    "id": "ch_1", "object": "charge", "amount": 1299, "amount_refunded": 300, "currency": "eur", "refunded": False,
    "payment_intent": "pi_1", "metadata": {"reference": "attempt-000001"},
}  # fmt: skip
REFUND = {
    "id": "re_1", "object": "refund", "amount": 300, "currency": "eur", "status": "succeeded", "payment_intent": "pi_1",
    "metadata": {"reference": "attempt-000001", "refund_reference": "refund-000001"},
}  # fmt: skip
OWN = load(Path(__file__).parent / "vectors.json")


def provider() -> Stripe:
    return Stripe("http://127.0.0.1:9", "sk_of_nobody", [SECRET], send=send_outbound)


def sign(body: bytes) -> str:
    return str(stripe.WebhookSignature.generate_signature_header(body.decode(), SECRET, NOW))


def read_body(body: bytes) -> list[Notice]:
    return provider().read_webhook({"stripe-signature": sign(body)}, body, NOW)[0]


def read(kind: str, subject: Any, **changes: Any) -> list[Notice]:
    event = {"id": "evt_1", "object": "event", "created": NOW - 3, "type": kind, "data": {"object": subject}, **changes}
    return read_body(json.dumps(event).encode())


@pytest.mark.parametrize(
    ("kind", "state", "amount"),
    [
        ("payment_intent.created", CREATED, None), ("payment_intent.processing", PENDING, None),
        ("payment_intent.succeeded", CAPTURED, Money(1299, "EUR")), ("payment_intent.payment_failed", FAILED, None),
        ("payment_intent.canceled", CLOSED, None),
    ],
)  # fmt: skip
def test_each_event_of_a_payment_has_its_place(kind: str, state: str, amount: Money | None) -> None:
    assert read(kind, INTENT) == [Notice("evt_1", "attempt-000001", "pi_1", state, amount, NOW - 3)]


@pytest.mark.parametrize(("whole", "state"), [(False, PART_REFUNDED), (True, REFUNDED)])
def test_a_refunded_charge_tells_the_sum_so_far(whole: bool, state: str) -> None:
    (notice,) = read("charge.refunded", {**CHARGE, "refunded": whole})
    assert (notice.state, notice.amount, notice.provider_id) == (state, Money(300, "EUR"), "pi_1")
    assert notice.refund_reference == ""


@pytest.mark.parametrize("kind", ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"])
@pytest.mark.parametrize(
    ("status", "state", "refund_state"),
    [
        ("succeeded", PART_REFUNDED, REFUNDED), ("pending", CAPTURED, PENDING), ("requires_action", CAPTURED, PENDING),
        ("failed", CAPTURED, FAILED), ("canceled", CAPTURED, FAILED), ("a_word_of_next_year", CAPTURED, PENDING),
    ],
)  # fmt: skip
def test_a_refund_event_tells_of_one_refund(kind: str, status: str, state: str, refund_state: str) -> None:
    (notice,) = read(kind, {**REFUND, "status": status})
    assert (notice.state, notice.amount, notice.refund_state) == (state, None, refund_state)
    assert (notice.reference, notice.refund_reference) == ("attempt-000001", "refund-000001")


@pytest.mark.parametrize("kind", ["charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed"])
@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("warning_needs_response", DISPUTED), ("warning_under_review", DISPUTED), ("warning_closed", DISPUTE_WON),
        ("needs_response", DISPUTED), ("under_review", DISPUTED), ("won", DISPUTE_WON), ("lost", DISPUTE_LOST),
        ("a_word_of_next_year", DISPUTED),
    ],
)  # fmt: skip
def test_a_dispute_names_the_payment_and_the_sum_that_it_is_about(kind: str, status: str, state: str) -> None:
    dispute = {"id": "du_1", "payment_intent": "pi_1", "amount": 300, "currency": "eur", "metadata": {}}
    (notice,) = read(kind, {**dispute, "status": status})
    assert notice == Notice("evt_1", "", "pi_1", state, Money(300, "EUR"), NOW - 3)


@pytest.mark.parametrize(
    "kind", ["charge.dispute.funds_withdrawn", "checkout.session.completed", "payout.paid", "a.b", None]
)
def test_other_news_give_no_notices(kind: Any) -> None:
    assert read(kind, {"id": "x"}) == []


def test_a_refund_that_somebody_made_in_the_dashboard_has_no_reference_of_ours() -> None:
    (notice,) = read("refund.created", {**REFUND, "metadata": {}})
    assert (notice.reference, notice.refund_reference, notice.provider_id) == ("", "", "pi_1")


@pytest.mark.parametrize(
    "change",
    [
        {"amount_received": "1299"}, {"amount_received": 12.99}, {"amount_received": None}, {"amount_received": True},
        {"currency": None}, {"currency": "xxx"}, {"currency": "iqd"}, {"currency": "ugx"},
    ],
)  # fmt: skip
def test_an_amount_that_cannot_be_read_is_a_bad_request(change: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        read("payment_intent.succeeded", {**INTENT, **change})


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b"{}", b'{"id":"evt_1","type":"refund.created","data":[]}']
)
def test_a_genuine_body_of_another_shape_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read_body(body)


@pytest.mark.parametrize(
    ("status", "charge", "error", "state"),
    [
        ("requires_payment_method", None, None, CREATED),
        ("requires_payment_method", None, {"code": "card_declined"}, FAILED),
        ("requires_confirmation", None, None, CREATED),
        ("requires_action", None, None, PENDING),
        ("processing", None, None, PENDING),
        ("requires_capture", None, None, PENDING),
        ("canceled", None, None, CLOSED),
        ("a_word_of_next_year", None, None, PENDING),
        ("succeeded", {**CHARGE, "amount_refunded": 0}, None, CAPTURED),
        ("succeeded", CHARGE, None, PART_REFUNDED),
        ("succeeded", {**CHARGE, "amount_refunded": 1299, "refunded": True}, None, REFUNDED),
        ("succeeded", "ch_1", None, CAPTURED),
    ],
)
def test_every_status_of_a_fetched_payment_has_its_place(status: str, charge: Any, error: Any, state: str) -> None:
    notice = fetched_notice({**INTENT, "status": status, "latest_charge": charge, "last_payment_error": error})
    assert notice.state == state


@pytest.mark.parametrize("entry", OWN["genuine"], ids=lambda entry: entry["name"])
def test_a_genuine_vector_of_ours_is_read(entry: dict[str, Any]) -> None:
    held = Stripe("http://127.0.0.1:9", "sk_of_nobody", OWN["secrets"], send=send_outbound)
    notices, _ = held.read_webhook({"stripe-signature": entry["header"]}, entry["body"].encode(), entry["now"])
    assert [notice.state for notice in notices] == entry["states"]


@pytest.mark.parametrize("entry", OWN["forged"], ids=lambda entry: entry["name"])
def test_a_forged_vector_of_ours_is_refused(entry: dict[str, Any]) -> None:
    held = Stripe("http://127.0.0.1:9", "sk_of_nobody", OWN["secrets"], send=send_outbound)
    with pytest.raises(SignatureRefused):
        held.read_webhook({"stripe-signature": entry["header"]}, entry["body"].encode(), entry["now"])


@pytest.mark.parametrize("how", ["plain", "utf-8", "bom", "indented"])
def test_the_signature_holds_on_the_raw_bytes_through_both_gateways(how: str) -> None:
    """Issue museum, row 5: stripe-node #1768. https://github.com/stripe/stripe-node/issues/1768"""
    event = {"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": {**INTENT, "description": "两罐茶"}}}
    text = json.dumps(event, ensure_ascii=how == "plain", indent=2 if how == "indented" else None)
    text = "\ufeff" + text if how == "bom" else text
    body = text.encode()
    headers = {"Stripe-Signature": sign(body), "Content-Type": "application/json; charset=utf-8"}
    for call in through_both_gateways(PATH, headers, body):
        (notice,), _ = provider().read_webhook(call.headers, call.body, NOW)
        assert notice.state == CAPTURED
        with pytest.raises(SignatureRefused):
            provider().read_webhook(call.headers, call.body + b" ", NOW)
