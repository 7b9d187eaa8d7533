"""Weixin Pay's trade bill (GET /v3/bill/tradebill): a GZIP of CSV, from 10:00 in Beijing on the next day.

Sources: Weixin Pay's pages on the trade bill. Amounts are yuan with decimals; each cell starts with a backtick; a
summary ends the file; the hash is SHA-1 of the file before compression. A cell of free text may hold commas and
backticks, so the columns before and after the two of them are counted from their own end of the line.
"""

from __future__ import annotations

import hashlib
import re
import time
import zlib
from calendar import timegm
from typing import Iterator
from urllib.parse import urlsplit

from twinshore.errors import Problem
from twinshore.money import Money, Rounding, divide, parse
from twinshore.payments.port import ProviderRefused
from twinshore.providers.setup import Setup
from twinshore.providers.wechat_pay.capabilities import CAPABILITIES
from twinshore.providers.wechat_pay.client import WechatPay
from twinshore.providers.wechat_pay.entry import BASE_URL
from twinshore.providers.wechat_pay.entry import build as build_party
from twinshore.reconciliation.days import days_later, starts_at
from twinshore.reconciliation.port import PAYMENT, REFUND, BillDamaged, BillLine, BillNotDue, BillNotReady, BillTooLarge

READY_AFTER_SECONDS = 10 * 3600
BILL_LIMIT_BYTES = 64_000_000
"""Unpacked. The reply itself is limited by `outbound`: 4 MB packed, some 55,000 lines."""
LINE_LIMIT_BYTES = 8_192
CHUNK_BYTES = 65_536
DOWNLOAD_TIMEOUT_SECONDS = 20.0
OFFSET_SECONDS = CAPABILITIES.bill_utc_offset_seconds

# The names of the columns, as the first line of the file spells them.
_TIME, _TRANSACTION, _NUMBER = "交易时间", "微信订单号", "商户订单号"
_STATE, _CURRENCY, _TOTAL, _FEE = "交易状态", "货币种类", "订单金额", "手续费"
_REFUND_ID, _REFUND_NUMBER = "微信退款单号", "商户退款单号"
_REFUNDED, _REFUND_STATE = "申请退款金额", "退款状态"
_FREE_TEXT = ("商品名称", "商户数据包")
_NEEDED = (_TIME, _TRANSACTION, _NUMBER, _STATE, _CURRENCY, _TOTAL, _FEE, _REFUND_ID, _REFUND_NUMBER, _REFUNDED,
           _REFUND_STATE, *_FREE_TEXT)  # fmt: skip
_COUNT, _SUM, _SUM_REFUNDED = "总交易单数", "订单总金额", "申请退款总金额"
_FEE_FORM = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,10}))?", re.ASCII)


class WechatPayBills:
    """base_url: where downloads may go, besides the party's own hosts."""

    authentic = True

    def __init__(self, party: WechatPay, base_url: str) -> None:
        self._party = party
        self._base_url = base_url.rstrip("/")

    def lines(self, day: str, now: int) -> Iterator[BillLine]:
        """The hash is checked over the whole file before the first line is given."""
        if now < starts_at(days_later(day, 1), OFFSET_SECONDS) + READY_AFTER_SECONDS:
            raise BillNotDue("Weixin Pay makes the bill by 10:00 of the next day in Beijing.")
        fetched = self._fetch(day, now)
        if fetched is not None:
            packed, sha1 = fetched
            _check_whole(packed, sha1)
            yield from _read(packed)

    def _fetch(self, day: str, now: int) -> tuple[bytes, str] | None:
        """The packed file and the hash of the unpacked one; None for a day without a trade, which has no file."""
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
        target = self._target(str(link.get("download_url", "")))
        return self._party.download(target, now, DOWNLOAD_TIMEOUT_SECONDS), str(link.get("hash_value", "")).lower()

    def _target(self, url: str) -> str:
        """Our signature goes to the party only, so the link must lead there."""
        parts = urlsplit(url)
        own = f"{parts.scheme}://{parts.netloc}" == self._base_url
        if not own and not (parts.scheme == "https" and parts.netloc in CAPABILITIES.hosts):
            raise BillDamaged("The bill's link leads away from Weixin Pay.")
        return parts.path + (f"?{parts.query}" if parts.query else "")


