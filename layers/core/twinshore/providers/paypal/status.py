"""PayPal's words in ours, as tables. A word that is not here is news, not a failure: it is PENDING."""

from __future__ import annotations

from typing import Any, Mapping

from twinshore.errors import BadRequest, Problem, Unavailable
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
    ProviderRefused,
)
from twinshore.providers.paypal.amounts import from_paypal
from twinshore.providers.paypal.times import seconds

OF_CAPTURE = "capture:"
"""In front of a capture's id where a notice names no order: `query` finds the order by it."""

ORDER_STATUS = {
    "CREATED": CREATED,
    "SAVED": CREATED,
    "PAYER_ACTION_REQUIRED": CREATED,
    "APPROVED": AUTHORISED,
    "VOIDED": CLOSED,
    "COMPLETED": PENDING,  # its capture says whether there is money
}
"""Of an order without a capture."""

CAPTURE_STATUS = {
    "COMPLETED": CAPTURED,
    "PARTIALLY_REFUNDED": PART_REFUNDED,
    "REFUNDED": REFUNDED,
    "PENDING": PENDING,
    "DECLINED": FAILED,
    "FAILED": FAILED,
}

REFUND_STATUS = {"COMPLETED": REFUNDED, "PENDING": PENDING, "FAILED": FAILED, "CANCELLED": FAILED}

EVENT = {
    "CHECKOUT.ORDER.APPROVED": AUTHORISED,
    "CHECKOUT.ORDER.COMPLETED": CAPTURED,
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED": FAILED,  # not captured in time; the payer may approve anew
    "PAYMENT.CAPTURE.COMPLETED": CAPTURED,
    "PAYMENT.CAPTURE.PENDING": PENDING,
    "PAYMENT.CAPTURE.DECLINED": FAILED,
    "PAYMENT.CAPTURE.DENIED": FAILED,
}

REFUND_EVENTS = frozenset(
    {"PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED", "PAYMENT.REFUND.PENDING", "PAYMENT.REFUND.FAILED"}
)
"""Their resource is a refund, which names its capture and nothing of ours. They become a capture whose amount is not
known: that is fetched, and what was fetched tells the sum of all refunds."""

DISPUTE_EVENTS = frozenset({"CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.UPDATED", "CUSTOMER.DISPUTE.RESOLVED"})

DISPUTE_OUTCOME = {
    "RESOLVED_BUYER_FAVOUR": DISPUTE_LOST,
    "ACCEPTED": DISPUTE_LOST,
    "RESOLVED_SELLER_FAVOUR": DISPUTE_WON,
    "RESOLVED_WITH_PAYOUT": DISPUTE_WON,  # PayPal paid
    "CANCELED_BY_BUYER": DISPUTE_WON,
    "DENIED": DISPUTE_WON,
}
"""Of a resolved dispute; NONE (another one follows) and any other word leave it DISPUTED."""

