"""The twin of Weixin Pay (API v3, mainland, ordinary merchant, JSAPI), for the party has no sandbox.

It checks our request signatures like the party does (clock, serial, raw body), signs answers and notices with real RSA
keys, encrypts notices with the APIv3 key, and remembers orders, refunds and undelivered notices in its folder.

The payer's side: `POST /_twin/pay` with `{"out_trade_no"}`, or with the very parameters of wx.requestPayment, whose
paySign is then verified; `coupon_minor` takes that much off what the payer pays. A notice follows: first a probe with a
wrong signature (WECHATPAY/SIGNTEST/…), then the right one, twice, to the address of the order.

Switches, besides those of `payment`:
    probe                  false: no probe before a notice
    key_mode               "public_key" (default), "certificate" or "both" (notices alternate, as during a switch)
    refund_outcome         "SUCCESS" (default), "ABNORMAL" or "CLOSED"
    wrong_reply_signature  true: answers are signed wrongly
    bill                   what is wrong with the trade bill, see `bill_faults`

`POST /_twin/rotate` `{"what": "certificate" | "api_v3_key"}`: from then on the new one is used.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from binascii import Error as Base64Error
from binascii import a2b_base64
from typing import Any

from cryptography.exceptions import InvalidSignature

from sandbox.twins import wechat_pay_bill, wechat_pay_keys
from sandbox.twins.payment import PaymentTwin, json_object
from sandbox.twins.server import TwinReply, TwinRequest, json_reply
from sandbox.twins.wechat_pay_book import Book, Refusal, rfc3339

CLOCK_DRIFT_SECONDS = 300
_AUTHORIZATION = re.compile(r'(\w+)="([^"]*)"')
_BY_NUMBER = re.compile(r"/v3/pay/transactions/out-trade-no/([^/]+)(/close)?")
_BY_ID = re.compile(r"/v3/pay/transactions/id/([^/]+)")
_REFUNDS = re.compile(r"/v3/refund/domestic/refunds(?:/([^/]+))?")


class WechatPayTwin(PaymentTwin):
    name = "wechat_pay"
    book: Book

    def __init__(self, *given: Any, appid: str = "wx0000000000000001", mchid: str = "1900000001", **named: Any) -> None:
        self.appid, self.mchid = appid, mchid
        super().__init__(*given, **named)

    def make_keys(self) -> dict[str, Any]:
        return wechat_pay_keys.make_keys()

    def open_book(self, kept: dict[str, Any]) -> Book:
        return Book(kept, self.appid, self.mchid)

    def secret(self) -> dict[str, Any]:
        """What our side's secret store holds: the JSON of `wechat_pay_from_secret`."""
        mode = self._key_mode()
        platform_keys = {}
        if mode != "certificate":
            platform_keys[self.keys["public_key_id"]] = wechat_pay_keys.public_pem(self.keys["public_key_private_pem"])
        if mode != "public_key":
            platform_keys.update({c["serial"]: c["certificate_pem"] for c in self._certificates()})
        return {
            "appid": self.appid,
            "mchid": self.mchid,
            "merchant_serial": self.keys["merchant_serial"],
            "merchant_private_key_pem": self.keys["merchant_private_key_pem"],
            "api_v3_keys": self.keys["api_v3_keys"][::-1],
            "platform_keys": platform_keys,
            "refresh_certificates": mode != "public_key",
        }

    def rotate(self, what: str) -> None:
        """what: "certificate" or "api_v3_key"."""
        if what == "certificate":
            wechat_pay_keys.add_certificate(self.keys)
        else:
            self.keys["api_v3_keys"].append(secrets.token_hex(16))
        self.remember("keys", self.keys)

    def api(self, request: TwinRequest) -> TwinReply:
        self._authenticate(request)  # the party signs nothing for someone who it does not know
        try:
            reply = self._route(request)
        except Refusal as no:
            reply = self.refused(no)
        if request.path == wechat_pay_bill.FILE:
            return reply  # a file is not signed: its hash was
        return TwinReply(reply.status, reply.body, {**reply.headers, **self._reply_headers(request, reply.body)})

    def _route(self, request: TwinRequest) -> TwinReply:
        now = self.moment()
        asked = (request.method, request.path)
        if asked == ("POST", "/v3/pay/transactions/jsapi"):
            return json_reply({"prepay_id": self.book.create(_json(request), now)})
        if asked == ("GET", "/v3/certificates"):
            return self._certificate_list()
        by_number, by_id = _BY_NUMBER.fullmatch(request.path), _BY_ID.fullmatch(request.path)
        if by_number and by_number.group(2) and request.method == "POST":
            self._same_merchant(_json(request).get("mchid"))
            self.book.close(by_number.group(1), now)
            return TwinReply(204)
        if request.method == "GET" and (by_id or (by_number and not by_number.group(2))):
            self._same_merchant(request.query.get("mchid"))
            number = self.book.number_of_transaction(by_id.group(1)) if by_id else by_number and by_number.group(1)
            return json_reply(self.book.transaction(str(number), now))
        refunds = _REFUNDS.fullmatch(request.path)
        if refunds and (request.method == "GET") == bool(refunds.group(1)):
            return self._refunds(request, refunds.group(1), now)
        if request.method == "GET" and request.path in wechat_pay_bill.PATHS:
            return wechat_pay_bill.answer(self, self.book, request)
        raise Refusal(404, "RESOURCE_NOT_EXISTS")

    def _refunds(self, request: TwinRequest, number: str | None, now: float) -> TwinReply:
        if number:
            return json_reply(self.book.refund_content(self.book.refund_of(number), "status"))
        refund = self.book.refund(_json(request), now)
        reply = json_reply(self.book.refund_content(refund, "status"))
        if refund["status"] == "PROCESSING":
            outcome = str(self.faults.get("refund_outcome", "SUCCESS"))
            self.book.settle_refund(refund, outcome, now)
            content = {"mchid": self.mchid, **self.book.refund_content(refund, "refund_status")}
            self._notify(f"REFUND.{outcome}", "refund", content, refund["notify_url"], hold="")
            self.notices.release(refund["out_trade_no"])
        return reply

    def control(self, what: str, wanted: dict[str, Any]) -> TwinReply:
        if what != "rotate":
            return super().control(what, wanted)
        self.rotate(wanted.get("what", "certificate"))
        return json_reply({})

    def pay(self, wanted: dict[str, Any]) -> TwinReply:
        now = self.moment()
        number = wanted.get("out_trade_no") or self.book.number_of(self._signed_prepay_id(wanted), now)
        paid = self.book.pay(number, int(wanted.get("coupon_minor", 0)), now)
        url = self.book.orders[number]["wanted"]["notify_url"]
        held = number if self.faults.get("reorder") else ""
        self._notify("TRANSACTION.SUCCESS", "transaction", paid, url, hold=held)
        return json_reply({"errMsg": "requestPayment:ok", "transaction_id": paid["transaction_id"]})

    def _signed_prepay_id(self, wanted: dict[str, Any]) -> str:
        """As the app does before it shows the cashier."""
        package = str(wanted.get("package", ""))
        message = f"{self.appid}\n{wanted.get('timeStamp')}\n{wanted.get('nonceStr')}\n{package}\n"
        if wanted.get("signType") != "RSA" or not package.startswith("prepay_id="):
            raise Refusal(400, "PARAM_ERROR")
        self._verify(str(wanted.get("paySign")), message.encode())
        return package[10:]

    def _notify(self, event_type: str, original_type: str, content: dict[str, Any], url: str, hold: str) -> None:
        plain = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        resource = wechat_pay_keys.seal(self.keys["api_v3_keys"][-1], plain, original_type)
        notice_id = secrets.token_hex(16)
        notice = {
            "id": notice_id,
            "create_time": rfc3339(time.time()),
            "resource_type": "encrypt-resource",
            "event_type": event_type,
            "summary": "支付成功" if original_type == "transaction" else "退款通知",
            "resource": {"original_type": original_type, **resource},
        }
        body = json.dumps(notice, ensure_ascii=False, separators=(",", ":"))
        self.notices.add(notice_id, url, body, hold=hold, probe=self.faults.get("probe", True) is not False)

    def notice_headers(self, notice: dict[str, Any], body: bytes, wrongly: bool) -> dict[str, str]:
        mode = self._key_mode()
        by_certificate = mode == "certificate" or (mode == "both" and notice.get("copy", 0) % 2 == 1)
        headers = self._signature_headers(body, by_certificate, wrongly)
        if notice.get("probe"):
            headers["Wechatpay-Signature"] = "WECHATPAY/SIGNTEST/" + headers["Wechatpay-Signature"][19:]
        self.note("signed notice", id=notice["id"], serial=headers["Wechatpay-Serial"])
        return {"Content-Type": "application/json", **headers}

    def _reply_headers(self, request: TwinRequest, body: bytes) -> dict[str, str]:
        """In the mode of both, whoever names the public key in the request gets an answer signed by it."""
        mode = self._key_mode()
        named = request.headers.get("wechatpay-serial") == self.keys["public_key_id"]
        by_certificate = mode == "certificate" or (mode == "both" and not named)
        return self._signature_headers(body, by_certificate, bool(self.faults.get("wrong_reply_signature")))

    def _signature_headers(self, body: bytes, by_certificate: bool, wrongly: bool) -> dict[str, str]:
        serial, pem = self.keys["public_key_id"], self.keys["public_key_private_pem"]
        if by_certificate:
            newest = self._certificates()[-1]
            serial, pem = newest["serial"], newest["private_pem"]
        timestamp, nonce = str(int(self.moment())), secrets.token_hex(16)
        signed = b"" if wrongly else f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": serial,
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
            "Wechatpay-Signature": wechat_pay_keys.sign(pem, signed),
        }

    def _authenticate(self, request: TwinRequest) -> None:
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        said = dict(_AUTHORIZATION.findall(rest))
        known = (said.get("mchid"), said.get("serial_no")) == (self.mchid, self.keys["merchant_serial"])
        timestamp = said.get("timestamp", "")
        if scheme != "WECHATPAY2-SHA256-RSA2048" or not known or not timestamp.isdigit():
            raise Refusal(401, "SIGN_ERROR", "268443699")
        if abs(self.moment() - int(timestamp)) > CLOCK_DRIFT_SECONDS:
            raise Refusal(401, "SIGN_ERROR", "268443699")
        head = f"{request.method}\n{request.target}\n{timestamp}\n{said.get('nonce_str')}\n"
        self._verify(said.get("signature", ""), head.encode() + request.body + b"\n")
        if request.headers.get("accept") != "application/json" or not request.headers.get("user-agent"):
            raise Refusal(406, "PARAM_ERROR")

    def _verify(self, signature: str, message: bytes) -> None:
        try:
            wechat_pay_keys.verify(self.keys["merchant_private_key_pem"], a2b_base64(signature), message)
        except (InvalidSignature, Base64Error, ValueError):
            raise Refusal(401, "SIGN_ERROR", "268443699") from None

    def _same_merchant(self, mchid: object) -> None:
        if mchid != self.mchid:
            raise Refusal(400, "PARAM_ERROR")

    def _certificate_list(self) -> TwinReply:
        if self._key_mode() == "public_key":
            raise Refusal(404, "RESOURCE_NOT_EXISTS")
        listed = [
            {
                "serial_no": held["serial"],
                "effective_time": rfc3339(held["effective_at"]),
                "expire_time": rfc3339(held["expires_at"]),
                "encrypt_certificate": wechat_pay_keys.seal(
                    self.keys["api_v3_keys"][-1], held["certificate_pem"].encode(), "certificate"
                ),
            }
            for held in self._certificates()
        ]
        return json_reply({"data": listed})

    def _certificates(self) -> list[dict[str, Any]]:
        if not self.keys["certificates"]:
            self.rotate("certificate")
        held: list[dict[str, Any]] = self.keys["certificates"]
        return held

    def _key_mode(self) -> str:
        return str(self.faults.get("key_mode", "public_key"))

    def refused(self, no: Refusal) -> TwinReply:
        reply = json_reply({"code": no.code, "message": "twin"}, no.status)
        return TwinReply(reply.status, reply.body, {**reply.headers, "Request-ID": f"{secrets.token_hex(8)}-{no.fine}"})


def _json(request: TwinRequest) -> dict[str, Any]:
    return json_object(request, Refusal(400, "PARAM_ERROR"))
