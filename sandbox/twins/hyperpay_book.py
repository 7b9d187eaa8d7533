"""The HyperPay twin's book: checkouts and transactions, with the rules that the party has for them. No HTTP."""

from __future__ import annotations

import re
import secrets
import time
from decimal import Decimal
from typing import Any

from sandbox.twins.book import PartyRefusal

_CHECKOUT_FIELDS = frozenset({"entityId", "amount", "currency", "paymentType", "merchantTransactionId", "integrity",
                              "customer.ip", "billing.country"})  # fmt: skip
_DECIMALS = {"KWD": 3, "BHD": 3, "OMR": 3, "JOD": 3}
CHECKOUT_LIFE_SECONDS = 30 * 60
SUCCESS, PENDING, CHECKOUT_MADE = "000.000.000", "000.200.000", "000.200.100"
REPORT_MADE, NO_TRANSACTION, NO_PARAMETER = "000.000.100", "700.400.580", "200.300.404"
CANNOT_REFUND, VOLUME_EXCEEDED, DUPLICATE = "700.400.300", "700.400.200", "800.110.100"
BAD_AMOUNT, BAD_CURRENCY = "100.550.303", "100.550.400"


class Refusal(PartyRefusal):
    """What the party answers: a result code, and the HTTP status that goes with it."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.status = code, status


class Book:
    """Everything is plain JSON, so that the twin can keep it. entities: entity id -> method."""

    def __init__(self, kept: dict[str, Any], entities: dict[str, str]) -> None:
        self.checkouts: dict[str, dict[str, str]] = kept.get("checkouts", {})
        self.transactions: list[dict[str, Any]] = kept.get("transactions", [])
        self.entities = entities

    def kept(self) -> dict[str, Any]:
        return {"checkouts": self.checkouts, "transactions": self.transactions}

    def checkout(self, fields: dict[str, str]) -> str:
        for name in fields:
            if name not in _CHECKOUT_FIELDS and not name.startswith("customParameters["):
                raise Refusal(NO_PARAMETER)
        _check_amount(fields)
        if fields.get("paymentType") != "DB" or not fields.get("merchantTransactionId"):
            raise Refusal(NO_PARAMETER)
        if self.entities[fields["entityId"]] == "mada" and fields["currency"] != "SAR":
            raise Refusal(BAD_CURRENCY)
        checkout_id = f"{secrets.token_hex(16).upper()}.uat01-vm-tx01"
        self.checkouts[checkout_id] = {**fields, "until": str(int(time.time()) + CHECKOUT_LIFE_SECONDS)}
        return checkout_id

    def pay(self, checkout_id: str, code: str) -> list[dict[str, Any]]:
        """The debit as it was on its way, and as it ended. A checkout that was paid, or has run out, is gone."""
        asked = self.checkouts.get(checkout_id)
        if asked is None or int(asked["until"]) < time.time():
            raise Refusal(NO_PARAMETER, 404)
        method = self.entities[asked["entityId"]]
        debit = self._add(
            {
                "paymentType": "DB",
                "paymentBrand": "MADA" if method == "mada" else "VISA",
                "amount": asked["amount"],
                "currency": asked["currency"],
                "merchantTransactionId": asked["merchantTransactionId"],
                "customParameters": {"order_id": asked.get("customParameters[order_id]", "")},
                "entity": asked["entityId"],
            },
            PENDING,
        )
        on_its_way = dict(debit)
        debit["result"] = {"code": code, "description": "twin"}
        if code == SUCCESS:
            del self.checkouts[checkout_id]
        return [on_its_way, dict(debit)]

    def refund(self, payment_id: str, fields: dict[str, str], code: str) -> dict[str, Any]:
        paid = self._by_id(payment_id, fields["entityId"])
        _check_amount(fields)
        name = fields.get("merchantTransactionId", "")
        if fields.get("paymentType") != "RF" or paid["paymentType"] != "DB" or fields["currency"] != paid["currency"]:
            raise Refusal("700.400.100")
        if name and any(one.get("merchantTransactionId") == name for one in self.transactions):
            raise Refusal(DUPLICATE)
        refunds = [one for one in self.linked(paid) if one["paymentType"] == "RF" and one["result"]["code"] == SUCCESS]
        left = Decimal(paid["amount"]) - sum(Decimal(one["amount"]) for one in refunds)
        if left == 0:
            raise Refusal(CANNOT_REFUND)
        if Decimal(fields["amount"]) > left:
            raise Refusal(VOLUME_EXCEEDED)
        return self._add(
            {
                "referencedId": payment_id,
                "paymentType": "RF",
                "amount": fields["amount"],
                "currency": fields["currency"],
                **({"merchantTransactionId": name} if name else {}),
                "entity": paid["entity"],
            },
            code,
        )

    def chargeback(self, payment_id: str, won: bool) -> dict[str, Any]:
        paid = next((one for one in self.transactions if one["id"] == payment_id), None)
        if paid is None:
            raise Refusal(NO_TRANSACTION, 404)
        kept = {name: paid[name] for name in ("amount", "currency", "merchantTransactionId", "entity")}
        return self._add({**kept, "referencedId": payment_id, "paymentType": "CR" if won else "CB"}, SUCCESS)

    def report(self, entity: str, payment_id: str, fields: dict[str, str]) -> list[dict[str, Any]]:
        """What the entity knows of one transaction by its id, with what is linked to it, or by the merchant's name."""
        if payment_id:
            found = self._by_id(payment_id, entity)
            return [found, *(self.linked(found) if fields.get("includeLinkedTransactions") == "true" else [])]
        name = fields.get("merchantTransactionId", "")
        known = [one for one in self.transactions
                 if one["entity"] == entity and name and one.get("merchantTransactionId") == name]  # fmt: skip
        if not known:
            raise Refusal(NO_TRANSACTION, 404)
        return known

    def linked(self, paid: dict[str, Any]) -> list[dict[str, Any]]:
        return [one for one in self.transactions if one.get("referencedId") == paid["id"]]

    def _by_id(self, payment_id: str, entity: str) -> dict[str, Any]:
        for one in self.transactions:
            if one["id"] == payment_id and one["entity"] == entity:
                return one
        raise Refusal(NO_TRANSACTION, 404)

    def _add(self, members: dict[str, Any], code: str) -> dict[str, Any]:
        now = time.gmtime()
        made = {
            "id": f"8ac7a4a0{secrets.token_hex(12)}",
            **members,
            "result": {"code": code, "description": "twin"},
            "timestamp": f"{time.strftime('%Y-%m-%d %H:%M:%S', now)}.123+0000",
        }
        self.transactions.append(made)
        return made


def shown(transaction: dict[str, Any]) -> dict[str, Any]:
    """As the party shows it: the entity is its own affair."""
    return {name: value for name, value in transaction.items() if name != "entity"}


def _check_amount(fields: dict[str, str]) -> None:
    currency = fields.get("currency", "")
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise Refusal(BAD_CURRENCY)
    decimals = _DECIMALS.get(currency, 2)
    amount = fields.get("amount", "")
    if not re.fullmatch(rf"\d{{1,10}}\.\d{{{decimals}}}", amount) or Decimal(amount) <= 0:
        raise Refusal(BAD_AMOUNT)
