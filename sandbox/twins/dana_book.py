"""The DANA twin's book: orders and refunds, with the rules that the party has for them. No HTTP, no keys."""

from __future__ import annotations

import datetime
import re
import secrets
from typing import Any, Mapping

from sandbox.twins.book import PartyRefusal

JAKARTA = datetime.timezone(datetime.timedelta(hours=7))
LONGEST_SECONDS = 7 * 86_400
_VALUE = re.compile(r"[0-9]{1,13}\.[0-9]{2}")
_ORDER_FIELDS = {"partnerReferenceNo", "merchantId", "subMerchantId", "amount", "externalStoreId", "validUpTo",
                 "disabledPayMethods", "urlParams", "additionalInfo"}  # fmt: skip


class Refusal(PartyRefusal):
    """HTTP status and case; between them stands the service's code."""

    def __init__(self, status: int, case: str) -> None:
        super().__init__(f"{status}{case}")
        self.status, self.case = status, case


class Book:
    """orders and refunds are plain JSON, so that the twin can keep them."""

    def __init__(self, kept: dict[str, Any], merchant_id: str) -> None:
        self.orders: dict[str, dict[str, Any]] = kept.get("orders", {})
        self.refunds: dict[str, dict[str, Any]] = kept.get("refunds", {})
        self._merchant_id = merchant_id

    def kept(self) -> dict[str, Any]:
        return {"orders": self.orders, "refunds": self.refunds}

    def create(self, wanted: Mapping[str, Any], now: float) -> dict[str, Any]:
        """The order; the same number with the same content is the same order."""
        self._merchant(wanted)
        _check_order(wanted, now)
        number = wanted["partnerReferenceNo"]
        order = self.orders.get(number)
        if order is None:
            order = self.orders[number] = {
                "wanted": dict(wanted), "state": "INIT", "created": now, "number": number,
                "referenceNo": f"{secrets.randbelow(10**33):034d}", "token": secrets.token_urlsafe(24),
            }  # fmt: skip
        elif order["wanted"] != wanted:
            raise Refusal(404, "18")
        return order

    def pay(self, order: dict[str, Any], now: float) -> None:
        self._expire(order, now)
        if order["state"] != "INIT":
            raise Refusal(404, "00")
        order.update(state="SUCCESS", paid=now)

    def status(self, wanted: Mapping[str, Any], now: float) -> dict[str, Any]:
        self._merchant(wanted)
        if wanted.get("serviceCode") != "54":
            raise Refusal(500, "01")
        order = self.find(wanted)
        self._expire(order, now)
        word = {"INIT": "01", "PAYING": "02", "SUCCESS": "00", "CANCELLED": "05"}[order["state"]]
        amount = order["wanted"]["amount"]
        return {
            **self.numbers(order), "serviceCode": "54", "latestTransactionStatus": word,
            "transactionStatusDesc": order["state"], "transAmount": amount, "amount": amount,
            **({"paidTime": jakarta(order["paid"])} if "paid" in order else {}),
            "title": order["wanted"]["additionalInfo"]["order"]["orderTitle"],
            "additionalInfo": {"statusDetail": {"acquirementStatus": order["state"]}},
        }  # fmt: skip

    def cancel(self, wanted: Mapping[str, Any], now: float) -> dict[str, Any]:
        """A paid order that is cancelled gives the money back."""
        self._merchant(wanted)
        order = self.find(wanted)
        if order["state"] == "PAYING":
            raise Refusal(404, "00")
        order["state"] = "CANCELLED"
        return order

    def refund(self, wanted: Mapping[str, Any], outcome: str) -> dict[str, Any]:
        self._merchant(wanted)
        order, amount, number = self.find(wanted), _minor(wanted.get("refundAmount")), wanted.get("partnerRefundNo")
        if not isinstance(number, str) or not 1 <= len(number) <= 64:
            raise Refusal(400, "02")
        earlier = self.refunds.get(number)
        if earlier is not None:
            if (earlier["of"], earlier["amount"]) != (order["number"], amount):
                raise Refusal(404, "18")
            return earlier
        if order["state"] != "SUCCESS":
            raise Refusal(404, "00")
        given = sum(refund["amount"] for refund in self.refunds.values() if refund["of"] == order["number"])
        if given + amount > _minor(order["wanted"]["amount"]):
            raise Refusal(403, "02")
        if outcome not in ("200", "202"):
            raise Refusal(int(outcome[:3]), outcome[3:])
        refund = {"of": order["number"], "amount": amount, "refundNo": secrets.token_hex(16), "outcome": outcome,
                  "wanted": dict(wanted)}  # fmt: skip
        self.refunds[number] = refund
        return refund

    def find(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        ours, theirs = wanted.get("originalPartnerReferenceNo"), wanted.get("originalReferenceNo")
        for order in self.orders.values():
            if (ours and order["number"] == ours) or (theirs and order["referenceNo"] == theirs):
                return order
        raise Refusal(404, "01")

    @staticmethod
    def numbers(order: Mapping[str, Any]) -> dict[str, str]:
        return {"originalPartnerReferenceNo": order["number"], "originalReferenceNo": order["referenceNo"]}

    def notice(self, order: Mapping[str, Any], now: float) -> dict[str, Any]:
        """With JSON in strings in JSON, as the party has it."""
        paid = order["state"] == "SUCCESS"
        options = [{"transAmount": order["wanted"]["amount"], "payAmount": order["wanted"]["amount"],
                    "payMethod": "BALANCE"}]  # fmt: skip
        information = {"payOptionInfos": options, "extendInfo": '{"externalPromoInfos":[],"note":"\\"茶\\""}'}
        return {
            **self.numbers(order), "merchantId": self._merchant_id, "amount": order["wanted"]["amount"],
            "latestTransactionStatus": "00" if paid else "05", "transactionStatusDesc": order["state"],
            "createdTime": jakarta(order["created"]), "finishedTime": jakarta(now),
            "additionalInfo": {
                **({"paidTime": jakarta(order["paid"]), "paymentInfo": information} if paid else {}),
            },
        }  # fmt: skip

    def _merchant(self, wanted: Mapping[str, Any]) -> None:
        if wanted.get("merchantId") != self._merchant_id:
            raise Refusal(404, "08")

    @staticmethod
    def _expire(order: dict[str, Any], now: float) -> None:
        if order["state"] == "INIT" and epoch(order["wanted"]["validUpTo"]) <= now:
            order["state"] = "CANCELLED"


def jakarta(at: float) -> str:
    return datetime.datetime.fromtimestamp(int(at), JAKARTA).isoformat()


def epoch(text: object) -> float:
    try:
        moment = datetime.datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        raise Refusal(400, "01") from None
    if not str(text).endswith("+07:00"):
        raise Refusal(400, "01")
    return moment.timestamp()


def _minor(amount: object) -> int:
    if not isinstance(amount, dict) or amount.get("currency") != "IDR" or not _VALUE.fullmatch(str(amount["value"])):
        raise Refusal(400, "01")
    minor = int(amount["value"].replace(".", ""))
    if minor < 1:
        raise Refusal(400, "01")
    return minor


def _check_order(wanted: Mapping[str, Any], now: float) -> None:
    number = wanted.get("partnerReferenceNo")
    if set(wanted) - _ORDER_FIELDS or not isinstance(number, str) or not 1 <= len(number) <= 64:
        raise Refusal(400, "02")
    _minor(wanted.get("amount"))
    if not now < epoch(wanted.get("validUpTo")) <= now + LONGEST_SECONDS:
        raise Refusal(400, "01")
    addresses = {one.get("type"): one for one in wanted.get("urlParams", [])}
    if set(addresses) != {"PAY_RETURN", "NOTIFICATION"} or not all(
        one["url"].startswith(("https://", "http://")) and one["isDeeplink"] in ("Y", "N") for one in addresses.values()
    ):
        raise Refusal(400, "02")
    extra = wanted.get("additionalInfo", {})
    title, place = extra.get("order", {}).get("orderTitle", ""), extra.get("envInfo", {})
    if not (1 <= len(title) <= 64 and re.fullmatch("[0-9]{4}", extra.get("mcc", ""))):
        raise Refusal(400, "02")
    if (place.get("sourcePlatform"), place.get("terminalType")) != ("IPG", "SYSTEM"):
        raise Refusal(400, "02")
