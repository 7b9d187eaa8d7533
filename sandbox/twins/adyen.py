"""The twin of Adyen: payment links, modifications, idempotency keys, and notifications whose items carry an HMAC.

Notifications go to `webhook_url` (an endpoint is set up in the Customer Area, not per payment): set the attribute, or
`POST /_twin/webhook_endpoint` `{"url"}`.

The payer's side: `POST /_twin/pay` with `{"redirect_url"}` or `{"link"}`; `"decline": "Refused"` declines, and the
link may be tried again. A cardholder who complains: `POST /_twin/dispute` `{"reference", "event": "CHARGEBACK"}`.
Each notification is delivered twice, and what happened at once arrives newest first.

Switches, besides those of `server` and `notices`:
    in_order              true: news goes out in the order in which it happened
    reorder               true: news of a payment waits until that of its refund, capture or dispute overtakes it
    together              true: what happened at once is one notification with several items
    refund_outcome        "succeeded" (default), "refused", "failed_later" (REFUND, then REFUND_FAILED)
    capture_outcome       "succeeded" (default), "failed" (CAPTURE_FAILED)
    refund_names_payment  true: the merchantReference of refund news is the payment's, as some accounts have it
    old_key               true: signed with the oldest live key
    lose_answer           true: calls are carried out, and the connection closes without a word

`POST /_twin/roll_secret` `{}`: a second HMAC key; the last two are live.
"""

from __future__ import annotations

import copy
import hmac
import json
import re
import secrets
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

from sandbox.twins.adyen_book import Book, Refusal
from sandbox.twins.notices import SHORT_LADDER_SECONDS, Notices
from sandbox.twins.server import Twin, TwinReply, TwinRequest, json_reply

MERCHANT_ACCOUNT = "TwinshoreECOM"
LIVE_KEYS = 2
_LINK = re.compile(r"/v71/paymentLinks/(PL\w+)")
_CHANGE = re.compile(r"/v71/payments/(\w+)/(captures|cancels|refunds)")
_EVENT = {"captures": "CAPTURE", "cancels": "CANCELLATION", "refunds": "REFUND"}


