"""The twin of Stripe: PaymentIntents, refunds, idempotency keys, and events signed with the endpoint's secret.

Events go to `webhook_url` (an endpoint is set up in Stripe's dashboard, not per payment): set the attribute, or
`POST /_twin/webhook_endpoint` `{"url"}`.

The payer's side: `POST /_twin/pay` with `{"payment_intent"}` or `{"client_secret"}`; `"decline": "insufficient_funds"`
declines the card. `POST /_twin/dispute` `{"payment_intent", "status"?}`: the payer's bank takes the money back
("needs_response", the default) or decides ("won", "lost"). Each event is delivered twice, and what happened at once
arrives newest first: succeeded, processing.

Switches, besides those of `server` and `notices`:
    in_order        true: events go out in the order in which they happened
    reorder         true: events of a payment wait until those of its refund overtake them
    refund_outcome  "succeeded" (default), "pending", "failed"
    lose_answer     true: calls are carried out, and the connection closes without a word
    search_lags     true: the search finds nothing yet
    bill            what is wrong with the balance transactions, see `bill_faults`

`POST /_twin/roll_secret` `{}`: a second endpoint secret; events carry a v1 for each of the last two.
"""

from __future__ import annotations

import copy
import hmac
import json
import re
import secrets
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from sandbox.twins.notices import SHORT_LADDER_SECONDS, Notices
from sandbox.twins.server import Twin, TwinReply, TwinRequest, json_reply
from sandbox.twins.stripe_bill import balance_transactions
from sandbox.twins.stripe_book import Book, Refusal

API_VERSION = "2025-09-30.clover"
LIVE_SECRETS = 2
_INTENT = re.compile(r"/v1/payment_intents/(pi_\w+)(/cancel)?")
_SEARCH = re.compile(r"metadata\['(\w+)'\]:'([^']*)'")


