"""Weixin Pay's trade bill: read from the twin over HTTP, and from files that are wrong in each way."""

from __future__ import annotations

import gzip
import hashlib
import json
import time
from typing import Any, Callable, Iterator

import pytest

from sandbox.twins.wechat_pay import WechatPayTwin
from sandbox.twins.wechat_pay_bill import HEAD, SUMMARY
from sandbox.twins.wechat_pay_keys import make_keys
from twinshore.errors import Problem, Unavailable
from twinshore.money import Money
from twinshore.payments.port import OutcomeUnknown
from twinshore.providers.setup import Setup
from twinshore.providers.wechat_pay import bill_file, bills
from twinshore.reconciliation.days import DAY_SECONDS, day_of, starts_at
from twinshore.reconciliation.port import BillDamaged, BillLine, BillNotDue, BillTooLarge

DAY = "2026-09-21"
NOW = starts_at(DAY, bills.ZONE) + DAY_SECONDS + 10 * 3600
PAID = (
    "`2026-09-21 00:00:07,`wx0000000000000001,`1900000001,`0,`,`4200001,`order-1,`openid,`JSAPI,`SUCCESS,`OTHERS,`CNY,"
    "`9.90,`0.00,`0,`0,`0.00,`0.00,`,`,`A kettle,`,`0.05940,`0.60%,`9.90,`0.00,`"
)
BACK = (
    "`2026-09-21 23:59:59,`wx0000000000000001,`1900000001,`0,`,`4200001,`order-1,`openid,`JSAPI,`REFUND,`OTHERS,`CNY,"
    "`0.00,`0.00,`5030001,`order-r1,`2.00,`0.00,`ORIGINAL,`SUCCESS,`A kettle,`,`-0.01200,`0.60%,`0.00,`2.00,`"
)
SUMS = "`2,`9.90,`2.00,`0.00,`0.04740,`9.90,`2.00"
WHOLE = "\r\n".join([HEAD, PAID, BACK, SUMMARY, SUMS]) + "\r\n"


class Desk:
    """Stands where the client stands: gives this file, and this link to it."""

    def __init__(self, text: str, **link: str) -> None:
        content = text.encode()
        sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        url = "https://api.mch.weixin.qq.com/v3/billdownload/file?token=t"
        self.link = {"hash_type": "SHA1", "hash_value": sha1, "download_url": url, **link}
        self.packed = gzip.compress(content)
        self.asked: list[str] = []

    def read(self, target: str, now: int) -> dict[str, Any]:
        self.asked.append(target)
        return self.link

    def download(self, target: str, now: int, take: Callable[[bytes], object], timeout_seconds: float) -> None:
        self.asked.append(target)
        for start in range(0, len(self.packed), 1000):
            take(self.packed[start : start + 1000])


def lines_of(desk: Desk, now: int = NOW) -> list[BillLine]:
    return list(bills.WechatPayBills(desk, "https://api.mch.weixin.qq.com").lines(DAY, now))  # type: ignore[arg-type]


def test_a_bill_is_read_in_yuan_and_beijing_time() -> None:
    paid, back = lines_of(Desk(WHOLE))
    starts = starts_at(DAY, bills.ZONE)
    assert paid == BillLine(
        "order-1", "4200001", "payment", Money(990, "CNY"), "", starts + 7, Money(6, "CNY"), "4200001"
    )
    assert (back.kind, back.amount, back.refund_reference) == ("refund", Money(200, "CNY"), "order-r1")
    assert (back.occurred_at, back.fee, back.line_id) == (starts + DAY_SECONDS - 1, Money(-1, "CNY"), "5030001")


def test_the_link_is_asked_for_and_the_file_fetched_once() -> None:
    desk = Desk(WHOLE)
    lines_of(desk)
    assert desk.asked == [
        "/v3/bill/tradebill?bill_date=2026-09-21&bill_type=ALL&tar_type=GZIP", "/v3/billdownload/file?token=t"
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["A,`B", "`,`,`,`", "红茶，200 克", '"quoted"', "`1,`2,`SUCCESS"])
def test_free_text_cannot_move_the_columns(name: str) -> None:
    text = WHOLE.replace("`A kettle,`", f"`{name},`")
    assert lines_of(Desk(text)) == lines_of(Desk(WHOLE))


def test_a_byte_order_mark_and_unix_lines_are_read_as_well() -> None:
    assert lines_of(Desk("\ufeff" + WHOLE.replace("\r", ""))) == lines_of(Desk(WHOLE))


def test_a_refund_that_is_still_on_its_way_is_said_to_be() -> None:
    assert lines_of(Desk(WHOLE.replace("`ORIGINAL,`SUCCESS", "`ORIGINAL,`PROCESSING")))[1].pending


