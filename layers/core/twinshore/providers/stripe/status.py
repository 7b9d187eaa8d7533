"""Stripe's words in ours, as tables. A word that is not here is news, not a failure: it is PENDING."""

from __future__ import annotations

from typing import Any, Mapping

from twinshore.errors import BadRequest, Problem, Unavailable
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
    OutcomeUnknown,
    ProviderRefused,
)
from twinshore.providers.stripe.amounts import from_stripe

INTENT_STATUS = {
    "requires_payment_method": CREATED,  # FAILED when a try was declined; the payer may try another card
    "requires_confirmation": CREATED,
    "requires_action": PENDING,
    "processing": PENDING,
    "requires_capture": PENDING,
    "succeeded": CAPTURED,
    "canceled": CLOSED,
}

INTENT_EVENT = {
    "payment_intent.created": CREATED,
    "payment_intent.processing": PENDING,
    "payment_intent.succeeded": CAPTURED,
    "payment_intent.payment_failed": FAILED,
    "payment_intent.canceled": CLOSED,
}

REFUND_STATUS = {
    "succeeded": REFUNDED,
    "pending": PENDING,
    "requires_action": PENDING,
    "failed": FAILED,
    "canceled": FAILED,
}

REFUND_EVENTS = frozenset({"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"})

DISPUTE_EVENTS = frozenset({"charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed"})

DISPUTE_STATUS = {
    "warning_needs_response": DISPUTED,  # an inquiry: the money stays until it becomes a chargeback
    "warning_under_review": DISPUTED,
    "warning_closed": DISPUTE_WON,
    "needs_response": DISPUTED,
    "under_review": DISPUTED,
    "won": DISPUTE_WON,
    "lost": DISPUTE_LOST,
}
"""Of a dispute; any other word leaves it DISPUTED, for that it is one is known."""

REFUSAL = {
    "amount_too_small": "amount",
    "amount_too_large": "amount",
    "payment_intent_unexpected_state": "wrong_state",
    "charge_already_refunded": "already_refunded",
    "charge_disputed": "disputed",
    "resource_missing": "not_found",
    "insufficient_funds": "not_enough_funds",
    "balance_insufficient": "not_enough_funds",
    "parameter_missing": "malformed",
    "parameter_invalid_integer": "malformed",
    "parameter_unknown": "malformed",
}
"""`error.code` of the reply -> the `reason` of ProviderRefused."""

REFUSAL_BY_TYPE = {
    "card_error": "declined",
    "idempotency_error": "reference_used",
    "authentication_error": "configuration",
}
"""By `error.type`, where the code says nothing. 401 and 403 are "configuration", everything else "refused"."""


def refusal(status: int, error: Mapping[str, Any]) -> Problem:
    """The error to raise for a reply from 400 to 499."""
    if status == 409:
        return OutcomeUnknown("The same request is being carried out.")
    if status == 429:
        return Unavailable("The payment provider asks to go slower.")
    reason = REFUSAL_BY_TYPE.get(str(error.get("type"))) or REFUSAL.get(str(error.get("code")))
    return ProviderRefused(reason=reason or ("configuration" if status in (401, 403) else "refused"))


def fetched_notice(intent: Mapping[str, Any]) -> Notice:
    """From a fetched PaymentIntent with `latest_charge` expanded."""
    charge = intent.get("latest_charge")
    charge = charge if isinstance(charge, dict) else {}
    state = INTENT_STATUS.get(str(intent.get("status")), PENDING)
    if state == CREATED and intent.get("last_payment_error"):
        state = FAILED
    refunded = charge.get("amount_refunded") or 0
    amount, captured, paid_at = None, None, _seconds(charge.get("created"))
    if state == CAPTURED:
        amount = taken = _money(intent.get("amount_received"), intent.get("currency"))
        if refunded:
            state = REFUNDED if charge.get("refunded") else PART_REFUNDED
            amount, captured = _money(refunded, intent.get("currency")), taken
    return Notice(
        id=f"query:{intent.get('id')}:{state}:{refunded}",
        reference=_metadata(intent, "reference"),
        provider_id=str(intent.get("id", "")),
        state=state,
        amount=amount,
        occurred_at=0 if captured else paid_at,
        captured=captured,
        captured_at=paid_at if captured else 0,
    )


