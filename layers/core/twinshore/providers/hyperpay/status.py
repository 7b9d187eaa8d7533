"""HyperPay's words in ours. It answers in result codes `ddd.ddd.ddd`, which mean something by their beginnings."""

from __future__ import annotations

import re
from calendar import timegm
from typing import Any, Mapping, Sequence

from twinshore.errors import BadRequest, Problem, Unavailable
from twinshore.money import Money, parse
from twinshore.payments.port import (
    CAPTURED,
    CREATED,
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

DEBIT, REFUND, REVERSAL, CHARGEBACK, CHARGEBACK_REVERSED = "DB", "RF", "RV", "CB", "CR"
MARK = "."
"""Between the payment's reference and the refund's in a refund's merchantTransactionId: neither has a point."""

TEST_SUCCESS = re.compile(r"000\.100\.1")
# First match wins. What is in no row is PENDING, and so are the codes of a broken line (900.…: uncertain result).
RESULT: tuple[tuple[str, str], ...] = (
    (r"000\.000\.", CAPTURED),
    (r"000\.100\.1", CAPTURED),
    (r"000\.[36]", CAPTURED),
    (r"000\.400\.[1][12]0", CAPTURED),
    (r"000\.400\.0[^3]", CAPTURED),  # the money is taken, and HyperPay's risk check asks for a look
    (r"000\.400\.100", CAPTURED),
    (r"000\.200", PENDING),
    (r"800\.400\.5", PENDING),
    (r"100\.400\.500", PENDING),
    (r"000\.400\.(10[1-9]|2)", FAILED),
    (r"[1-8]00\.", FAILED),
)
_RESULT = tuple((re.compile(start), state) for start, state in RESULT)

REFUSAL: tuple[tuple[str, str], ...] = (
    (r"700\.400\.[23]00", "already_refunded"),
    (r"700\.400\.580", "not_found"),
    (r"700\.", "wrong_state"),
    (r"200\.300\.404", "not_found"),
    (r"100\.550\.400", "currency"),
    (r"100\.550\.", "amount"),
    (r"800\.900\.|600\.", "configuration"),
    (r"800\.[1-3]00\.|100\.[1347]|000\.400\.", "declined"),
    (r"200\.|100\.", "malformed"),
)
_REFUSAL = tuple((re.compile(start), reason) for start, reason in REFUSAL)
DUPLICATE = "800.110.100"

_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|([+-])(\d\d):?(\d\d))")


def code_of(answer: Mapping[str, Any]) -> str:
    result = answer.get("result")
    return str(result.get("code", "")) if isinstance(result, dict) else ""


def state_of(code: str, takes_test: bool = False) -> str:
    """CAPTURED, PENDING or FAILED, for a debit as for a refund (where CAPTURED is "done").
    takes_test: whether a success in test mode is one; on a live account it has moved no money."""
    if TEST_SUCCESS.match(code) and not takes_test:
        return PENDING
    return next((state for start, state in _RESULT if start.match(code)), PENDING)


def refund_state_of(code: str, takes_test: bool = False) -> str:
    state = state_of(code, takes_test)
    return REFUNDED if state == CAPTURED else state


def refusal(code: str) -> Problem:
    """The error to raise for an answer that is not a success and leaves nothing behind."""
    if code == DUPLICATE:
        return OutcomeUnknown("The same request was carried out or is being.")
    if state_of(code, takes_test=True) != FAILED:
        return OutcomeUnknown("The payment provider's answer is not clear.")
    return ProviderRefused(reason=next((reason for start, reason in _REFUSAL if start.match(code)), "refused"))


def slower() -> Problem:
    return Unavailable("The payment provider asks to go slower.")


def taken_of(transactions: Sequence[Mapping[str, Any]], takes_test: bool) -> Mapping[str, Any] | None:
    """The debit that took money: a checkout may hold several that did not."""
    debits = (one for one in transactions if one.get("paymentType") == DEBIT)
    return next((one for one in debits if state_of(code_of(one), takes_test) == CAPTURED), None)


