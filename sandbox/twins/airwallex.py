"""The twin of Airwallex: login, PaymentIntents, refunds, request ids, and events signed with the endpoint's secret.

Events go to `webhook_url` (a subscription is set up in the web app, not per payment): set the attribute, or
`POST /_twin/webhook_endpoint` `{"url"}`.

The payer's side: `POST /_twin/pay` with `{"intent_id"}` (and `client_secret`, which must be right if it is given);
`"decline": "issuer_declined"` declines, and the payer may try again. `POST /_twin/dispute` `{"reference", "event":
"payment_dispute.requires_response"}`. Each event is delivered twice, and what happened at once arrives newest first.

Switches, besides those of `server` and `notices`:
    in_order         true: events go out in the order in which they happened
    reorder          true: events of a payment wait until those of its refund overtake them
    manual_capture   true: what the payer approves waits for a capture
    refund_outcome   "SETTLED" (default), "ACCEPTED", "FAILED"
    exponents        true: large amounts are written like 1.0E7
    lose_answer      true: calls are carried out, and the connection closes without a word
    stale_token      true: every token is forgotten once

`POST /_twin/roll_secret` `{}`: another webhook secret; events are signed with the newest, the last two are live.
"""

from __future__ import annotations

import copy
import hmac
import re
import secrets
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox.twins.airwallex_book import Book, Refusal, numbers_in, numbers_out
from sandbox.twins.notices import SHORT_LADDER_SECONDS, Notices
from sandbox.twins.server import Twin, TwinReply, TwinRequest, json_reply

LIVE_SECRETS = 2
_INTENT = re.compile(r"/api/v1/pa/payment_intents/(int_\w+)(?:/(cancel|capture))?")
_LARGE = re.compile(r'("(?:captured_|refunded_)?amount": )(\d{7,})(?=[,}])')


class AirwallexTwin(Twin):
    name = "airwallex"

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
            "client_id": f"awx_{secrets.token_hex(8)}",
            "api_key": secrets.token_hex(32),
            "webhook_secrets": [f"whsec_{secrets.token_hex(16)}"],
        }
        self.keys: dict[str, Any] = self.recall("keys", made)
        self.remember("keys", self.keys)
        self.book = Book(self.recall("book", {}))
        self._tokens: set[str] = set()
        self.notices = Notices(self, self._event_headers, ladder_seconds)

    def start(self) -> Twin:
        self.notices.start()
        return super().start()

    def stop(self) -> None:
        super().stop()
        self.notices.stop()

    def secret(self) -> dict[str, Any]:
        """What our side's secret store holds: the JSON of `airwallex_from_secret`."""
        return copy.deepcopy(self.keys)

    def roll_secret(self) -> None:
        self.keys["webhook_secrets"] = [f"whsec_{secrets.token_hex(16)}", *self.keys["webhook_secrets"]][:LIVE_SECRETS]
        self.remember("keys", self.keys)

    def undelivered(self) -> list[dict[str, Any]]:
        return self.notices.waiting()

    def answer(self, request: TwinRequest) -> TwinReply | None:
        lost = self.faults.get("lose_answer") and not request.path.startswith(("/_twin/", "/api/v1/authentication"))
        reply = super().answer(request)
        return None if lost else reply

    def handle(self, request: TwinRequest) -> TwinReply:
        with self.lock:
            try:
                if request.path.startswith("/_twin/"):
                    reply = self._outside(request)
                else:
                    reply = self._authenticated(request)
            except Refusal as no:
                reply = json_reply({"code": no.code, "message": "twin", "source": ""}, no.status)
            self.remember("book", self.book.kept())
        self.note("request", method=request.method, path=request.path, answer=reply.status)
        return reply

    def _authenticated(self, request: TwinRequest) -> TwinReply:
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
            self._tell(intent["id"], [("payment_intent.created", intent)])
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
            self._tell(
                intent_id, [("payment_intent.cancelled" if what == "cancel" else "payment_intent.succeeded", intent)]
            )
            return 200, intent
        raise Refusal(404, "not_found")

    def _refund(self, fields: dict[str, Any]) -> dict[str, Any]:
        outcome = str(self.faults.get("refund_outcome", "SETTLED"))
        refund = self.book.refund(fields, outcome)
        received = dict(refund)
        refund["status"] = outcome
        events = [("refund.received", received), (f"refund.{outcome.lower()}", refund)]
        self._tell(refund["payment_intent_id"], events, hold=False)
        self.notices.release(refund["payment_intent_id"])
        return received

    def _outside(self, request: TwinRequest) -> TwinReply:
        wanted = request.json()
        if request.path == "/_twin/webhook_endpoint":
            self.webhook_url = str(wanted["url"])
            self.remember("webhook_url", self.webhook_url)
            return json_reply({"url": self.webhook_url})
        if request.path == "/_twin/roll_secret":
            self.roll_secret()
            return json_reply({})
        if request.path == "/_twin/pay":
            return self._pay(wanted)
        if request.path == "/_twin/dispute":
            return self._dispute(wanted)
        raise Refusal(404, "not_found")

    def _pay(self, wanted: dict[str, Any]) -> TwinReply:
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
        self._tell(intent_id, events)
        return json_reply({"id": intent_id, "status": intent["status"]}, 402 if wanted.get("decline") else 200)

    def _dispute(self, wanted: dict[str, Any]) -> TwinReply:
        event = str(wanted.get("event", "payment_dispute.requires_response"))
        for intent in self.book.intents.values():
            if intent["merchant_order_id"] == wanted.get("reference"):
                dispute = {
                    "id": f"dsp_{intent['id'][4:]}", "payment_intent_id": intent["id"], "amount": intent["amount"],
                    "currency": intent["currency"], "merchant_order_id": intent["merchant_order_id"],
                    "status": event.rpartition(".")[2].upper(), "stage": "CHARGEBACK",
                }  # fmt: skip
                self._tell(intent["id"], [(event, dispute)], hold=False)
                return json_reply({"id": dispute["id"]})
        raise Refusal(404, "resource_not_found")

    def _tell(self, intent_id: str, news: list[tuple[str, dict[str, Any]]], hold: bool = True) -> None:
        """Newest first, unless told to keep order."""
        for kind, subject in news if self.faults.get("in_order") else news[::-1]:
            event_id = f"evt_{secrets.token_hex(12)}"
            now = time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime())
            event = {"id": event_id, "name": kind, "account_id": "acct_twin", "created_at": now}
            body = self._written({**event, "data": {"object": subject}})
            held = intent_id if hold and self.faults.get("reorder") else ""
            self.notices.add(event_id, self.webhook_url, body, hold=held)

    def _written(self, value: Any) -> str:
        text = numbers_out(value)
        if not self.faults.get("exponents"):
            return text
        return _LARGE.sub(lambda found: found.group(1) + f"{Decimal(found.group(2)).normalize():E}", text)

    def _event_headers(self, notice: dict[str, Any], body: bytes, wrongly: bool) -> dict[str, str]:
        timestamp = str(int(time.time() * 1000))
        signed = body if wrongly else timestamp.encode() + body
        mark = hmac.digest(self.keys["webhook_secrets"][0].encode(), signed, "sha256").hex()
        self.note("signed event", id=notice["id"])
        return {"Content-Type": "application/json", "x-timestamp": timestamp, "x-signature": mark}
