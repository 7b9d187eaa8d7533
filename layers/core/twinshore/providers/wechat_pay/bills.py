"""Weixin Pay's trade bill (GET /v3/bill/tradebill): a GZIP of CSV, from 10:00 in Beijing on the next day.

Sources: Weixin Pay's pages on the trade bill. Amounts are yuan with decimals; each cell starts with a backtick; a
summary ends the file; the hash is SHA-1 of the file before compression. A cell of free text may hold commas and
backticks, so the columns before and after the two of them are counted from their own end of the line.
"""

from __future__ import annotations

import re
from typing import Iterator, NamedTuple
from urllib.parse import urlsplit

from twinshore.errors import Problem
from twinshore.money import Money, Rounding, divide, parse
from twinshore.payments.port import ProviderRefused
from twinshore.providers.setup import Setup
from twinshore.providers.wechat_pay.bill_file import PackedFile
from twinshore.providers.wechat_pay.capabilities import CAPABILITIES
from twinshore.providers.wechat_pay.client import WechatPay
from twinshore.providers.wechat_pay.entry import BASE_URL
from twinshore.providers.wechat_pay.entry import build as build_party
from twinshore.reconciliation.days import ends_at, starts_at
from twinshore.reconciliation.port import PAYMENT, REFUND, BillDamaged, BillLine, BillNotDue, BillNotReady

READY_AFTER_SECONDS = 10 * 3600
DOWNLOAD_TIMEOUT_SECONDS = 20.0
ZONE = CAPABILITIES.bill_zone
NO_BILL = "no bill"
"""The mark of a day without a trade, which has no file."""

# The names of the columns, as the first line of the file spells them.
_TIME, _TRANSACTION, _NUMBER = "交易时间", "微信订单号", "商户订单号"
_STATE, _CURRENCY, _TOTAL, _FEE = "交易状态", "货币种类", "订单金额", "手续费"
_REFUND_ID, _REFUND_NUMBER = "微信退款单号", "商户退款单号"
_REFUNDED, _REFUND_STATE = "申请退款金额", "退款状态"
_FREE_TEXT = ("商品名称", "商户数据包")
_READ = (_TIME, _TRANSACTION, _NUMBER, _STATE, _CURRENCY, _TOTAL, _FEE, _REFUND_ID, _REFUND_NUMBER, _REFUNDED,
         _REFUND_STATE)  # fmt: skip
_NEEDED = (*_READ, *_FREE_TEXT)
_COUNT, _SUM, _SUM_REFUNDED = "总交易单数", "订单总金额", "申请退款总金额"
_TIME_FORM = re.compile(r"(\d{4}-\d\d-\d\d) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d)", re.ASCII)
_FEE_FORM = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,10}))?", re.ASCII)


class Link(NamedTuple):
    target: str
    sha1: str
    """Of the file before it was packed; the reply that told it was signed."""


class WechatPayBills:
    """base_url: where downloads may go, besides the party's own hosts."""

    authentic = True
    tells_disputes = False

    def __init__(self, party: WechatPay, base_url: str) -> None:
        self._party = party
        self._base_url = base_url.rstrip("/")

    def mark(self, day: str, now: int) -> str:
        """The signed hash: a corrected bill has another."""
        link = self._link(day, now)
        return NO_BILL if link is None else link.sha1

    def lines(self, day: str, now: int) -> Iterator[BillLine]:
        """The hash is checked over the whole file before the first line is given."""
        link = self._link(day, now)
        if link is None:
            return
        with PackedFile() as file:
            self._party.download(link.target, now, file.take, DOWNLOAD_TIMEOUT_SECONDS)
            file.check(link.sha1)
            yield from _read(file.texts())

    def _link(self, day: str, now: int) -> Link | None:
        """None for a day without a trade. The link lives for five minutes."""
        if now < ends_at(day, ZONE) + READY_AFTER_SECONDS:
            raise BillNotDue("Weixin Pay makes the bill by 10:00 of the next day in Beijing.")
        try:
            link = self._party.read(f"/v3/bill/tradebill?bill_date={day}&bill_type=ALL&tar_type=GZIP", now)
        except ProviderRefused as refused:
            reason = refused.extensions.get("reason")
            if reason == "no_bill":
                return None
            if reason == "bill_not_ready":
                raise BillNotReady("Weixin Pay is still making the bill.") from None
            raise
        if str(link.get("hash_type")) != "SHA1":
            raise BillDamaged("The bill's hash is of a kind that we do not know.")
        return Link(self._target(str(link.get("download_url", ""))), str(link.get("hash_value", "")).lower())

    def _target(self, url: str) -> str:
        """Our signature goes to the party only, so the link must lead there."""
        parts = urlsplit(url)
        own = f"{parts.scheme}://{parts.netloc}" == self._base_url
        if not own and not (parts.scheme == "https" and parts.netloc in CAPABILITIES.hosts):
            raise BillDamaged("The bill's link leads away from Weixin Pay.")
        return parts.path + (f"?{parts.query}" if parts.query else "")


