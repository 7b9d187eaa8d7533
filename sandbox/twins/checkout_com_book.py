"""The Checkout.com twin's book: pages, payments and their actions, with the rules that the party has. No HTTP."""

from __future__ import annotations

import base64
import secrets
import time
from typing import Any

from sandbox.twins.book import PartyRefusal

_LINK_FIELDS = frozenset({"amount", "currency", "reference", "description", "expires_in", "allow_payment_methods",
                          "3ds", "metadata", "billing", "payment_ip", "processing_channel_id",
                          "return_url"})  # fmt: skip
_LAST_DIGIT_ZERO = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
LARGEST = 999_999_999


class Refusal(PartyRefusal):
    """What the party answers: HTTP status and error_codes."""

    def __init__(self, status: int, *codes: str) -> None:
        super().__init__(codes)
        self.status, self.codes = status, codes


class Book:
    """Everything is plain JSON, so that the twin can keep it."""

    def __init__(self, kept: dict[str, Any]) -> None:
        self.links: dict[str, dict[str, Any]] = kept.get("links", {})
        self.payments: dict[str, dict[str, Any]] = kept.get("payments", {})
        self.actions: dict[str, list[dict[str, Any]]] = kept.get("actions", {})

    def kept(self) -> dict[str, Any]:
        return {"links": self.links, "payments": self.payments, "actions": self.actions}

    def link(self, fields: dict[str, Any]) -> dict[str, Any]:
        if not set(fields) <= _LINK_FIELDS:
            raise Refusal(422, "request_invalid")
        _check_amount(fields.get("amount"), fields.get("currency"))
        country = fields.get("billing", {}).get("address", {}).get("country")
        if not isinstance(country, str) or len(country) != 2:
            raise Refusal(422, "country_address_invalid")
        if not 0 < len(str(fields.get("reference", ""))) <= 80:
            raise Refusal(422, "reference_invalid")
        made = {**fields, "id": _new_id("pl"), "until": int(time.time()) + int(fields.get("expires_in", 86_400))}
        self.links[made["id"]] = made
        return made

    def pay(self, link_id: str, decline: str) -> dict[str, Any]:
        """One try at a page: declined with that response code, or paid; a paid page takes no second payment."""
        link = self.links.get(link_id)
        if link is None or link["until"] <= time.time() or link.get("payment_id"):
            raise Refusal(404)
        payment_id, now = _new_id("pay"), now_text()
        amount = 0 if decline else link["amount"]
        self.payments[payment_id] = {
            "id": payment_id,
            "requested_on": now,
            "processed_on": now,
            "amount": link["amount"],
            "currency": link["currency"],
            "reference": link["reference"],
            "metadata": link.get("metadata", {}),
            "approved": not decline,
            "status": "Declined" if decline else "Captured",
            "source": {"type": "card", "scheme": "Visa", "scheme_local": "mada", "last4": "0000"},
            "balances": {"total_authorized": amount, "total_captured": amount, "total_refunded": 0,
                         "available_to_refund": amount},
        }  # fmt: skip
        self.actions[payment_id] = [
            _action("Authorization" if decline else "Capture", link["amount"], decline or "10000")
        ]
        if not decline:
            link["payment_id"] = payment_id
        return self.payments[payment_id]

    def payment(self, payment_id: str) -> dict[str, Any]:
        try:
            return self.payments[payment_id]
        except KeyError:
            raise Refusal(404) from None

    def refund(self, payment_id: str, fields: dict[str, Any], outcome: str) -> dict[str, Any]:
        """The action. outcome: approved, declined, pending."""
        payment = self.payment(payment_id)
        balances = payment["balances"]
        amount = fields.get("amount", balances["available_to_refund"])
        if payment["status"] not in ("Captured", "Partially Refunded"):
            raise Refusal(403)
        _check_amount(amount, payment["currency"])
        if amount > balances["available_to_refund"]:
            raise Refusal(422, "refund_amount_exceeds_balance")
        action = _action("Refund", amount, "20051" if outcome == "declined" else "10000")
        action["reference"] = fields.get("reference", "")
        if outcome == "pending":
            del action["approved"]
        self.actions[payment_id].insert(0, action)
        if outcome == "approved":
            balances["total_refunded"] += amount
            balances["available_to_refund"] -= amount
            payment["status"] = "Partially Refunded" if balances["available_to_refund"] else "Refunded"
        return action

    def by_reference(self, reference: str) -> list[dict[str, Any]]:
        """Newest first, in short."""
        short = ("id", "requested_on", "amount", "currency", "reference", "status", "approved")
        found = [one for one in self.payments.values() if one["reference"] == reference]
        return [{name: one[name] for name in short} for one in found[::-1]]


def link_status(link: dict[str, Any]) -> str:
    if link.get("payment_id"):
        return "Payment Received"
    return "Active" if link["until"] > time.time() else "Expired"


def _action(kind: str, amount: int, code: str) -> dict[str, Any]:
    return {
        "id": _new_id("act"),
        "type": kind,
        "processed_on": now_text(),
        "amount": amount,
        "approved": code == "10000",
        "response_code": code,
    }


def now_text() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".1234567Z"


def _new_id(kind: str) -> str:
    return f"{kind}_{base64.b32encode(secrets.token_bytes(16)).decode().rstrip('=').lower()}"


def _check_amount(amount: object, currency: object) -> None:
    if not isinstance(currency, str) or len(currency) != 3 or not currency.isupper():
        raise Refusal(422, "currency_invalid")
    if type(amount) is not int or not 0 < amount <= LARGEST:
        raise Refusal(422, "amount_invalid")
    if (currency in _LAST_DIGIT_ZERO and amount % 10) or (currency == "CLP" and amount % 100):
        raise Refusal(422, "amount_invalid")
