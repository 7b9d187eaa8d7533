"""Airwallex' words in ours, as tables. A word that is not here is news, not a failure: it is PENDING."""

from __future__ import annotations

import re
import time
from calendar import timegm
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
from twinshore.providers.airwallex.amounts import from_airwallex

INTENT_STATUS = {
    "REQUIRES_PAYMENT_METHOD": CREATED,  # FAILED when a try has failed; the payer may try again
    "REQUIRES_CUSTOMER_ACTION": PENDING,
    "PENDING": PENDING,
    "PENDING_REVIEW": PENDING,
    "REQUIRES_CAPTURE": AUTHORISED,
    "SUCCEEDED": CAPTURED,
    "CANCELLED": CLOSED,
    "EXPIRED": CLOSED,
}

REFUND_STATUS = {
    "RECEIVED": PENDING,
    "ACCEPTED": PENDING,
    "SETTLED": REFUNDED,
    "FAILED": FAILED,
    "PROCESSING": PENDING,  # these two until the API versions of 2023
    "SUCCEEDED": REFUNDED,
}

DISPUTE_EVENT = {
    "payment_dispute.requires_response": DISPUTED,
    "payment_dispute.challenged": DISPUTED,
    "payment_dispute.pending_closure": DISPUTED,
    "payment_dispute.pending_decision": DISPUTED,
    "payment_dispute.won": DISPUTE_WON,
    "payment_dispute.reversed": DISPUTE_WON,
    "payment_dispute.lost": DISPUTE_LOST,
    "payment_dispute.accepted": DISPUTE_LOST,
    "payment_dispute.expired": DISPUTE_LOST,
}

REFUSAL = {
    "duplicate_request": "reference_used",
    "resource_already_exists": "reference_used",
    "resource_not_found": "not_found",
    "not_found": "not_found",
    "unauthorized": "configuration",
    "credentials_invalid": "configuration",
    "configuration_error": "configuration",
    "amount_above_limit": "amount",
    "amount_below_limit": "amount",
    "currency_not_supported": "currency",
    "invalid_status_for_operation": "wrong_state",
    "validation_error": "malformed",
    "bad_request": "malformed",
    "issuer_declined": "declined",
    "provider_declined": "declined",
    "risk_declined": "declined",
    "insufficient_funds": "not_enough_funds",
    "insufficient_balance": "not_enough_funds",
}
"""`code` of the reply -> the `reason` of ProviderRefused."""

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|([+-])(\d\d):?(\d\d))", re.ASCII)


def refusal(status: int, answer: Mapping[str, Any]) -> Problem:
    """The error to raise for a reply from 400 to 499."""
    code = str(answer.get("code"))
    if code in ("internal_error", "service_unavailable") or status == 409:
        return OutcomeUnknown("The request may be carried out still.")
    if status == 429 or code == "too_many_requests":
        return Unavailable("The payment provider asks to go slower.")
    return ProviderRefused(reason=REFUSAL.get(code) or ("configuration" if status in (401, 403) else "refused"))


def fetched_notice(intent: Mapping[str, Any]) -> Notice:
    """From a fetched PaymentIntent. Raises OutcomeUnknown where it cannot be read."""
    made = Notice("", _text(intent, "merchant_order_id"), _text(intent, "id"), PENDING, None, 0)
    try:
        found = _stated(made, intent)
    except BadRequest:
        raise OutcomeUnknown("The payment provider's answer cannot be read.") from None
    refunded_minor = found.amount.amount_minor if found.captured and found.amount else 0
    name = f"query:{found.provider_id}:{found.state}:{refunded_minor}"
    return found._replace(id=name, occurred_at=0 if found.captured else _paid_at(intent))


def event_notice(event: Mapping[str, Any]) -> Notice | None:
    """From a verified event; None for news that does not move a payment. Raises BadRequest."""
    name, event_id, data = event.get("name"), event.get("id"), event.get("data")
    subject = data.get("object", data) if isinstance(data, dict) else None
    if not isinstance(subject, dict) or not isinstance(event_id, str) or not isinstance(name, str):
        raise BadRequest("The event names no object.")
    made = Notice(event_id, "", "", PENDING, None, seconds(event.get("created_at")))
    if name.startswith("payment_intent."):
        reference, provider_id = _text(subject, "merchant_order_id"), _text(subject, "id")
        return _stated(made._replace(reference=reference, provider_id=provider_id), subject)
    if name.startswith("refund."):
        return _refund_notice(made, subject)
    if name.startswith("payment_dispute."):
        reference, provider_id = _text(subject, "merchant_order_id"), _text(subject, "payment_intent_id")
        state = DISPUTE_EVENT.get(name, PENDING)
        return made._replace(reference=reference, provider_id=provider_id, state=state)
    return None


def seconds(text: object) -> int:
    """2026-03-01T04:00:00+0000, also with Z, a colon or a fraction, in seconds since the epoch; 0 for anything else."""
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return 0
    local, sign, hours, minutes = found.groups()
    try:
        there = timegm(time.strptime(local, "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return 0
    offset = (int(hours) * 60 + int(minutes)) * 60 if sign else 0
    return there + offset if sign == "-" else there - offset


def _refund_notice(made: Notice, refund: Mapping[str, Any]) -> Notice:
    """One refund. Somebody's in the dashboard has no reference of ours: then its intent leads, and a person looks."""
    metadata = refund.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    refund_state = REFUND_STATUS.get(str(refund.get("status")), PENDING)
    return made._replace(
        reference=_text(metadata, "reference"),
        provider_id=_text(refund, "payment_intent_id"),
        state=PART_REFUNDED if refund_state == REFUNDED else CAPTURED,
        refund_reference=_text(metadata, "refund_reference") or f"airwallex-{_text(refund, 'id')}",
        refund_state=refund_state,
    )


def _stated(made: Notice, intent: Mapping[str, Any]) -> Notice:
    """With the state, the amount that belongs to it, and beside a refund what was captured. Raises BadRequest."""
    state = INTENT_STATUS.get(str(intent.get("status")), PENDING)
    attempt = _attempt(intent)
    if state == CREATED and attempt.get("status") in ("FAILED", "EXPIRED", "CANCELLED"):
        state = FAILED
    if state == AUTHORISED:
        return made._replace(state=state, amount=_money(intent.get("amount"), intent))
    if state != CAPTURED or intent.get("captured_amount") is None:  # without it the payments room fetches
        return made._replace(state=state)
    captured = _money(intent["captured_amount"], intent)
    refunded = _money(attempt.get("refunded_amount", 0), intent)
    if not refunded.amount_minor:
        return made._replace(state=CAPTURED, amount=captured)
    state = REFUNDED if refunded >= captured else PART_REFUNDED
    return made._replace(state=state, amount=refunded, captured=captured, captured_at=_paid_at(intent))


def _paid_at(intent: Mapping[str, Any]) -> int:
    return seconds(_attempt(intent).get("created_at"))


def _attempt(intent: Mapping[str, Any]) -> Mapping[str, Any]:
    attempt = intent.get("latest_payment_attempt")
    return attempt if isinstance(attempt, dict) else {}


def _text(holder: Mapping[str, Any], name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def _money(value: object, intent: Mapping[str, Any]) -> Money:
    try:
        return from_airwallex(value, intent.get("currency"))
    except Problem:
        raise BadRequest("The amount cannot be read.") from None
