"""The trade bill of the Weixin Pay twin: the link, and the file behind it, in the party's columns.

A bill is there from 10:00 of the next day in Beijing; a day without trades has none. Its hash is SHA-1 of the file
before it is packed. What may be wrong with it is the switch `bill` (see `bill_faults`).
"""

from __future__ import annotations

import datetime
import gzip
import hashlib
from functools import lru_cache
from typing import Any, Iterator
from urllib.parse import urlencode

from sandbox.twins.bill_faults import planted
from sandbox.twins.server import Twin, TwinReply, TwinRequest, json_reply
from sandbox.twins.wechat_pay_book import Book, Refusal

LINK = "/v3/bill/tradebill"
FILE = "/v3/billdownload/file"
PATHS = (LINK, FILE)
READY_HOUR = 10
_BEIJING = datetime.timezone(datetime.timedelta(hours=8))
HEAD = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
SUMMARY = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
FEE_TEN_THOUSANDTHS = 60


def answer(twin: Twin, book: Book, request: TwinRequest) -> TwinReply:
    """Raises Refusal."""
    bill = twin.faults.get("bill") or {}
    if request.path == FILE:
        day = request.query.get("token", "")
        packed = gzip.compress(_file(_lines(book, day, bill), day, bill), 1, mtime=0)
        return TwinReply(200, packed[: len(packed) - int(bill.get("cut", 0))], {"Content-Type": "application/x-gzip"})
    day = request.query.get("bill_date", "")
    if request.query.get("bill_type") != "ALL" or request.query.get("tar_type") != "GZIP":
        raise Refusal(400, "PARAM_ERROR")
    _check_ready(day, twin.moment())
    lines = _lines(book, day, bill)
    if not lines and not bill.get("many"):
        raise Refusal(400, "NO_STATEMENT_EXIST")
    content = _file(lines, day, bill)
    told = b"another file" if bill.get("altered") else content
    link = f"{twin.url}{FILE}?{urlencode({'token': day, 'tartype': 'gzip'})}"
    sha1 = hashlib.sha1(told, usedforsecurity=False).hexdigest()
    return json_reply({"download_url": link, "hash_type": "SHA1", "hash_value": sha1})


def _check_ready(day: str, now: float) -> None:
    try:
        date = datetime.date.fromisoformat(day)
    except ValueError:
        raise Refusal(400, "PARAM_ERROR") from None
    ready = datetime.datetime.combine(date + datetime.timedelta(days=1), datetime.time(READY_HOUR), _BEIJING)
    if now < ready.timestamp():
        raise Refusal(400, "STATEMENT_CREATING")


def _file(lines: list[dict[str, Any]], day: str, bill: dict[str, Any]) -> bytes:
    more, more_minor = many_rows(day, int(bill.get("many", 0)))
    paid = sum(line["amount_minor"] for line in lines if line["kind"] == "payment") + more_minor
    back = sum(line["amount_minor"] for line in lines if line["kind"] == "refund")
    count = str(len(lines) + len(more))
    summary = [count, _yuan(paid), _yuan(back), "0.00", "0.00000", _yuan(paid), _yuan(back)]
    rows = [HEAD, *(_row(line) for line in lines), *more, SUMMARY, _cells(summary)]
    return ("\ufeff" + "\r\n".join(rows) + "\r\n").encode()


def reference_of(number: int) -> str:
    """Of a made-up order; as little alike as real ones, so that a file of them packs no better."""
    return f"{hashlib.sha256(str(number).encode()).hexdigest()[:26]}-1"


@lru_cache(maxsize=1)
def many_rows(day: str, count: int) -> tuple[list[str], int]:
    """Payments of made-up orders, and their sum in fen. Kept: 200,000 take seconds."""
    starts, rows, total = _starts(day), [], 0
    for number in range(count):
        reference, minor = reference_of(number), 100 + number % 900
        transaction_id = f"42{int(reference[:22], 16) % 10**26:026d}"
        rows.append(_row({"reference": reference, "kind": "payment", "amount_minor": minor,
                          "at": starts + number * 86_400 // count, "transaction_id": transaction_id}))  # fmt: skip
        total += minor
    return rows, total


def _starts(day: str) -> float:
    return datetime.datetime.fromisoformat(day).replace(tzinfo=_BEIJING).timestamp()


def _lines(book: Book, day: str, bill: dict[str, Any]) -> list[dict[str, Any]]:
    """Planted lines are of the day that is asked for, unless they name their time."""
    lines = planted([line for line in _movements(book) if _moment(line["at"])[:10] == day], bill)
    for line in lines:
        line.setdefault("at", _starts(day))
    return sorted(lines, key=lambda line: float(line["at"]))


def _movements(book: Book) -> Iterator[dict[str, Any]]:
    for number, order in book.orders.items():
        if order["state"] == "SUCCESS":
            yield {"reference": number, "kind": "payment", "amount_minor": order["wanted"]["amount"]["total"],
                   "currency": "CNY", "at": _epoch(order["success_time"]), "transaction_id": order["transaction_id"],
                   "description": order["wanted"]["description"]}  # fmt: skip
    for refund in book.refunds.values():
        if refund["status"] in ("SUCCESS", "PROCESSING"):
            yield {"reference": refund["out_trade_no"], "kind": "refund", "amount_minor": refund["amount"],
                   "currency": "CNY", "at": _epoch(refund.get("success_time") or refund["create_time"]),
                   "transaction_id": refund["transaction_id"], "refund_id": refund["refund_id"],
                   "refund_reference": refund["out_refund_no"], "status": refund["status"]}  # fmt: skip


def _row(line: dict[str, Any]) -> str:
    refund, amount = line["kind"] == "refund", _yuan(line["amount_minor"])
    fee = line["amount_minor"] * FEE_TEN_THOUSANDTHS // 10  # in 1/100,000 of a yuan
    return _cells([
        _moment(line["at"]), "wx0000000000000001", "1900000001", "0", "",
        line.get("transaction_id", "420000000000000000"), line["reference"], "openid-of-nobody", "JSAPI",
        "REFUND" if refund else "SUCCESS", "OTHERS", line.get("currency", "CNY"), "0.00" if refund else amount, "0.00",
        line.get("refund_id", "503000000000000000") if refund else "0", line.get("refund_reference", "") or "0",
        amount if refund else "0.00", "0.00", "ORIGINAL" if refund else "",
        line.get("status", "SUCCESS") if refund else "", line.get("description", ""), "",
        f"{'-' if refund else ''}{fee // 100_000}.{fee % 100_000:05d}", "0.60%",
        "0.00" if refund else amount, amount if refund else "0.00", "",
    ])  # fmt: skip


def _cells(cells: list[str]) -> str:
    return "`" + ",`".join(cells)


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _moment(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, _BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def _epoch(text: str) -> float:
    return datetime.datetime.fromisoformat(text).timestamp()