def fetched_notice(reference: str, transactions: Sequence[Mapping[str, Any]], takes_test: bool) -> Notice:
    """From everything that HyperPay has about one payment."""
    taken = taken_of(transactions, takes_test)
    if taken is None:
        states = {state_of(code_of(one), takes_test) for one in transactions if one.get("paymentType") == DEBIT}
        state = PENDING if PENDING in states else FAILED if states else CREATED
        return Notice(f"query:{reference}:{state}", reference, "", state, None, 0)
    amount, done = _money(taken), [one for one in transactions if state_of(code_of(one), takes_test) == CAPTURED]
    total = sum(_money(one).amount_minor for one in done if one.get("paymentType") == REFUND)
    if any(one.get("paymentType") == REVERSAL for one in done):
        total = amount.amount_minor
    last = max((one for one in done if one.get("paymentType") in (CHARGEBACK, CHARGEBACK_REVERSED)),
               key=_seconds, default=None)  # fmt: skip
    state, told, at = CAPTURED, amount, _seconds(taken)
    if total:
        state = REFUNDED if total >= amount.amount_minor else PART_REFUNDED
        told = Money(total, amount.currency)
        at = max(_seconds(one) for one in done if one.get("paymentType") in (REFUND, REVERSAL))
    elif last is not None:
        state = DISPUTED if last["paymentType"] == CHARGEBACK else DISPUTE_WON
        at = _seconds(last)
    return Notice(
        id=f"query:{taken.get('id')}:{state}:{total}",
        reference=reference,
        provider_id=str(taken.get("id", "")),
        state=state,
        amount=told,
        occurred_at=at,
        captured=None if state == CAPTURED else amount,
        captured_at=0 if state == CAPTURED else _seconds(taken),
    )


def event_notice(event: Mapping[str, Any], takes_test: bool) -> Notice | None:
    """From an opened notice; None for news that does not concern payments. Raises BadRequest."""
    if event.get("type") != "PAYMENT":
        return None
    payload = event.get("payload")
    if not isinstance(payload, dict) or not isinstance(payload.get("id"), str) or not payload["id"]:
        raise BadRequest("The notice names no payment.")
    kind, state = payload.get("paymentType"), state_of(code_of(payload), takes_test)
    if kind == DEBIT:
        return _debit_notice(payload, state)
    if kind in (REFUND, REVERSAL):
        return _refund_notice(payload, REFUNDED if state == CAPTURED else state)
    if kind in (CHARGEBACK, CHARGEBACK_REVERSED) and state == CAPTURED:
        return _about(payload, DISPUTED if kind == CHARGEBACK else DISPUTE_WON)
    return None


def _debit_notice(payload: Mapping[str, Any], state: str) -> Notice:
    """Only the debit that took the money names itself: a declined one before it must not be what is refunded later."""
    taken = state == CAPTURED
    return Notice(
        id=f"{payload['id']}:{state}",
        reference=str(payload.get("merchantTransactionId") or ""),
        provider_id=payload["id"] if taken else "",
        state=state,
        amount=_money(payload) if taken else None,
        occurred_at=_seconds(payload),
    )


def _refund_notice(payload: Mapping[str, Any], refund_state: str) -> Notice:
    """One refund. One that nobody here asked for goes by its own id, so that it is flagged."""
    about = _about(payload, PART_REFUNDED if refund_state == REFUNDED else CAPTURED)
    _, _, refund_reference = str(payload.get("merchantTransactionId") or "").partition(MARK)
    return about._replace(
        id=f"{payload['id']}:{refund_state}",
        refund_reference=refund_reference or payload["id"],
        refund_state=refund_state,
    )


def _about(payload: Mapping[str, Any], state: str) -> Notice:
    """News about an earlier debit, which `referencedId` names; the reference is ours if the refund was."""
    reference, mark, _ = str(payload.get("merchantTransactionId") or "").partition(MARK)
    return Notice(
        id=f"{payload['id']}:{state}",
        reference=reference if mark or state in (DISPUTED, DISPUTE_WON) else "",
        provider_id=str(payload.get("referencedId") or ""),
        state=state,
        amount=None,
        occurred_at=_seconds(payload),
    )


def _money(holder: Mapping[str, Any]) -> Money:
    amount, currency = holder.get("amount"), holder.get("currency")
    if not isinstance(amount, str) or not isinstance(currency, str):
        raise BadRequest("The amount cannot be read.")
    try:
        return parse(amount, currency)
    except Problem:
        raise BadRequest("The amount cannot be read.") from None


def _seconds(holder: Mapping[str, Any]) -> int:
    """`timestamp`, e.g. "2026-03-01 04:00:07.123+0000"; 0 where it cannot be read."""
    found = _TIME.fullmatch(str(holder.get("timestamp", "")))
    if found is None:
        return 0
    year, month, day, hour, minute, second = (int(text) for text in found.groups()[:6])
    offset = (int(found.group(8)) * 60 + int(found.group(9))) * 60 if found.group(7) else 0
    return timegm((year, month, day, hour, minute, second)) - (-offset if found.group(7) == "-" else offset)
