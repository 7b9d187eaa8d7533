"""The twin of Mercado Pago: Checkout Pro by orders, refunds, and notices signed over the query, never over the body.

Notices go to `webhook_url`, set up per application in their dashboard; the order's id is added to it as
`?data.id=…&type=order`, in capital letters.

One account per currency, each with a token and a secret. The payer's side: a browser at `redirect_url`, or
`POST /_twin/pay` with `{"order_id"}` or `{"redirect_url"}`; `"outcome"`: "processed" (default), "action_required" (a
slip that is paid later: pay again), "failed", "charged_back". `"detail"` overrides the status_detail.
`POST /_twin/refund` `{"order_id", "amount"?}`: a person refunds in the dashboard.

Switches, besides those of `payment`:
    refund_outcome  "processed" (default), "processing", "failed"
    milliseconds    false: the signature's time is in seconds (default: milliseconds)
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import time
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sandbox.twins.mercado_pago_book import CURRENCIES, Book, Refusal
from sandbox.twins.payment import PaymentTwin
from sandbox.twins.server import TwinReply, TwinRequest, json_reply

_ORDER = re.compile(r"/v1/orders/(\w+)(/cancel|/refund)?")
_PAGE = "/checkout/v1/redirect"
_FORM = "<!doctype html><title>Mercado Pago twin</title><form method=post><button>Pay</button></form>"


class MercadoPagoTwin(PaymentTwin):
    name = "mercado_pago"
    book: Book

    def make_keys(self) -> dict[str, Any]:
        return {
            "access_tokens": {currency: f"TEST-{secrets.token_hex(20)}" for currency in CURRENCIES},
            "webhook_secrets": {currency: secrets.token_hex(32) for currency in CURRENCIES},
        }

    def open_book(self, kept: dict[str, Any]) -> Book:
        return Book(kept, self.url + _PAGE)

    def api(self, request: TwinRequest) -> TwinReply:
        if request.path == _PAGE:
            return self._page(request)
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        tokens = self.keys["access_tokens"].items()
        account = next((name for name, token in tokens if hmac.compare_digest(token, bearer)), "")
        if not account:
            raise Refusal(401, "unauthorized")
        if request.method == "GET":
            found = _ORDER.fullmatch(request.path)
            if found is None or found.group(2):
                raise Refusal(404, "resource_not_found")
            return json_reply(self.book.order(found.group(1), account))
        key = request.headers.get("x-idempotency-key", "")
        if not 1 <= len(key) <= 64:
            raise Refusal(400, "empty_required_header")
        content = f"{request.path}\n{request.body.decode()}"
        own = f"{account} {key}"
        if own not in self.answers:
            self.keep_answer(own, self._carry_out(request, account), content)  # refusals are not remembered
        if self.answers[own]["content"] != content:
            raise Refusal(409, "idempotency_key_already_used")
        return self.kept_answer(own)

    def _carry_out(self, request: TwinRequest, account: str) -> TwinReply:
        if request.path == "/v1/orders":
            return json_reply(self.book.create(request.json(), account), 201)
        found = _ORDER.fullmatch(request.path)
        if found is None or not found.group(2):
            raise Refusal(404, "resource_not_found")
        order = self.book.order(found.group(1), account)
        if found.group(2) == "/cancel":
            self.book.cancel(order)
            self.tell(order["id"], [("order.canceled", order)])
            return json_reply(order)
        return json_reply(self._refund(order, request.json()), 201)

    def _refund(self, order: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
        refund = self.book.refund(order, wanted, str(self.faults.get("refund_outcome", "processed")))
        self.tell_first(order["id"], [("order.refunded", order)])
        shown = {name: order[name] for name in ("id", "status", "status_detail")}
        return {**shown, "transactions": {"refunds": [refund]}}

    def _page(self, request: TwinRequest) -> TwinReply:
        """What the payer sees: one button, and back to the shop."""
        order = self.book.order(request.query.get("order_id", ""))
        if request.method == "GET":
            return TwinReply(200, _FORM.encode(), {"Content-Type": "text/html; charset=utf-8"})
        self._paid(order, "processed", "")
        back = order.get("config", {}).get("online", {}).get("success_url") or self.url
        return TwinReply(303, b"", {"Location": f"{back}?external_reference={order['external_reference']}"})

    def _paid(self, order: dict[str, Any], outcome: str, detail: str) -> None:
        self.book.pay(order, outcome, detail)
        self.tell(order["id"], [(f"order.{order['status']}", order)])

    def pay(self, wanted: dict[str, Any]) -> TwinReply:
        order = self._chosen(wanted)
        self._paid(order, str(wanted.get("outcome", "processed")), str(wanted.get("detail", "")))
        return json_reply({"id": order["id"], "status": order["status"]})

    def control(self, what: str, wanted: dict[str, Any]) -> TwinReply:
        if what != "refund":
            return super().control(what, wanted)
        order = self._chosen(wanted)
        paid = order["transactions"]["payments"][-1:]
        part = {"transactions": [{"id": paid[0]["id"], "amount": wanted["amount"]}]} if wanted.get("amount") else {}
        return json_reply(self._refund(order, part))

    def _chosen(self, wanted: dict[str, Any]) -> dict[str, Any]:
        page = parse_qs(urlsplit(str(wanted.get("redirect_url", ""))).query)
        return self.book.order(str(wanted.get("order_id") or page.get("order_id", [""])[0]))

    def event(self, kind: str, subject: dict[str, Any]) -> tuple[str, str]:
        notice_id = str(secrets.randbelow(10**12))
        content = {
            "action": kind,
            "api_version": "v1",
            "application_id": "1",
            "data": {name: subject[name] for name in ("id", "external_reference", "status", "status_detail")},
            "date_created": subject["last_updated_date"],
            "id": notice_id,
            "live_mode": False,
            "type": "order",
            "user_id": "1",
        }
        return notice_id, json.dumps(content, ensure_ascii=False)

    def notice_url(self, payment: str) -> str:
        return f"{self.webhook_url}?data.id={payment}&type=order" if self.webhook_url else ""

    def notice_headers(self, notice: dict[str, Any], body: bytes, wrongly: bool) -> dict[str, str]:
        request_id, now = str(uuid.uuid4()), time.time()
        stamp = str(int(now) if self.faults.get("milliseconds") is False else int(now * 1000))
        order_id = parse_qs(urlsplit(notice["url"]).query)["data.id"][0]
        account = self.book.order(order_id)["currency"]
        text = f"id:{order_id.lower()};request-id:{request_id};ts:{stamp};"
        key = "" if wrongly else self.keys["webhook_secrets"][account]
        mark = hmac.digest(key.encode(), text.encode(), "sha256").hex()
        self.note("signed notice", id=notice["id"], account=account)
        return {
            "Content-Type": "application/json",
            "x-signature": f"ts={stamp},v1={mark}",
            "x-request-id": request_id,
        }

    def refused(self, no: Refusal) -> TwinReply:
        return json_reply({"errors": [{"code": no.code, "message": "twin"}]}, no.status)
