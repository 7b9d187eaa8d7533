"""A verified event, and a fetched order, in our words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import paypal_notices as made
from tests.support.gateways import through_both_gateways
from tests.support.vectors import load, lower
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
    SignatureRefused,
)
from twinshore.providers.paypal.certificates import PRODUCTION, Certificates
from twinshore.providers.paypal.status import event_notices, order_notice, own_refund
from twinshore.providers.paypal.verify import Verifier

NOW = made.SENT_AT
PATH = "/v1/webhooks/paypal"
ORDER = {
    "id": "5O190127TN364715T", "status": "APPROVED",
    "purchase_units": [{"custom_id": "attempt-000001", "amount": {"currency_code": "EUR", "value": "12.99"}}],
}  # fmt: skip
CAPTURE: dict[str, Any] = {
    "id": "2GG279541U471931P", "status": "COMPLETED", "custom_id": "attempt-000001", "invoice_id": "attempt-000001",
    "amount": {"currency_code": "EUR", "value": "12.99"}, "create_time": "2026-09-21T12:00:00+02:00",
    "supplementary_data": {"related_ids": {"order_id": "5O190127TN364715T"}},
}  # fmt: skip
REFUND = {
    "id": "1JU08902781691411", "status": "COMPLETED", "amount": {"currency_code": "EUR", "value": "3.00"},
    "custom_id": "refund-000001",
    "links": [{"rel": "self", "href": "https://api.paypal.com/v2/payments/refunds/1JU08902781691411"},
              {"rel": "up", "href": "https://api.paypal.com/v2/payments/captures/2GG279541U471931P"}],
}  # fmt: skip
DISPUTE: dict[str, Any] = {
    "dispute_id": "PP-D-12345", "dispute_amount": {"currency_code": "EUR", "value": "12.99"},
    "disputed_transactions": [{"seller_transaction_id": "2GG279541U471931P", "invoice_number": "attempt-000001"}],
}  # fmt: skip
OWN = load(Path(__file__).parent / "vectors.json")
NEWS_AT = 1_789_984_800


def read_body(body: bytes) -> list[Notice]:
    return made.provider().read_webhook(made.signed(body), body, NOW)[0]


def read(kind: Any, resource: Any, **changes: Any) -> list[Notice]:
    return read_body(made.event(kind, resource, **changes))


@pytest.mark.parametrize(
    ("kind", "state"), [("CHECKOUT.ORDER.APPROVED", AUTHORISED), ("CHECKOUT.ORDER.COMPLETED", CAPTURED)]
)
def test_an_orders_event_names_the_attempt_and_no_amount(kind: str, state: str) -> None:
    assert read(kind, ORDER) == [Notice("WH-1", "attempt-000001", ORDER["id"], state, None, NEWS_AT)]


def test_an_approval_that_ended_unused_is_no_payment() -> None:
    (notice,) = read("CHECKOUT.PAYMENT-APPROVAL.REVERSED", {"order_id": "5O190127TN364715T"})
    assert (notice.state, notice.provider_id) == (FAILED, "5O190127TN364715T")


@pytest.mark.parametrize(
    ("kind", "state"),
    [("COMPLETED", CAPTURED), ("PENDING", PENDING), ("DECLINED", FAILED), ("DENIED", FAILED)],
)
def test_each_event_of_a_capture_has_its_place_and_no_amount(kind: str, state: str) -> None:
    assert read(f"PAYMENT.CAPTURE.{kind}", CAPTURE) == [
        Notice("WH-1", "attempt-000001", "5O190127TN364715T", state, None, NEWS_AT)
    ]


def test_a_capture_that_names_neither_attempt_nor_order_is_found_by_itself() -> None:
    (notice,) = read("PAYMENT.CAPTURE.COMPLETED", {"id": "2GG279541U471931P"})
    assert (notice.reference, notice.provider_id) == ("", "capture:2GG279541U471931P")


@pytest.mark.parametrize(
    "kind",
    ["PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED", "PAYMENT.REFUND.PENDING", "PAYMENT.REFUND.FAILED"],
)
def test_news_of_a_refund_lets_its_capture_be_fetched(kind: str) -> None:
    (notice,) = read(kind, REFUND)
    assert (notice.reference, notice.provider_id) == ("", "capture:2GG279541U471931P")
    assert (notice.state, notice.amount, notice.refund_reference) == (CAPTURED, None, "")


@pytest.mark.parametrize(
    ("kind", "outcome", "state"),
    [
        ("CREATED", None, DISPUTED), ("UPDATED", None, DISPUTED), ("RESOLVED", "RESOLVED_BUYER_FAVOUR", DISPUTE_LOST),
        ("RESOLVED", "ACCEPTED", DISPUTE_LOST), ("RESOLVED", "RESOLVED_SELLER_FAVOUR", DISPUTE_WON),
        ("RESOLVED", "RESOLVED_WITH_PAYOUT", DISPUTE_WON), ("RESOLVED", "CANCELED_BY_BUYER", DISPUTE_WON),
        ("RESOLVED", "DENIED", DISPUTE_WON), ("RESOLVED", "NONE", DISPUTED), ("RESOLVED", "A_NEW_WORD", DISPUTED),
        ("RESOLVED", None, DISPUTED),
    ],
)  # fmt: skip
def test_each_turn_of_a_dispute_has_its_place(kind: str, outcome: str | None, state: str) -> None:
    dispute = {**DISPUTE, **({"dispute_outcome": {"outcome_code": outcome}} if outcome else {})}
    (notice,) = read(f"CUSTOMER.DISPUTE.{kind}", dispute)
    assert (notice.state, notice.reference, notice.amount) == (state, "attempt-000001", None)


def test_a_dispute_over_several_payments_is_several_notices() -> None:
    bought = [{"invoice_number": "attempt-000001"}, {"custom": "attempt-000002"}, {"seller_transaction_id": "2GG"}]
    notices = read("CUSTOMER.DISPUTE.CREATED", {**DISPUTE, "disputed_transactions": bought})
    named = [(one.id, one.reference, one.provider_id) for one in notices]
    assert named == [("WH-1", "attempt-000001", ""), ("WH-1.1", "attempt-000002", ""), ("WH-1.2", "", "capture:2GG")]


@pytest.mark.parametrize("kind", ["BILLING.SUBSCRIPTION.CREATED", "PAYMENT.SALE.COMPLETED", "A.B", "", None, 5])
def test_other_news_give_no_notices(kind: Any) -> None:
    assert read(kind, {"id": "x"}) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{", b"{}", b"\xff", b'{"id":"WH-1","resource":[]}', b'{"resource":{}}',
     b'{"id":"WH-1","event_type":"CHECKOUT.ORDER.APPROVED","resource":{"id":"5"},"create_time":"soon"}'],
)  # fmt: skip
def test_a_genuine_body_of_another_shape_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read_body(body)


def fetched(status: str, captures: list[Any], refunds: list[Any]) -> Notice:
    unit = {**ORDER["purchase_units"][0], "payments": {"captures": captures, "refunds": refunds}}  # type: ignore[dict-item]
    return order_notice({**ORDER, "status": status, "purchase_units": [unit]})


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("CREATED", CREATED), ("SAVED", CREATED), ("PAYER_ACTION_REQUIRED", CREATED), ("APPROVED", AUTHORISED),
        ("VOIDED", CLOSED), ("COMPLETED", PENDING), ("A_NEW_WORD", PENDING),
    ],
)  # fmt: skip
def test_every_status_of_an_order_has_its_place(status: str, state: str) -> None:
    notice = order_notice({**ORDER, "status": status})
    assert (notice.state, notice.amount, notice.reference) == (state, None, "attempt-000001")


@pytest.mark.parametrize(
    ("status", "refunded", "state", "minor"),
    [
        ("COMPLETED", [], CAPTURED, 1299), ("COMPLETED", ["3.00"], PART_REFUNDED, 300),
        ("PARTIALLY_REFUNDED", ["3.00", "1.00"], PART_REFUNDED, 400), ("PARTIALLY_REFUNDED", [], PART_REFUNDED, None),
        ("REFUNDED", ["12.99"], REFUNDED, 1299), ("REFUNDED", [], REFUNDED, 1299), ("PENDING", [], PENDING, None),
        ("DECLINED", [], FAILED, None), ("FAILED", [], FAILED, None), ("A_NEW_WORD", [], PENDING, None),
    ],
)  # fmt: skip
def test_every_status_of_a_capture_has_its_place(status: str, refunded: list[str], state: str, minor: Any) -> None:
    at = "2026-09-21T10:0{}:00Z"
    refunds = [{**REFUND, "amount": {"currency_code": "EUR", "value": value}, "create_time": at.format(number)}
               for number, value in enumerate(refunded)]  # fmt: skip
    notice = fetched("COMPLETED", [{**CAPTURE, "status": status}], refunds)
    assert (notice.state, notice.amount) == (state, None if minor is None else Money(minor, "EUR"))
    gone_back = state in (PART_REFUNDED, REFUNDED)
    assert (notice.captured, notice.captured_at) == ((Money(1299, "EUR"), NEWS_AT) if gone_back else (None, 0))
    newest = (NEWS_AT + 60 * (len(refunds) - 1)) if refunds else 0
    assert notice.occurred_at == (newest if gone_back else NEWS_AT)


@pytest.mark.parametrize("status", ["PENDING", "FAILED", "CANCELLED", "A_NEW_WORD"])
def test_a_refund_that_is_not_done_is_not_added_up(status: str) -> None:
    assert fetched("COMPLETED", [CAPTURE], [{**REFUND, "status": status}]).state == CAPTURED


def test_a_good_capture_leads_over_a_declined_one() -> None:
    assert fetched("COMPLETED", [{**CAPTURE, "status": "DECLINED"}, CAPTURE], []).state == CAPTURED


@pytest.mark.parametrize(
    ("status", "state"),
    [("COMPLETED", REFUNDED), ("PENDING", PENDING), ("FAILED", FAILED), ("CANCELLED", FAILED), ("A_NEW_WORD", PENDING)],
)
def test_every_status_of_a_refund_has_its_place(status: str, state: str) -> None:
    unit = {"payments": {"refunds": [{"custom_id": "other"}, {**REFUND, "status": status}]}}
    assert own_refund({"purchase_units": [unit]}, "refund-000001") == state
    assert own_refund({"purchase_units": [unit]}, "refund-000002") is None


@pytest.mark.parametrize("units", [None, [], {}, [None], "x"])
def test_an_order_without_a_purchase_names_nothing_of_ours(units: Any) -> None:
    notice = order_notice({**ORDER, "purchase_units": units})
    assert (notice.reference, notice.state) == ("", AUTHORISED)


def own() -> Verifier:
    return Verifier([OWN["webhook_id"]], Certificates(PRODUCTION, OWN["root_pem"], lambda _: OWN["chain_pem"].encode()))


@pytest.mark.parametrize("entry", OWN["genuine"], ids=lambda entry: entry["name"])
def test_a_genuine_vector_of_ours_is_read(entry: dict[str, Any]) -> None:
    own().check(lower(entry["headers"]), entry["body"].encode(), entry["now"])
    assert [notice.state for notice in event_notices(json.loads(entry["body"]))] == entry["states"]


@pytest.mark.parametrize("entry", OWN["forged"], ids=lambda entry: entry["name"])
def test_a_forged_vector_of_ours_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(SignatureRefused):
        own().check(lower(entry["headers"]), entry["body"].encode(), entry["now"])


@pytest.mark.parametrize("how", ["plain", "utf-8", "indented"])
def test_the_signature_holds_on_the_raw_bytes_through_both_gateways(how: str) -> None:
    content = {"id": "WH-1", "event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": {**CAPTURE, "note": "两罐茶"}}
    body = json.dumps(content, ensure_ascii=how == "plain", indent=2 if how == "indented" else None).encode()
    headers = {name.upper(): value for name, value in made.signed(body).items()}
    headers["Content-Type"] = "application/json"
    pay = made.provider()
    for call in through_both_gateways(PATH, headers, body):
        (notice,), kept = pay.read_webhook(call.headers, call.body, NOW)
        assert (notice.state, kept.status) == (CAPTURED, 200)
        with pytest.raises(SignatureRefused):
            pay.read_webhook(call.headers, call.body + b" ", NOW)
