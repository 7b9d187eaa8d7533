"""The PayPal twin's book: orders, captures and refunds, with the rules that the party has for them. No HTTP."""

from __future__ import annotations

import re
import secrets
import time
from decimal import Decimal
from typing import Any

from sandbox.twins.book import PartyRefusal

WITHOUT_DECIMALS = ("HUF", "JPY", "TWD")
CURRENCIES = frozenset(
    ("AUD", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "JPY", "MXN", "NOK", "NZD", "PHP", "PLN",
     "SEK", "SGD", "THB", "TWD", "USD")
)  # fmt: skip
_UNIT_FIELDS = {"amount", "custom_id", "invoice_id", "description", "reference_id"}


class Refusal(PartyRefusal):
    """What the party answers: HTTP status, `name`, and the issue of `details`."""

    def __init__(self, status: int, name: str, issue: str = "") -> None:
        super().__init__(issue or name)
        self.status, self.name, self.issue = status, name, issue


def unprocessable(issue: str) -> Refusal:
    return Refusal(422, "UNPROCESSABLE_ENTITY", issue)


class Book:
    """Everything is plain JSON, so that the twin can keep it. `page`: where the payer approves, before the token."""

    def __init__(self, kept: dict[str, Any], page: str, api: str) -> None:
        self.orders: dict[str, dict[str, Any]] = kept.get("orders", {})
        self.order_of: dict[str, str] = kept.get("order_of", {})
        self.declines: dict[str, str] = kept.get("declines", {})
        self._page, self._api = page, api

    def kept(self) -> dict[str, Any]:
        return {"orders": self.orders, "order_of": self.order_of, "declines": self.declines}

    def create(self, wanted: dict[str, Any]) -> dict[str, Any]:
        units = wanted.get("purchase_units")
        if wanted.get("intent") != "CAPTURE" or not isinstance(units, list) or len(units) != 1:
            raise Refusal(400, "INVALID_REQUEST", "INVALID_PARAMETER_VALUE")
        unit = units[0]
        if set(unit) - _UNIT_FIELDS or len(str(unit.get("description", "")).encode()) > 127 * 4:
            raise Refusal(400, "INVALID_REQUEST", "INVALID_PARAMETER_SYNTAX")
        _checked(unit.get("amount"))
        context = wanted.get("payment_source", {}).get("paypal", {}).get("experience_context", {})
        order_id = _new_id()
        self.orders[order_id] = {
            "id": order_id,
            "intent": "CAPTURE",
            "status": "PAYER_ACTION_REQUIRED",
            "payment_source": {"paypal": {}},
            "purchase_units": [{"reference_id": "default", **unit}],
            "create_time": _now(),
            "links": [
                {"href": f"{self._api}/v2/checkout/orders/{order_id}", "rel": "self", "method": "GET"},
                {"href": f"{self._page}?token={order_id}", "rel": "payer-action", "method": "GET"},
            ],
            "_return_url": str(context.get("return_url", "")),
        }
        return self.orders[order_id]

    def order(self, order_id: str) -> dict[str, Any]:
        try:
            return self.orders[order_id]
        except KeyError:
            raise Refusal(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID") from None

    def approve(self, order_id: str, decline: str = "") -> dict[str, Any]:
        """decline: the issue with which the next capture is refused."""
        order = self.order(order_id)
        if order["status"] not in ("CREATED", "PAYER_ACTION_REQUIRED", "APPROVED"):
            raise unprocessable("ORDER_COMPLETED_OR_VOIDED")
        order.update(status="APPROVED", update_time=_now(), _approvals=order.get("_approvals", 0) + 1)
        self.declines.pop(order_id, None)
        if decline:
            self.declines[order_id] = decline
        return order

    def capture(self, order_id: str, outcome: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The order and its capture."""
        order = self.order(order_id)
        if order["status"] == "COMPLETED":
            raise unprocessable("ORDER_ALREADY_CAPTURED")
        if order["status"] != "APPROVED":
            raise unprocessable("ORDER_NOT_APPROVED")
        unit = order["purchase_units"][0]
        if any(self._is_paid(other, unit.get("invoice_id")) for other in self.orders.values()):
            raise unprocessable("DUPLICATE_INVOICE_ID")
        if order_id in self.declines:
            order["status"] = "PAYER_ACTION_REQUIRED"
            raise unprocessable(self.declines.pop(order_id))
        capture_id = _new_id()
        capture = {
            "id": capture_id,
            "status": outcome,
            "amount": unit["amount"],
            "final_capture": True,
            "custom_id": unit.get("custom_id"),
            "invoice_id": unit.get("invoice_id"),
            "supplementary_data": {"related_ids": {"order_id": order_id}},
            "create_time": _now(),
            "links": [{"href": f"{self._api}/v2/checkout/orders/{order_id}", "rel": "up", "method": "GET"}],
        }
        unit["payments"] = {"captures": [capture], "refunds": []}
        order.update(status="COMPLETED", update_time=_now())
        self.order_of[capture_id] = order_id
        return order, capture

    def capture_of(self, capture_id: str) -> dict[str, Any]:
        order = self.order(self.order_of.get(capture_id, ""))
        found: dict[str, Any] = order["purchase_units"][0]["payments"]["captures"][0]
        return found

    def refund(self, capture_id: str, wanted: dict[str, Any], outcome: str) -> dict[str, Any]:
        capture = self.capture_of(capture_id)
        payments = self.order(self.order_of[capture_id])["purchase_units"][0]["payments"]
        amount = wanted.get("amount") or capture["amount"]
        currency, value = _checked(amount)
        if currency != capture["amount"]["currency_code"]:
            raise unprocessable("REFUND_CAPTURE_CURRENCY_MISMATCH")
        if capture["status"] == "REFUNDED":
            raise unprocessable("CAPTURE_FULLY_REFUNDED")
        before = sum(Decimal(one["amount"]["value"]) for one in payments["refunds"] if one["status"] != "FAILED")
        left = Decimal(capture["amount"]["value"]) - before
        if not 0 < value <= left:
            raise unprocessable("REFUND_AMOUNT_EXCEEDED")
        refund_id = _new_id()
        refund: dict[str, Any] = {
            "id": refund_id,
            "status": outcome,
            "amount": amount,
            "create_time": _now(),
            "links": [
                {"href": f"{self._api}/v2/payments/refunds/{refund_id}", "rel": "self", "method": "GET"},
                {"href": f"{self._api}/v2/payments/captures/{capture_id}", "rel": "up", "method": "GET"},
            ],
        }
        if wanted.get("custom_id"):
            refund["custom_id"] = wanted["custom_id"]
        payments["refunds"].append(refund)
        if outcome == "COMPLETED":
            capture["status"] = "REFUNDED" if value == left else "PARTIALLY_REFUNDED"
        return refund

    @staticmethod
    def _is_paid(order: dict[str, Any], invoice_id: object) -> bool:
        unit = order["purchase_units"][0]
        return bool(invoice_id) and unit.get("invoice_id") == invoice_id and bool(unit.get("payments"))


def shown(order: dict[str, Any]) -> dict[str, Any]:
    """As the party shows it: without what only the book needs."""
    return {name: value for name, value in order.items() if not name.startswith("_")}


def _checked(amount: object) -> tuple[str, Decimal]:
    if not isinstance(amount, dict) or set(amount) != {"currency_code", "value"}:
        raise Refusal(400, "INVALID_REQUEST", "MISSING_REQUIRED_PARAMETER")
    currency, value = amount["currency_code"], amount["value"]
    if currency not in CURRENCIES:
        raise unprocessable("CURRENCY_NOT_SUPPORTED")
    pattern = r"\d{1,12}" if currency in WITHOUT_DECIMALS else r"\d{1,12}\.\d\d"
    if not isinstance(value, str) or not re.fullmatch(pattern, value, re.ASCII):
        raise unprocessable("DECIMAL_PRECISION")
    if Decimal(value) <= 0:
        raise unprocessable("CANNOT_BE_ZERO_OR_NEGATIVE")
    return currency, Decimal(value)


def _new_id() -> str:
    return "".join(secrets.choice("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(17))


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