def test_a_payment_taken_back_at_the_counter_moves_no_money() -> None:
    assert [line.kind for line in lines_of(Desk(WHOLE.replace("`JSAPI,`SUCCESS", "`MICROPAY,`REVOKED")))] == ["refund"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>busy</html>",
        WHOLE.replace("订单金额", "金额"),
        "\r\n".join([HEAD, PAID, BACK]),
        "\r\n".join([HEAD, PAID, BACK, SUMMARY]),
        "\r\n".join([HEAD, PAID, SUMMARY, SUMS]),
        "\r\n".join([HEAD, PAID, PAID, SUMMARY, SUMS]),
        WHOLE + PAID,
        WHOLE.replace("`9.90,`0.00,`\r", "`9.90,`0.00\r"),
        WHOLE.replace("`9.90,`0.00,`\r", "`9.905,`0.00,`\r"),
        WHOLE.replace("`CNY", "`XYZ"),
        WHOLE.replace("2026-09-21 00:00:07", "yesterday"),
        WHOLE.replace("`0.05940", "`free"),
        HEAD + "\r\n`" + "x" * 2 * bill_file.CHUNK_BYTES,
    ],
)
def test_a_bill_that_is_not_whole_is_refused(text: str) -> None:
    with pytest.raises(BillDamaged):
        lines_of(Desk(text))


@pytest.mark.parametrize("packed", [b"", b"no gzip", gzip.compress(WHOLE.encode())[:-9]])
def test_a_file_that_is_cut_or_no_gzip_is_refused(packed: bytes) -> None:
    desk = Desk(WHOLE)
    desk.packed = packed
    with pytest.raises(BillDamaged):
        lines_of(desk)


def test_a_small_file_that_unpacks_to_a_large_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bill_file, "UNPACKED_LIMIT_BYTES", 8_000_000)
    desk = Desk(WHOLE)
    desk.packed = gzip.compress(b"\n" * 8_000_001)
    assert len(desk.packed) < 10_000
    with pytest.raises(BillTooLarge):
        lines_of(desk)


@pytest.mark.parametrize(
    "link",
    [
        {"hash_value": "0" * 40},
        {"hash_value": ""},
        {"hash_type": "MD5"},
        {"download_url": "https://elsewhere.example/v3/billdownload/file?token=t"},
        {"download_url": "http://api.mch.weixin.qq.com/v3/billdownload/file"},
        {"download_url": "https://api.mch.weixin.qq.com@elsewhere.example/file"},
        {"download_url": ""},
    ],
)
def test_another_file_or_another_place_is_refused(link: dict[str, str]) -> None:
    with pytest.raises(BillDamaged):
        lines_of(Desk(WHOLE, **link))


def test_a_file_that_has_no_end_is_refused_before_it_fills_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bill_file, "PACKED_LIMIT_BYTES", 200)
    with pytest.raises(BillTooLarge):
        lines_of(Desk(WHOLE))


def test_the_mark_of_a_bill_is_its_signed_hash() -> None:
    desk = Desk(WHOLE)
    assert bills.WechatPayBills(desk, "https://api.mch.weixin.qq.com").mark(DAY, NOW) == desk.link["hash_value"]  # type: ignore[arg-type]


def test_before_ten_in_beijing_nobody_is_asked() -> None:
    desk = Desk(WHOLE)
    with pytest.raises(BillNotDue):
        lines_of(desk, NOW - 1)
    assert desk.asked == []


@pytest.fixture(scope="module")
def twin() -> Iterator[WechatPayTwin]:
    with WechatPayTwin(keys=make_keys()) as made:
        yield made


def from_twin(twin: WechatPayTwin, days_ago: int = 2) -> list[BillLine]:
    now = int(time.time())
    setup = Setup(json.dumps(twin.secret()), twin.url, "https://cell.example/v1/webhooks/wechat_pay", None)  # type: ignore[arg-type]
    return list(bills.build(setup).lines(day_of(now - days_ago * DAY_SECONDS, bills.ZONE), now))


def planted(twin: WechatPayTwin, count: int = 3, **switches: Any) -> None:
    add = [
        {"reference": f"order-{n}", "kind": "payment", "amount_minor": 100 + n, "currency": "CNY"} for n in range(count)
    ]
    twin.faults = {"bill": {"add": add, **switches.pop("bill", {})}, **switches}


def test_the_twin_gives_a_bill_over_http(twin: WechatPayTwin) -> None:
    planted(twin)
    assert [line.amount.amount_minor for line in from_twin(twin)] == [100, 101, 102]


def test_a_day_without_trades_is_an_empty_bill(twin: WechatPayTwin) -> None:
    twin.faults = {}
    assert from_twin(twin) == []


@pytest.mark.parametrize("bill", [{"cut": 1}, {"cut": 9}, {"cut": 200}, {"altered": True}])
def test_a_cut_download_and_another_files_hash_are_refused(twin: WechatPayTwin, bill: dict[str, Any]) -> None:
    planted(twin, count=50, bill=bill)
    with pytest.raises(BillDamaged):
        from_twin(twin)


@pytest.mark.parametrize(
    "switches", [{"status": 502}, {"status": 200}, {"reset": True}, {"wrong_reply_signature": True}]
)
def test_no_clear_answer_is_no_bill(twin: WechatPayTwin, switches: dict[str, Any]) -> None:
    planted(twin, **switches)
    with pytest.raises((OutcomeUnknown, Unavailable)):
        from_twin(twin)


def test_every_refusal_is_a_problem_with_a_name() -> None:
    assert all(issubclass(one, Problem) and one.slug for one in (BillDamaged, BillNotDue, BillTooLarge))
