"""The twin of Checkout.com: payment pages, payments and their actions, refunds with keys, signed workflow events.

Events go to `webhook_url` (a workflow is set up in the dashboard, not per payment): set the attribute, or
`POST /_twin/webhook_endpoint` `{"url"}`.

The payer's side: `POST /_twin/pay` with `{"link"}`, or what the device was given; `"decline": "20051"` declines the
card with that response code, and the page can be tried again. `POST /_twin/dispute` `{"payment", "event"}` (default
event: dispute_received).
Each event is delivered twice, and what happened at once arrives newest first: captured, approved.

Switches, besides those of `server` and `notices`:
    in_order        true: events go out in the order in which they happened
    reorder         true: events of a payment wait until those of its refund overtake them
    refund_outcome  "approved" (default), "declined", "pending"
    lose_answer     true: calls are carried out, and the connection closes without a word
    search_lags     true: the list by reference finds nothing yet

`POST /_twin/roll_key` `{}`: the workflow gets another key; from then on events are signed by it.
"""

from __future__ import annotations

import copy
import hmac
import json
import re
import secrets
from pathlib import Path
from typing import Any

from sandbox.twins.checkout_com_book import Book, Refusal, link_status, now_text
from sandbox.twins.notices import SHORT_LADDER_SECONDS, Notices
from sandbox.twins.server import Twin, TwinReply, TwinRequest, json_reply

LIVE_KEYS = 2
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAYMENT = re.compile(r"/payments/(pay_\w+)(/actions|/refunds)?")
_LINK = re.compile(r"/payment-links/(pl_\w+)")
_PAGE = re.compile(r"/page/(pl_\w+)")


