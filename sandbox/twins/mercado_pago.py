"""The twin of Mercado Pago: Checkout Pro by orders, refunds, and notices signed over the query, never over the body.

Notices go to `webhook_url` (set up per application in their dashboard): set the attribute, or
`POST /_twin/webhook_endpoint` `{"url"}`; the order's id is added to it as `?data.id=…&type=order`, in capital letters.

One account per currency, each with a token and a secret. The payer's side: a browser at `redirect_url`, or
`POST /_twin/pay` with `{"order_id"}` or `{"redirect_url"}`; `"outcome"`: "processed" (default), "action_required" (a
slip that is paid later: pay again), "failed", "charged_back". `"detail"` overrides the status_detail. Each notice is
delivered twice.
`POST /_twin/refund` `{"order_id", "amount"?}`: a person refunds in the dashboard.

Switches, besides those of `server` and `notices`:
    reorder         true: notices of a payment wait until those of its refund overtake them
    refund_outcome  "processed" (default), "processing", "failed"
    lose_answer     true: calls are carried out, and the connection closes without a word
    milliseconds    false: the signature's time is in seconds (default: milliseconds)
"""

from __future__ import annotations

import copy
import hmac
import json
import re
import secrets
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sandbox.twins.mercado_pago_book import CURRENCIES, Book, Refusal
from sandbox.twins.notices import SHORT_LADDER_SECONDS, Notices
from sandbox.twins.server import Twin, TwinReply, TwinRequest, json_reply

_ORDER = re.compile(r"/v1/orders/(\w+)(/cancel|/refund)?")
_PAGE = "/checkout/v1/redirect"
_FORM = "<!doctype html><title>Mercado Pago twin</title><form method=post><button>Pay</button></form>"


class MercadoPagoTwin(Twin):
    name = "mercado_pago"

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
            "access_tokens": {currency: f"TEST-{secrets.token_hex(20)}" for currency in CURRENCIES},
            "webhook_secrets": {currency: secrets.token_hex(32) for currency in CURRENCIES},
        }
        self.keys: dict[str, Any] = self.recall("keys", made)
        self.remember("keys", self.keys)
        self.book = Book(self.recall("book", {}), self.url + _PAGE)
        self.answers: dict[str, Any] = self.recall("answers", {})
        self.notices = Notices(self, self._notice_headers, ladder_seconds)

    def start(self) -> Twin:
        self.notices.start()
        return super().start()

    def stop(self) -> None:
        super().stop()
        self.notices.stop()

    def secret(self) -> dict[str, Any]:
        """What our side's secret store holds: the JSON of `mercado_pago_from_secret`."""
        return copy.deepcopy(self.keys)

    def undelivered(self) -> list[dict[str, Any]]:
        return self.notices.waiting()

    def answer(self, request: TwinRequest) -> TwinReply | None:
        lost = self.faults.get("lose_answer") and not request.path.startswith("/_twin/")
        reply = super().answer(request)
        return None if lost else reply

    def handle(self, request: TwinRequest) -> TwinReply:
        with self.lock:
            try:
                reply = self._route(request)
            except Refusal as no:
                reply = _refused(no)
            self.remember("book", self.book.kept())
        self.note("request", method=request.method, path=request.path, answer=reply.status)
        return reply

    def _route(self, request: TwinRequest) -> TwinReply:
        if request.path.startswith("/_twin/"):
            return self._control_payer(request.path, request.json())
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
        earlier = self.answers.get(f"{account} {key}")
        if earlier is not None:
            if earlier["content"] != content:
                raise Refusal(409, "idempotency_key_already_used")
            return json_reply(earlier["answer"], earlier["status"])
        reply = self._carry_out(request, account)  # refusals are not remembered
        kept = {"content": content, "status": reply.status, "answer": json.loads(reply.body)}
        self.answers[f"{account} {key}"] = kept
        self.remember("answers", self.answers)
        return reply

    def _carry_out(self, request: TwinRequest, account: str) -> TwinReply:
        if request.path == "/v1/orders":
            return json_reply(self.book.create(request.json(), account), 201)
        found = _ORDER.fullmatch(request.path)
        if found is None or not found.group(2):
            raise Refusal(404, "resource_not_found")
        order = self.book.order(found.group(1), account)
        if found.group(2) == "/cancel":
            self.book.cancel(order)
            self._tell(order, "order.canceled")
            return json_reply(order)
        return json_reply(self._refund(order, request.json()), 201)

    def _refund(self, order: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
        refund = self.book.refund(order, wanted, str(self.faults.get("refund_outcome", "processed")))
        self._tell(order, "order.refunded", hold=False)
        self.notices.release(order["id"])
        shown = {name: order[name] for name in ("id", "status", "status_detail")}
        return {**shown, "transactions": {"refunds": [refund]}}

    def _page(self, request: TwinRequest) -> TwinReply:
        """What the payer sees: one button, and back to the shop."""
        order = self.book.order(request.query.get("order_id", ""))
        if request.method == "GET":
            return TwinReply(200, _FORM.encode(), {"Content-Type": "text/html; charset=utf-8"})
        self._pay(order, "processed", "")
        back = order.get("config", {}).get("online", {}).get("success_url") or self.url
        return TwinReply(303, b"", {"Location": f"{back}?external_reference={order['external_reference']}"})

    def _pay(self, order: dict[str, Any], outcome: str, detail: str) -> None:
        self.book.pay(order, outcome, detail)
        self._tell(order, f"order.{order['status']}")

    def _control_payer(self, path: str, wanted: dict[str, Any]) -> TwinReply:
        if path == "/_twin/webhook_endpoint":
            self.webhook_url = str(wanted["url"])
            self.remember("webhook_url", self.webhook_url)
            return json_reply({"url": self.webhook_url})
        page = parse_qs(urlsplit(str(wanted.get("redirect_url", ""))).query)
        order = self.book.order(str(wanted.get("order_id") or page.get("order_id", [""])[0]))
        if path == "/_twin/pay":
            self._pay(order, str(wanted.get("outcome", "processed")), str(wanted.get("detail", "")))
            return json_reply({"id": order["id"], "status": order["status"]})
        if path == "/_twin/refund":
            paid = order["transactions"]["payments"][-1:]
            part = {"transactions": [{"id": paid[0]["id"], "amount": wanted["amount"]}]} if wanted.get("amount") else {}
            return json_reply(self._refund(order, part))
        raise Refusal(404, "resource_not_found")

    def _tell(self, order: dict[str, Any], action: str, hold: bool = True) -> None:
        notice_id = str(secrets.randbelow(10**12))
        content = {
            "action": action,
            "api_version": "v1",
            "application_id": "1",
            "data": {name: order[name] for name in ("id", "external_reference", "status", "status_detail")},
            "date_created": order["last_updated_date"],
            "id": notice_id,
            "live_mode": False,
            "type": "order",
            "user_id": "1",
        }
        target = f"{self.webhook_url}?data.id={order['id']}&type=order" if self.webhook_url else ""
        held = order["id"] if hold and self.faults.get("reorder") else ""
        self.notices.add(notice_id, target, json.dumps(content, ensure_ascii=False), hold=held)

    def _notice_headers(self, notice: dict[str, Any], body: bytes, wrongly: bool) -> dict[str, str]:
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


def _refused(no: Refusal) -> TwinReply:
    return json_reply({"errors": [{"code": no.code, "message": "twin"}]}, no.status)