def build(setup: Setup) -> WechatPayBills:
    return WechatPayBills(build_party(setup), setup.base_url or BASE_URL)


def _read(texts: Iterator[str]) -> Iterator[BillLine]:
    columns = Columns(next(texts, "").split(","))
    texts = (text for text in texts if text)
    rows = skipped = total_minor = refunded_minor = 0
    for text in texts:
        if not text.startswith("`"):  # the summary's own head
            sums = None if skipped else (Money(total_minor, "CNY"), Money(refunded_minor, "CNY"))
            _check_summary(text, next(texts, ""), rows, sums)
            if next(texts, None) is not None:
                raise BillDamaged("The bill goes on behind its summary.")
            return
        line = columns.line(text)
        rows += 1
        if line is None:
            skipped += 1
            continue
        total_minor += line.amount.amount_minor if line.kind == PAYMENT else 0
        refunded_minor += line.amount.amount_minor if line.kind == REFUND else 0
        yield line
    raise BillDamaged("The bill has no summary.")


class Columns:
    """Where each column stands: from the front, or behind the free text from the end (below zero)."""

    def __init__(self, names: list[str]) -> None:
        if not set(_NEEDED) <= set(names):
            raise BillDamaged("The bill lacks a column.")
        self._count = len(names)
        first = min(names.index(name) for name in _FREE_TEXT)
        last = max(names.index(name) for name in _FREE_TEXT)
        between = [name for name in _NEEDED if first < names.index(name) < last and name not in _FREE_TEXT]
        if between:
            raise BillDamaged("A column of the bill stands among its free text.")
        at = [names.index(name) for name in _READ]
        self._at = [place if place < first else place - self._count for place in at]
        self._day = ("", 0)

    def line(self, text: str) -> BillLine | None:
        """None for a line that moves no money. Raises BillDamaged."""
        cells = text[1:].split(",`")
        if len(cells) < self._count:
            raise BillDamaged("A line of the bill is cut short.")
        when, transaction, number, state, currency, total, fee, refund_id, refund_number, refunded, refund_state = (
            cells[place] for place in self._at
        )
        refund = state == "REFUND"
        if not refund and state != "SUCCESS":
            return None  # REVOKED: taken back before it counted
        try:
            return BillLine(
                reference=number,
                provider_id=transaction,
                kind=REFUND if refund else PAYMENT,
                amount=parse(refunded if refund else total, currency),
                refund_reference=refund_number if refund else "",
                occurred_at=self._seconds(when),
                fee=_fee(fee, currency),
                line_id=refund_id if refund else transaction,
                pending=refund and refund_state != "SUCCESS",
            )
        except (KeyError, ValueError, Problem):
            raise BillDamaged("A line of the bill cannot be read.") from None

    def _seconds(self, text: str) -> int:
        """`YYYY-MM-DD HH:MM:SS` in Beijing; mostly of the day that the line before had."""
        found = _TIME_FORM.fullmatch(text)
        if found is None:
            raise ValueError("a time is YYYY-MM-DD HH:MM:SS")
        day, hours, minutes, seconds = found.groups()
        if day != self._day[0]:
            self._day = (day, starts_at(day, ZONE))
        return self._day[1] + int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def _fee(text: str, currency: str) -> Money:
    """The bill has five decimals of a yuan. Half-up for each line: the sum is for a person's eye, not for the books."""
    found = _FEE_FORM.fullmatch(text)
    if found is None:
        raise ValueError("a fee is a plain decimal")
    sign, whole, decimals = found.group(1), found.group(2), (found.group(3) or "").ljust(10, "0")
    minor = divide(int(whole + decimals), 10**8, Rounding.HALF_UP)
    return Money(-minor if sign else minor, currency)


def _check_summary(head: str, text: str, rows: int, sums: tuple[Money, Money] | None) -> None:
    """What the bill itself says of its lines; its sums count lines that we leave out, so then only their number."""
    said = dict(zip(head.split(","), text.lstrip("`").split(",`")))
    try:
        wanted = (parse(said[_SUM], "CNY"), parse(said[_SUM_REFUNDED], "CNY"))
        count = int(said[_COUNT])
    except (KeyError, ValueError, Problem):
        raise BillDamaged("The bill's summary cannot be read.") from None
    if count != rows or sums not in (None, wanted):
        raise BillDamaged("The bill's lines do not add up to its summary.")