class AdyenTwin(Twin):
    name = "adyen"

    def __init__(
        self,
        folder: Path | None = None,
        port: int = 0,
        *,
        webhook_url: str = "",
        capture: str = "automatic",
        ladder_seconds: tuple[float, ...] = SHORT_LADDER_SECONDS,
    ) -> None:
        super().__init__(folder, port)
        self.webhook_url = webhook_url or self.recall("webhook_url", "")
        made = {
            "api_key": f"AQE{secrets.token_urlsafe(40)}",
            "merchant_account": MERCHANT_ACCOUNT,
            "hmac_keys": [secrets.token_hex(32).upper()],
            "capture": capture,
        }
        self.keys: dict[str, Any] = self.recall("keys", made)
        self.remember("keys", self.keys)
        self.book = Book(self.recall("book", {}))
        self.answers: dict[str, Any] = self.recall("answers", {})
        self.notices = _SignedInside(self, _headers, ladder_seconds)

    def start(self) -> Twin:
        self.notices.start()
        return super().start()

    def stop(self) -> None:
        super().stop()
        self.notices.stop()

    def secret(self) -> dict[str, Any]:
        """What our side's secret store holds: the JSON of `adyen_from_secret`."""
        return copy.deepcopy(self.keys)

    def roll_secret(self) -> None:
        self.keys["hmac_keys"] = [secrets.token_hex(32).upper(), *self.keys["hmac_keys"]][:LIVE_KEYS]
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
                    reply = self._outside(request)
                else:
                    reply = self._authenticated(request)
            except Refusal as no:
                reply = _refused(no)
            self.remember("book", self.book.kept())
        self.note("request", method=request.method, path=request.path, answer=reply.status)
        return reply

    def _authenticated(self, request: TwinRequest) -> TwinReply:
        if not hmac.compare_digest(request.headers.get("x-api-key", ""), self.keys["api_key"]):
            raise Refusal(401, "000", "security")
        if request.method == "POST" and request.json().get("merchantAccount") != MERCHANT_ACCOUNT:
            raise Refusal(403, "901", "security")
        key = request.headers.get("idempotency-key", "")
        if len(key) > 64:
            raise Refusal(422, "702")
        if request.method != "POST" or not key:
            return self._route(request)
        # The first answer comes again, whatever is asked under the same key.
        if key not in self.answers:
            reply = self._route(request)
            self.answers[key] = {"status": reply.status, "answer": json.loads(reply.body)}
            self.remember("answers", self.answers)
        earlier = self.answers[key]
        return json_reply(earlier["answer"], earlier["status"])

    def _route(self, request: TwinRequest) -> TwinReply:
        if request.path == "/v71/paymentLinks" and request.method == "POST":
            return json_reply(self.book.new_link(request.json(), self.url), 201)
        link = _LINK.fullmatch(request.path)
        if link and request.method == "GET":
            return json_reply(self.book.link(link.group(1)))
        if link and request.method == "PATCH":
            return json_reply(self.book.expire(link.group(1), request.json()))
        change = _CHANGE.fullmatch(request.path)
        if change and request.method == "POST":
            return self._change(change.group(1), change.group(2), request.json())
        raise Refusal(404, "000")

    def _change(self, payment_id: str, what: str, fields: dict[str, Any]) -> TwinReply:
        made, holds = self.book.change(payment_id, what, fields)
        payment = self.book.payments[payment_id]
        own = fields.get("reference", "")
        reference = payment["reference"] if self.faults.get("refund_names_payment") or not own else own
        item = self._item(_EVENT[what], made, reference, fields.get("amount", payment["amount"]), payment_id)
        holds = holds and not (what == "refunds" and self.faults.get("refund_outcome") == "refused")
        items = [{**item, "success": "true" if holds else "false"}]
        if what == "refunds" and self.faults.get("refund_outcome") == "failed_later":
            items.append({**item, "eventCode": "REFUND_FAILED"})
        if what == "captures" and self.faults.get("capture_outcome") == "failed":
            items.append({**item, "eventCode": "CAPTURE_FAILED"})
        self._tell(payment["reference"], items, hold=False)
        self.notices.release(payment["reference"])
        answer = {**fields, "paymentPspReference": payment_id, "pspReference": made, "status": "received"}
        return json_reply(answer, 201)

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
            return self._dispute(str(wanted.get("reference")), str(wanted.get("event", "CHARGEBACK")))
        raise Refusal(404, "000")

    def _pay(self, wanted: dict[str, Any]) -> TwinReply:
        link_id = str(wanted.get("link") or str(wanted.get("redirect_url", "")).rpartition("/")[2])
        declined = bool(wanted.get("decline"))
        made, link = self.book.try_to_pay(link_id, declined)
        item = self._item("AUTHORISATION", made, link["reference"], link["amount"])
        self._tell(link["reference"], [{**item, "success": "false" if declined else "true"}])
        answer = {"resultCode": "Refused" if declined else "Authorised", "pspReference": made}
        return json_reply(answer, 402 if declined else 200)

    def _dispute(self, reference: str, event: str) -> TwinReply:
        for payment_id, payment in self.book.payments.items():
            if payment["reference"] == reference:
                made = f"DSP{payment_id[3:]}"  # one dispute per payment: all its news carries one reference
                self._tell(reference, [self._item(event, made, reference, payment["amount"], payment_id)], hold=False)
                self.notices.release(reference)
                return json_reply({"pspReference": made})
        raise Refusal(404, "000")

    def _item(
        self, event: str, made: str, reference: str, amount: dict[str, Any], original: str = ""
    ) -> dict[str, Any]:
        return {
            "additionalData": {},
            "amount": amount,
            "eventCode": event,
            "eventDate": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
            "merchantAccountCode": MERCHANT_ACCOUNT,
            "merchantReference": reference,
            **({"originalReference": original} if original else {}),
            "paymentMethod": "visa",
            "pspReference": made,
            "success": "true",
        }

    def _tell(self, reference: str, items: list[dict[str, Any]], hold: bool = True) -> None:
        """Newest first, unless told to keep order."""
        ordered = items if self.faults.get("in_order") else items[::-1]
        for batch in [ordered] if self.faults.get("together") else [[item] for item in ordered]:
            wrapped = [{"NotificationRequestItem": item} for item in batch]
            body = json.dumps({"live": "false", "notificationItems": wrapped}, ensure_ascii=False)
            notice_id = f"{batch[0]['eventCode']}:{batch[0]['pspReference']}"
            held = reference if hold and self.faults.get("reorder") else ""
            self.notices.add(notice_id, self.webhook_url, body, hold=held)

    def signed(self, body: str, wrongly: bool) -> str:
        key = self.keys["hmac_keys"][-1 if self.faults.get("old_key") else 0]
        notification = json.loads(body)
        for wrapped in notification["notificationItems"]:
            item = wrapped["NotificationRequestItem"]
            item["additionalData"]["hmacSignature"] = _hmac_of({**item, "success": "?"} if wrongly else item, key)
        return json.dumps(notification, ensure_ascii=False)


class _SignedInside(Notices):
    """The signature is part of the body, so each try has its own body."""

    def _deliver(self, notice: dict[str, Any]) -> None:
        twin = self._twin
        assert isinstance(twin, AdyenTwin)
        notice["body"] = twin.signed(notice["body"], bool(twin.faults.get("wrong_signature")))
        super()._deliver(notice)


def _headers(notice: dict[str, Any], body: bytes, wrongly: bool) -> dict[str, str]:
    return {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Adyen HttpClient 1.0"}


def _hmac_of(item: dict[str, Any], key: str) -> str:
    fields = [item.get(name, "") for name in ("pspReference", "originalReference", "merchantAccountCode")]
    fields += [item["merchantReference"], item["amount"]["value"], item["amount"]["currency"]]
    text = ":".join(map(str, [*fields, item["eventCode"], item["success"]]))
    return b64encode(hmac.digest(bytes.fromhex(key), text.encode(), "sha256")).decode()


def _refused(no: Refusal) -> TwinReply:
    return json_reply({"status": no.status, "errorCode": no.code, "message": "twin", "errorType": no.kind}, no.status)
