"""The twin of Stripe: PaymentIntents, refunds, idempotency keys, and events signed with the endpoint's secrets.

Events go to `webhook_url`: an endpoint is set up in Stripe's dashboard, not per payment.

The payer's side: `POST /_twin/pay` with `{"payment_intent"}` or `{"client_secret"}`; `"decline": "insufficient_funds"`
declines the card. `POST /_twin/dispute` `{"payment_intent", "status"?}`: the payer's bank takes the money back
("needs_response", the default) or decides ("won", "lost"). What happened at once is two events: processing, succeeded.
While a secret is rolled, an event carries a v1 of each of the last two.

Switches, besides those of `payment`:
    refund_outcome  "succeeded" (default), "pending", "failed"
    search_lags     true: the search finds nothing yet
    bill            what is wrong with the balance transactions, see `bill_faults`
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import time
from typing import Any
from urllib.parse import parse_qsl

from sandbox.twins.payment import PaymentTwin
from sandbox.twins.server import TwinReply, TwinRequest, json_reply
from sandbox.twins.stripe_bill import balance_transactions
from sandbox.twins.stripe_book import Book, Refusal

API_VERSION = "2025-09-30.clover"
_INTENT = re.compile(r"/v1/payment_intents/(pi_\w+)(/cancel)?")
_SEARCH = re.compile(r"metadata\['(\w+)'\]:'([^']*)'")


class StripeTwin(PaymentTwin):
    name = "stripe"
    rolled = "webhook_secrets"
    book: Book

    def make_keys(self) -> dict[str, Any]:
        return {
            "secret_key": f"sk_test_{secrets.token_hex(16)}",
            "publishable_key": f"pk_test_{secrets.token_hex(16)}",
            "webhook_secrets": [self.new_key()],
        }

    def new_key(self) -> str:
        return f"whsec_{secrets.token_hex(24)}"

    def open_book(self, kept: dict[str, Any]) -> Book:
        return Book(kept)

    def api(self, request: TwinRequest) -> TwinReply:
        if not hmac.compare_digest(request.headers.get("authorization", ""), f"Bearer {self.keys['secret_key']}"):
            raise Refusal(401, "invalid_request_error")
        key = request.headers.get("idempotency-key", "")
        if request.method != "POST" or not key:
            return self._route(request)
        # What is remembered is the request's content and the answer, refusals included.
        content = f"{request.path}\n{request.body.decode()}"
        if key in self.answers:
            if self.answers[key]["content"] != content:
                raise Refusal(400, "idempotency_error")
            reply = self.kept_answer(key)
            return TwinReply(reply.status, reply.body, {**reply.headers, "Idempotent-Replayed": "true"})
        try:
            reply = self._route(request)
        except Refusal as no:
            reply = self.refused(no)
        self.keep_answer(key, reply, content)
        return reply

    def _route(self, request: TwinRequest) -> TwinReply:
        fields = dict(parse_qsl(request.body.decode(), keep_blank_values=True)) if request.method == "POST" else {}
        if request.path == "/v1/payment_intents" and request.method == "POST":
            intent = self.book.create(fields, int(self.moment()))
            self.tell(intent["id"], [("payment_intent.created", intent)])
            return json_reply(intent)
        if request.path == "/v1/payment_intents/search" and request.method == "GET":
            return json_reply(self._search(request.query.get("query", "")))
        if request.path == "/v1/balance_transactions" and request.method == "GET":
            return json_reply(balance_transactions(self.book, request.query, self.faults.get("bill") or {}))
        if request.path == "/v1/refunds" and request.method == "POST":
            return self._refund(fields)
        found = _INTENT.fullmatch(request.path)
        if found and found.group(2) and request.method == "POST":
            intent = self.book.cancel(found.group(1))
            self.tell(intent["id"], [("payment_intent.canceled", intent)])
            return json_reply(intent)
        if found and not found.group(2) and request.method == "GET":
            intent = self.book.intent(found.group(1))
            expanded = request.query.get("expand[]") == "latest_charge"
            return json_reply(self.book.with_charge(intent) if expanded else intent)
        raise Refusal(404, "invalid_request_error", "resource_missing")

    def _search(self, query: str) -> dict[str, Any]:
        asked = _SEARCH.fullmatch(query)
        if asked is None:
            raise Refusal(400, "invalid_request_error")
        found = [] if self.faults.get("search_lags") else self.book.search(asked.group(1), asked.group(2))
        data = [self.book.with_charge(intent) for intent in found]
        return {"object": "search_result", "data": data, "has_more": False}

    def _refund(self, fields: dict[str, str]) -> TwinReply:
        outcome = str(self.faults.get("refund_outcome", "succeeded"))
        refund, charge = self.book.refund(fields, outcome, int(self.moment()))
        then = ("refund.failed", refund) if outcome == "failed" else ("charge.refunded", charge)
        self.tell_first(refund["payment_intent"], [("refund.created", refund), then])
        return json_reply(refund)

    def pay(self, wanted: dict[str, Any]) -> TwinReply:
        intent_id = self._chosen(wanted)
        if wanted.get("decline"):
            intent = self.book.decline(intent_id, str(wanted["decline"]))
            self.tell(intent_id, [("payment_intent.payment_failed", intent)])
            return json_reply({"error": intent["last_payment_error"]}, 402)
        processing, paid = self.book.pay(intent_id, int(self.moment()))
        news = [("payment_intent.processing", processing), ("payment_intent.succeeded", paid)]
        self.tell(intent_id, news)
        return json_reply({"paymentIntent": {"id": intent_id, "status": paid["status"]}})

    def dispute(self, wanted: dict[str, Any]) -> TwinReply:
        intent_id, status = str(wanted.get("payment_intent")), str(wanted.get("status", "needs_response"))
        charge = self.book.charges.get(self.book.intent(intent_id)["latest_charge"] or "")
        if charge is None or charge["payment_method_details"]["type"] == "grabpay":  # a wallet's payer has no bank
            raise Refusal(400, "invalid_request_error", "payment_intent_unexpected_state")
        dispute = self.book.dispute(charge, status, int(self.moment()))
        what = "closed" if status in ("won", "lost", "warning_closed") else "created"
        self.tell(intent_id, [(f"charge.dispute.{what}", dispute)], hold=False)
        return json_reply(dispute)

    def _chosen(self, wanted: dict[str, Any]) -> str:
        secret = wanted.get("client_secret")
        if not secret:
            return str(wanted.get("payment_intent", ""))
        intent = self.book.intent(str(secret).partition("_secret_")[0])
        if not hmac.compare_digest(intent["client_secret"], str(secret)):
            raise Refusal(400, "invalid_request_error")
        return str(intent["id"])

    def event(self, kind: str, subject: dict[str, Any]) -> tuple[str, str]:
        event = {
            "id": f"evt_{secrets.token_hex(12)}",
            "object": "event",
            "api_version": API_VERSION,
            "created": int(self.moment()),
            "data": {"object": subject},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": f"req_{secrets.token_hex(7)}", "idempotency_key": None},
            "type": kind,
        }
        return str(event["id"]), json.dumps(event, indent=2, ensure_ascii=False)

    def notice_headers(self, notice: dict[str, Any], body: bytes, wrongly: bool) -> dict[str, str]:
        timestamp = str(int(time.time()))
        signed = b"" if wrongly else timestamp.encode() + b"." + body
        marks = [hmac.digest(key.encode(), signed, "sha256").hex() for key in self.keys["webhook_secrets"]]
        self.note("signed event", id=notice["id"], signatures=len(marks))
        header = ",".join([f"t={timestamp}", *(f"v1={mark}" for mark in marks)])
        return {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": header}

    def refused(self, no: Refusal) -> TwinReply:
        error = {"type": no.kind, **({"code": no.code} if no.code else {}), "message": "twin", **no.members}
        return json_reply({"error": error}, no.status)
