"""The Mercado Pago twin's book: orders with their payments and refunds, and the rules for them. No HTTP."""

from __future__ import annotations

import re
import secrets
import time
from decimal import Decimal
from typing import Any

from sandbox.twins.book import PartyRefusal

CURRENCIES = ("ARS", "BRL", "CLP", "COP", "MXN", "PEN", "UYU")
WITHOUT_DECIMALS = ("CLP", "COP")
_FIELDS = {"type", "processing_mode", "capture_mode", "currency", "total_amount", "external_reference", "description",
           "expiration_time", "items", "config", "payer"}  # fmt: skip
_DETAIL = {"processed": "accredited", "action_required": "waiting_payment", "failed": "rejected_by_issuer",
           "charged_back": "in_process"}  # fmt: skip


class Refusal(PartyRefusal):
    """What the party answers: HTTP status, and the code of `errors`."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class Book:
    """Everything is plain JSON, so that the twin can keep it. `page`: where the payer pays, before the order's id."""

    def __init__(self, kept: dict[str, Any], page: str) -> None:
        self.orders: dict[str, dict[str, Any]] = kept.get("orders", {})
        self._page = page

    def kept(self) -> dict[str, Any]:
        return {"orders": self.orders}

    def create(self, wanted: dict[str, Any], account: str) -> dict[str, Any]:
        if set(wanted) - _FIELDS:
            raise Refusal(400, "unsupported_properties")
        if wanted.get("type") != "online" or wanted.get("processing_mode") != "manual":
            raise Refusal(400, "property_value")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", str(wanted.get("external_reference", "")), re.ASCII):
            raise Refusal(400, "property_value")
        if wanted.get("currency", account) != account:
            raise Refusal(400, "property_value")
        total = _amount(wanted.get("total_amount"), account)
        items = wanted.get("items") or []
        if total <= 0 or total != sum(_amount(one.get("unit_price"), account) * one["quantity"] for one in items):
            raise Refusal(400, "invalid_total_amount")
        order_id = _new_id("ORD")
        self.orders[order_id] = {
            **wanted,
            "id": order_id,
            "currency": account,
            "status": "created",
            "status_detail": "created",
            "created_date": _now(),
            "last_updated_date": _now(),
            "checkout_url": f"{self._page}?order_id={order_id}",
            "transactions": {"payments": [], "refunds": []},
        }
        return self.orders[order_id]

    def order(self, order_id: str, account: str = "") -> dict[str, Any]:
        """account: only its own orders are shown; "" sees all."""
        order = self.orders.get(order_id)
        if order is None or (account and order["currency"] != account):
            raise Refusal(404, "order_not_found")
        return order

    def pay(self, order: dict[str, Any], outcome: str, detail: str) -> None:
        if outcome == "charged_back" and order["status"] not in ("processed", "charged_back"):
            raise Refusal(400, "property_value")
        if outcome != "charged_back" and order["status"] in ("processed", "canceled", "expired", "charged_back"):
            raise Refusal(409, "property_value")
        payments = order["transactions"]["payments"]
        if outcome == "charged_back":
            payments[-1]["status"] = outcome
        else:
            paid = [one for one in payments if one["status"] != "action_required"]
            made = {"id": _new_id("PAY"), "amount": order["total_amount"], "status": outcome}
            order["transactions"]["payments"] = [*paid, made]
        order.update(status=outcome, status_detail=detail or _DETAIL.get(outcome, ""), last_updated_date=_now())

    def cancel(self, order: dict[str, Any]) -> None:
        if order["status"] not in ("created", "action_required", "canceled"):
            raise Refusal(409, "cannot_cancel_order")
        order.update(status="canceled", status_detail="canceled", last_updated_date=_now())

    def refund(self, order: dict[str, Any], wanted: dict[str, Any], outcome: str) -> dict[str, Any]:
        if order["status"] != "processed":
            raise Refusal(409, "cannot_refund_order")
        paid = next(one for one in order["transactions"]["payments"] if one["status"] == "processed")
        refunds = order["transactions"]["refunds"]
        before = sum(Decimal(one["amount"]) for one in refunds if one["status"] != "failed")
        left = Decimal(paid["amount"]) - before
        parts = wanted.get("transactions") or [{"id": paid["id"], "amount": str(left)}]
        if parts[0].get("id") != paid["id"]:
            raise Refusal(404, "transaction_not_found")
        amount = _amount(parts[0].get("amount"), order["currency"])
        if left == 0:
            raise Refusal(409, "order_already_refunded")
        if not 0 < amount <= left:
            raise Refusal(400, "refund_amount_exceeds")
        refund = {"id": _new_id("REF"), "transaction_id": paid["id"], "amount": parts[0]["amount"], "status": outcome}
        refunds.append(refund)
        if outcome == "processed":
            order["status_detail"] = "refunded" if amount == left else "partially_refunded"
        order["last_updated_date"] = _now()
        return refund


def _amount(text: object, currency: str) -> Decimal:
    pattern = r"\d{1,12}" if currency in WITHOUT_DECIMALS else r"\d{1,12}\.\d\d"
    if not isinstance(text, str) or not re.fullmatch(pattern, text, re.ASCII):
        raise Refusal(400, "property_type")
    return Decimal(text)


def _new_id(kind: str) -> str:
    return kind + "01" + "".join(secrets.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(24))


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.0000000Z", time.gmtime())
