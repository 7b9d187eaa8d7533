"""The twin of DANA's payment gateway (SNAP): orders, its page, status, cancel, refund, and signed notices.

It checks our signature over method, path, hash of the body and time, our clock, and that no X-EXTERNAL-ID comes twice
in a day. Notices are signed with DANA's key over the path of the order's own address.

The payer's side: `POST /_twin/pay` with `{"redirect_url"}` (what `create` gave) or `{"partnerReferenceNo"}`; with
`"expire": true` the order's time is over instead. The answer is `{"return_to"}`. A browser may also open the
redirect_url. Only paid and expired orders have a notice, at their own address: there is nothing to reorder.

Switches, besides those of `payment`:
    refund_outcome  "200" (default), "202" (in progress), or status and case of a refusal, e.g. "40314"
    paying          true: a payer's payment stays in the state between (02), and tells nothing
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature

from sandbox.twins import wechat_pay_keys as rsa
from sandbox.twins.dana_book import Book, Refusal, epoch, jakarta
from sandbox.twins.payment import PaymentTwin, json_object
from sandbox.twins.server import TwinReply, TwinRequest, json_reply

CLOCK_DRIFT_SECONDS = 300
_PATH = "/payment-gateway/v1.0/debit/"
_SERVICES = {"payment-host-to-host.htm": "54", "status.htm": "55", "cancel.htm": "57", "refund.htm": "58"}
NO_SERVICE = "00"
_PAGE = """<!doctype html><title>DANA</title><form method="post"><h1>DANA (twin)</h1><button>Pay</button></form>"""


class DanaTwin(PaymentTwin):
    name = "dana"
    book: Book

    def make_keys(self) -> dict[str, Any]:
        return make_keys()

    def open_book(self, kept: dict[str, Any]) -> Book:
        return Book(kept, self.keys["merchant_id"])

    def wake(self) -> None:
        self._seen: list[str] = self.recall("seen", [])

    def secret(self) -> dict[str, Any]:
        """What our side's secret store holds: the JSON of `dana_from_secret`."""
        return {
            "partner_id": self.keys["partner_id"],
            "merchant_id": self.keys["merchant_id"],
            "merchant_category": "5732",
            "private_key_pem": self.keys["merchant_private_key_pem"],
            "dana_public_keys": [rsa.public_pem(self.keys["dana_private_key_pem"])],
        }

    def api(self, request: TwinRequest) -> TwinReply:
        if request.path.startswith("/checkout/"):
            return self._page(request)
        service = _SERVICES.get(request.path.removeprefix(_PATH), NO_SERVICE)
        try:
            self._authenticate(request)
            return self._route(request, service)
        except Refusal as no:
            return _refusal(no, service)

    def refused(self, no: Refusal) -> TwinReply:
        return _refusal(no, NO_SERVICE)

    def _route(self, request: TwinRequest, service: str) -> TwinReply:
        wanted, now, status = _json(request), time.time(), 200
        if service == "54":
            order = self.book.create(wanted, now)
            told = {"referenceNo": order["referenceNo"], "partnerReferenceNo": order["number"],
                    "webRedirectUrl": f"{self.url}/checkout/{order['token']}"}  # fmt: skip
        elif service == "55":
            told = self.book.status(wanted, now)
        elif service == "57":
            told = {**self.book.numbers(self.book.cancel(wanted, now)), "cancelTime": jakarta(now)}
        elif service == "58":
            refund = self.book.refund(wanted, str(self.faults.get("refund_outcome", "200")))
            status = int(refund["outcome"])
            told = {"originalPartnerReferenceNo": refund["of"], "partnerRefundNo": refund["wanted"]["partnerRefundNo"],
                    "refundNo": refund["refundNo"], "refundAmount": refund["wanted"]["refundAmount"]}  # fmt: skip
        else:
            raise Refusal(404, "01")
        return json_reply({"responseCode": f"{status}{service}00", "responseMessage": "Successful", **told}, status)

    def _page(self, request: TwinRequest) -> TwinReply:
        order = self._of_token(request.path.rpartition("/")[2])
        if request.method == "GET":
            return TwinReply(200, _PAGE.encode(), {"Content-Type": "text/html; charset=utf-8"})
        return TwinReply(303, b"", {"Location": self._paid(order)})

    def pay(self, wanted: dict[str, Any]) -> TwinReply:
        if wanted.get("redirect_url"):
            order = self._of_token(str(wanted["redirect_url"]).rpartition("/")[2])
        else:
            order = self.book.find({"originalPartnerReferenceNo": wanted.get("partnerReferenceNo")})
        if wanted.get("expire"):
            order["state"] = "CANCELLED"
            self._tell(order)
            return json_reply({"return_to": _address(order, "PAY_RETURN")})
        return json_reply({"return_to": self._paid(order)})

    def _paid(self, order: dict[str, Any]) -> str:
        self.book.pay(order, time.time())
        if self.faults.get("paying"):
            order["state"] = "PAYING"
        else:
            self._tell(order)
        return _address(order, "PAY_RETURN")

    def _of_token(self, token: str) -> dict[str, Any]:
        for order in self.book.orders.values():
            if secrets.compare_digest(order["token"], token):
                return order
        raise Refusal(404, "01")

    def _tell(self, order: dict[str, Any]) -> None:
        notice = self.book.notice(order, time.time())
        body = json.dumps(notice, ensure_ascii=False, separators=(",", ":"))
        self.notices.add(secrets.token_hex(8), _address(order, "NOTIFICATION"), body)

    def notice_headers(self, notice: dict[str, Any], body: bytes, wrongly: bool) -> dict[str, str]:
        timestamp, path = jakarta(time.time()), urlsplit(notice["url"]).path
        signed = _message("POST", path, b"" if wrongly else body, timestamp)
        self.note("signed notice", id=notice["id"])
        return {
            "Content-Type": "application/json",
            "X-TIMESTAMP": timestamp,
            "X-SIGNATURE": rsa.sign(self.keys["dana_private_key_pem"], signed),
            "X-PARTNER-ID": self.keys["partner_id"],
            "X-EXTERNAL-ID": secrets.token_hex(16),
            "CHANNEL-ID": "DANA",
        }

    def _authenticate(self, request: TwinRequest) -> None:
        said, timestamp = request.headers, request.headers.get("x-timestamp", "")
        if abs(time.time() - epoch(timestamp)) > CLOCK_DRIFT_SECONDS:
            raise Refusal(401, "00")
        if said.get("x-partner-id") != self.keys["partner_id"] or not said.get("channel-id"):
            raise Refusal(401, "00")
        if not any(self._is_signed(request, body, timestamp) for body in _spellings(request.body)):
            raise Refusal(401, "00")
        once = f"{timestamp[:10]}.{said.get('x-external-id', '')}"
        if once.endswith(".") or len(once) > 47:
            raise Refusal(400, "02")
        if once in self._seen:
            raise Refusal(409, "00")
        self._seen.append(once)
        self.remember("seen", self._seen)

    def _is_signed(self, request: TwinRequest, body: bytes, timestamp: str) -> bool:
        try:
            signature = base64.b64decode(request.headers.get("x-signature", ""), validate=True)
            message = _message(request.method, request.target, body, timestamp)
            rsa.verify(self.keys["merchant_private_key_pem"], signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def _spellings(body: bytes) -> list[bytes]:
    """The party hashes the minified body, whatever came: its own SDK sends spaces that it does not sign."""
    try:
        value = json.loads(body)
    except ValueError:
        return [body]
    return [json.dumps(value, ensure_ascii=escaped, separators=(",", ":")).encode() for escaped in (False, True)]


def make_keys() -> dict[str, Any]:
    """JSON to keep in the twin's folder. Everything in it is made up here and opens nothing outside the box."""
    two = rsa.make_keys()
    return {
        "partner_id": f"{secrets.randbelow(10**22):022d}",
        "merchant_id": f"2166{secrets.randbelow(10**17):017d}",
        "merchant_private_key_pem": two["merchant_private_key_pem"],
        "dana_private_key_pem": two["public_key_private_pem"],
    }


def _message(method: str, path: str, body: bytes, timestamp: str) -> bytes:
    return f"{method}:{path}:{hashlib.sha256(body).hexdigest().lower()}:{timestamp}".encode()


def _address(order: dict[str, Any], kind: str) -> str:
    return str(next(one["url"] for one in order["wanted"]["urlParams"] if one["type"] == kind))


def _refusal(no: Refusal, service: str) -> TwinReply:
    return json_reply({"responseCode": f"{no.status}{service}{no.case}", "responseMessage": "twin"}, no.status)


def _json(request: TwinRequest) -> dict[str, Any]:
    return json_object(request, Refusal(400, "00"))
