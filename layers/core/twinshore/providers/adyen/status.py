"""Adyen's words in ours, as tables. What is not here does not concern a payment's money, or is PENDING."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Callable, Mapping

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
from twinshore.providers.adyen.amounts import from_adyen

# eventCode -> what it means when `success` is the text "true", and when it is "false". Any other text is PENDING.
PAYMENT_EVENT = {
    "AUTHORISATION": (AUTHORISED, FAILED),  # true is CAPTURED where the merchant account captures by itself
    "CAPTURE": (CAPTURED, PENDING),  # a refused request leaves the authorisation as it was
    "CAPTURE_FAILED": (FAILED, PENDING),
    "CANCELLATION": (CLOSED, PENDING),
    "TECHNICAL_CANCEL": (CLOSED, PENDING),
    "EXPIRE": (CLOSED, PENDING),
    "OFFER_CLOSED": (FAILED, PENDING),  # the payer let this try lapse; the link may still be paid
}

REFUND_EVENT = {
    "REFUND": (REFUNDED, FAILED),
    "CANCEL_OR_REFUND": (REFUNDED, FAILED),  # from the dashboard only: which of the two is not signed
    "REFUND_FAILED": (FAILED, PENDING),  # may follow a REFUND that was true
    "REFUNDED_REVERSED": (FAILED, PENDING),  # the bank sent it back
}

DISPUTE_EVENT = {
    "REQUEST_FOR_INFORMATION": DISPUTED,
    "NOTIFICATION_OF_CHARGEBACK": DISPUTED,
    "CHARGEBACK": DISPUTED,
    "INFORMATION_SUPPLIED": DISPUTED,
    "DISPUTE_DEFENSE_PERIOD_ENDED": DISPUTED,
    "CHARGEBACK_REVERSED": DISPUTE_WON,  # SECOND_CHARGEBACK may follow
    "PREARBITRATION_WON": DISPUTE_WON,
    "ISSUER_RESPONSE_TIMEFRAME_EXPIRED": DISPUTE_WON,
    "SECOND_CHARGEBACK": DISPUTE_LOST,
    "PREARBITRATION_LOST": DISPUTE_LOST,
}

LINK_STATUS = {
    "active": CREATED,
    "expired": CLOSED,
    "paymentPending": PENDING,
    "completed": PENDING,  # somebody paid, or is about to: how much and whether it holds, the webhook says
    "paid": PENDING,
}

LINK_PAID = ("completed", "paid")

REFUSAL = {
    "100": "amount",
    "137": "amount",
    "138": "currency",
    "130": "malformed",
    "702": "malformed",
    "167": "not_found",
    "905": "method",
    "010": "configuration",
    "901": "configuration",
}
"""`errorCode` of the reply -> the `reason` of ProviderRefused."""
IN_PROGRESS = "704"
"""The same idempotency key is being worked on."""

REFUND_MARK = "."
"""A refund is sent under `<payment's reference>.<refund's reference>`; neither holds a full stop."""


def refusal(status: int, answer: Mapping[str, Any]) -> Problem:
    """The error to raise for a reply from 400 to 499."""
    code = str(answer.get("errorCode"))
    if code == IN_PROGRESS or status == 409:
        return OutcomeUnknown("The same request is being carried out.")
    if status == 429:
        return Unavailable("The payment provider asks to go slower.")
    by_status = {401: "configuration", 403: "configuration", 404: "not_found"}
    return ProviderRefused(reason=REFUSAL.get(code) or by_status.get(status, "refused"))


def item_notice(item: Mapping[str, Any], automatic: bool, known_refund: Callable[[str], str]) -> Notice | None:
    """From a verified item; None for news that does not move a payment. Raises BadRequest.

    automatic: the account captures by itself. known_refund: our reference of a refund by Adyen's, "" if unknown.
    """
    event = _text(item, "eventCode")
    if event in PAYMENT_EVENT:
        return _payment_notice(item, event, automatic)
    if event in REFUND_EVENT:
        return _refund_notice(item, event, known_refund)
    if event in DISPUTE_EVENT:
        return _dispute_notice(item, event)
    return None


def _payment_notice(item: Mapping[str, Any], event: str, automatic: bool) -> Notice:
    state = _outcome(PAYMENT_EVENT[event], item)
    if state == AUTHORISED and automatic:
        state = CAPTURED
    paid_by = ""
    if event != "AUTHORISATION":
        paid_by = _text(item, "originalReference")
    elif state in (AUTHORISED, CAPTURED):
        paid_by = _text(item, "pspReference")  # a declined try has one too, which no refund may ever name
    amount = _money(item) if state in (AUTHORISED, CAPTURED) else None
    notice = _notice(item, _text(item, "merchantReference"), paid_by, state)
    return notice._replace(amount=amount, undone=event == "CAPTURE_FAILED" and state == FAILED)


def _refund_notice(item: Mapping[str, Any], event: str, known_refund: Callable[[str], str]) -> Notice:
    """One refund. Its merchantReference is the one we sent with it, or the payment's: accounts differ."""
    made = _text(item, "pspReference")
    reference, _, refund_reference = _text(item, "merchantReference").partition(REFUND_MARK)
    refund_state = _outcome(REFUND_EVENT[event], item)
    state = PART_REFUNDED if refund_state == REFUNDED else CAPTURED
    notice = _notice(item, reference, _text(item, "originalReference"), state)
    # Somebody's refund in the dashboard has a reference of Adyen's only: not ours, and so a person looks.
    refund_reference = refund_reference or known_refund(made) or f"adyen-{made}"
    return notice._replace(refund_reference=refund_reference, refund_state=refund_state)


