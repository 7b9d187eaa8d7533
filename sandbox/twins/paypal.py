"""The twin of PayPal: access tokens, Orders v2, captures, refunds, disputes, and events signed with certificates that
it serves itself, issued under a root of its own.

Events go to `webhook_url`: a webhook is set up in PayPal's dashboard, not per payment.

The payer's side: a browser at `redirect_url`, or `POST /_twin/pay` with `{"order_id"}` or `{"redirect_url"}`;
`"decline": "INSTRUMENT_DECLINED"` approves, and the next capture is refused with that issue.
`POST /_twin/dispute` `{"order_id", "outcome"?}`: opens one, or ends it with PayPal's outcome code.
`POST /_twin/refund` `{"order_id", "value"?}`: a person refunds in the dashboard.
`POST /_twin/revoke_tokens` `{}`: access tokens handed out so far are worth nothing.

Switches, besides those of `payment`:
    capture_outcome  "COMPLETED" (default), "PENDING", "DECLINED"
    refund_outcome   "COMPLETED" (default), "PENDING", "FAILED"
    no_certificate   true: the signing certificates cannot be had
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import time
import uuid
from base64 import b64encode
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit
from zlib import crc32

from sandbox.twins.payment import PaymentTwin
from sandbox.twins.paypal_book import Book, Refusal, shown
from sandbox.twins.paypal_keys import make_keys, sign
from sandbox.twins.server import TwinReply, TwinRequest, json_reply

CERTIFICATE_HOST = "https://api.sandbox.paypal.com"
TOKEN_SECONDS = 32400
_CERTIFICATES = "/v1/notifications/certs/"
_ORDER = re.compile(r"/v2/checkout/orders/(\w+)(/capture)?")
_CAPTURE = re.compile(r"/v2/payments/captures/(\w+)(/refund)?")
_PAGE = "/checkoutnow"
_RESOURCE_TYPES = {"CHECKOUT.ORDER": "checkout-order", "PAYMENT.CAPTURE.REFUNDED": "refund", "PAYMENT.REFUND": "refund",
                   "PAYMENT.CAPTURE": "capture", "CUSTOMER.DISPUTE": "dispute"}  # fmt: skip
"""How an event's kind begins, the longer first -> what its resource is."""
_FORM = "<!doctype html><title>PayPal twin</title><form method=post><button>Approve</button></form>"