class CheckoutComTwin(Twin):
    name = "checkout_com"

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
            "subdomain": "twin",
            "secret_key": "sk_sbox_" + "".join(secrets.choice(_LETTERS) for _ in range(27)),
            "processing_channel_id": "pc_" + "".join(secrets.choice(_LETTERS) for _ in range(26)),
            "webhook_keys": [secrets.token_hex(16)],
        }
        self.keys: dict[str, Any] = self.recall("keys", made)
        self.remember("keys", self.keys)
        self.book = Book(self.recall("book", {}))
        self._answers: dict[str, Any] = self.recall("answers", {})
        self._notices = Notices(self, self._event_headers, ladder_seconds)

    def start(self) -> Twin:
        self._notices.start()
        return super().start()

    def stop(self) -> None:
        super().stop()
        self._notices.stop()

    def secret(self) -> dict[str, Any]:
        """What our side's secret store holds: the JSON of `checkout_com_from_secret`."""
        return copy.deepcopy(self.keys)

    def roll_key(self) -> None:
        self.keys["webhook_keys"] = [secrets.token_hex(16), *self.keys["webhook_keys"]][:LIVE_KEYS]
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
            self.remember("book", self.book.kept())
        self.note("request", method=request.method, path=request.path, answer=reply.status)
        return reply

    def _authenticated(self, request: TwinRequest) -> TwinReply:
        page = _PAGE.fullmatch(request.path)
        if page:
            return TwinReply(200, b"<h1>The payment page</h1>", {"Content-Type": "text/html"})
        if not hmac.compare_digest(request.headers.get("authorization", ""), f"Bearer {self.keys['secret_key']}"):
            raise Refusal(401)
        key = request.headers.get("cko-idempotency-key", "")
        if request.method != "POST" or not key:
            return self._route(request)
        # The party looks at the key alone, and keeps the answers of what it has carried out.
        if key not in self._answers:
            reply = self._route(request)
            self._answers[key] = {"status": reply.status, "answer": json.loads(reply.body)}
            self.remember("answers", self._answers)
        return json_reply(self._answers[key]["answer"], self._answers[key]["status"])

    def _route(self, request: TwinRequest) -> TwinReply:
        if request.path == "/payment-links" and request.method == "POST":
            return self._make_link(request.json())
        link = _LINK.fullmatch(request.path)
        if link and request.method == "GET":
            held = self.book.links.get(link.group(1))
            if held is None:
                raise Refusal(404)
            return json_reply({**held, "status": link_status(held)})
        if request.path == "/payments" and request.method == "GET":
            lags = self.faults.get("search_lags")
            found = [] if lags else self.book.by_reference(request.query.get("reference", ""))
            return json_reply({"limit": 10, "skip": 0, "total_count": len(found), "data": found})
        payment = _PAYMENT.fullmatch(request.path)
        if payment and request.method == "GET" and payment.group(2) != "/refunds":
            held = self.book.payment(payment.group(1))
            return json_reply(self.book.actions[payment.group(1)] if payment.group(2) else held)
        if payment and request.method == "POST" and payment.group(2) == "/refunds":
            return self._refund(payment.group(1), request.json())
        raise Refusal(404)

    def _make_link(self, fields: dict[str, Any]) -> TwinReply:
        if fields.get("processing_channel_id") not in (None, self.keys["processing_channel_id"]):
            raise Refusal(422, "processing_channel_id_invalid")
        made = self.book.link(fields)
        links = {"self": {"href": f"{self.url}/payment-links/{made['id']}"},
                 "redirect": {"href": f"{self.url}/page/{made['id']}"}}  # fmt: skip
        return json_reply({"id": made["id"], "reference": made["reference"], "_links": links}, 201)

    def _refund(self, payment_id: str, fields: dict[str, Any]) -> TwinReply:
        outcome = str(self.faults.get("refund_outcome", "approved"))
        action = self.book.refund(payment_id, fields, outcome)
        news = ["payment_refund_pending"]
        news += {"approved": ["payment_refunded"], "declined": ["payment_refund_declined"]}.get(outcome, [])
        self._tell(self.book.payment(payment_id), news, action, hold=False)
        self._notices.release(payment_id)
        return json_reply({"action_id": action["id"], "reference": action["reference"], "_links": {}}, 202)

    def _control_payer(self, request: TwinRequest) -> TwinReply:
        wanted = request.json()
        if request.path == "/_twin/webhook_endpoint":
            self.webhook_url = str(wanted["url"])
            self.remember("webhook_url", self.webhook_url)
            return json_reply({"url": self.webhook_url})
        if request.path == "/_twin/roll_key":
            self.roll_key()
            return json_reply({})
        if request.path == "/_twin/dispute":
            return self._dispute(str(wanted["payment"]), str(wanted.get("event", "dispute_received")))
        if request.path != "/_twin/pay":
            raise Refusal(404)
        link_id = str(wanted.get("link") or str(wanted.get("redirect_url", "")).rpartition("/")[2])
        payment = self.book.pay(link_id, str(wanted.get("decline") or ""))
        action = self.book.actions[payment["id"]][0]
        news = ["payment_declined"] if wanted.get("decline") else ["payment_approved", "payment_captured"]
        self._tell(payment, news, action)
        return json_reply({"id": payment["id"], "status": payment["status"]}, 402 if wanted.get("decline") else 200)

    def _dispute(self, payment_id: str, kind: str) -> TwinReply:
        payment = self.book.payment(payment_id)
        data = {"id": f"dsp_{secrets.token_hex(10)}", "payment_id": payment_id, "amount": payment["amount"],
                "payment_reference": payment["reference"], "currency": payment["currency"]}  # fmt: skip
        self._send([self._event(kind, data)], payment_id)
        return json_reply(data)

    def _tell(self, payment: dict[str, Any], news: list[str], action: dict[str, Any], hold: bool = True) -> None:
        refund = action["type"] == "Refund"
        events = []
        for kind in news:
            data = {name: payment[name] for name in ("id", "currency", "metadata", "reference")}
            data |= {name: action.get(name) for name in ("amount", "processed_on", "response_code")}
            data["action_id"] = action["id"]
            if refund:
                data["reference"] = action["reference"] or payment["reference"]
            if kind in ("payment_captured", "payment_refunded"):
                data["balances"] = dict(payment["balances"])
            events.append(self._event(kind, data))
        self._send(events, payment["id"] if hold else "")

    def _send(self, events: list[dict[str, Any]], hold: str) -> None:
        """Newest first, unless told to keep order."""
        for event in events if self.faults.get("in_order") else events[::-1]:
            body = json.dumps(event, ensure_ascii=False)
            self._notices.add(event["id"], self.webhook_url, body, hold=hold if self.faults.get("reorder") else "")

    def _event(self, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        return {"id": f"evt_{secrets.token_hex(13)}", "type": kind, "version": "1.0.33",
                "created_on": now_text(), "data": data, "_links": {}}  # fmt: skip

    def _event_headers(self, notice: dict[str, Any], body: bytes, wrongly: bool) -> dict[str, str]:
        signed = b"" if wrongly else body
        mark = hmac.digest(self.keys["webhook_keys"][0].encode(), signed, "sha256").hex()
        self.note("signed event", id=notice["id"])
        return {"Content-Type": "application/json; charset=utf-8", "Cko-Signature": mark}


def _refused(no: Refusal) -> TwinReply:
    if no.status in (401, 403, 404):
        return TwinReply(no.status)
    answer = {"request_id": secrets.token_hex(8), "error_type": "request_invalid", "error_codes": list(no.codes)}
    return json_reply(answer, no.status)
