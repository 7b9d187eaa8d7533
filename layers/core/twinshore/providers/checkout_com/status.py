"""Checkout.com's words in ours, as tables. A word that is not here is news, not a failure: it is PENDING."""

from __future__ import annotations

import re
from calendar import timegm
from typing import Any, Mapping, Sequence

from twinshore.errors import BadRequest, Problem, Unavailable
from twinshore.money import Money
from twinshore.payments.port import (
    CAPTURED,
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
from twinshore.providers.checkout_com.amounts import from_checkout

MARK = "."
"""Between the payment's reference and the refund's in a refund's reference: neither has a point."""

# A page may be paid at until it runs out, so a payment that ended is a try that failed: the page is not closed by it.
PAYMENT_STATUS = {
    "Pending": PENDING,
    "Authorized": PENDING,  # captured by itself, mada at once
    "Card Verified": PENDING,
    "Retry Scheduled": PENDING,
    "Captured": CAPTURED,
    "Partially Captured": CAPTURED,
    "Partially Refunded": PART_REFUNDED,
    "Refunded": REFUNDED,
    "Declined": FAILED,
    "Canceled": FAILED,
    "Expired": FAILED,
    "Voided": FAILED,
}

PAYMENT_EVENT = {
    "payment_pending": PENDING,
    "payment_approved": PENDING,
    "payment_capture_pending": PENDING,
    "payment_captured": CAPTURED,
    "payment_declined": FAILED,
    "payment_authentication_failed": FAILED,
    "payment_capture_declined": FAILED,
    "payment_canceled": FAILED,
    "payment_expired": FAILED,
    "payment_voided": FAILED,
}

REFUND_EVENT = {
    "payment_refunded": REFUNDED,
    "payment_refund_pending": PENDING,
    "payment_refund_declined": FAILED,
}

DISPUTE_EVENT = {
    "dispute_received": DISPUTED,
    "dispute_evidence_required": DISPUTED,
    "dispute_evidence_submitted": DISPUTED,
    "dispute_arbitration_sent_to_scheme": DISPUTED,
    "dispute_won": DISPUTE_WON,
    "dispute_canceled": DISPUTE_WON,
    "dispute_resolved": DISPUTE_WON,
    "dispute_arbitration_won": DISPUTE_WON,
    "dispute_lost": DISPUTE_LOST,
    "dispute_accepted": DISPUTE_LOST,
    "dispute_expired": DISPUTE_LOST,
    "dispute_arbitration_lost": DISPUTE_LOST,
}

REFUSAL = {
    "amount_invalid": "amount",
    "amount_required": "amount",
    "amount_exceeds_balance": "already_refunded",
    "refund_amount_exceeds_balance": "already_refunded",
    "currency_invalid": "currency",
    "currency_required": "currency",
    "card_disabled": "declined",
    "insufficient_funds": "not_enough_funds",
    "processing_channel_id_required": "configuration",
    "processing_channel_id_invalid": "configuration",
    "no_processor_configured_for_card_scheme": "configuration",
    "payment_method_not_supported": "method",
}
"""An entry of `error_codes` -> the `reason` of ProviderRefused; the rest is "malformed" with 422."""

REFUSAL_BY_STATUS = {401: "configuration", 403: "wrong_state", 404: "not_found", 422: "malformed"}
"""403 on an action: the payment is not in a state that allows it."""

_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|([+-])(\d\d):(\d\d))")


def refusal(status: int, answer: Mapping[str, Any]) -> Problem:
    """The error to raise for a reply from 400 to 499."""
    if status == 409:
        return OutcomeUnknown("The same request is being carried out.")
    if status == 429:  # too many, or the same key at once: this one was not carried out
        return Unavailable("The payment provider asks to go slower.")
    codes = answer.get("error_codes")
    named = [REFUSAL[code] for code in codes if code in REFUSAL] if isinstance(codes, list) else []
    return ProviderRefused(reason=named[0] if named else REFUSAL_BY_STATUS.get(status, "refused"))


def state_of(payment: Mapping[str, Any]) -> str:
    return PAYMENT_STATUS.get(str(payment.get("status")), PENDING)


