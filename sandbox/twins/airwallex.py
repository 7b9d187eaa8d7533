"""The twin of Airwallex: login, PaymentIntents, refunds, request ids, and events signed with the endpoint's secret.

Events go to `webhook_url`: a subscription is set up in the web app, not per payment.

The payer's side: `POST /_twin/pay` with `{"intent_id"}` (and `client_secret`, which must be right if it is given);
`"decline": "issuer_declined"` declines, and the payer may try again. `POST /_twin/dispute` `{"reference", "event":
"payment_dispute.requires_response"}`. What happened at once is two events: pending, succeeded.
While a secret is rolled, events are signed with the newest.

Switches, besides those of `payment`:
    manual_capture   true: what the payer approves waits for a capture
    refund_outcome   "SETTLED" (default), "ACCEPTED", "FAILED"
    exponents        true: large amounts are written like 1.0E7
    stale_token      true: every token is forgotten once
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from decimal import Decimal
from typing import Any

from sandbox.twins.airwallex_book import Book, Refusal, numbers_in, numbers_out
from sandbox.twins.payment import PaymentTwin
from sandbox.twins.server import TwinReply, TwinRequest, json_reply

_INTENT = re.compile(r"/api/v1/pa/payment_intents/(int_\w+)(?:/(cancel|capture))?")
_LARGE = re.compile(r'("(?:captured_|refunded_)?amount": )(\d{7,})(?=[,}])')


class AirwallexTwin(PaymentTwin):
    name = "airwallex"
    rolled = "webhook_secrets"
    never_lost = ("/api/v1/authentication",)
    book: Book

    def wake(self) -> None:
        self._tokens: set[str] = set()

    def make_keys(self) -> dict[str, Any]:
        return {
            "client_id": f"awx_{secrets.token_hex(8)}",
            "api_key": secrets.token_hex(32),
            "webhook_secrets": [self.new_key()],
        }

    def new_key(self) -> str:
        return f"whsec_{secrets.token_hex(16)}"

    def open_book(self, kept: dict[str, Any]) -> Book:
        return Book(kept)

    def api(self, request: TwinRequest) -> TwinReply:
        if request.path == "/api/v1/authentication/login" and request.method == "POST":
            return self._log_in(request)
        if self.faults.get("stale_token"):
            self._tokens.clear()
            self.faults = {name: value for name, value in self.faults.items() if name != "stale_token"}
        if request.headers.get("authorization", "").partition("Bearer ")[2] not in self._tokens:
            raise Refusal(401, "unauthorized")
        status, answer = self._route(request)
        return TwinReply(status, self._written(answer).encode(), {"Content-Type": "application/json"})

    def _log_in(self, request: TwinRequest) -> TwinReply:
        for header, member in (("x-client-id", "client_id"), ("x-api-key", "api_key")):
            if not hmac.compare_digest(request.headers.get(header, ""), self.keys[member]):
                raise Refusal(401, "credentials_invalid")
        token = secrets.token_urlsafe(32)
        self._tokens.add(token)
        return json_reply({"token": token, "expires_at": "2099-01-01T00:00:00+0000"}, 201)

    def _route(self, request: TwinRequest) -> tuple[int, Any]:
        book, path = self.book, request.path.removeprefix("/api/v1/pa")
        if request.method == "GET" and path in ("/payment_intents", "/refunds"):
            kept = book.intents if path == "/payment_intents" else book.refunds
            by, wanted = next(iter(request.query.items()))
            found = [item for item in kept.values() if item.get(by) == wanted]
            hidden = [{name: item[name] for name in item if name != "client_secret"} for item in found]
            return 200, {"has_more": False, "items": hidden}
        if request.method == "POST" and path == "/payment_intents/create":
            intent = book.create(numbers_in(request.body))
            self.tell(intent["id"], [("payment_intent.created", intent)])
            return 201, intent
        if request.method == "POST" and path == "/refunds/create":
            return 201, self._refund(numbers_in(request.body))
        found_intent = _INTENT.fullmatch(request.path)
        intent_id, what = found_intent.groups() if found_intent else ("", None)
        if request.method == "GET" and intent_id and what is None:
            return 200, book.intent(intent_id)
        if request.method == "POST" and what:
            act = book.cancel if what == "cancel" else book.capture
            intent = act(intent_id, numbers_in(request.body))
            self.tell(intent_id, [(f"payment_intent.{'cancelled' if what == 'cancel' else 'succeeded'}", intent)])
            return 200, intent
        raise Refusal(404, "not_found")

    def _refund(self, fields: dict[str, Any]) -> dict[str, Any]:
        outcome = str(self.faults.get("refund_outcome", "SETTLED"))
        refund = self.book.refund(fields, outcome)
        received = dict(refund)
        refund["status"] = outcome
        news = [("refund.received", received), (f"refund.{outcome.lower()}", refund)]
        self.tell_first(refund["payment_intent_id"], news)
        return received

    def pay(self, wanted: dict[str, Any]) -> TwinReply:
        intent_id = str(wanted.get("intent_id", ""))
        secret = self.book.intent(intent_id)["client_secret"]
        if not hmac.compare_digest(str(wanted.get("client_secret", secret)), secret):
            raise Refusal(401, "unauthorized")
        intent = self.book.try_to_pay(intent_id, bool(wanted.get("decline")), bool(self.faults.get("manual_capture")))
        name = {"SUCCEEDED": "succeeded", "REQUIRES_CAPTURE": "requires_capture"}.get(intent["status"])
        events = [("payment_intent.requires_payment_method", intent)]
        if name is not None:
            pending = {**intent, "status": "PENDING", "captured_amount": "0"}
            events = [("payment_intent.pending", pending), (f"payment_intent.{name}", intent)]
        self.tell(intent_id, events)
        return json_reply({"id": intent_id, "status": intent["status"]}, 402 if wanted.get("decline") else 200)

    def dispute(self, wanted: dict[str, Any]) -> TwinReply:
        event = str(wanted.get("event", "payment_dispute.requires_response"))
        for intent in self.book.intents.values():
            if intent["merchant_order_id"] == wanted.get("reference"):
                dispute = {
                    "id": f"dsp_{intent['id'][4:]}", "payment_intent_id": intent["id"], "amount": intent["amount"],
                    "currency": intent["currency"], "merchant_order_id": intent["merchant_order_id"],
                    "status": event.rpartition(".")[2].upper(), "stage": "CHARGEBACK",
                }  # fmt: skip
                self.tell(intent["id"], [(event, dispute)], hold=False)
                return json_reply({"id": dispute["id"]})
        raise Refusal(404, "resource_not_found")

    def event(self, kind: str, subject: dict[str, Any]) -> tuple[str, str]:
        event_id = f"evt_{secrets.token_hex(12)}"
        now = time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime())
        event = {"id": event_id, "name": kind, "account_id": "acct_twin", "created_at": now}
        return event_id, self._written({**event, "data": {"object": subject}})

    def _written(self, value: Any) -> str:
        text = numbers_out(value)
        if not self.faults.get("exponents"):
            return text
        return _LARGE.sub(lambda found: found.group(1) + f"{Decimal(found.group(2)).normalize():E}", text)

    def notice_headers(self, notice: dict[str, Any], body: bytes, wrongly: bool) -> dict[str, str]:
        timestamp = str(int(time.time() * 1000))
        signed = body if wrongly else timestamp.encode() + body
        mark = hmac.digest(self.keys["webhook_secrets"][0].encode(), signed, "sha256").hex()
        self.note("signed event", id=notice["id"])
        return {"Content-Type": "application/json", "x-timestamp": timestamp, "x-signature": mark}

    def refused(self, no: Refusal) -> TwinReply:
        return json_reply({"code": no.code, "message": "twin", "source": ""}, no.status)
