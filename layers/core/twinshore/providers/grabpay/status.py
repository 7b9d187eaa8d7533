"""GrabPay's words in ours, as tables. A word that is not here is news, not a failure: it is PENDING."""

from __future__ import annotations

from typing import Mapping

from twinshore.errors import Problem, Unavailable
from twinshore.payments.port import AUTHORISED, CAPTURED, FAILED, PENDING, REFUNDED, ProviderRefused

TX_STATUS = {
    "processing": PENDING,
    "authorised": AUTHORISED,
    "authorized": AUTHORISED,
    "success": CAPTURED,
    "failed": FAILED,
}

REFUND_STATUS = {"success": REFUNDED, "processing": PENDING, "failed": FAILED}

REFUSAL = {
    "client_error": "malformed",
    "invalid_request": "malformed",
    "invalid_merchant": "configuration",
    "invalid_client": "configuration",
    "unauthorized": "configuration",
    "transaction_already_exists": "reference_used",
    "no_record_found": "not_found",
    "payment_not_found": "not_found",
    "transaction_not_found": "not_found",
    "invalid_grant": "authorisation_lost",
    "insufficient_balance": "not_enough_funds",
    "exceed_payment_amount": "amount",
}
"""`reason`, or in OAuth answers `error`, of the reply -> the `reason` of ProviderRefused."""


def refusal(status: int, answer: Mapping[str, object]) -> Problem:
    """The error to raise for a reply from 400 to 499."""
    if status == 429:
        return Unavailable("The payment provider asks to go slower.")
    word = str(answer.get("reason") or answer.get("error") or "")
    fallback = {401: "configuration", 403: "not_allowed", 404: "not_found"}.get(status, "refused")
    return ProviderRefused(reason=REFUSAL.get(word, fallback))