def best_of(payments: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Of the tries at one page: the one that took the money, else one that is on its way, else the newest (first)."""
    for wanted in ((CAPTURED, PART_REFUNDED, REFUNDED), (PENDING,), (FAILED,)):
        for payment in payments:
            if state_of(payment) in wanted:
                return payment
    return None


def fetched_notice(reference: str, payment: Mapping[str, Any]) -> Notice:
    """From a fetched payment."""
    state, balances = state_of(payment), payment.get("balances")
    balances = balances if isinstance(balances, dict) else {}
    refunded = balances.get("total_refunded") or 0
    amount, captured = None, None
    if state in (CAPTURED, PART_REFUNDED, REFUNDED):
        amount = taken = _money(balances.get("total_captured", payment.get("amount")), payment.get("currency"))
    if state in (PART_REFUNDED, REFUNDED):
        whole = payment.get("amount") if state == REFUNDED else None
        amount, captured = _money(refunded or whole, payment.get("currency")), taken
    paid_at = _seconds(payment.get("processed_on")) or _seconds(payment.get("requested_on"))
    payment_id = str(payment.get("id", ""))
    return Notice(
        id=f"query:{payment_id}:{state}:{refunded}",
        reference=reference,
        provider_id=payment_id if state in (CAPTURED, PART_REFUNDED, REFUNDED) else "",
        state=state,
        amount=amount,
        occurred_at=0 if captured else paid_at,
        captured=captured,
        captured_at=paid_at if captured else 0,
    )


def action_state(action: Mapping[str, Any]) -> str:
    """Of one refund, by its entry among the payment's actions."""
    return {True: REFUNDED, False: FAILED}.get(action.get("approved"), PENDING)  # type: ignore[arg-type]


def event_notice(event: Mapping[str, Any]) -> Notice | None:
    """From a verified event; None for news that does not concern payments. Raises BadRequest."""
    kind, data = str(event.get("type")), event.get("data")
    if not isinstance(data, dict) or not isinstance(event.get("id"), str):
        raise BadRequest("The event names no object.")
    if kind in PAYMENT_EVENT:
        return _payment_notice(event, data, PAYMENT_EVENT[kind])
    if kind in REFUND_EVENT:
        return _refund_notice(event, data, REFUND_EVENT[kind])
    if kind in DISPUTE_EVENT:
        reference, payment_id = str(data.get("payment_reference") or ""), str(data.get("payment_id") or "")
        return Notice(event["id"], reference, payment_id, DISPUTE_EVENT[kind], None, _told_at(event, data))
    return None


def _payment_notice(event: Mapping[str, Any], data: Mapping[str, Any], state: str) -> Notice:
    """Only the payment that took the money names itself: a declined one before it must not be what is refunded."""
    taken = state == CAPTURED
    return Notice(
        id=event["id"],
        reference=_names(data)[0],
        provider_id=str(data.get("id") or "") if taken else "",
        state=state,
        amount=_money(data.get("amount"), data.get("currency")) if taken else None,
        occurred_at=_told_at(event, data),
    )


def _refund_notice(event: Mapping[str, Any], data: Mapping[str, Any], refund_state: str) -> Notice:
    """One refund, and in `balances` the sum of all."""
    reference, refund_reference = _names(data)
    balances, state, total = data.get("balances"), CAPTURED, None
    if refund_state == REFUNDED:
        state = PART_REFUNDED
        if isinstance(balances, dict):
            total = _money(balances.get("total_refunded"), data.get("currency"))
            whole = _money(balances.get("total_captured"), data.get("currency"))
            state = REFUNDED if total == whole else PART_REFUNDED
        elif not refund_reference:
            refund_reference = str(data.get("action_id") or event["id"])  # nobody here asked for it: it is flagged
    return Notice(
        id=event["id"],
        reference=reference,
        provider_id=str(data.get("id") or ""),
        state=state,
        amount=total,
        occurred_at=_told_at(event, data),
        refund_reference=refund_reference,
        refund_state=refund_state if refund_reference else "",
    )


def _names(data: Mapping[str, Any]) -> tuple[str, str]:
    """Our reference, and that of the refund: the refund's own name has both, the payment's metadata the first."""
    reference, _, refund_reference = str(data.get("reference") or "").partition(MARK)
    metadata = data.get("metadata")
    kept = metadata.get("reference") if isinstance(metadata, dict) else None
    return (kept if isinstance(kept, str) and kept else reference), refund_reference


def _money(amount: object, currency: object) -> Money:
    if type(amount) is not int or not isinstance(currency, str):
        raise BadRequest("The amount cannot be read.")
    try:
        return from_checkout(amount, currency)
    except Problem:
        raise BadRequest("The amount cannot be read.") from None


def _told_at(event: Mapping[str, Any], data: Mapping[str, Any]) -> int:
    times = (data.get("processed_on"), event.get("created_on"), event.get("timestamp"))
    return next((seconds for seconds in map(_seconds, times) if seconds), 0)


def _seconds(text: object) -> int:
    """RFC 3339 with up to seven decimals, which `datetime` of Python 3.10 does not read; 0 for anything else."""
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return 0
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    offset = (int(found.group(8)) * 60 + int(found.group(9))) * 60 if found.group(7) else 0
    return timegm((year, month, day, hour, minute, second)) - (-offset if found.group(7) == "-" else offset)
