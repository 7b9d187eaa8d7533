"""A verified notice, and a fetched order, in our words."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import pytest

from tests.support.doors import LambdaContext, aws_event, tencent_event
from twinshore.errors import BadRequest, Unavailable
from twinshore.http_events import from_aws, from_tencent
from twinshore.money import InexactAmount, Money
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
    ProviderRefused,
    SignatureRefused,
)
from twinshore.payments.webhooks import with_query
from twinshore.providers.exchange import send_outbound
from twinshore.providers.mercado_pago.amounts import from_mercado_pago, to_mercado_pago
from twinshore.providers.mercado_pago.client import MercadoPago
from twinshore.providers.mercado_pago.status import order_notice, refund_state, refusal

NOW = 1_790_000_000
SECRET = "secret-of-nobody"
ORDER_ID = "ORD01JQ4S4KY8HWQ6NA5PXB65B3D3"
REQUEST_ID = "2066ca19-c6f1-498a-be75-1923005edd06"
PATH = "/v1/webhooks/mercado_pago"
BODY = json.dumps({"type": "order", "action": "order.processed", "data": {"id": ORDER_ID, "note": "茶"}}).encode()


def provider() -> MercadoPago:
    return MercadoPago("http://127.0.0.1:9", {"BRL": "token"}, (("BRL", SECRET),), send=send_outbound)


def signed(data_id: str = ORDER_ID) -> dict[str, str]:
    text = f"id:{data_id.lower()};request-id:{REQUEST_ID};ts:{NOW}000;"
    mark = hmac.digest(SECRET.encode(), text.encode(), "sha256").hex()
    return {"x-signature": f"ts={NOW}000,v1={mark}", "x-request-id": REQUEST_ID}


def read(body: bytes = BODY, data_id: str = ORDER_ID, topic: str = "order") -> list[Notice]:
    """topic: as the query says it; "" if it does not."""
    query = {"data.id": [data_id], **({"type": [topic]} if topic else {})}
    return provider().read_webhook(with_query(signed(data_id), query), body, NOW)[0]


@pytest.mark.parametrize("data_id", [ORDER_ID, ORDER_ID.lower()])
def test_a_notice_is_a_reason_to_fetch_the_order_of_the_query(data_id: str) -> None:
    (notice,) = read(data_id=data_id)
    assert (notice.reference, notice.provider_id) == ("", f"BRL:{ORDER_ID}")
    assert (notice.state, notice.amount) == (CAPTURED, None)


def test_whatever_the_body_says_the_signed_order_is_fetched() -> None:
    forged = json.dumps(
        {"type": "order", "action": "order.refunded", "data": {"id": "ORD01OTHER", "status": "refunded"}}
    )
    (notice,) = read(forged.encode())
    assert notice.provider_id == f"BRL:{ORDER_ID}"


@pytest.mark.parametrize("topic", ["payment", "topic_chargebacks_wh", "mp-connect", "stop_delivery_op_wh", "5"])
def test_other_topics_are_acknowledged(topic: str) -> None:
    assert read(topic=topic) == []


@pytest.mark.parametrize("kind", ["payment", "topic_chargebacks_wh", "mp-connect", "stop_delivery_op_wh", "", None, 5])
def test_where_the_query_names_no_topic_the_body_does(kind: Any) -> None:
    assert read(json.dumps({"type": kind, "data": {"id": ORDER_ID}}).encode(), topic="") == []
    assert len(read(topic="")) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff"])
def test_a_body_is_read_only_for_the_topic_that_the_query_does_not_name(body: bytes) -> None:
    """No signature covers it, so there is nothing in it to believe."""
    assert len(read(body)) == 1
    with pytest.raises(BadRequest):
        read(body, topic="")


def test_a_notice_without_an_order_gives_nothing_to_fetch() -> None:
    text = f"request-id:{REQUEST_ID};ts:{NOW}000;"
    mark = hmac.digest(SECRET.encode(), text.encode(), "sha256").hex()
    headers = {"x-signature": f"ts={NOW}000,v1={mark}", "x-request-id": REQUEST_ID}
    assert provider().read_webhook(headers, BODY, NOW)[0] == []


def test_a_parameter_of_the_query_wins_over_a_header_that_looks_like_it() -> None:
    assert with_query({"?data.id": "forged", "a": "b"}, {"data.id": ["x", "y"]}) == {"?data.id": "y", "a": "b"}


def order(status: str, detail: str = "", paid: Any = "12.99", refunds: tuple[Any, ...] = (), **changes: Any) -> Any:
    payments = [{"id": "PAY1", "amount": paid, "status": "processed"}] if paid else []
    returned = [{"id": f"REF{n}", **one} for n, one in enumerate(refunds)]
    return {
        "id": ORDER_ID, "external_reference": "attempt-000001", "currency": "BRL", "status": status,
        "status_detail": detail, "last_updated_date": "2026-09-21T12:00:00.1234567Z",
        "transactions": {"payments": payments, "refunds": returned}, **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "detail", "state"),
    [
        ("created", "created", CREATED), ("processing", "in_process", PENDING), ("in_review", "", PENDING),
        ("action_required", "waiting_payment", PENDING), ("action_required", "waiting_capture", AUTHORISED),
        ("processed", "accredited", CAPTURED), ("processed", "a_new_word", PENDING), ("failed", "high_risk", FAILED),
        ("canceled", "canceled", CLOSED), ("expired", "expired", CLOSED), ("processed", "refunded", REFUNDED),
        ("refunded", "refunded", REFUNDED), ("charged_back", "in_process", DISPUTED),
        ("charged_back", "settled", DISPUTE_LOST), ("charged_back", "reimbursed", DISPUTE_WON),
        ("a_new_word", "", PENDING),
    ],
)  # fmt: skip
def test_every_status_of_an_order_has_its_place(status: str, detail: str, state: str) -> None:
    notice = order_notice(order(status, detail), "BRL")
    amount = Money(1299, "BRL") if state in (CAPTURED, REFUNDED) else None
    assert (notice.state, notice.amount, notice.reference) == (state, amount, "attempt-000001")
    assert (notice.provider_id, notice.occurred_at) == (f"BRL:{ORDER_ID}", 1_789_992_000)


@pytest.mark.parametrize(
    ("detail", "refunds", "state", "minor"),
    [
        ("partially_refunded", [("3.00", "processed")], PART_REFUNDED, 300),
        ("partially_refunded", [("3.00", "processed"), ("1.00", "failed")], PART_REFUNDED, 300),
        ("partially_refunded", [], PART_REFUNDED, None), ("accredited", [("3.00", "processed")], PART_REFUNDED, 300),
        ("accredited", [("12.99", "processed")], REFUNDED, 1299),
        ("accredited", [("3.00", "processing")], CAPTURED, 1299),
    ],
)  # fmt: skip
def test_refunds_are_added_up(detail: str, refunds: list[Any], state: str, minor: int | None) -> None:
    returned = tuple({"amount": amount, "status": status} for amount, status in refunds)
    notice = order_notice(order("processed", detail, refunds=returned), "BRL")
    assert (notice.state, notice.amount) == (state, None if minor is None else Money(minor, "BRL"))


def test_two_payments_of_one_order_are_both_told() -> None:
    twice = order("processed", "accredited")
    twice["transactions"]["payments"] *= 2
    assert order_notice(twice, "BRL").amount == Money(2598, "BRL")


def test_a_capture_without_a_payment_tells_no_amount() -> None:
    assert order_notice(order("processed", "accredited", paid=None), "BRL").amount is None


@pytest.mark.parametrize("change", [{"paid": 12.99}, {"paid": "12,99"}, {"paid": "1e3"}, {"last_updated_date": "soon"}])
def test_what_cannot_be_read_is_a_bad_request(change: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        order_notice(order("processed", "accredited", **change), "BRL")


@pytest.mark.parametrize(
    ("status", "state"),
    [("processed", REFUNDED), ("processing", PENDING), ("failed", FAILED), ("canceled", FAILED), ("new", PENDING)],
)
def test_every_status_of_a_refund_has_its_place(status: str, state: str) -> None:
    assert refund_state([{"status": "processed"}, {"status": status}]) == state
    assert refund_state([]) == PENDING


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(1299, "BRL"), "12.99"), (Money(1000, "CLP"), "1000"), (Money(500_000, "COP"), "5000"),
        (Money(5, "MXN"), "0.05"), (Money(100, "PEN"), "1.00"), (Money(100, "UYU"), "1.00"),
        (Money(100, "ARS"), "1.00"),
    ],
)  # fmt: skip
def test_amounts_go_out_and_come_back(money: Money, text: str) -> None:
    assert to_mercado_pago(money) == text
    assert from_mercado_pago(text, money.currency) == money


def test_what_cannot_be_carried_is_refused_not_rounded() -> None:
    with pytest.raises(InexactAmount):
        to_mercado_pago(Money(12_345, "COP"))
    with pytest.raises(ProviderRefused):
        to_mercado_pago(Money(100, "EUR"))


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (400, {"errors": [{"code": "refund_amount_exceeds"}]}, "amount"), (404, {}, "not_found"),
        (409, {"errors": [{"code": "idempotency_key_already_used"}]}, "reference_used"),
        (400, {"errors": "x"}, "refused"), (403, {}, "configuration"),
        (400, {"error": "order_not_found"}, "not_found"),
    ],
)  # fmt: skip
def test_refusals_carry_a_word_of_ours(status: int, answer: dict[str, Any], expected: str) -> None:
    assert refusal(status, answer).extensions["reason"] == expected


def test_in_progress_is_unknown_and_too_fast_was_not_carried_out() -> None:
    assert isinstance(refusal(409, {"errors": [{"code": "refund_in_progress"}]}), OutcomeUnknown)
    assert isinstance(refusal(423, {}), OutcomeUnknown)
    fast = refusal(429, {})
    assert isinstance(fast, Unavailable) and not isinstance(fast, OutcomeUnknown)


def test_the_query_reaches_the_provider_through_both_gateways() -> None:
    headers = {**{name.title(): value for name, value in signed().items()}, "Content-Type": "application/json"}
    query = f"data.id={ORDER_ID}&type=order"
    wrapped = base64.b64encode(BODY).decode()
    aws = aws_event("POST", PATH, query, headers, BODY, "203.0.113.7")
    scf = tencent_event("POST", PATH, {"data.id": ORDER_ID, "type": "order"}, headers, BODY, "203.0.113.7")
    context = {"request_id": "r", "time_limit_in_ms": 3000}
    for call in (
        from_aws(aws, LambdaContext("webhooks", "r")),
        from_aws({**aws, "body": wrapped, "isBase64Encoded": True}, LambdaContext("webhooks", "r")),
        from_tencent(scf, context),
    ):
        (notice,), kept = provider().read_webhook(with_query(call.headers, call.query), call.body, NOW)
        assert (notice.provider_id, kept.status) == (f"BRL:{ORDER_ID}", 200)
        with pytest.raises(SignatureRefused):
            provider().read_webhook(call.headers, call.body, NOW)