class StripeTwin(Twin):
    name = "stripe"

    def __init__(
        self,
        folder: Path | None = None,
        port: int = 0,
        *,
        webhook_url: str = "",
        ladder_seconds: tuple[float, ...] = SHORT_LADDER_SECONDS,
    ) -> None:
        super().__init__(folder, port)
        self.webhook_url = webhook_url or self.recall("webhook_url", "")
        made = {
            "secret_key": f"sk_test_{secrets.token_hex(16)}",
            "publishable_key": f"pk_test_{secrets.token_hex(16)}",
            "webhook_secrets": [f"whsec_{secrets.token_hex(24)}"],
        }
        self.keys: dict[str, Any] = self.recall("keys", made)
        self.remember("keys", self.keys)
        self._book = Book(self.recall("book", {}))
        self._answers: dict[str, Any] = self.recall("answers", {})
        self._notices = Notices(self, self._event_headers, ladder_seconds)

    def start(self) -> Twin:
        self._notices.start()
        return super().start()

    def stop(self) -> None:
        super().stop()
        self._notices.stop()

    def secret(self) -> dict[str, Any]:
        """What our side's secret store holds: the JSON of `stripe_from_secret`."""
        return copy.deepcopy(self.keys)

    def roll_secret(self) -> None:
        self.keys["webhook_secrets"] = [f"whsec_{secrets.token_hex(24)}", *self.keys["webhook_secrets"]][:LIVE_SECRETS]
        self.remember("keys", self.keys)

    def undelivered(self) -> list[dict[str, Any]]:
        return self._notices.waiting()

    def answer(self, request: TwinRequest) -> TwinReply | None:
        lost = self.faults.get("lose_answer") and not request.path.startswith("/_twin/")
        reply = super().answer(request)
        return None if lost else reply

    def handle(self, request: TwinRequest) -> TwinReply:
        with self.lock:
            try:
                if request.path.startswith("/_twin/"):
                    reply = self._control_payer(request)
                else:
                    reply = self._authenticated(request)
            except Refusal as no:
                reply = _refused(no)
            self.remember("book", self._book.kept())
        self.note("request", method=request.method, path=request.path, answer=reply.status)
        return reply

    def _authenticated(self, request: TwinRequest) -> TwinReply:
        if not hmac.compare_digest(request.headers.get("authorization", ""), f"Bearer {self.keys['secret_key']}"):
            raise Refusal(401, "invalid_request_error")
        key = request.headers.get("idempotency-key", "")
        if request.method != "POST" or not key:
            return self._route(request)
        # What is remembered is the request's content and the answer, refusals included.
        content = f"{request.path}\n{request.body.decode()}"
        earlier = self._answers.get(key)
        if earlier is not None:
            if earlier["content"] != content:
                raise Refusal(400, "idempotency_error")
            reply = json_reply(earlier["answer"], earlier["status"])
            return TwinReply(reply.status, reply.body, {**reply.headers, "Idempotent-Replayed": "true"})
        try:
            reply = self._route(request)
        except Refusal as no:
            reply = _refused(no)
        self._answers[key] = {"content": content, "status": reply.status, "answer": json.loads(reply.body)}
        self.remember("answers", self._answers)
        return reply

    def _route(self, request: TwinRequest) -> TwinReply:
        fields = dict(parse_qsl(request.body.decode(), keep_blank_values=True)) if request.method == "POST" else {}
        if request.path == "/v1/payment_intents" and request.method == "POST":
            intent = self._book.create(fields, int(self.moment()))
            self._tell(intent["id"], [("payment_intent.created", intent)])
            return json_reply(intent)
        if request.path == "/v1/payment_intents/search" and request.method == "GET":
            return json_reply(self._search(request.query.get("query", "")))
        if request.path == "/v1/balance_transactions" and request.method == "GET":
            return json_reply(balance_transactions(self._book, request.query, self.faults.get("bill") or {}))
        if request.path == "/v1/refunds" and request.method == "POST":
            return self._refund(fields)
        found = _INTENT.fullmatch(request.path)
        if found and found.group(2) and request.method == "POST":
            intent = self._book.cancel(found.group(1))
            self._tell(intent["id"], [("payment_intent.canceled", intent)])
            return json_reply(intent)
        if found and not found.group(2) and request.method == "GET":
            intent = self._book.intent(found.group(1))
            expanded = request.query.get("expand[]") == "latest_charge"
            return json_reply(self._book.with_charge(intent) if expanded else intent)
        raise Refusal(404, "invalid_request_error", "resource_missing")

    def _search(self, query: str) -> dict[str, Any]:
        asked = _SEARCH.fullmatch(query)
        if asked is None:
            raise Refusal(400, "invalid_request_error")
        found = [] if self.faults.get("search_lags") else self._book.search(asked.group(1), asked.group(2))
        data = [self._book.with_charge(intent) for intent in found]
        return {"object": "search_result", "data": data, "has_more": False}

    def _refund(self, fields: dict[str, str]) -> TwinReply:
        outcome = str(self.faults.get("refund_outcome", "succeeded"))
        refund, charge = self._book.refund(fields, outcome, int(self.moment()))
        events = [("refund.created", refund)]
        if outcome == "failed":
            events.append(("refund.failed", refund))
        else:
            events.append(("charge.refunded", charge))
        self._tell(refund["payment_intent"], events, hold=False)
        self._notices.release(refund["payment_intent"])
        return json_reply(refund)

    def _control_payer(self, request: TwinRequest) -> TwinReply:
        wanted = request.json()
        if request.path == "/_twin/webhook_endpoint":
            self.webhook_url = str(wanted["url"])
            self.remember("webhook_url", self.webhook_url)
            return json_reply({"url": self.webhook_url})
        if request.path == "/_twin/roll_secret":
            self.roll_secret()
            return json_reply({})
        if request.path == "/_twin/dispute":
            return self._dispute(str(wanted.get("payment_intent")), str(wanted.get("status", "needs_response")))
        if request.path != "/_twin/pay":
            raise Refusal(404, "invalid_request_error", "resource_missing")
        intent_id = self._chosen(wanted)
        if wanted.get("decline"):
            intent = self._book.decline(intent_id, str(wanted["decline"]))
            self._tell(intent_id, [("payment_intent.payment_failed", intent)])
            return json_reply({"error": intent["last_payment_error"]}, 402)
        processing, paid = self._book.pay(intent_id, int(self.moment()))
        self._tell(intent_id, [("payment_intent.processing", processing), ("payment_intent.succeeded", paid)])
        return json_reply({"paymentIntent": {"id": intent_id, "status": paid["status"]}})

    def _dispute(self, intent_id: str, status: str) -> TwinReply:
        charge = self._book.charges.get(self._book.intent(intent_id)["latest_charge"] or "")
        if charge is None:
            raise Refusal(400, "invalid_request_error", "payment_intent_unexpected_state")
        kept = {name: charge[name] for name in ("amount", "currency", "payment_intent")}
        dispute = {"id": f"du_{charge['id'][3:]}", "object": "dispute", **kept, "charge": charge["id"],
                   "status": status, "metadata": {}, "reason": "fraudulent"}  # fmt: skip
        what = "closed" if status in ("won", "lost", "warning_closed") else "created"
        self._tell(intent_id, [(f"charge.dispute.{what}", dispute)], hold=False)
        return json_reply(dispute)

    def _chosen(self, wanted: dict[str, Any]) -> str:
        secret = wanted.get("client_secret")
        if not secret:
            return str(wanted.get("payment_intent", ""))
        intent = self._book.intent(str(secret).partition("_secret_")[0])
        if not hmac.compare_digest(intent["client_secret"], str(secret)):
            raise Refusal(400, "invalid_request_error")
        return str(intent["id"])

    def _tell(self, intent_id: str, news: list[tuple[str, dict[str, Any]]], hold: bool = True) -> None:
        """Newest first, unless told to keep order."""
        events = [self._event(kind, subject) for kind, subject in news]
        for event in events if self.faults.get("in_order") else events[::-1]:
            body = json.dumps(event, indent=2, ensure_ascii=False)
            held = intent_id if hold and self.faults.get("reorder") else ""
            self._notices.add(event["id"], self.webhook_url, body, hold=held)

    def _event(self, kind: str, subject: dict[str, Any]) -> dict[str, Any]:
        return {
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

    def _event_headers(self, notice: dict[str, Any], body: bytes, wrongly: bool) -> dict[str, str]:
        timestamp = str(int(time.time()))
        signed = b"" if wrongly else timestamp.encode() + b"." + body
        marks = [hmac.digest(key.encode(), signed, "sha256").hex() for key in self.keys["webhook_secrets"]]
        self.note("signed event", id=notice["id"], signatures=len(marks))
        header = ",".join([f"t={timestamp}", *(f"v1={mark}" for mark in marks)])
        return {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": header}


def _refused(no: Refusal) -> TwinReply:
    error = {"type": no.kind, **({"code": no.code} if no.code else {}), "message": "twin", **no.members}
    return json_reply({"error": error}, no.status)
