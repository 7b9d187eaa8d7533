"""The twin of Adyen: payment links, modifications, idempotency keys, and notifications whose items carry an HMAC.

Notifications go to `webhook_url`: an endpoint is set up in the Customer Area, not per payment.

The payer's side: `POST /_twin/pay` with `{"redirect_url"}` or `{"link"}`; `"decline": "Refused"` declines, and the
link may be tried again. A cardholder who complains: `POST /_twin/dispute` `{"reference", "event": "CHARGEBACK"}`.

Switches, besides those of `payment`:
    together              true: what happened at once is one notification with several items
    refund_outcome        "succeeded" (default), "refused", "failed_later" (REFUND, then REFUND_FAILED)
    capture_outcome       "succeeded" (default), "failed" (CAPTURE_FAILED)
    refund_names_payment  true: the merchantReference of refund news is the payment's, as some accounts have it
    old_key               true: signed with the oldest live key
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import time
from base64 import b64encode
from typing import Any

from sandbox.twins.adyen_book import Book, Refusal
from sandbox.twins.payment import PaymentTwin
from sandbox.twins.server import TwinReply, TwinRequest, json_reply

MERCHANT_ACCOUNT = "TwinshoreECOM"
_LINK = re.compile(r"/v71/paymentLinks/(PL\w+)")
_CHANGE = re.compile(r"/v71/payments/(\w+)/(captures|cancels|refunds)")
_EVENT = {"captures": "CAPTURE", "cancels": "CANCELLATION", "refunds": "REFUND"}


class AdyenTwin(PaymentTwin):
    """capture: how the merchant account is set up, "automatic" or "manual"."""

    name = "adyen"
    rolled = "hmac_keys"
    book: Book

    def __init__(self, *given: Any, capture: str = "automatic", **named: Any) -> None:
        self._capture = capture
        super().__init__(*given, **named)

    def make_keys(self) -> dict[str, Any]:
        return {
            "api_key": f"AQE{secrets.token_urlsafe(40)}",
            "merchant_account": MERCHANT_ACCOUNT,
            "hmac_keys": [self.new_key()],
            "capture": self._capture,
        }

    def new_key(self) -> str:
        return secrets.token_hex(32).upper()

    def open_book(self, kept: dict[str, Any]) -> Book:
        return Book(kept)

    def api(self, request: TwinRequest) -> TwinReply:
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
            self.keep_answer(key, self._route(request))
        return self.kept_answer(key)

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
        self.tell_first(payment["reference"], self._news(items))
        answer = {**fields, "paymentPspReference": payment_id, "pspReference": made, "status": "received"}
        return json_reply(answer, 201)

    def pay(self, wanted: dict[str, Any]) -> TwinReply:
        link_id = str(wanted.get("link") or str(wanted.get("redirect_url", "")).rpartition("/")[2])
        declined = bool(wanted.get("decline"))
        made, link = self.book.try_to_pay(link_id, declined)
        item = self._item("AUTHORISATION", made, link["reference"], link["amount"])
        self.tell(link["reference"], self._news([{**item, "success": "false" if declined else "true"}]))
        answer = {"resultCode": "Refused" if declined else "Authorised", "pspReference": made}
        return json_reply(answer, 402 if declined else 200)

    def dispute(self, wanted: dict[str, Any]) -> TwinReply:
        reference, event = str(wanted.get("reference")), str(wanted.get("event", "CHARGEBACK"))
        for payment_id, payment in self.book.payments.items():
            if payment["reference"] == reference:
                made = f"DSP{payment_id[3:]}"  # one dispute per payment: all its news carries one reference
                item = self._item(event, made, reference, payment["amount"], payment_id)
                self.tell_first(reference, self._news([item]))
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

    def _news(self, items: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
        """A notification for each item, or one for all of them."""
        at_once = items if self.faults.get("in_order") else items[::-1]
        batches = [at_once] if self.faults.get("together") else [[item] for item in items]
        return [(batch[0]["eventCode"], {"items": batch}) for batch in batches]

    def event(self, kind: str, subject: dict[str, Any]) -> tuple[str, str]:
        wrapped = [{"NotificationRequestItem": item} for item in subject["items"]]
        body = json.dumps({"live": "false", "notificationItems": wrapped}, ensure_ascii=False)
        return f"{kind}:{subject['items'][0]['pspReference']}", body

    def notice_headers(self, notice: dict[str, Any], body: bytes, wrongly: bool) -> dict[str, str]:
        return {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Adyen HttpClient 1.0"}

    def notice_body(self, notice: dict[str, Any], wrongly: bool) -> str:
        """The signature is part of the body, in each item."""
        key = self.keys["hmac_keys"][-1 if self.faults.get("old_key") else 0]
        notification = json.loads(notice["body"])
        for wrapped in notification["notificationItems"]:
            item = wrapped["NotificationRequestItem"]
            item["additionalData"]["hmacSignature"] = _hmac_of({**item, "success": "?"} if wrongly else item, key)
        return json.dumps(notification, ensure_ascii=False)

    def refused(self, no: Refusal) -> TwinReply:
        answer = {"status": no.status, "errorCode": no.code, "message": "twin", "errorType": no.kind}
        return json_reply(answer, no.status)


def _hmac_of(item: dict[str, Any], key: str) -> str:
    fields = [item.get(name, "") for name in ("pspReference", "originalReference", "merchantAccountCode")]
    fields += [item["merchantReference"], item["amount"]["value"], item["amount"]["currency"]]
    text = ":".join(map(str, [*fields, item["eventCode"], item["success"]]))
    return b64encode(hmac.digest(bytes.fromhex(key), text.encode(), "sha256")).decode()
