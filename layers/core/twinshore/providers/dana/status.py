"""DANA's words in ours, as tables. A word that is not here is news, not a failure: it is PENDING."""

from __future__ import annotations

from typing import Any, Mapping

from twinshore.errors import BadRequest, Problem, Unavailable
from twinshore.payments.port import (
    CAPTURED,
    CLOSED,
    CREATED,
    PENDING,
    REFUNDED,
    Notice,
    OutcomeUnknown,
    ProviderRefused,
)
from twinshore.providers.dana.amounts import from_dana
from twinshore.providers.dana.times import seconds

TRANSACTION_STATUS = {
    "00": CAPTURED,
    "01": CREATED,
    "02": PENDING,  # the payer has paid, DANA is not done
    "05": CLOSED,
    "07": CREATED,  # DANA has never heard of it
}

REFUSAL = {
    "40000": "malformed",
    "40001": "malformed",
    "40002": "malformed",
    "40100": "configuration",
    "40101": "configuration",
    "40300": "closed",
    "40302": "amount",
    "40305": "payer_account",
    "40314": "not_enough_funds",
    "40315": "not_allowed",
    "40400": "wrong_state",
    "40401": "not_found",
    "40408": "configuration",
    "40418": "reference_used",
    "40900": "malformed",
    "40901": "reference_used",
}
"""HTTP status and case of a response code (its service code is left out) -> the `reason` of ProviderRefused."""


def code_of(answer: Mapping[str, Any]) -> tuple[str, str]:
    """A response code has seven digits: HTTP status, service, case. The status, and status with case.
    Raises OutcomeUnknown: without a code nothing is said."""
    code = answer.get("responseCode")
    if not isinstance(code, str) or len(code) != 7 or not (code.isascii() and code.isdigit()):
        raise OutcomeUnknown("The payment provider's answer has no code.")
    return code[:3], code[:3] + code[5:]


def refusal(status: str, case: str) -> Problem:
    """The error to raise for a code that is not 2xx."""
    if status == "429":
        return Unavailable("The payment provider asks to go slower.")
    if not status.startswith("4"):
        return OutcomeUnknown("The payment provider does not know.")
    fallback = {"401": "configuration", "403": "not_allowed", "404": "not_found"}.get(status, "refused")
    return ProviderRefused(reason=REFUSAL.get(case, fallback))


def notified(told: Mapping[str, Any]) -> Notice:
    """From a verified notice. Ours is the partner's number: DANA's table of fields has the two the wrong way round, its
    samples have not. Raises BadRequest."""
    word, theirs = told.get("latestTransactionStatus"), told.get("originalReferenceNo")
    reference = told.get("originalPartnerReferenceNo")
    if not isinstance(word, str) or not isinstance(reference, str) or not reference:
        raise BadRequest("The notice names no payment.")
    state = TRANSACTION_STATUS.get(word, PENDING)
    extra = told.get("additionalInfo")
    paid_at = extra.get("paidTime") if isinstance(extra, dict) else None
    return Notice(
        id=f"{theirs}:{word}",
        reference=reference,
        provider_id=str(theirs or ""),
        state=state,
        amount=from_dana(told.get("amount")) if state == CAPTURED else None,
        occurred_at=seconds(paid_at) or seconds(told.get("finishedTime")) or 0,
    )


def queried(reference: str, found: Mapping[str, Any]) -> Notice:
    """From an answer to a query. Raises BadRequest."""
    word = str(found.get("latestTransactionStatus"))
    state, paid_at = TRANSACTION_STATUS.get(word, PENDING), seconds(found.get("paidTime"))
    if state == CLOSED and paid_at:
        state = REFUNDED  # paid, and then cancelled: the payer has the money back
    ours = str(found.get("originalPartnerReferenceNo") or reference)
    amount = from_dana(found.get("amount")) if state in (CAPTURED, REFUNDED) else None
    return Notice(
        id=f"query:{ours}:{state}",
        reference=ours,
        provider_id=str(found.get("originalReferenceNo") or ""),
        state=state,
        amount=amount,
        occurred_at=0 if state == REFUNDED else paid_at or 0,
        captured=amount if state == REFUNDED else None,
        captured_at=(paid_at or 0) if state == REFUNDED else 0,
    )
