"""The Adyen twin's book: payment links, payments, their modifications, with the party's rules for them. No HTTP."""

from __future__ import annotations

import secrets
import string
import time
from calendar import timegm
from typing import Any, Mapping

from sandbox.twins.book import PartyRefusal

_LINK_FIELDS = {
    "merchantAccount", "reference", "merchantOrderReference", "amount", "description", "expiresAt", "shopperLocale",
    "captureDelayHours", "manualCapture", "countryCode", "returnUrl", "allowedPaymentMethods",
}  # fmt: skip
_CHANGE_FIELDS = {"captures": {"amount"}, "refunds": {"amount"}, "cancels": set[str]()}
_METHODS = {"scheme", "applepay", "grabpay_SG", "grabpay_MY", "grabpay_PH", "dana"}
_ALPHABET = string.ascii_uppercase + string.digits


class Refusal(PartyRefusal):
    """What the party answers: HTTP status, errorCode, errorType."""

    def __init__(self, status: int, code: str, kind: str = "validation") -> None:
        super().__init__(code)
        self.status, self.code, self.kind = status, code, kind


class Book:
    """Everything is plain JSON, so that the twin can keep it."""

    def __init__(self, kept: dict[str, Any]) -> None:
        self.links: dict[str, dict[str, Any]] = kept.get("links", {})
        self.payments: dict[str, dict[str, Any]] = kept.get("payments", {})

    def kept(self) -> dict[str, Any]:
        return {"links": self.links, "payments": self.payments}

    def new_link(self, fields: dict[str, Any], base_url: str) -> dict[str, Any]:
        if set(fields) - _LINK_FIELDS or not set(fields.get("allowedPaymentMethods", [])) <= _METHODS:
            raise Refusal(422, "702")
        if not isinstance(fields.get("reference"), str) or not 1 <= len(fields["reference"]) <= 80:
            raise Refusal(422, "130")
        check_amount(fields)
        link_id = f"PL{_psp_reference()}"
        url = f"{base_url}/pay/{link_id}"
        self.links[link_id] = {**fields, "id": link_id, "url": url, "status": "active"}
        return self.links[link_id]

    def link(self, link_id: str) -> dict[str, Any]:
        link = self.links.get(link_id)
        if link is None:
            raise Refusal(404, "137_0", "validation")
        if link["status"] == "active" and _seconds(link.get("expiresAt", "")) <= time.time():
            link["status"] = "expired"
        return link

    def expire(self, link_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        link = self.link(link_id)
        if fields != {"status": "expired"} or link["status"] not in ("active", "expired"):
            raise Refusal(422, "702")
        link["status"] = "expired"
        return link

    def try_to_pay(self, link_id: str, declined: bool) -> tuple[str, dict[str, Any]]:
        """The try's pspReference, and its link."""
        link = self.link(link_id)
        if link["status"] != "active":
            raise Refusal(422, "702")
        made = _psp_reference()
        if not declined:
            link["status"] = "completed"
            automatic = "captureDelayHours" in link
            self.payments[made] = {
                "reference": link["reference"], "amount": link["amount"], "refunded": 0, "cancelled": False,
                "captured": link["amount"]["value"] if automatic else 0,
            }  # fmt: skip
        return made, link

    def change(self, payment_id: str, what: str, fields: dict[str, Any]) -> tuple[str, bool]:
        """A modification is received whatever it asks; whether it holds is told later. Its pspReference, and that."""
        payment = self.payments.get(payment_id)
        if payment is None:
            raise Refusal(422, "167")
        if set(fields) - {"merchantAccount", "reference"} != _CHANGE_FIELDS[what]:
            raise Refusal(422, "702")
        if what != "cancels":
            check_amount(fields)
            if fields["amount"]["currency"] != payment["amount"]["currency"]:
                raise Refusal(422, "138")
        return _psp_reference(), _carry_out(payment, what, fields.get("amount", {}).get("value", 0))


def check_amount(fields: Mapping[str, Any]) -> None:
    amount = fields.get("amount")
    if not isinstance(amount, dict) or type(amount.get("value")) is not int or amount["value"] < 1:
        raise Refusal(422, "137")
    if not isinstance(amount.get("currency"), str) or not (
        amount["currency"].isupper() and len(amount["currency"]) == 3
    ):
        raise Refusal(422, "138")


def _carry_out(payment: dict[str, Any], what: str, value: int) -> bool:
    open_value = payment["amount"]["value"] - payment["captured"]
    if what == "captures" and not payment["cancelled"] and value <= open_value:
        payment["captured"] += value
    elif what == "cancels" and not payment["captured"]:
        payment["cancelled"] = True
    elif what == "refunds" and value <= payment["captured"] - payment["refunded"]:
        payment["refunded"] += value
        payment["refunds"] = payment.get("refunds", 0) + 1
    else:
        return False
    return True


def _psp_reference() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(16))


def _seconds(text: str) -> int:
    try:
        return timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%S+00:00"))
    except ValueError:
        raise Refusal(422, "702") from None
