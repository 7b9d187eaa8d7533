"""WeChat Pay's words in ours, as tables. A word that is not here is news, not a failure: it is PENDING."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Mapping

from twinshore.errors import BadRequest, Problem, Unavailable
from twinshore.money import Money
from twinshore.payments.port import (
    CAPTURED,
    CLOSED,
    CREATED,
    FAILED,
    PART_REFUNDED,
    PENDING,
    REFUNDED,
    Notice,
    OutcomeUnknown,
    ProviderRefused,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

TRADE_STATE = {
    "NOTPAY": CREATED,
    "USERPAYING": PENDING,
    "ACCEPT": PENDING,
    "SUCCESS": CAPTURED,
    "REFUND": PART_REFUNDED,  # some refund exists; how much it does not say
    "CLOSED": CLOSED,
    "REVOKED": CLOSED,
    "PAYERROR": FAILED,
}

REFUND_STATE = {
    "SUCCESS": REFUNDED,
    "PROCESSING": PENDING,
    # The money came back from the payer's bank and waits for a person at our side. A second refund would pay twice,
    # so it is not FAILED; REFUND.SUCCESS follows once it is settled by hand.
    "ABNORMAL": PENDING,
    "CLOSED": FAILED,
}

REFUSAL = {
    "PARAM_ERROR": "malformed",
    "INVALID_REQUEST": "malformed",
    "SIGN_ERROR": "configuration",
    "NO_AUTH": "not_allowed",
    "RULE_LIMIT": "not_allowed",
    "MCH_NOT_EXISTS": "configuration",
    "APPID_MCHID_NOT_MATCH": "configuration",
    "OPENID_MISMATCH": "wrong_payer",
    "ACCOUNT_ERROR": "payer_account",
    "USER_ACCOUNT_ABNORMAL": "payer_account",
    "ORDERPAID": "already_paid",
    "ORDER_PAID": "already_paid",
    "ORDER_CLOSED": "closed",
    "ORDERCLOSED": "closed",
    "OUT_TRADE_NO_USED": "reference_used",
    "ORDER_NOT_EXIST": "not_found",
    "ORDERNOTEXIST": "not_found",
    "RESOURCE_NOT_EXISTS": "not_found",
    "NOT_ENOUGH": "not_enough_funds",
    "NO_STATEMENT_EXIST": "no_bill",
    "STATEMENT_CREATING": "bill_not_ready",
}
"""Error code of the reply -> the `reason` of ProviderRefused."""

FINE_REFUSAL = {
    "268498688": "reference_used",
    "268449538": "already_paid",
    "268498689": "already_paid",
    "268447914": "closed",
    "268512771": "not_found",
    "268443699": "configuration",
    "268445527": "configuration",
    "268448010": "not_allowed",
    "268501013": "wrong_payer",
}
"""The digits behind the last hyphen of the reply's Request-ID say more than the code: they win."""

TOO_FAST = frozenset({"FREQUENCY_LIMITED", "FREQUENCY_LIMIT_EXCEED", "RATELIMIT_EXCEEDED"})
"""Not carried out: the same request may go again."""

UNDECIDED = frozenset({"SYSTEM_ERROR", "BANK_ERROR", "BANKERROR"})
"""WeChat itself does not know: ask."""


def refusal(code: object, request_id: str) -> Problem:
    """The error to raise for a reply from 400 to 499."""
    if code in TOO_FAST:
        return Unavailable("The payment provider asks to go slower.")
    if code in UNDECIDED:
        return OutcomeUnknown("The payment provider does not know.")
    fine = FINE_REFUSAL.get(request_id.rpartition("-")[2])
    return ProviderRefused(reason=fine or REFUSAL.get(str(code), "refused"))


def payment_notice(notice_id: str, transaction: Mapping[str, Any]) -> Notice:
    """From a decrypted notice or a queried order. Orders match on `total`: `payer_total` is less with coupons."""
    state = TRADE_STATE.get(transaction.get("trade_state", ""), PENDING)
    paid_at, gone_back = seconds(transaction.get("success_time")), state == PART_REFUNDED
    return Notice(
        notice_id,
        str(transaction.get("out_trade_no", "")),
        # The global API calls it `id`.
        str(transaction.get("transaction_id") or transaction.get("id") or ""),
        state,
        _amount(transaction, "total") if state == CAPTURED else None,
        0 if gone_back else paid_at,
        captured=_amount(transaction, "total") if gone_back else None,
        captured_at=paid_at if gone_back else 0,
    )


def refund_notice(notice_id: str, refund: Mapping[str, Any]) -> Notice:
    """From a decrypted refund notice. It tells of one refund: only one that returns everything tells the sum."""
    refund_state = REFUND_STATE.get(refund.get("refund_status", ""), PENDING)
    returned = _amount(refund, "refund")
    whole = returned == _amount(refund, "total")
    state = CAPTURED if refund_state != REFUNDED else REFUNDED if whole else PART_REFUNDED
    return Notice(
        id=notice_id,
        reference=str(refund.get("out_trade_no", "")),
        provider_id=str(refund.get("transaction_id", "")),
        state=state,
        amount=returned if state == REFUNDED else None,
        occurred_at=seconds(refund.get("success_time")),
        refund_reference=str(refund.get("out_refund_no", "")),
        refund_state=refund_state,
    )


def _amount(holder: Mapping[str, Any], member: str) -> Money:
    """Fen, a whole number. Refund notices name no currency in the mainland."""
    try:
        return Money(holder["amount"][member], holder["amount"].get("currency", "CNY"))
    except (KeyError, TypeError, AttributeError, Problem) as err:
        raise BadRequest("The amount cannot be read.") from err


def seconds(text: object) -> int:
    """RFC 3339 with an offset to seconds since the epoch; 0 where nothing is said. Raises BadRequest."""
    if not text:
        return 0
    spelled = str(text)
    try:
        # Python 3.10 does not read "Z".
        moment = datetime.fromisoformat(spelled[:-1] + "+00:00" if spelled.endswith("Z") else spelled)
    except ValueError:
        raise BadRequest("A time cannot be read.") from None
    if moment.tzinfo is None:
        raise BadRequest("A time has no offset.")
    since = moment - _EPOCH  # timestamp() goes through a float
    return since.days * 86_400 + since.seconds