def _dispute_notice(item: Mapping[str, Any], event: str) -> Notice:
    reference = _text(item, "merchantReference").partition(REFUND_MARK)[0]
    state = _outcome((DISPUTE_EVENT[event], PENDING), item)
    return _notice(item, reference, _text(item, "originalReference"), state)


def _notice(item: Mapping[str, Any], reference: str, provider_id: str, state: str) -> Notice:
    # A duplicate has the same event, reference and success.
    name = ".".join((_text(item, "eventCode"), _text(item, "pspReference"), _text(item, "success")))
    return Notice(name, reference, provider_id, state, None, _told_at(item))


def _told_at(item: Mapping[str, Any]) -> int:
    """`eventDate`, which is not signed: docs/decisions/0142. 0 where it cannot be read."""
    # Python 3.10 reads neither "Z" nor a fraction of any length.
    spelled = re.sub(r"\.\d+", "", str(item.get("eventDate") or ""))
    try:
        moment = datetime.fromisoformat(spelled[:-1] + "+00:00" if spelled.endswith("Z") else spelled)
    except ValueError:
        return 0
    return int(moment.timestamp()) if moment.tzinfo is not None else 0


def _outcome(meanings: tuple[str, str], item: Mapping[str, Any]) -> str:
    when_true, when_false = meanings
    return {"true": when_true, "false": when_false}.get(_text(item, "success"), PENDING)


def _text(item: Mapping[str, Any], name: str) -> str:
    """A colon would let the fields of another payment be cut into this one's: nothing is escaped in what is signed."""
    value = item.get(name, "")
    if value is None:
        return ""
    if not isinstance(value, str) or ":" in value:
        raise BadRequest("A field of the notification cannot be read.")
    return value


def _money(item: Mapping[str, Any]) -> Money:
    amount = item.get("amount")
    value, currency = (amount.get("value"), amount.get("currency")) if isinstance(amount, dict) else (None, None)
    if type(value) is not int or not isinstance(currency, str):
        raise BadRequest("The amount cannot be read.")
    try:
        return from_adyen(value, currency)
    except Problem:
        raise BadRequest("The amount cannot be read.") from None