def build(setup: Setup) -> WechatPayBills:
    return WechatPayBills(build_party(setup), setup.base_url or BASE_URL)


def _check_whole(packed: bytes, sha1: str) -> None:
    digest = hashlib.sha1(usedforsecurity=False)
    for chunk in _unpacked(packed):
        digest.update(chunk)
    if not sha1 or digest.hexdigest() != sha1:
        raise BillDamaged("The bill is not the one whose hash was signed.")


def _unpacked(packed: bytes) -> Iterator[bytes]:
    """In pieces: a small file may unpack to a very large one."""
    unpacker = zlib.decompressobj(wbits=31)
    size, rest = 0, packed
    while not unpacker.eof:
        try:
            chunk = unpacker.decompress(rest, CHUNK_BYTES)
        except zlib.error:
            raise BillDamaged("The bill cannot be unpacked.") from None
        if not chunk and not unpacker.unconsumed_tail and not unpacker.eof:
            raise BillDamaged("The bill is cut short.")
        rest = unpacker.unconsumed_tail
        size += len(chunk)
        if size > BILL_LIMIT_BYTES:
            raise BillTooLarge("The bill unpacks to more than one run can read.")
        yield chunk


def _texts(packed: bytes) -> Iterator[str]:
    kept = b""
    for chunk in _unpacked(packed):
        *whole, kept = (kept + chunk).split(b"\n")
        if len(kept) > LINE_LIMIT_BYTES:
            raise BillDamaged("A line of the bill has no end.")
        yield from (_decoded(line) for line in whole)
    yield _decoded(kept)


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8-sig").rstrip("\r")
    except UnicodeDecodeError:
        raise BillDamaged("The bill is not UTF-8.") from None


def _read(packed: bytes) -> Iterator[BillLine]:
    texts = (text for text in _texts(packed) if text)
    names = next(texts, "").split(",")
    if not set(_NEEDED) <= set(names):
        raise BillDamaged("The bill lacks a column.")
    rows = skipped = total_minor = refunded_minor = 0
    for text in texts:
        if not text.startswith("`"):  # the summary's own head
            sums = None if skipped else (Money(total_minor, "CNY"), Money(refunded_minor, "CNY"))
            _check_summary(text, next(texts, ""), rows, sums)
            if next(texts, None) is not None:
                raise BillDamaged("The bill goes on behind its summary.")
            return
        line = _line(_cells(names, text))
        rows += 1
        if line is None:
            skipped += 1
            continue
        total_minor += line.amount.amount_minor if line.kind == PAYMENT else 0
        refunded_minor += line.amount.amount_minor if line.kind == REFUND else 0
        yield line
    raise BillDamaged("The bill has no summary.")


def _cells(names: list[str], text: str) -> dict[str, str]:
    cells = text[1:].split(",`")
    if len(cells) < len(names):
        raise BillDamaged("A line of the bill is cut short.")
    first = min(names.index(name) for name in _FREE_TEXT)
    behind = len(names) - 1 - max(names.index(name) for name in _FREE_TEXT)
    found = dict(zip(names[:first], cells))
    if behind:
        found.update(zip(names[-behind:], cells[-behind:]))
    return found


def _line(cells: dict[str, str]) -> BillLine | None:
    """None for a line that moves no money."""
    try:
        at = timegm(time.strptime(cells[_TIME], "%Y-%m-%d %H:%M:%S")) - OFFSET_SECONDS
        refund = cells[_STATE] == "REFUND"
        if not refund and cells[_STATE] != "SUCCESS":
            return None  # REVOKED: taken back before it counted
        amount = parse(cells[_REFUNDED if refund else _TOTAL], cells[_CURRENCY])
        return BillLine(
            reference=cells[_NUMBER],
            provider_id=cells[_TRANSACTION],
            kind=REFUND if refund else PAYMENT,
            amount=amount,
            refund_reference=cells[_REFUND_NUMBER] if refund else "",
            occurred_at=at,
            fee=_fee(cells[_FEE], cells[_CURRENCY]),
            line_id=cells[_REFUND_ID] if refund else cells[_TRANSACTION],
            pending=refund and cells[_REFUND_STATE] != "SUCCESS",
        )
    except (KeyError, ValueError, Problem):
        raise BillDamaged("A line of the bill cannot be read.") from None


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
