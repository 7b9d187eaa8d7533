"""The Weixin Pay twin's book: orders and refunds, with the rules that the party has for them. No HTTP, no keys."""

from __future__ import annotations

import datetime
import re
import secrets
from typing import Any

from sandbox.twins.book import PartyRefusal

_NUMBER = re.compile(r"[A-Za-z0-9_\-|*]{6,32}")
_REFUND_NUMBER = re.compile(r"[A-Za-z0-9_\-|*@]{1,64}")
_ORDER_FIELDS = {
    *("appid", "mchid", "description", "out_trade_no", "time_expire", "attach", "notify_url", "goods_tag"),
    *("support_fapiao", "amount", "payer", "detail", "scene_info", "settle_info", "limit_pay"),
}
_REFUND_FIELDS = {
    *("transaction_id", "out_trade_no", "out_refund_no", "reason", "notify_url", "funds_account", "amount"),
    "goods_detail",
}
PREPAY_SECONDS = 2 * 3600
PART_REFUND_LIMIT = 50
_BEIJING = datetime.timezone(datetime.timedelta(hours=8))


class Refusal(PartyRefusal):
    """What the party answers: HTTP status, code, and the finer code behind the Request-ID's last hyphen."""

    def __init__(self, status: int, code: str, fine: str = "268435456") -> None:
        super().__init__(code)
        self.status, self.code, self.fine = status, code, fine


class Book:
    """orders and refunds are plain JSON, so that the twin can keep them."""

    def __init__(self, kept: dict[str, Any], appid: str, mchid: str) -> None:
        self.orders: dict[str, dict[str, Any]] = kept.get("orders", {})
        self.refunds: dict[str, dict[str, Any]] = kept.get("refunds", {})
        self._appid, self._mchid = appid, mchid

    def kept(self) -> dict[str, Any]:
        return {"orders": self.orders, "refunds": self.refunds}

    def create(self, wanted: Any, now: float) -> str:
        """A prepay_id. The same number with the same content is the same order."""
        _check_order(wanted, self._appid, self._mchid, now)
        number = wanted["out_trade_no"]
        order = self.orders.get(number)
        if order is None:
            order = {"wanted": wanted, "state": "NOTPAY", "prepay": {}}
            self.orders[number] = order
        self._expire(order, now)
        if order["state"] == "SUCCESS":
            raise Refusal(400, "ORDERPAID", "268449538")
        if order["state"] != "NOTPAY":
            raise Refusal(400, "ORDER_CLOSED", "268447914")
        if order["wanted"] != wanted:
            raise Refusal(400, "INVALID_REQUEST", "268498688")
        live = [prepay_id for prepay_id, at in order["prepay"].items() if now - at < PREPAY_SECONDS]
        prepay_id = live[-1] if live else f"wx{secrets.token_hex(17)}"
        order["prepay"].setdefault(prepay_id, now)
        return prepay_id

    def number_of(self, prepay_id: str, now: float) -> str:
        for number, order in self.orders.items():
            if now - order["prepay"].get(prepay_id, -PREPAY_SECONDS) < PREPAY_SECONDS:
                return number
        raise Refusal(400, "INVALID_REQUEST")

    def pay(self, number: str, coupon_minor: int, now: float) -> dict[str, Any]:
        """The payer confirms. The transaction."""
        order = self._order(number, now)
        if order["state"] != "NOTPAY":
            raise Refusal(400, "ORDERPAID" if order["state"] == "SUCCESS" else "ORDER_CLOSED")
        order.update(
            state="SUCCESS",
            transaction_id=f"42{secrets.randbelow(10**26):026d}",
            success_time=rfc3339(now),
            payer_total=max(0, order["wanted"]["amount"]["total"] - coupon_minor),
        )
        return self.transaction(number, now)

    def transaction(self, number: str, now: float) -> dict[str, Any]:
        order = self._order(number, now)
        wanted = order["wanted"]
        found: dict[str, Any] = {
            "appid": wanted["appid"],
            "mchid": wanted["mchid"],
            "out_trade_no": number,
            "trade_state": order["state"],
            "trade_state_desc": {"SUCCESS": "支付成功", "NOTPAY": "订单未支付"}.get(order["state"], "订单已关闭"),
        }
        if order["state"] != "SUCCESS":
            return found
        if any(refund["out_trade_no"] == number and refund["status"] != "CLOSED" for refund in self.refunds.values()):
            found.update(trade_state="REFUND", trade_state_desc="转入退款")
        total, currency = wanted["amount"]["total"], wanted["amount"].get("currency", "CNY")
        found.update(
            transaction_id=order["transaction_id"],
            trade_type="JSAPI",
            bank_type="OTHERS",
            attach=wanted.get("attach", ""),
            success_time=order["success_time"],
            payer=wanted["payer"],
            amount={
                "total": total,
                "payer_total": order["payer_total"],
                "currency": currency,
                "payer_currency": currency,
            },
        )
        return found

    def number_of_transaction(self, transaction_id: str) -> str:
        for number, order in self.orders.items():
            if order.get("transaction_id") == transaction_id:
                return number
        raise Refusal(404, "ORDER_NOT_EXIST", "268512771")

    def close(self, number: str, now: float) -> None:
        order = self._order(number, now)
        if order["state"] == "SUCCESS":
            raise Refusal(400, "ORDERPAID", "268449538")
        order["state"] = "CLOSED"

    def refund(self, wanted: Any, now: float) -> dict[str, Any]:
        """Accepted, or the refund that this number already is."""
        _check_refund(wanted)
        number = wanted.get("out_trade_no") or self.number_of_transaction(wanted["transaction_id"])
        order = self._order(number, now)
        if order["state"] != "SUCCESS":
            raise Refusal(400, "INVALID_REQUEST")
        amount, total = wanted["amount"]["refund"], wanted["amount"]["total"]
        earlier = self.refunds.get(wanted["out_refund_no"])
        if earlier is not None:
            if (earlier["out_trade_no"], earlier["amount"]) != (number, amount):
                raise Refusal(400, "INVALID_REQUEST", "268498688")
            return earlier
        live = [r for r in self.refunds.values() if r["out_trade_no"] == number and r["status"] != "CLOSED"]
        if total != order["wanted"]["amount"]["total"] or amount + sum(r["amount"] for r in live) > total:
            raise Refusal(400, "INVALID_REQUEST")
        if len(live) >= PART_REFUND_LIMIT:
            raise Refusal(403, "RULE_LIMIT")
        refund = {
            "out_refund_no": wanted["out_refund_no"],
            "refund_id": f"50{secrets.randbelow(10**26):026d}",
            "out_trade_no": number,
            "transaction_id": order["transaction_id"],
            "amount": amount,
            "total": total,
            "payer_total": order["payer_total"],
            "status": "PROCESSING",
            "create_time": rfc3339(now),
            "notify_url": wanted.get("notify_url", ""),
        }
        self.refunds[wanted["out_refund_no"]] = refund
        return refund

    def settle_refund(self, refund: dict[str, Any], status: str, now: float) -> None:
        refund["status"] = status
        if status == "SUCCESS":
            refund["success_time"] = rfc3339(now)

    def refund_of(self, refund_number: str) -> dict[str, Any]:
        try:
            return self.refunds[refund_number]
        except KeyError:
            raise Refusal(404, "RESOURCE_NOT_EXISTS") from None

    def refund_content(self, refund: dict[str, Any], state_member: str) -> dict[str, Any]:
        """The state is called `status` in answers and `refund_status` in notices."""
        names = ("out_trade_no", "transaction_id", "out_refund_no", "refund_id", "success_time", "create_time")
        content: dict[str, Any] = {name: refund[name] for name in names if name in refund}
        content[state_member] = refund["status"]
        content["user_received_account"] = "支付用户零钱"
        payer_refund = refund["amount"] * refund["payer_total"] // refund["total"]
        content["amount"] = {
            "total": refund["total"],
            "refund": refund["amount"],
            "payer_total": refund["payer_total"],
            "payer_refund": payer_refund,
        }
        return content

    def _order(self, number: str, now: float) -> dict[str, Any]:
        order = self.orders.get(number)
        if order is None:
            raise Refusal(404, "ORDER_NOT_EXIST", "268512771")
        self._expire(order, now)
        return order

    @staticmethod
    def _expire(order: dict[str, Any], now: float) -> None:
        until = order["wanted"].get("time_expire")
        if order["state"] == "NOTPAY" and until and _epoch(until) <= now:
            order["state"] = "CLOSED"


