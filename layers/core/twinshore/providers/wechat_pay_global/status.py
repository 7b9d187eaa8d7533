"""Where the global API's words differ from the mainland's. A word that is not here is news: it is PENDING."""

from __future__ import annotations

from typing import Any, Mapping

from twinshore.errors import BadRequest, Problem
from twinshore.money import Money
from twinshore.payments.port import CAPTURED, FAILED, PART_REFUNDED, PENDING, REFUNDED, Notice
from twinshore.providers.wechat_pay.status import payment_notice, seconds

REFUND_STATE = {
    "SUCCESS": REFUNDED,
    "PROCESSING": PENDING,
    # As in the mainland: a person must act, and a second refund would pay twice.
    "ABNORMAL": PENDING,
    "CHANGE": PENDING,
    "REFUNDCLOSE": FAILED,
    "CLOSED": FAILED,
}


def global_payment_notice(notice_id: str, transaction: Mapping[str, Any]) -> Notice:
    """WeChat's number is `id`. `total` is in the order's currency; what the payer paid, in yuan by `exchange_rate`, is
    theirs to know. Raises BadRequest if the currency is not said: the mainland's default would be a wrong one."""
    notice = payment_notice(notice_id, transaction)
    if (notice.amount or notice.captured) is not None and not transaction["amount"].get("currency"):
        raise BadRequest("The amount has no currency.")
    return notice


def global_refund_notice(notice_id: str, refund: Mapping[str, Any]) -> Notice:
    """It tells of one refund: only one that returns everything tells the sum."""
    refund_state = REFUND_STATE.get(str(refund.get("refund_status") or refund.get("status")), PENDING)
    returned, total = _money(refund, "refund"), _money(refund, "total")
    whole = returned is not None and returned == total
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


def _money(refund: Mapping[str, Any], member: str) -> Money | None:
    """None where it is not said."""
    amount = refund.get("amount")
    if not isinstance(amount, dict) or amount.get(member) is None or not amount.get("currency"):
        return None
    try:
        return Money(amount[member], amount["currency"])
    except (TypeError, Problem):
        raise BadRequest("The amount cannot be read.") from None