REFUSAL = {
    "ORDER_ALREADY_CAPTURED": "already_paid",
    "ORDER_NOT_APPROVED": "wrong_state",
    "ORDER_COMPLETED_OR_VOIDED": "closed",
    "ORDER_ALREADY_AUTHORIZED": "wrong_state",
    "ORDER_EXPIRED": "closed",
    "INSTRUMENT_DECLINED": "declined",
    "TRANSACTION_REFUSED": "declined",
    "PAYER_CANNOT_PAY": "declined",
    "PAYER_ACTION_REQUIRED": "declined",
    "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING": "declined",
    "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED": "declined",
    "COMPLIANCE_VIOLATION": "not_allowed",
    "PERMISSION_DENIED": "configuration",
    "PAYEE_ACCOUNT_RESTRICTED": "configuration",
    "PAYEE_ACCOUNT_LOCKED_OR_CLOSED": "configuration",
    "NOT_AUTHORIZED": "configuration",
    "CURRENCY_NOT_SUPPORTED": "currency",
    "CURRENCY_NOT_SUPPORTED_FOR_RECEIVER": "currency",
    "DECIMAL_PRECISION": "amount",
    "DUPLICATE_INVOICE_ID": "invoice_used",
    "DUPLICATE_REQUEST_ID": "reference_used",
    "CAPTURE_FULLY_REFUNDED": "already_refunded",
    "REFUND_AMOUNT_EXCEEDED": "amount",
    "REFUND_CAPTURE_CURRENCY_MISMATCH": "currency",
    "REFUND_TIME_LIMIT_EXCEEDED": "too_late",
    "REFUND_FAILED_INSUFFICIENT_FUNDS": "not_enough_funds",
    "CAPTURE_DISPUTED_PARTIAL_REFUND_NOT_ALLOWED": "disputed",
    "INVALID_RESOURCE_ID": "not_found",
    "RESOURCE_NOT_FOUND": "not_found",
    "INVALID_REQUEST": "malformed",
}
"""`details[].issue`, else `name`, of the reply -> the `reason` of ProviderRefused; what is not here is "refused"."""

UNDECIDED = frozenset({"PREVIOUS_REQUEST_IN_PROGRESS", "INTERNAL_SERVER_ERROR"})


def refusal(status: int, answer: Mapping[str, Any]) -> Problem:
    """The error to raise for a reply from 400 to 499."""
    if status == 429:
        return Unavailable("The payment provider asks to go slower.")
    issues = [str(one.get("issue")) for one in _objects(answer.get("details"))]
    words = [*issues, str(answer.get("name"))]
    if status == 409 or UNDECIDED.intersection(words):
        return OutcomeUnknown("The same request is being carried out.")
    reason = next((REFUSAL[word] for word in words if word in REFUSAL), None)
    return ProviderRefused(reason=reason or {401: "configuration", 403: "configuration"}.get(status, "refused"))


def order_notice(order: Mapping[str, Any]) -> Notice:
    """From a fetched order with its payments. Raises BadRequest."""
    unit = purchase_unit(order)
    capture = leading_capture(order)
    state, amount, refunded = ORDER_STATUS.get(str(order.get("status")), PENDING), None, 0
    captured, captured_at = None, _seconds((capture or {}).get("create_time"))
    occurred_at = captured_at
    if capture is not None:
        state = CAPTURE_STATUS.get(str(capture.get("status")), PENDING)
        returned = _refunded(order)
        refunded = sum(one.amount_minor for one in returned)
        if state == CAPTURED and refunded:
            state = PART_REFUNDED
        if state in (CAPTURED, REFUNDED):
            amount = from_paypal(capture.get("amount"))
        elif state == PART_REFUNDED and returned:
            amount = Money(refunded, returned[0].currency)
        if state in (PART_REFUNDED, REFUNDED):
            captured, occurred_at = from_paypal(capture.get("amount")), _refunded_at(order)
    return Notice(
        id=f"query:{order.get('id')}:{state}:{refunded}",
        reference=str(unit.get("custom_id") or ""),
        provider_id=str(order.get("id", "")),
        state=state,
        amount=amount,
        occurred_at=occurred_at,
        captured=captured,
        captured_at=captured_at if captured else 0,
    )


