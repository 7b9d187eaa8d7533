"""A payment provider that is fake but whole: it implements the port in this process, with a state of its own.

It keeps books (`payments`), signs its webhooks (HMAC-SHA256 over the raw body) and can be told to fail in the ways that
providers do. A payer is whoever calls `pay`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from typing import Any, Mapping, NamedTuple

from twinshore.errors import BadRequest, Unavailable
from twinshore.money import Money, decimal_text
from twinshore.payments import port
from twinshore.payments.port import Acknowledgement, Attempt, Notice, OutcomeUnknown, ProviderRefused, Started

WORDS = {
    "OPEN": port.PENDING, "WAITING": port.CREATED, "APPROVED": port.AUTHORISED, "SETTLED": port.CAPTURED,
    "DECLINED": port.FAILED, "VOID": port.CLOSED, "CONTESTED": port.DISPUTED, "UPHELD": port.DISPUTE_WON,
    "OVERTURNED": port.DISPUTE_LOST,
}  # fmt: skip
ACKNOWLEDGED = Acknowledgement(200, b'{"paper":"filed"}', "application/json")


class PaperPayment(NamedTuple):
    attempt: Attempt
    word: str = "OPEN"
    paid: Money | None = None
    paid_at: int = 0
    aside: Money | None = None
    approved_at: int = 0
    refunds: tuple[tuple[str, int], ...] = ()

    @property
    def provider_id(self) -> str:
        return "paper_" + hashlib.sha256(self.attempt.reference.encode()).hexdigest()[:12]


class PaperProvider:
    """`fault`: "" | "unreachable" (nothing arrives) | "lost" (it is carried out, the answer is lost) | "refuses".

    With `we_capture`, a payer approves and the money is set aside until `capture` is called."""

    def __init__(self, secret: bytes = b"paper-secret") -> None:
        self.secret = secret
        self.payments: dict[str, PaperPayment] = {}
        self.fault = ""
        self.refusal = "refused"
        """The reason of what it refuses."""
        self.refunds_settle_at_once = True
        self.we_capture = False
        self.keeps_pages = False
        """A page runs out, and cannot be taken back."""
        self.decimals: int | None = None
        """Taken, where they are not the currency's own."""
        self.returned: list[dict[str, str]] = []
        """What payers' browsers have brought back."""
        self.calls: list[str] = []
        self._lock = threading.Lock()
        self._events = 0

    # What the payer and the bank do.

    def pay(self, reference: str, at: int, amount: Money | None = None) -> PaperPayment:
        with self._lock:
            payment = self.payments[reference]
            assert payment.word in ("OPEN", "DECLINED", "WAITING"), "nobody pays what is paid or void"
            amount = amount or payment.attempt.amount
            if self.we_capture:
                return self._put(payment._replace(word="APPROVED", aside=amount, approved_at=at))
            return self._put(payment._replace(word="SETTLED", paid=amount, paid_at=at))

    def decline(self, reference: str) -> PaperPayment:
        with self._lock:
            return self._put(self.payments[reference]._replace(word="DECLINED"))

    def charged(self) -> dict[str, int]:
        """Money taken, by order."""
        taken: dict[str, int] = {}
        for payment in self.payments.values():
            if payment.paid:
                order = payment.attempt.order_id
                taken[order] = taken.get(order, 0) + payment.paid.amount_minor
        return taken

    def webhook(self, reference: str, **changes: Any) -> tuple[dict[str, str], bytes]:
        """Signed news of the present state; `changes` overwrite members of the body before it is signed."""
        payment = self.payments[reference]
        self._events += 1
        amount = payment.paid or payment.aside or payment.attempt.amount
        content = {"id": f"pe_{self._events}", "reference": reference, "payment": payment.provider_id,
                   "word": payment.word, "amount": list(amount), "at": payment.paid_at or payment.approved_at,
                   **changes}  # fmt: skip
        return self.signed(json.dumps(content).encode())

    def refund_webhook(self, reference: str, total_minor: int, **changes: Any) -> tuple[dict[str, str], bytes]:
        whole = total_minor == self.payments[reference].attempt.amount.amount_minor
        amount = [total_minor, self.payments[reference].attempt.amount.currency]
        return self.webhook(reference, word="BACK" if whole else "PART_BACK", amount=amount, **changes)

    def signed(self, body: bytes) -> tuple[dict[str, str], bytes]:
        return {"paper-signature": hmac.new(self.secret, body, hashlib.sha256).hexdigest()}, body

    # The port.

    def create(self, attempt: Attempt, now: int) -> Started:
        with self._lock:
            self._fails("create")
            decimal_text(attempt.amount, self.decimals)
            known = self.payments.get(attempt.reference)
            if known is not None and known.attempt != attempt:
                raise ProviderRefused(reason="changed_parameters")
            payment = known or self._put(PaperPayment(attempt))
            self._answers()
            return Started(payment.provider_id, {"pay_with": payment.provider_id})

    def query(self, reference: str, provider_id: str, now: int) -> Notice:
        with self._lock:
            self._fails("query")
            self._answers()
            payment = self.payments.get(reference)
            if payment is None:
                return Notice(f"q.{reference}", reference, "", port.CREATED, None, 0)
            total = sum(minor for _, minor in payment.refunds)
            state, amount = WORDS.get(payment.word, port.PENDING), payment.paid or payment.aside
            if total and payment.paid:
                state = port.REFUNDED if total == payment.paid.amount_minor else port.PART_REFUNDED
                amount = Money(total, payment.paid.currency)
                name = f"q.{reference}.{state}.{total}"
                return Notice(name, reference, payment.provider_id, state, amount, 0, captured=payment.paid,
                              captured_at=payment.paid_at)  # fmt: skip
            at = payment.paid_at or payment.approved_at
            return Notice(f"q.{reference}.{state}", reference, payment.provider_id, state, amount, at)

    def close(self, reference: str, provider_id: str, now: int) -> None:
        with self._lock:
            self._fails("close")
            payment = self.payments.get(reference)
            if payment is not None and payment.word == "SETTLED":
                raise ProviderRefused(reason="paid")
            if payment is not None and self.keeps_pages:
                self._put(payment._replace(word="WAITING"))
                raise ProviderRefused(reason="cannot_close")
            if payment is not None:
                self._put(payment._replace(word="VOID"))
            self._answers()

    def refund(
        self, reference: str, provider_id: str, refund_reference: str, amount: Money, total: Money, now: int
    ) -> str:
        with self._lock:
            self._fails("refund")
            decimal_text(amount, self.decimals)
            payment = self.payments[reference]
            assert payment.paid is not None
            assert amount.currency == payment.paid.currency
            if refund_reference not in dict(payment.refunds):
                given = sum(minor for _, minor in payment.refunds) + amount.amount_minor
                if given > payment.paid.amount_minor:
                    raise ProviderRefused(reason="more_than_paid")
                self._put(payment._replace(refunds=(*payment.refunds, (refund_reference, amount.amount_minor))))
            self._answers()
            return port.REFUNDED if self.refunds_settle_at_once else port.PENDING

    def capture(self, reference: str, provider_id: str, returned: Mapping[str, str], amount: Money, now: int) -> Notice:
        self.returned.append(dict(returned))
        if self.we_capture:
            with self._lock:
                self._fails("capture")
                payment = self.payments[reference]
                if payment.word == "APPROVED":
                    self._put(payment._replace(word="SETTLED", paid=amount, paid_at=now))
                elif payment.word != "SETTLED":
                    raise ProviderRefused(reason="not_approved")
                self._answers()
        return self.query(reference, provider_id, now)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: int) -> tuple[list[Notice], Acknowledgement]:
        wanted = hmac.new(self.secret, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, headers.get("paper-signature", "")):
            raise port.SignatureRefused
        try:
            content = json.loads(body)
            words = {**WORDS, "BACK": port.REFUNDED, "PART_BACK": port.PART_REFUNDED}
            amount = None if content["amount"] is None else Money(*content["amount"])
            notice = Notice(content["id"], content["reference"], content["payment"],
                            words.get(content["word"], port.PENDING), amount, content["at"],
                            content.get("refund_reference", ""), content.get("refund_state", ""))  # fmt: skip
        except (KeyError, TypeError, ValueError):
            raise BadRequest("not paper's form") from None
        return [notice], ACKNOWLEDGED

    def _put(self, payment: PaperPayment) -> PaperPayment:
        self.payments[payment.attempt.reference] = payment
        return payment

    def _fails(self, call: str) -> None:
        self.calls.append(call)
        if self.fault == "unreachable":
            raise Unavailable("no address")
        if self.fault == "refuses":
            raise ProviderRefused(reason=self.refusal)

    def _answers(self) -> None:
        if self.fault == "lost":
            raise OutcomeUnknown("no answer")
