"""The twin of HyperPay: checkouts of its payment form, the report, refunds, and notices that are encrypted whole.

Notices go to `webhook_url` (a listener is set up in the merchant portal, not per payment): set the attribute, or
`POST /_twin/webhook_endpoint` `{"url"}`.

The payer's side: `POST /_twin/pay` with `{"checkout_id"}`, or what the device was given; `"decline": "800.100.153"`
ends the try with that result code, and the checkout can be tried again. `POST /_twin/dispute` `{"payment"}` makes a
chargeback, with `"won": true` its reversal. Each notice is delivered twice, newest first: succeeded, on its way.

Switches, besides those of `server` and `notices`:
    in_order        true: notices go out in the order in which things happened
    reorder         true: notices of a payment wait until that of its refund overtakes them
    json_wrapper    true: the ciphertext comes as {"encryptedBody": …}, as some listeners are set
    refund_outcome  the result code of refunds (default 000.000.000)
    lose_answer     true: calls are carried out, and the connection closes without a word
    search_lags     true: the report finds nothing yet

`POST /_twin/roll_key` `{}`: the listener gets another key; what waits is still under the old one.
"""

from __future__ import annotations

import copy
import hmac
import json
import re
import secrets
from pathlib import Path
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
from sandbox.twins.notices import SHORT_LADDER_SECONDS, Notices
from sandbox.twins.server import Twin, TwinReply, TwinRequest, json_reply

LIVE_KEYS = 2
METHODS = ("mada", "card", "apple_pay")
_QUERY = re.compile(r"/v3/query(?:/(\w+))?")
_PAYMENT = re.compile(r"/v1/payments/(\w+)")


class HyperPayTwin(Twin):
    name = "hyperpay"

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
            "access_token": secrets.token_urlsafe(40),
            "entity_ids": {method: f"8ac7a4c7{secrets.token_hex(12)}" for method in METHODS},
            "webhook_keys": [secrets.token_hex(32)],
        }
        self.keys: dict[str, Any] = self.recall("keys", made)
        self.remember("keys", self.keys)
        entities = {entity: method for method, entity in self.keys["entity_ids"].items()}
        self.book = Book(self.recall("book", {}), entities)
        self._sealed: dict[str, dict[str, str]] = self.recall("sealed", {})
        self.notices = Notices(self, self._notice_headers, ladder_seconds)

    def start(self) -> Twin:
        self.notices.start()
        return super().start()

    def stop(self) -> None:
        super().stop()
        self.notices.stop()

    def secret(self) -> dict[str, Any]:
        """What our side's secret store holds: the JSON of `hyperpay_from_secret`."""
        return copy.deepcopy(self.keys)

    def roll_key(self) -> None:
        self.keys["webhook_keys"] = [secrets.token_hex(32), *self.keys["webhook_keys"]][:LIVE_KEYS]
        self.remember("keys", self.keys)

    def undelivered(self) -> list[dict[str, Any]]:
        return self.notices.waiting()

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
                reply = _answer(no.code, no.status)
            self.remember("book", self.book.kept())
        self.note("request", method=request.method, path=request.path, answer=reply.status)
        return reply

    def _authenticated(self, request: TwinRequest) -> TwinReply:
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
            self._tell(payment.group(1), [refund], hold=False)
            self.notices.release(payment.group(1))
            return json_reply(shown(refund))
        raise Refusal("200.300.404", 404)

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
            told = self.book.chargeback(str(wanted["payment"]), wanted.get("won") is True)
            self._tell(told["referencedId"], [told])
            return json_reply(shown(told))
        if request.path != "/_twin/pay":
            raise Refusal("200.300.404", 404)
        on_its_way, ended = self.book.pay(str(wanted.get("checkout_id", "")), str(wanted.get("decline") or SUCCESS))
        self._tell(ended["id"], [on_its_way, ended])
        return json_reply(shown(ended), 402 if wanted.get("decline") else 200)

    def _tell(self, payment_id: str, news: list[dict[str, Any]], hold: bool = True) -> None:
        """Newest first, unless told to keep order."""
        for transaction in news if self.faults.get("in_order") else news[::-1]:
            event = {"type": "PAYMENT", "payload": shown(transaction)}
            notice_id = f"{transaction['id']}.{secrets.token_hex(4)}"
            body = self._seal(notice_id, json.dumps(event, ensure_ascii=False).encode())
            held = payment_id if hold and self.faults.get("reorder") else ""
            self.notices.add(notice_id, self.webhook_url, body, hold=held)

    def _seal(self, notice_id: str, plain: bytes) -> str:
        """The body; its initialisation vector and tag are remembered for the headers of each try."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        iv = secrets.token_bytes(12)
        sealed = AESGCM(bytes.fromhex(self.keys["webhook_keys"][0])).encrypt(iv, plain, None)
        self._sealed[notice_id] = {"iv": iv.hex(), "tag": sealed[-16:].hex().upper()}
        self.remember("sealed", self._sealed)
        body = sealed[:-16].hex().upper()
        return json.dumps({"encryptedBody": body}) if self.faults.get("json_wrapper") else body

    def _notice_headers(self, notice: dict[str, Any], body: bytes, wrongly: bool) -> dict[str, str]:
        marks = self._sealed[notice["id"]]
        tag = secrets.token_hex(16).upper() if wrongly else marks["tag"]
        self.note("encrypted notice", id=notice["id"], bytes=len(body))
        kind = "application/json" if body.startswith(b"{") else "text/plain"
        return {"Content-Type": kind, "X-Initialization-Vector": marks["iv"], "X-Authentication-Tag": tag}


def _answer(code: str, status: int = 200, **members: Any) -> TwinReply:
    return json_reply({"result": {"code": code, "description": "twin"}, **members}, status)
