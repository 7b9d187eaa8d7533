"""The twin of WeChat Pay outside the mainland (API v3 on `apihk`): the mainland's twin with other paths, fields, words.

Keys, signatures, probes, the payer's side and all switches are those of `wechat_pay`. Orders are in any of its
currencies; the payer pays yuan at RATE. An accepted refund does not say how far it is: ask, or wait for the notice.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any

from sandbox.twins.server import TwinReply, TwinRequest, json_reply
from sandbox.twins.wechat_pay import WechatPayTwin
from sandbox.twins.wechat_pay_book import Book, Refusal

RATE, RATE_SCALE = 92_000_000, 10**8
"""Yuan per unit of the order's currency, times 10**8: the same for every currency, for this is no bank."""
_BY = re.compile(r"/v3/global/transactions/(?:out-trade-no/([^/]+)(/close)?|id/([^/]+))")
_REFUND = re.compile(r"/v3/global/refunds/out-refund-no/([^/]+)")


class GlobalBook(Book):
    """Keeps amounts as the mainland's book does, and beside it the currency of each order."""

    def __init__(self, kept: dict[str, Any], appid: str, mchid: str) -> None:
        super().__init__(kept, appid, mchid)
        self.currencies: dict[str, str] = kept.get("currencies", {})

    def kept(self) -> dict[str, Any]:
        return {**super().kept(), "currencies": self.currencies}

    def create(self, wanted: Any, now: float) -> str:
        plain = dict(wanted)
        kind, category = plain.pop("trade_type", None), plain.pop("merchant_category_code", "")
        currency = plain.get("amount", {}).get("currency")
        if kind != "JSAPI" or not re.fullmatch("[0-9]{4}", category) or not re.fullmatch("[A-Z]{3}", str(currency)):
            raise Refusal(400, "PARAM_ERROR")
        number = str(plain.get("out_trade_no"))
        if self.currencies.get(number, currency) != currency:
            raise Refusal(400, "INVALID_REQUEST", "268498688")
        prepay_id = super().create({**plain, "amount": {**plain["amount"], "currency": "CNY"}}, now)
        self.currencies[number] = str(currency)
        return prepay_id

    def refund(self, wanted: Any, now: float) -> dict[str, Any]:
        plain = dict(wanted)
        if (plain.pop("appid", None), plain.pop("mchid", None)) != (self._appid, self._mchid):
            raise Refusal(400, "APPID_MCHID_NOT_MATCH", "268445527")
        amount = dict(plain.get("amount", {}))
        if amount.get("currency") != self.currencies.get(str(plain.get("out_trade_no")), amount.get("currency")):
            raise Refusal(400, "PARAM_ERROR")
        return super().refund({**plain, "amount": {**amount, "currency": "CNY"}}, now)


class WechatPayGlobalTwin(WechatPayTwin):
    name = "wechat_pay_global"
    book: GlobalBook

    def __init__(self, *given: Any, mchid: str = "1900000002", **named: Any) -> None:
        super().__init__(*given, mchid=mchid, **named)

    def open_book(self, kept: dict[str, Any]) -> GlobalBook:
        return GlobalBook(kept, self.appid, self.mchid)

    def secret(self) -> dict[str, Any]:
        """What our side's secret store holds: the JSON of `wechat_pay_global_from_secret`."""
        return {**super().secret(), "merchant_category_code": "5499"}

    def _route(self, request: TwinRequest) -> TwinReply:
        now, asked, by = time.time(), (request.method, request.path), _BY.fullmatch(request.path)
        if asked == ("POST", "/v3/global/transactions/jsapi"):
            return json_reply({"prepay_id": self.book.create(request.json(), now)})
        if asked == ("GET", "/v3/global/certificates"):
            return self._certificate_list()
        if asked == ("POST", "/v3/global/refunds"):
            return self._accepted(super()._refunds(request, None, now))
        if by and by.group(2) and request.method == "POST":
            self._same_merchant(request.json().get("mchid"))
            self.book.close(by.group(1), now)
            return TwinReply(204)
        refund = _REFUND.fullmatch(request.path)
        if request.method != "GET" or not (refund or (by and not by.group(2))):
            raise Refusal(404, "RESOURCE_NOT_EXISTS")
        self._same_merchant(request.query.get("mchid"))
        if refund:
            content = self.book.refund_content(self.book.refund_of(refund.group(1)), "status")
            return json_reply(self._refund_as_global(content, "status"))
        number = by and (by.group(1) or self.book.number_of_transaction(by.group(3)))
        return json_reply(self._order_as_global(self.book.transaction(str(number), now)))

    def _accepted(self, reply: TwinReply) -> TwinReply:
        """Without a status, as the party answers."""
        content = self._refund_as_global(json.loads(reply.body), "status")
        return json_reply({name: value for name, value in content.items() if name != "status"})

    def _notify(self, event_type: str, original_type: str, content: dict[str, Any], url: str, hold: str) -> None:
        if original_type == "transaction":
            content = self._order_as_global(content)
        else:
            content = self._refund_as_global(content, "refund_status")
        super()._notify(event_type, original_type, content, url, hold)

    def _order_as_global(self, found: dict[str, Any]) -> dict[str, Any]:
        told = {name: value for name, value in found.items() if name != "transaction_id"}
        if "transaction_id" in found:
            told["id"] = found["transaction_id"]
        if "amount" in found:
            amount = found["amount"]
            told["amount"] = {
                "total": amount["total"],
                "currency": self.book.currencies[found["out_trade_no"]],
                "payer_total": amount["payer_total"] * RATE // RATE_SCALE,
                "payer_currency": "CNY",
                "exchange_rate": {"type": "SETTLEMENT_RATE", "rate": RATE},
            }
        return told

    def _refund_as_global(self, content: dict[str, Any], state_member: str) -> dict[str, Any]:
        told = {name: value for name, value in content.items() if name not in ("refund_id", "user_received_account")}
        word, amount = content[state_member], content["amount"]
        told[state_member] = "REFUNDCLOSE" if word == "CLOSED" else word
        told["id" if state_member == "status" else "refund_id"] = content["refund_id"]
        told.update(recv_account="用户零钱", fund_source="REFUND_SOURCE_UNSETTLED_FUNDS")
        told["amount"] = {
            "total": amount["total"],
            "refund": amount["refund"],
            "currency": self.book.currencies[content["out_trade_no"]],
            "payer_refund": amount["payer_refund"] * RATE // RATE_SCALE,
            "payer_currency": "CNY",
            "exchange_rate": {"type": "USERPAYMENT_RATE", "rate": RATE},
        }
        return told