def purchase_unit(order: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one thing that we sell in one order; empty if there is none."""
    units = _objects(order.get("purchase_units"))
    return units[0] if units else {}


def leading_capture(order: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The one that took, or may yet take, money; else the last that failed; None before any."""
    captures = _payments(order, "captures")
    alive = [one for one in captures if CAPTURE_STATUS.get(str(one.get("status"))) != FAILED]
    return next(iter(alive or captures[-1:]), None)


def own_refund(order: Mapping[str, Any], refund_reference: str) -> str | None:
    """What became of the refund that we made under this reference; None if there is none."""
    for one in _payments(order, "refunds"):
        if one.get("custom_id") == refund_reference:
            return REFUND_STATUS.get(str(one.get("status")), PENDING)
    return None


def order_of_capture(capture: Mapping[str, Any]) -> str:
    """The order's id, "" if the capture names none."""
    data = capture.get("supplementary_data")
    related = data.get("related_ids") if isinstance(data, dict) else None
    named = related.get("order_id") if isinstance(related, dict) else None
    return named if isinstance(named, str) else _last_part(capture, "up", "/v2/checkout/orders/")


def event_notices(event: Mapping[str, Any]) -> list[Notice]:
    """From a verified event, whose body is hardly covered by its signature: no amounts. Raises BadRequest."""
    kind, resource = event.get("event_type"), event.get("resource")
    if not isinstance(resource, dict) or not isinstance(event.get("id"), str):
        raise BadRequest("The event names no resource.")
    if kind in DISPUTE_EVENTS:
        return _dispute_notices(event, resource)
    if kind in REFUND_EVENTS:
        capture_id = _last_part(resource, "up", "/v2/payments/captures/")
        return [_news(event, "", f"{OF_CAPTURE}{capture_id}", CAPTURED)] if capture_id else []
    if kind not in EVENT:
        return []
    state = EVENT[str(kind)]
    if str(kind).startswith("CHECKOUT."):
        order_id = resource.get("id") or resource.get("order_id")
        return [_news(event, str(purchase_unit(resource).get("custom_id") or ""), str(order_id or ""), state)]
    reference = str(resource.get("custom_id") or resource.get("invoice_id") or "")
    provider_id = order_of_capture(resource)
    if not provider_id and not reference:
        provider_id = f"{OF_CAPTURE}{resource.get('id')}"
    return [_news(event, reference, provider_id, state)]


def _dispute_notices(event: Mapping[str, Any], dispute: Mapping[str, Any]) -> list[Notice]:
    """One per transaction; we know them by the invoice number, which is our reference."""
    state = DISPUTED
    if event.get("event_type") == "CUSTOMER.DISPUTE.RESOLVED":
        outcome = dispute.get("dispute_outcome")
        word = outcome.get("outcome_code") if isinstance(outcome, dict) else None
        state = DISPUTE_OUTCOME.get(str(word), DISPUTED)
    notices = []
    for number, one in enumerate(_objects(dispute.get("disputed_transactions"))):
        reference = str(one.get("invoice_number") or one.get("custom") or "")
        provider_id = "" if reference else f"{OF_CAPTURE}{one.get('seller_transaction_id')}"
        news = _news(event, reference, provider_id, state)
        notices.append(news._replace(id=f"{news.id}.{number}") if number else news)
    return notices


def _news(event: Mapping[str, Any], reference: str, provider_id: str, state: str) -> Notice:
    return Notice(event["id"], reference, provider_id, state, None, _seconds(event.get("create_time")))


def _refunded(order: Mapping[str, Any]) -> list[Money]:
    return [from_paypal(one.get("amount")) for one in _done_refunds(order)]


def _refunded_at(order: Mapping[str, Any]) -> int:
    """Of the newest; 0 where none says."""
    times = (_seconds(one.get("update_time") or one.get("create_time")) for one in _done_refunds(order))
    return max(times, default=0)


def _done_refunds(order: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [one for one in _payments(order, "refunds") if REFUND_STATUS.get(str(one.get("status"))) == REFUNDED]


def _payments(order: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    payments = purchase_unit(order).get("payments")
    return _objects(payments.get(kind)) if isinstance(payments, dict) else []


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _last_part(resource: Mapping[str, Any], rel: str, before: str) -> str:
    """The id at the end of a link, whatever host it names."""
    for link in _objects(resource.get("links")):
        href = str(link.get("href", ""))
        if link.get("rel") == rel and before in href:
            return href.rpartition("/")[2]
    return ""


def _seconds(text: object) -> int:
    try:
        return seconds(text)
    except ValueError:
        raise BadRequest("A time cannot be read.") from None
