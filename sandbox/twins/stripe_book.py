"""The Stripe twin's book: PaymentIntents, charges, refunds, with the rules that the party has for them. No HTTP."""

from __future__ import annotations

import secrets
from typing import Any

from sandbox.twins.book import PartyRefusal

_TYPES = ("payment_method_types[]", "payment_method_types[0]")
_CREATE_FIELDS = ("amount", "currency", "automatic_payment_methods[enabled]", "description", *_TYPES)
_CURRENCIES = {"card": "", "grabpay": "sgd myr"}
"""The types that this account has, and where they are bound to currencies."""
SMALLEST_AMOUNT = 50
_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


class Refusal(PartyRefusal):
    """What the party answers: HTTP status, error.type, error.code."""

    def __init__(self, status: int, kind: str, code: str = "", **members: Any) -> None:
        super().__init__(code or kind)
        self.status, self.kind, self.code, self.members = status, kind, code, members


class Book:
    """Everything is plain JSON, so that the twin can keep it."""

    def __init__(self, kept: dict[str, Any]) -> None:
        self.intents: dict[str, dict[str, Any]] = kept.get("intents", {})
        self.charges: dict[str, dict[str, Any]] = kept.get("charges", {})
        self.refunds: dict[str, dict[str, Any]] = kept.get("refunds", {})
        self.disputes: dict[str, dict[str, Any]] = kept.get("disputes", {})

    def kept(self) -> dict[str, Any]:
        return {"intents": self.intents, "charges": self.charges, "refunds": self.refunds, "disputes": self.disputes}

    def create(self, fields: dict[str, str], now: int) -> dict[str, Any]:
        for name in fields:
            if name not in _CREATE_FIELDS and not name.startswith("metadata["):
                raise Refusal(400, "invalid_request_error", "parameter_unknown")
        amount, currency = _whole(fields, "amount"), fields.get("currency", "")
        if len(currency) != 3 or not currency.isalpha():
            raise Refusal(400, "invalid_request_error", "parameter_missing")
        if amount < SMALLEST_AMOUNT:
            raise Refusal(400, "invalid_request_error", "amount_too_small")
        types = [fields[name] for name in _TYPES if name in fields] or ["card"]
        if any(currency.lower() not in (_CURRENCIES.get(kind, "none") or currency.lower()) for kind in types):
            raise Refusal(400, "invalid_request_error", "payment_intent_invalid_parameter")
        intent_id = _new_id("pi")
        self.intents[intent_id] = {
            "id": intent_id,
            "object": "payment_intent",
            "amount": amount,
            "amount_received": 0,
            "automatic_payment_methods": {"enabled": True} if "automatic_payment_methods[enabled]" in fields else None,
            "client_secret": f"{intent_id}_secret_{secrets.token_hex(12)}",
            "created": now,
            "currency": currency.lower(),
            "description": fields.get("description"),
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": _metadata(fields),
            "payment_method_types": types,
            "status": "requires_payment_method",
        }
        return self.intents[intent_id]

    def intent(self, intent_id: str) -> dict[str, Any]:
        try:
            return self.intents[intent_id]
        except KeyError:
            raise Refusal(404, "invalid_request_error", "resource_missing") from None

    def with_charge(self, intent: dict[str, Any]) -> dict[str, Any]:
        return {**intent, "latest_charge": self.charges.get(intent["latest_charge"] or "")}

    def cancel(self, intent_id: str) -> dict[str, Any]:
        intent = self.intent(intent_id)
        if intent["status"] not in _OPEN:
            raise Refusal(400, "invalid_request_error", "payment_intent_unexpected_state", payment_intent=intent)
        intent["status"] = "canceled"
        return intent

    def decline(self, intent_id: str, decline_code: str) -> dict[str, Any]:
        intent = self._payable(intent_id)
        intent["last_payment_error"] = {"type": "card_error", "code": "card_declined", "decline_code": decline_code}
        return intent

    def pay(self, intent_id: str, now: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """The intent as it was while processing, and as it is now."""
        intent = self._payable(intent_id)
        charge_id = _new_id("ch")
        intent.update(status="processing", last_payment_error=None, latest_charge=charge_id)
        processing = dict(intent)
        intent.update(status="succeeded", amount_received=intent["amount"])
        self.charges[charge_id] = {
            "id": charge_id,
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": intent["amount"],
            "amount_refunded": 0,
            "created": now,
            "currency": intent["currency"],
            "metadata": intent["metadata"],
            "paid": True,
            "payment_intent": intent_id,
            "payment_method_details": {"type": intent["payment_method_types"][0]},
            "refunded": False,
            "status": "succeeded",
        }
        return processing, intent

    def refund(self, fields: dict[str, str], outcome: str, now: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """The refund and its charge."""
        intent = self.intent(fields.get("payment_intent", ""))
        charge = self.charges.get(intent["latest_charge"] or "")
        if charge is None or intent["status"] != "succeeded":
            raise Refusal(400, "invalid_request_error", "payment_intent_unexpected_state")
        left = charge["amount"] - charge["amount_refunded"]
        amount = _whole(fields, "amount") if "amount" in fields else left
        if left == 0:
            raise Refusal(400, "invalid_request_error", "charge_already_refunded")
        if not 1 <= amount <= left:
            raise Refusal(400, "invalid_request_error")
        refund = {
            "id": _new_id("re"),
            "object": "refund",
            "amount": amount,
            "charge": charge["id"],
            "created": now,
            "currency": charge["currency"],
            "metadata": _metadata(fields),
            "payment_intent": intent["id"],
            "status": outcome,
        }
        self.refunds[refund["id"]] = refund
        if outcome in ("succeeded", "pending"):
            charge["amount_refunded"] += amount
            charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        return refund, charge

    def dispute(self, charge: dict[str, Any], status: str, now: int) -> dict[str, Any]:
        """The bank asks, or has decided. `withdrawn`, `reinstated`: when the balance moved, which no inquiry does."""
        dispute_id = f"du_{charge['id'][3:]}"
        dispute = self.disputes.setdefault(dispute_id, {
            "id": dispute_id, "object": "dispute", "amount": charge["amount"], "currency": charge["currency"],
            "payment_intent": charge["payment_intent"], "charge": charge["id"], "created": now, "metadata": {},
            "reason": "fraudulent",
        })  # fmt: skip
        dispute["status"] = status
        if not status.startswith("warning_"):
            dispute.setdefault("withdrawn", now)
        if status == "won" and "withdrawn" in dispute:
            dispute.setdefault("reinstated", now)
        return dispute

    def search(self, name: str, value: str) -> list[dict[str, Any]]:
        return [intent for intent in self.intents.values() if intent["metadata"].get(name) == value]

    def _payable(self, intent_id: str) -> dict[str, Any]:
        intent = self.intent(intent_id)
        if intent["status"] not in _OPEN:
            raise Refusal(400, "invalid_request_error", "payment_intent_unexpected_state", payment_intent=intent)
        return intent


def _new_id(kind: str) -> str:
    return f"{kind}_{secrets.token_hex(12)}"


def _metadata(fields: dict[str, str]) -> dict[str, str]:
    return {name[9:-1]: value for name, value in fields.items() if name.startswith("metadata[")}


def _whole(fields: dict[str, str], name: str) -> int:
    value = fields.get(name, "")
    if not value.isascii() or not value.isdigit():
        raise Refusal(400, "invalid_request_error", "parameter_invalid_integer")
    return int(value)