def rfc3339(at: float) -> str:
    return datetime.datetime.fromtimestamp(int(at), _BEIJING).isoformat()


def _epoch(text: str) -> float:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise Refusal(400, "PARAM_ERROR") from None
    if moment.tzinfo is None:
        raise Refusal(400, "PARAM_ERROR")
    return moment.timestamp()


def _must(holds: bool) -> None:
    if not holds:
        raise Refusal(400, "PARAM_ERROR")


def _check_order(wanted: Any, appid: str, mchid: str, now: float) -> None:
    _must(isinstance(wanted, dict) and None not in wanted.values())
    if set(wanted) - _ORDER_FIELDS:
        raise Refusal(400, "PARAM_ERROR", "270924358")
    if (wanted.get("appid"), wanted.get("mchid")) != (appid, mchid):
        raise Refusal(400, "APPID_MCHID_NOT_MATCH", "268445527")
    description = wanted.get("description")
    _must(isinstance(description, str) and 1 <= len(description) <= 127)
    _must(isinstance(wanted.get("out_trade_no"), str) and _NUMBER.fullmatch(wanted["out_trade_no"]) is not None)
    url = wanted.get("notify_url")
    _must(isinstance(url, str) and url.startswith(("https://", "http://")) and "?" not in url)
    amount = wanted.get("amount")
    _must(isinstance(amount, dict) and type(amount.get("total")) is int and amount["total"] >= 1)
    _must(wanted["amount"].get("currency", "CNY") == "CNY" and not set(wanted["amount"]) - {"total", "currency"})
    payer = wanted.get("payer")
    if not (isinstance(payer, dict) and isinstance(payer.get("openid"), str) and payer["openid"]):
        raise Refusal(400, "PARAM_ERROR", "268501013")
    _must("time_expire" not in wanted or _epoch(wanted["time_expire"]) > now)


def _check_refund(wanted: Any) -> None:
    _must(isinstance(wanted, dict) and None not in wanted.values() and not set(wanted) - _REFUND_FIELDS)
    number = wanted.get("out_refund_no")
    _must(isinstance(number, str) and _REFUND_NUMBER.fullmatch(number) is not None)
    _must(bool(wanted.get("out_trade_no")) != bool(wanted.get("transaction_id")))
    amount = wanted.get("amount")
    _must(isinstance(amount, dict) and all(type(amount.get(name)) is int for name in ("refund", "total")))
    _must(1 <= wanted["amount"]["refund"] <= wanted["amount"]["total"] and wanted["amount"].get("currency") == "CNY")