class PayPalTwin(PaymentTwin):
    name = "paypal"
    never_lost = ("/v1/", _PAGE)
    book: Book

    def make_keys(self) -> dict[str, Any]:
        return {
            "client_id": secrets.token_urlsafe(30),
            "client_secret": secrets.token_urlsafe(30),
            "webhook_id": secrets.token_hex(9).upper()[:17],
            **make_keys(),
        }

    def open_book(self, kept: dict[str, Any]) -> Book:
        return Book(kept, self.url + _PAGE, self.url)

    def wake(self) -> None:
        self._tokens: dict[str, float] = self.recall("tokens", {})

    def secret(self) -> dict[str, Any]:
        """What our side's secret store holds: the JSON of `paypal_from_secret`."""
        return {
            "client_id": self.keys["client_id"],
            "client_secret": self.keys["client_secret"],
            "webhook_ids": [self.keys["webhook_id"]],
            "certificate_roots_pem": self.keys["root_pem"],
            "sandbox": True,
        }

    def api(self, request: TwinRequest) -> TwinReply:
        if request.path == "/v1/oauth2/token" and request.method == "POST":
            return self._token(request)
        if request.path.startswith(_CERTIFICATES) and request.method == "GET":
            held = self.keys["signing"].get(request.path[len(_CERTIFICATES) :])
            if held is None or self.faults.get("no_certificate"):
                raise Refusal(404, "RESOURCE_NOT_FOUND")
            return TwinReply(200, held["chain_pem"].encode(), {"Content-Type": "text/plain"})
        if request.path == _PAGE:
            return self._page(request)
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._tokens.get(bearer, 0) < time.time():
            return json_reply({"error": "invalid_token", "error_description": "twin"}, 401)
        return self._resource(request)

    def _token(self, request: TwinRequest) -> TwinReply:
        expected = b64encode(f"{self.keys['client_id']}:{self.keys['client_secret']}".encode()).decode()
        if not hmac.compare_digest(request.headers.get("authorization", ""), f"Basic {expected}"):
            return json_reply({"error": "invalid_client", "error_description": "twin"}, 401)
        if dict(parse_qsl(request.body.decode())) != {"grant_type": "client_credentials"}:
            return json_reply({"error": "unsupported_grant_type", "error_description": "twin"}, 400)
        token = f"A21AA{secrets.token_urlsafe(40)}"
        self._tokens[token] = time.time() + TOKEN_SECONDS
        self.remember("tokens", self._tokens)
        return json_reply({"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS})

    def _resource(self, request: TwinRequest) -> TwinReply:
        order, capture = _ORDER.fullmatch(request.path), _CAPTURE.fullmatch(request.path)
        if request.method == "GET":
            if order and not order.group(2):
                return json_reply(shown(self.book.order(order.group(1))))
            if capture and not capture.group(2):
                return json_reply(self.book.capture_of(capture.group(1)))
            raise Refusal(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")
        if request.headers.get("content-type") != "application/json":
            raise Refusal(415, "UNSUPPORTED_MEDIA_TYPE")
        # The same request id again: what has become of the first request, whatever the second one says.
        request_id = request.headers.get("paypal-request-id", "")
        own = f"{request.path} {request_id}"
        if request_id and own in self.answers:
            earlier = self.answers[own]
            of_order = earlier["status"] < 400 and not capture
            now = shown(self.book.order(earlier["answer"]["id"])) if of_order else earlier["answer"]
            return json_reply(now, 200 if earlier["status"] == 201 else earlier["status"])
        try:
            reply = self._carry_out(request, order.group(1) if order else "", capture.group(1) if capture else "")
        except Refusal as no:
            reply = self.refused(no)
        if request_id:
            self.keep_answer(own, reply)
        return reply

    def _carry_out(self, request: TwinRequest, order_id: str, capture_id: str) -> TwinReply:
        wanted = request.json()
        if request.path == "/v2/checkout/orders":
            if not request.headers.get("paypal-request-id"):
                raise Refusal(400, "INVALID_REQUEST", "PAYPAL_REQUEST_ID_REQUIRED")
            return json_reply(shown(self.book.create(wanted)), 201)
        if order_id and request.path.endswith("/capture"):
            outcome = str(self.faults.get("capture_outcome", "COMPLETED"))
            order, capture = self.book.capture(order_id, outcome)
            news = [("CHECKOUT.ORDER.COMPLETED", shown(order)), (f"PAYMENT.CAPTURE.{outcome}", capture)]
            self.tell(order_id, news)
            return json_reply(shown(order), 201)
        if capture_id and request.path.endswith("/refund"):
            return json_reply(self._refund(capture_id, wanted), 201)
        raise Refusal(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")

    def _refund(self, capture_id: str, wanted: dict[str, Any]) -> dict[str, Any]:
        outcome = str(self.faults.get("refund_outcome", "COMPLETED"))
        refund = self.book.refund(capture_id, wanted, outcome)
        kind = "PAYMENT.CAPTURE.REFUNDED" if outcome == "COMPLETED" else f"PAYMENT.REFUND.{outcome}"
        self.tell_first(self.book.order_of[capture_id], [(kind, refund)])
        return refund

    def _page(self, request: TwinRequest) -> TwinReply:
        """What the payer sees: one button, and back to the shop with the order's id."""
        order = self.book.order(request.query.get("token", ""))
        if request.method == "GET":
            return TwinReply(200, _FORM.encode(), {"Content-Type": "text/html; charset=utf-8"})
        self._approve(order["id"], "")
        back = order["_return_url"] or self.url
        return TwinReply(303, b"", {"Location": f"{back}?token={order['id']}&PayerID=TWINPAYER0001"})

    def _approve(self, order_id: str, decline: str) -> dict[str, Any]:
        order = self.book.approve(order_id, decline)
        self.tell(order_id, [("CHECKOUT.ORDER.APPROVED", shown(order))])
        return order

    def pay(self, wanted: dict[str, Any]) -> TwinReply:
        order = self._approve(self._chosen(wanted)["id"], str(wanted.get("decline", "")))
        return json_reply({"id": order["id"], "status": order["status"]})

    def control(self, what: str, wanted: dict[str, Any]) -> TwinReply:
        if what == "revoke_tokens":
            self._tokens.clear()
            self.remember("tokens", self._tokens)
            return json_reply({})
        if what == "refund":
            capture = self._captured(self._chosen(wanted))
            amount = {"currency_code": capture["amount"]["currency_code"], "value": wanted.get("value")}
            return json_reply(self._refund(capture["id"], {"amount": amount} if wanted.get("value") else {}))
        return super().control(what, wanted)

    def _chosen(self, wanted: dict[str, Any]) -> dict[str, Any]:
        page = parse_qs(urlsplit(str(wanted.get("redirect_url", ""))).query)
        return self.book.order(str(wanted.get("order_id") or page.get("token", [""])[0]))

    @staticmethod
    def _captured(order: dict[str, Any]) -> dict[str, Any]:
        captures = order["purchase_units"][0].get("payments", {}).get("captures")
        if not captures:
            raise Refusal(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")
        first: dict[str, Any] = captures[0]
        return first

    def dispute(self, wanted: dict[str, Any]) -> TwinReply:
        order, outcome = self._chosen(wanted), str(wanted.get("outcome", ""))
        capture = self._captured(order)
        bought = {"invoice_number": capture["invoice_id"], "custom": capture["custom_id"]}
        dispute = {
            "dispute_id": f"PP-D-{capture['id'][:5]}",
            "status": "RESOLVED" if outcome else "OPEN",
            "disputed_transactions": [{"seller_transaction_id": capture["id"], **bought}],
            "dispute_amount": capture["amount"],
        }
        if outcome:
            dispute["dispute_outcome"] = {"outcome_code": outcome}
        kind = "CUSTOMER.DISPUTE.RESOLVED" if outcome else "CUSTOMER.DISPUTE.CREATED"
        self.tell(order["id"], [(kind, dispute)], hold=False)
        return json_reply({})

    def event(self, kind: str, subject: dict[str, Any]) -> tuple[str, str]:
        event_id = f"WH-{secrets.token_hex(8).upper()}-{secrets.token_hex(8).upper()}"
        event = {
            "id": event_id,
            "event_version": "1.0",
            "create_time": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
            "resource_type": next(named for start, named in _RESOURCE_TYPES.items() if kind.startswith(start)),
            "resource_version": "2.0",
            "event_type": kind,
            "summary": "twin",
            "resource": subject,
        }
        return event_id, json.dumps(event, ensure_ascii=False, separators=(",", ":"))

    def notice_headers(self, notice: dict[str, Any], body: bytes, wrongly: bool) -> dict[str, str]:
        transmission_id, sent = str(uuid.uuid1()), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        certificate_id, held = secrets.choice(list(self.keys["signing"].items()))
        webhook_id = "WEBHOOK_ID" if wrongly else self.keys["webhook_id"]
        signature = sign(held["key_pem"], f"{transmission_id}|{sent}|{webhook_id}|{crc32(body)}".encode())
        self.note("signed event", id=notice["id"], certificate=certificate_id)
        return {
            "Content-Type": "application/json",
            "PAYPAL-TRANSMISSION-ID": transmission_id,
            "PAYPAL-TRANSMISSION-TIME": sent,
            "PAYPAL-TRANSMISSION-SIG": b64encode(signature).decode(),
            "PAYPAL-CERT-URL": f"{CERTIFICATE_HOST}{_CERTIFICATES}{certificate_id}",
            "PAYPAL-AUTH-ALGO": "SHA256withRSA",
            "PAYPAL-AUTH-VERSION": "v2",
        }

    def refused(self, no: Refusal) -> TwinReply:
        details = [{"issue": no.issue, "description": "twin"}] if no.issue else []
        answer = {"name": no.name, "message": "twin", "debug_id": secrets.token_hex(7), "details": details}
        return json_reply(answer, no.status)
