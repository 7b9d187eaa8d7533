"""The Airwallex twin's book: PaymentIntents and refunds, with the party's rules for them. No HTTP.

Amounts are Decimal while it counts; JSON numbers are read and written by `numbers_in` and `numbers_out`.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from decimal import Decimal
from typing import Any

from sandbox.twins.book import PartyRefusal

_INTENT_FIELDS = {"request_id", "merchant_order_id", "currency", "amount", "metadata", "return_url"}
_OPEN = ("REQUIRES_PAYMENT_METHOD", "REQUIRES_CUSTOMER_ACTION", "REQUIRES_CAPTURE")
_DECIMALS = {"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "KWD": 3, "BHD": 3}
_NUMBER = re.compile(r'"#(-?[0-9.E+-]+)#"')


class Refusal(PartyRefusal):
    """What the party answers: HTTP status and code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class Book:
    """Amounts are kept as text, so that the twin can keep it all as JSON."""

    def __init__(self, kept: dict[str, Any]) -> None:
        self.intents: dict[str, dict[str, Any]] = kept.get("intents", {})
        self.refunds: dict[str, dict[str, Any]] = kept.get("refunds", {})
        self.requests: list[str] = kept.get("requests", [])

    def kept(self) -> dict[str, Any]:
        return {"intents": self.intents, "refunds": self.refunds, "requests": self.requests}

    def once(self, fields: dict[str, Any]) -> None:
        """A request id is good for one request; the second time it is a duplicate, whatever it asks."""
        request_id = fields.get("request_id")
        if not isinstance(request_id, str) or not 1 <= len(request_id) <= 64:
            raise Refusal(400, "validation_error")
        if request_id in self.requests:
            raise Refusal(400, "duplicate_request")
        self.requests.append(request_id)

    def create(self, fields: dict[str, Any]) -> dict[str, Any]:
        if set(fields) - _INTENT_FIELDS or not isinstance(fields.get("merchant_order_id"), str):
            raise Refusal(400, "validation_error")
        amount = _amount(fields.get("amount"), fields.get("currency"))
        self.once(fields)
        intent_id = f"int_{secrets.token_hex(10)}"
        self.intents[intent_id] = {
            "id": intent_id, **fields, "amount": amount, "captured_amount": "0", "status": "REQUIRES_PAYMENT_METHOD",
            "client_secret": secrets.token_urlsafe(32), "latest_payment_attempt": None, "created_at": _now(),
        }  # fmt: skip
        return self.intents[intent_id]

    def intent(self, intent_id: str) -> dict[str, Any]:
        try:
            return self.intents[intent_id]
        except KeyError:
            raise Refusal(404, "resource_not_found") from None

    def cancel(self, intent_id: str, fields: dict[str, Any]) -> dict[str, Any]:
        intent = self.intent(intent_id)
        self.once(fields)
        if intent["status"] not in _OPEN:
            raise Refusal(400, "invalid_status_for_operation")
        intent["status"] = "CANCELLED"
        return intent

    def capture(self, intent_id: str, fields: dict[str, Any]) -> dict[str, Any]:
        intent = self.intent(intent_id)
        amount = _amount(fields.get("amount"), intent["currency"])
        self.once(fields)
        if intent["status"] != "REQUIRES_CAPTURE" or Decimal(amount) > Decimal(intent["amount"]):
            raise Refusal(400, "invalid_status_for_operation")
        intent.update(status="SUCCEEDED", captured_amount=amount)
        return intent

    def try_to_pay(self, intent_id: str, declined: bool, manual: bool) -> dict[str, Any]:
        intent = self.intent(intent_id)
        if intent["status"] != "REQUIRES_PAYMENT_METHOD":
            raise Refusal(400, "invalid_status_for_operation")
        attempt = {"id": f"att_{secrets.token_hex(10)}", "created_at": _now(), "refunded_amount": "0"}
        intent["latest_payment_attempt"] = {**attempt, "status": "FAILED" if declined else "AUTHORIZED"}
        if not declined:
            intent["status"] = "REQUIRES_CAPTURE" if manual else "SUCCEEDED"
            intent["captured_amount"] = "0" if manual else intent["amount"]
        return intent

    def refund(self, fields: dict[str, Any], status: str) -> dict[str, Any]:
        intent = self.intent(str(fields.get("payment_intent_id")))
        attempt = intent["latest_payment_attempt"]
        amount = _amount(fields.get("amount"), intent["currency"])
        if fields.get("request_id") not in self.requests:
            if intent["status"] != "SUCCEEDED":
                raise Refusal(400, "invalid_status_for_operation")
            if Decimal(amount) + Decimal(attempt["refunded_amount"]) > Decimal(intent["captured_amount"]):
                raise Refusal(400, "amount_above_limit")
        self.once(fields)
        refund = {"id": f"rfd_{secrets.token_hex(10)}", **fields, "amount": amount, "currency": intent["currency"]}
        self.refunds[refund["id"]] = {**refund, "status": "RECEIVED", "created_at": _now()}
        if status != "FAILED":
            attempt["refunded_amount"] = str(Decimal(amount) + Decimal(attempt["refunded_amount"]))
        return self.refunds[refund["id"]]


def numbers_out(value: Any) -> str:
    """JSON with the amounts as numbers, exactly as they are kept."""

    def marked(name: str, member: Any) -> Any:
        if isinstance(member, dict):
            return {key: marked(key, inner) for key, inner in member.items()}
        if isinstance(member, list):
            return [marked("", inner) for inner in member]
        return f"#{member}#" if name.endswith("amount") and isinstance(member, str) else member

    return _NUMBER.sub(r"\1", json.dumps(marked("", value), ensure_ascii=False))


def numbers_in(body: bytes) -> dict[str, Any]:
    value = json.loads(body or b"{}", parse_float=Decimal, parse_int=Decimal)
    if not isinstance(value, dict):
        raise Refusal(400, "validation_error")
    return value


def _amount(value: object, currency: object) -> str:
    if not isinstance(value, Decimal) or value <= 0 or not isinstance(currency, str) or len(currency) != 3:
        raise Refusal(400, "validation_error")
    exponent = value.normalize().as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > _DECIMALS.get(currency, 2):
        raise Refusal(400, "validation_error")
    return format(value, "f")


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime())
