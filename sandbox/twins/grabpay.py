"""The twin of GrabPay's one-time charge: request HMAC, Grab's page with PKCE, tokens with proof of possession, refunds.

The payer's side: `POST /_twin/pay` with `{"redirect_url"}` (what `create` gave) agrees, with `"decline": "reason"`
refuses; the answer is `{"return_to"}`, where Grab would send the browser. A browser may also open the redirect_url: it
gets a page with both buttons.

GrabPay's own notices are not documented. This twin's are a guess: partnerTxID, txID, txStatus, and the request HMAC
over our webhook's path. They go to `webhook_url`; what happened at once is two: authorised, and the completion.

Switches, besides those of `payment`:
    unsigned_notices  true: notices carry no signature at all
    complete_outcome  "success" (default), "processing", "failed"
    refund_outcome    "success" (default), "processing", "failed"
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from email.utils import formatdate, parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from sandbox.twins.grabpay_book import Book, Refusal
from sandbox.twins.payment import PaymentTwin, json_object
from sandbox.twins.server import TwinReply, TwinRequest, json_reply

CLOCK_DRIFT_SECONDS = 300
JSON = "application/json"
_AUTHORIZE = "/grabid/v1/oauth2/authorize"
_PAGE = """<!doctype html><title>Grab</title><form method="post"><h1>GrabPay (twin)</h1>
<button>Agree</button> <button name="decline" value="user_canceled">Decline</button></form>"""


class GrabPayTwin(PaymentTwin):
    name = "grabpay"
    book: Book

    def make_keys(self) -> dict[str, Any]:
        return {
            "partner_id": secrets.token_hex(16),
            "partner_secrets": [secrets.token_hex(16)],
            "client_id": secrets.token_hex(16),
            "client_secret": secrets.token_urlsafe(32),
            "merchant_ids": {currency: secrets.token_hex(16) for currency in ("MYR", "PHP", "SGD", "THB")},
        }

    def open_book(self, kept: dict[str, Any]) -> Book:
        return Book(kept, self.keys)

    def api(self, request: TwinRequest) -> TwinReply:
        asked, parts = (request.method, request.path), request.path.split("/")[1:]
        if request.path == _AUTHORIZE:
            return self._page(request)
        if asked == ("POST", "/grabid/v1/oauth2/token"):
            return json_reply(self.book.token(_json(request)))
        if asked == ("POST", "/grabpay/partner/v2/charge/init"):
            self._check_partner(request)
            return json_reply(self.book.init(_json(request)))
        currency = request.query.get("currency", "-")
        if parts[:4] == ["grabpay", "partner", "v2", "one-time-charge"] and parts[5:] == ["status"]:
            self._check_partner(request)
            return json_reply(self.book.recovered(parts[4], currency))
        number = self._check_payer(request)
        if asked == ("POST", "/grabpay/partner/v2/charge/complete"):
            return self._complete(number, _json(request))
        if asked == ("POST", "/grabpay/partner/v2/refund"):
            return self._refund(number, _json(request))
        if parts[:4] == ["grabpay", "partner", "v2", "charge"] and parts[4:] == [number, "status"]:
            return json_reply(self.book.shown(self.book.charge(number, currency)))
        if parts[:4] == ["grabpay", "partner", "v2", "refund"] and parts[5:] == ["status"]:
            return json_reply(self.book.refund_shown(number, parts[4]))
        raise Refusal(404, "no_record_found")

    def _complete(self, number: str, wanted: dict[str, Any]) -> TwinReply:
        if wanted != {"partnerTxID": number}:
            raise Refusal(404, "no_record_found")
        done = self.book.complete(number, str(self.faults.get("complete_outcome", "success")))
        self.tell(number, [(number, {**done, "txStatus": "authorised"}), (number, done)])
        return json_reply(done)

    def _refund(self, number: str, wanted: dict[str, Any]) -> TwinReply:
        refund = self.book.refund(number, wanted, str(self.faults.get("refund_outcome", "success")))
        self.tell_first(number, [(wanted["partnerTxID"], refund)])
        return json_reply(refund)

    def _page(self, request: TwinRequest) -> TwinReply:
        if request.method == "GET":
            return TwinReply(200, _PAGE.encode(), {"Content-Type": "text/html; charset=utf-8"})
        pressed = dict(parse_qsl(request.body.decode()))
        back = self._decide(request.query, pressed.get("decline", ""))
        return TwinReply(303, b"", {"Location": back})

    def _decide(self, asked: dict[str, str], decline: str) -> str:
        outcome = self.book.consent(asked, decline)
        return f"{asked['redirect_uri']}?{outcome}&state={quote(asked['state'])}"

    def pay(self, wanted: dict[str, Any]) -> TwinReply:
        address = urlsplit(str(wanted.get("redirect_url", "")))
        if address.path != _AUTHORIZE:
            raise Refusal(404, "no_record_found")
        pairs = parse_qsl(address.query, keep_blank_values=True)
        if len(pairs) != len(dict(pairs)):
            raise Refusal(400, "invalid_request", "error")
        return json_reply({"return_to": self._decide(dict(pairs), str(wanted.get("decline", "")))})

    def event(self, kind: str, subject: dict[str, Any]) -> tuple[str, str]:
        """kind: our number of the charge or refund."""
        told = {"partnerTxID": kind, "txID": subject["txID"], "txStatus": subject["txStatus"]}
        return secrets.token_hex(8), json.dumps(told)

    def notice_headers(self, notice: dict[str, Any], body: bytes, wrongly: bool) -> dict[str, str]:
        if self.faults.get("unsigned_notices"):
            return {"Content-Type": JSON}
        date, path = formatdate(usegmt=True), urlsplit(notice["url"]).path
        mark = mac(self.keys["partner_secrets"][0], "POST", JSON, date, path, b"" if wrongly else body)
        self.note("signed notice", id=notice["id"])
        return {"Content-Type": JSON, "Date": date, "Authorization": f"{self.keys['partner_id']}:{mark}"}

    def refused(self, no: Refusal) -> TwinReply:
        return json_reply({no.member: no.reason}, no.status)

    def _check_partner(self, request: TwinRequest) -> None:
        date, kind = self._date(request), request.headers.get("content-type", "")
        wanted = mac(self.keys["partner_secrets"][0], request.method, kind, date, request.target, request.body)
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given, f"{self.keys['partner_id']}:{wanted}"):
            raise Refusal(401, "unauthorized")

    def _check_payer(self, request: TwinRequest) -> str:
        """The number of the charge whose token it is."""
        self._date(request)
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            proof = json.loads(base64.urlsafe_b64decode(request.headers.get("x-gid-aux-pop", "") + "=="))
            at, given = int(proof["time_since_epoch"]), str(proof["sig"])
        except (ValueError, KeyError, TypeError):
            raise Refusal(401, "unauthorized") from None
        digest = hmac.digest(self.keys["client_secret"].encode(), f"{at}{token}".encode(), "sha256")
        right = hmac.compare_digest(base64.urlsafe_b64encode(digest).decode().rstrip("="), given)
        if kind != "Bearer" or not right or abs(time.time() - at) > CLOCK_DRIFT_SECONDS:
            raise Refusal(401, "unauthorized")
        return self.book.of_token(token)

    @staticmethod
    def _date(request: TwinRequest) -> str:
        date = request.headers.get("date", "")
        try:
            moment = parsedate_to_datetime(date).timestamp()
        except (ValueError, TypeError):
            raise Refusal(401, "unauthorized") from None
        if abs(time.time() - moment) > CLOCK_DRIFT_SECONDS or formatdate(moment, usegmt=True) != date:
            raise Refusal(401, "unauthorized")
        return date


def mac(secret: str, method: str, content_type: str, date: str, target: str, body: bytes) -> str:
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode() if body and method != "GET" else ""
    lines = (method, content_type, date, target, digest, "")
    return base64.b64encode(hmac.digest(secret.encode(), "\n".join(lines).encode(), "sha256")).decode()


def _json(request: TwinRequest) -> dict[str, Any]:
    return json_object(request, Refusal(400, "client_error"))