def event_notice(event: Mapping[str, Any]) -> Notice | None:
    """From a verified event; None for news that does not concern payments. Raises BadRequest."""
    kind = event.get("type")
    data = event.get("data")
    subject = data.get("object") if isinstance(data, dict) else None
    if not isinstance(subject, dict) or not isinstance(event.get("id"), str):
        raise BadRequest("The event names no object.")
    if kind in INTENT_EVENT:
        return _intent_notice(event, subject)
    if kind == "charge.refunded":
        return _charge_notice(event, subject)
    if kind in REFUND_EVENTS:
        return _refund_notice(event, subject)
    if kind in DISPUTE_EVENTS:
        return _dispute_notice(event, subject)
    return None


def _intent_notice(event: Mapping[str, Any], intent: Mapping[str, Any]) -> Notice:
    state = INTENT_EVENT[event["type"]]
    amount = _money(intent.get("amount_received"), intent.get("currency")) if state == CAPTURED else None
    return Notice(
        id=event["id"],
        reference=_metadata(intent, "reference"),
        provider_id=str(intent.get("id", "")),
        state=state,
        amount=amount,
        occurred_at=_seconds(event.get("created")),
    )


def _charge_notice(event: Mapping[str, Any], charge: Mapping[str, Any]) -> Notice:
    """The charge carries the sum of all its refunds, and what it took: at once, for none waits for our capture."""
    taken = charge.get("amount_captured") is not None
    return Notice(
        id=event["id"],
        reference=_metadata(charge, "reference"),
        provider_id=str(charge.get("payment_intent") or ""),
        state=REFUNDED if charge.get("refunded") is True else PART_REFUNDED,
        amount=_money(charge.get("amount_refunded"), charge.get("currency")),
        occurred_at=_seconds(event.get("created")),
        captured=_money(charge["amount_captured"], charge.get("currency")) if taken else None,
        captured_at=_seconds(charge.get("created")) if taken else 0,
    )


def _refund_notice(event: Mapping[str, Any], refund: Mapping[str, Any]) -> Notice:
    """One refund; the sum comes with charge.refunded."""
    refund_state = REFUND_STATUS.get(str(refund.get("status")), PENDING)
    return Notice(
        id=event["id"],
        reference=_metadata(refund, "reference"),
        provider_id=str(refund.get("payment_intent") or ""),
        state=PART_REFUNDED if refund_state == REFUNDED else CAPTURED,
        amount=None,
        occurred_at=_seconds(event.get("created")),
        refund_reference=_metadata(refund, "refund_reference"),
        refund_state=refund_state,
    )


def _dispute_notice(event: Mapping[str, Any], dispute: Mapping[str, Any]) -> Notice:
    """A dispute has metadata of its own, so only the PaymentIntent says whose it is."""
    return Notice(
        id=event["id"],
        reference="",
        provider_id=str(dispute.get("payment_intent") or ""),
        state=DISPUTE_STATUS.get(str(dispute.get("status")), DISPUTED),
        amount=_money(dispute.get("amount"), dispute.get("currency")),
        occurred_at=_seconds(event.get("created")),
    )


def _metadata(holder: Mapping[str, Any], name: str) -> str:
    metadata = holder.get("metadata")
    return str(metadata.get(name, "")) if isinstance(metadata, dict) else ""


def _money(amount: object, currency: object) -> Money:
    if type(amount) is not int or not isinstance(currency, str):
        raise BadRequest("The amount cannot be read.")
    try:
        return from_stripe(amount, currency)
    except Problem:
        raise BadRequest("The amount cannot be read.") from None


def _seconds(value: object) -> int:
    return value if type(value) is int else 0
