"""The twin of Checkout.com: payment pages, payments and their actions, refunds with keys, signed workflow events.

Events go to `webhook_url`: a workflow is set up in the dashboard, not per payment.

The payer's side: `POST /_twin/pay` with `{"link"}`, or what the device was given; `"decline": "20051"` declines the
card with that response code, and the page can be tried again. `POST /_twin/dispute` `{"payment", "event"}` (default
event: dispute_received). What happened at once is two events: approved, captured.
Once the workflow has another key, events are signed by it alone.

Switches, besides those of `payment`:
    refund_outcome  "approved" (default), "declined", "pending"
    search_lags     true: the list by reference finds nothing yet
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from typing import Any

from sandbox.twins.checkout_com_book import Book, Refusal, link_status, now_text
from sandbox.twins.payment import PaymentTwin
from sandbox.twins.server import TwinReply, TwinRequest, json_reply

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAYMENT = re.compile(r"/payments/(pay_\w+)(/actions|/refunds)?")
_LINK = re.compile(r"/payment-links/(pl_\w+)")
_PAGE = re.compile(r"/page/(pl_\w+)")


class CheckoutComTwin(PaymentTwin):
    name = "checkout_com"
    rolled = "webhook_keys"
    book: Book

    def make_keys(self) -> dict[str, Any]:
        return {
            "subdomain": "twin",
            "secret_key": "sk_sbox_" + "".join(secrets.choice(_LETTERS) for _ in range(27)),
            "processing_channel_id": "pc_" + "".join(secrets.choice(_LETTERS) for _ in range(26)),
            "webhook_keys": [self.new_key()],
        }

    def new_key(self) -> str:
        return secrets.token_hex(16)

    def open_book(self, kept: dict[str, Any]) -> Book:
        return Book(kept)

    def api(self, request: TwinRequest) -> TwinReply:
        page = _PAGE.fullmatch(request.path)
        if page:
            return TwinReply(200, b"<h1>The payment page</h1>", {"Content-Type": "text/html"})
        if not hmac.compare_digest(request.headers.get("authorization", ""), f"Bearer {self.keys['secret_key']}"):
            raise Refusal(401)
        key = request.headers.get("cko-idempotency-key", "")
        if request.method != "POST" or not key:
            return self._route(request)
        # The party looks at the key alone, and keeps the answers of what it has carried out.
        if key not in self.answers:
            self.keep_answer(key, self._route(request))
        return self.kept_answer(key)

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
        self.tell_first(payment_id, _news(self.book.payment(payment_id), news, action))
        return json_reply({"action_id": action["id"], "reference": action["reference"], "_links": {}}, 202)

    def pay(self, wanted: dict[str, Any]) -> TwinReply:
        link_id = str(wanted.get("link") or str(wanted.get("redirect_url", "")).rpartition("/")[2])
        payment = self.book.pay(link_id, str(wanted.get("decline") or ""))
        action = self.book.actions[payment["id"]][0]
        news = ["payment_declined"] if wanted.get("decline") else ["payment_approved", "payment_captured"]
        self.tell(payment["id"], _news(payment, news, action))
        return json_reply({"id": payment["id"], "status": payment["status"]}, 402 if wanted.get("decline") else 200)

    def dispute(self, wanted: dict[str, Any]) -> TwinReply:
        payment_id, kind = str(wanted["payment"]), str(wanted.get("event", "dispute_received"))
        payment = self.book.payment(payment_id)
        data = {"id": f"dsp_{secrets.token_hex(10)}", "payment_id": payment_id, "amount": payment["amount"],
                "payment_reference": payment["reference"], "currency": payment["currency"]}  # fmt: skip
        self.tell(payment_id, [(kind, data)])
        return json_reply(data)

    def event(self, kind: str, subject: dict[str, Any]) -> tuple[str, str]:
        event_id = f"evt_{secrets.token_hex(13)}"
        event = {"id": event_id, "type": kind, "version": "1.0.33", "created_on": now_text(), "data": subject}
        return event_id, json.dumps({**event, "_links": {}}, ensure_ascii=False)

    def notice_headers(self, notice: dict[str, Any], body: bytes, wrongly: bool) -> dict[str, str]:
        signed = b"" if wrongly else body
        mark = hmac.digest(self.keys["webhook_keys"][0].encode(), signed, "sha256").hex()
        self.note("signed event", id=notice["id"])
        return {"Content-Type": "application/json; charset=utf-8", "Cko-Signature": mark}

    def refused(self, no: Refusal) -> TwinReply:
        if no.status in (401, 403, 404):
            return TwinReply(no.status)
        answer = {"request_id": secrets.token_hex(8), "error_type": "request_invalid", "error_codes": list(no.codes)}
        return json_reply(answer, no.status)


def _news(payment: dict[str, Any], kinds: list[str], action: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """What each kind of event tells of one action at a payment."""
    told = {name: payment[name] for name in ("id", "currency", "metadata", "reference")}
    told |= {name: action.get(name) for name in ("amount", "processed_on", "response_code")}
    told["action_id"] = action["id"]
    if action["type"] == "Refund":
        told["reference"] = action["reference"] or payment["reference"]
    done = {**told, "balances": dict(payment["balances"])}
    return [(kind, done if kind in ("payment_captured", "payment_refunded") else told) for kind in kinds]
