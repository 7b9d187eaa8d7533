"""Mercado Pago's words in ours, as tables. A word that is not here is news, not a failure: it is PENDING."""

from __future__ import annotations

import re
from datetime import datetime
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
from twinshore.providers.mercado_pago.amounts import from_mercado_pago

ORDER_STATUS = {
    "created": CREATED,
    "processing": PENDING,
    "in_review": PENDING,
    "action_required": PENDING,
    "failed": FAILED,
    "canceled": CLOSED,
    "expired": CLOSED,
    "refunded": REFUNDED,
    "charged_back": DISPUTED,
}
"""Of an order, where its status_detail says no more."""

ORDER_DETAIL = {
    ("processed", "accredited"): CAPTURED,
    ("processed", "partially_refunded"): PART_REFUNDED,
    ("processed", "refunded"): REFUNDED,
    ("action_required", "waiting_capture"): AUTHORISED,
    ("charged_back", "settled"): DISPUTE_LOST,
    ("charged_back", "reimbursed"): DISPUTE_WON,
}

REFUND_STATUS = {"processed": REFUNDED, "processing": PENDING, "failed": FAILED, "canceled": FAILED}

REFUSAL = {
    "order_not_found": "not_found",
    "resource_not_found": "not_found",
    "transaction_not_found": "not_found",
    "idempotency_key_already_used": "reference_used",
    "cannot_cancel_order": "wrong_state",
    "cannot_refund_order": "wrong_state",
    "order_already_canceled": "closed",
    "order_already_refunded": "already_refunded",
    "refund_amount_exceeds": "amount",
    "invalid_total_amount": "amount",
    "unsupported_partially_refunds": "not_allowed",
    "insufficient_funds": "not_enough_funds",
    "unauthorized": "configuration",
    "user_not_authorized": "configuration",
    "invalid_credentials": "configuration",
    "required_properties": "malformed",
    "unsupported_properties": "malformed",
    "property_value": "malformed",
    "property_type": "malformed",
    "empty_required_header": "malformed",
}
"""`errors[].code` (or `error`) of the reply -> the `reason` of ProviderRefused; what is not here is "refused"."""

_BY_STATUS = {401: "configuration", 403: "configuration", 404: "not_found"}
_FRACTION = re.compile(r"\.\d+", re.ASCII)


def refusal(status: int, answer: Mapping[str, Any]) -> Problem:
    """The error to raise for a reply from 400 to 499."""
    if status == 429:
        return Unavailable("The payment provider asks to go slower.")
    codes = [str(one.get("code")) for one in _objects(answer.get("errors"))] + [str(answer.get("error"))]
    reason = next((REFUSAL[code] for code in codes if code in REFUSAL), None)
    if status in (409, 423) and reason is None:
        return OutcomeUnknown("The same request is being carried out.")
    return ProviderRefused(reason=reason or _BY_STATUS.get(status, "refused"))


def order_notice(order: Mapping[str, Any], account: str) -> Notice:
    """From a fetched order of the account in this currency. Raises BadRequest."""
    status, detail = str(order.get("status")), str(order.get("status_detail"))
    state = ORDER_DETAIL.get((status, detail)) or ORDER_STATUS.get(status, PENDING)
    currency = str(order.get("currency") or account)
    paid, returned = _sum(order, "payments", currency), _sum(order, "refunds", currency)
    if state == CAPTURED and returned.amount_minor:
        state = PART_REFUNDED if returned < paid else REFUNDED
    amount = {CAPTURED: paid, REFUNDED: paid, PART_REFUNDED: returned}.get(state)
    if amount is not None and not amount.amount_minor:
        amount = None  # it does not say: a state without its money is not believed
    # When it was paid the order does not say once something newer has happened to it.
    gone_back = state in (PART_REFUNDED, REFUNDED, DISPUTED, DISPUTE_WON, DISPUTE_LOST)
    return Notice(
        id=f"query:{order.get('id')}:{state}:{returned.amount_minor}",
        reference=str(order.get("external_reference") or ""),
        provider_id=f"{account}:{order.get('id')}",
        state=state,
        amount=amount,
        occurred_at=_seconds(order.get("last_updated_date")),
        captured=paid if gone_back and paid.amount_minor else None,
    )


def paid_transaction(order: Mapping[str, Any]) -> str:
    """The id of the payment that brought the money; "" if none did."""
    paid = [one for one in _transactions(order, "payments") if one.get("status") in _SETTLED]
    return str(paid[0].get("id") or "") if paid else ""


def refunds_of(order: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The newest stands last."""
    return _transactions(order, "refunds")


def refund_state(refunds: list[dict[str, Any]]) -> str:
    """Of the last of them."""
    return REFUND_STATUS.get(str(refunds[-1].get("status")), PENDING) if refunds else PENDING


_SETTLED = ("processed", "refunded", "partially_refunded", "charged_back")


def _sum(order: Mapping[str, Any], kind: str, currency: str) -> Money:
    """What the payments brought, or what the refunds took back; two payments of one order are both the payer's."""
    total = Money(0, currency)
    for one in _transactions(order, kind):
        if one.get("status") in _SETTLED:
            total += from_mercado_pago(one.get("amount"), currency)
    return total


def _transactions(order: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    transactions = order.get("transactions")
    return _objects(transactions.get(kind)) if isinstance(transactions, dict) else []


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _seconds(text: object) -> int:
    """RFC 3339 with any number of decimals; 0 where nothing is said. Raises BadRequest."""
    if not text:
        return 0
    spelled = _FRACTION.sub("", str(text))  # Python 3.10 reads neither "Z" nor seven decimals
    try:
        moment = datetime.fromisoformat(spelled[:-1] + "+00:00" if spelled.endswith("Z") else spelled)
    except ValueError:
        raise BadRequest("A time cannot be read.") from None
    if moment.tzinfo is None:
        raise BadRequest("A time has no offset.")
    return int(moment.timestamp())
