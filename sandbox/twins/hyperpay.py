"""The twin of HyperPay: checkouts of its payment form, the report, refunds, and notices that are encrypted whole.

Notices go to `webhook_url`: a listener is set up in the merchant portal, not per payment.

The payer's side: `POST /_twin/pay` with `{"checkout_id"}`, or what the device was given; `"decline": "800.100.153"`
ends the try with that result code, and the checkout can be tried again. `POST /_twin/dispute` `{"payment"}` makes a
chargeback, with `"won": true` its reversal. What happened at once is two notices: on its way, succeeded.
Once the listener has another key, what waits is still under the old one.

Switches, besides those of `payment`:
    json_wrapper    true: the ciphertext comes as {"encryptedBody": …}, as some listeners are set
    refund_outcome  the result code of refunds (default 000.000.000)
    search_lags     true: the report finds nothing yet
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from typing import Any
from urllib.parse import parse_qsl

from sandbox.twins.hyperpay_book import (
    CHECKOUT_MADE,
    NO_TRANSACTION,
    REPORT_MADE,
    SUCCESS,
    Book,
    Refusal,
    shown,
)
from sandbox.twins.payment import PaymentTwin
from sandbox.twins.server import TwinReply, TwinRequest, json_reply

METHODS = ("mada", "card", "apple_pay")
_QUERY = re.compile(r"/v3/query(?:/(\w+))?")
_PAYMENT = re.compile(r"/v1/payments/(\w+)")


class HyperPayTwin(PaymentTwin):
    name = "hyperpay"
    rolled = "webhook_keys"
    book: Book

    def make_keys(self) -> dict[str, Any]:
        return {
            "access_token": secrets.token_urlsafe(40),
            "entity_ids": {method: f"8ac7a4c7{secrets.token_hex(12)}" for method in METHODS},
            "webhook_keys": [self.new_key()],
        }

    def new_key(self) -> str:
        return secrets.token_hex(32)

    def open_book(self, kept: dict[str, Any]) -> Book:
        return Book(kept, {entity: method for method, entity in self.keys["entity_ids"].items()})

    def wake(self) -> None:
        self._sealed: dict[str, dict[str, str]] = self.recall("sealed", {})

    def api(self, request: TwinRequest) -> TwinReply:
        if request.path == "/v1/paymentWidgets.js":
            return TwinReply(200, b"/* the form */", {"Content-Type": "text/javascript"})
        wanted = f"Bearer {self.keys['access_token']}"
        if not hmac.compare_digest(request.headers.get("authorization", ""), wanted):
            raise Refusal("800.900.300", 401)
        fields = request.query
        if request.method == "POST":
            fields = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        if fields.get("entityId") not in self.book.entities:
            raise Refusal("800.900.300", 403)
        return self._route(request, fields)

    def _route(self, request: TwinRequest, fields: dict[str, str]) -> TwinReply:
        if request.path == "/v1/checkouts" and request.method == "POST":
            made: dict[str, Any] = {"id": self.book.checkout(fields)}
            if fields.get("integrity") == "true":
                made["integrity"] = f"sha384-{secrets.token_urlsafe(48)}"
            return _answer(CHECKOUT_MADE, **made)
        query = _QUERY.fullmatch(request.path)
        if query and request.method == "GET":
            if self.faults.get("search_lags"):
                raise Refusal(NO_TRANSACTION, 404)
            found = self.book.report(fields["entityId"], query.group(1) or "", fields)
            return _answer(REPORT_MADE, payments=[shown(one) for one in found])
        payment = _PAYMENT.fullmatch(request.path)
        if payment and request.method == "POST":
            refund = self.book.refund(payment.group(1), fields, str(self.faults.get("refund_outcome", SUCCESS)))
            self.tell_first(payment.group(1), [("PAYMENT", refund)])
            return json_reply(shown(refund))
        raise Refusal("200.300.404", 404)

    def pay(self, wanted: dict[str, Any]) -> TwinReply:
        on_its_way, ended = self.book.pay(str(wanted.get("checkout_id", "")), str(wanted.get("decline") or SUCCESS))
        self.tell(ended["id"], [("PAYMENT", on_its_way), ("PAYMENT", ended)])
        return json_reply(shown(ended), 402 if wanted.get("decline") else 200)

    def dispute(self, wanted: dict[str, Any]) -> TwinReply:
        told = self.book.chargeback(str(wanted["payment"]), wanted.get("won") is True)
        self.tell(told["referencedId"], [("PAYMENT", told)])
        return json_reply(shown(told))

    def event(self, kind: str, subject: dict[str, Any]) -> tuple[str, str]:
        notice_id = f"{subject['id']}.{secrets.token_hex(4)}"
        plain = json.dumps({"type": kind, "payload": shown(subject)}, ensure_ascii=False)
        return notice_id, self._seal(notice_id, plain.encode())

    def _seal(self, notice_id: str, plain: bytes) -> str:
        """The body; its initialisation vector and tag are remembered for the headers of each try."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        iv = secrets.token_bytes(12)
        sealed = AESGCM(bytes.fromhex(self.keys["webhook_keys"][0])).encrypt(iv, plain, None)
        self._sealed[notice_id] = {"iv": iv.hex(), "tag": sealed[-16:].hex().upper()}
        self.remember("sealed", self._sealed)
        body = sealed[:-16].hex().upper()
        return json.dumps({"encryptedBody": body}) if self.faults.get("json_wrapper") else body

    def notice_headers(self, notice: dict[str, Any], body: bytes, wrongly: bool) -> dict[str, str]:
        marks = self._sealed[notice["id"]]
        tag = secrets.token_hex(16).upper() if wrongly else marks["tag"]
        self.note("encrypted notice", id=notice["id"], bytes=len(body))
        kind = "application/json" if body.startswith(b"{") else "text/plain"
        return {"Content-Type": kind, "X-Initialization-Vector": marks["iv"], "X-Authentication-Tag": tag}

    def refused(self, no: Refusal) -> TwinReply:
        return _answer(no.code, no.status)


def _answer(code: str, status: int = 200, **members: Any) -> TwinReply:
    return json_reply({"result": {"code": code, "description": "twin"}, **members}, status)
