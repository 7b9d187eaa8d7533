"""The report: what a person reads, in English and Chinese, as JSON, Markdown and HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tests.support.billed_shop import BilledShop
from twinshore.reconciliation import answering, report_words
from twinshore.reconciliation import differences as d
from twinshore.reconciliation.report_text import day_document, html, markdown

pytestmark = [
    pytest.mark.parametrize("open_store", ["sqlite"], indirect=True),
    pytest.mark.parametrize("shop", ["stripe"], indirect=True),
]


@pytest.fixture
def bad_day(shop: BilledShop) -> BilledShop:
    made = [shop.paid(1000 + number) for number in range(5)]
    shop.hears()
    shop.bill(lose=[made[0][1]], change={made[1][1]: {"amount_minor": 900}}, add=[
        {"reference": "a-stranger-1", "kind": "payment", "amount_minor": 777, "currency": "JPY", "at": shop.starts},
        {"reference": "", "kind": "payout", "amount_minor": -3000, "currency": "EUR", "at": shop.starts},
    ])  # fmt: skip
    shop.reconcile()
    return shop


def told(shop: BilledShop, language: str) -> str:
    return str(answering.told(shop.store, shop.name, shop.day, language)["report"])


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ .*$", text, re.MULTILINE)


def test_it_begins_with_how_it_stands_then_the_totals_then_what_is_to_be_done(bad_day: BilledShop) -> None:
    text = told(bad_day, "en")
    assert headings(text) == [
        "# stripe, 2026-09-21", "## Totals", "## To be done", "### A person looks (2)",
        "### Wait for the next day's bill (1)", "## For the accounts", "### See that the bank account has it (1)",
    ]  # fmt: skip
    assert text.splitlines()[2] == "3 differences are open."


def test_it_is_in_chinese_for_who_reads_chinese(bad_day: BilledShop) -> None:
    text = told(bad_day, "zh-CN")
    assert headings(text) == [
        "# stripe 对账报告，2026-09-21", "## 合计", "## 待处理", "### 需人工处理 (2)", "### 等待次日账单 (1)",
        "## 供记账", "### 核对银行到账 (1)",
    ]  # fmt: skip
    assert "金额不一致" in text
    assert not re.search(r"[a-z]{4,} [a-z]{4,}", text), "no English sentence is left"


def test_totals_stand_by_currency_with_what_the_bill_has_more(bad_day: BilledShop) -> None:
    rows = [line for line in told(bad_day, "en").splitlines() if line.startswith("| ")]
    assert "| EUR | payments | 4 | 39.09 EUR | 5 | 50.10 EUR | -11.01 EUR |" in rows
    assert "| JPY | payments | 1 | 777 JPY | 0 | 0 JPY | 777 JPY |" in rows
    assert "| EUR | payouts | 1 | -30.00 EUR |  |  |  |" in rows


def test_each_difference_says_what_is_to_be_done(bad_day: BilledShop) -> None:
    text = told(bad_day, "en")
    (line,) = [line for line in text.splitlines() if "the amount differs" in line]
    assert re.fullmatch(
        r"- \*\*the amount differs\*\*: `[^`]+`, bill 9.00 EUR, books 10.01 EUR, 2026-09-21 12:00:00 UTC → "
        r"nothing is credited at another amount: refund the payer, or settle the rest", line
    )  # fmt: skip


def test_the_page_is_whole_and_takes_no_words_of_the_bill_for_its_own(bad_day: BilledShop) -> None:
    bad_day.bill(add=[{"reference": "<script>alert(1)</script>", "kind": "payment", "amount_minor": 1,
                       "currency": "EUR", "at": bad_day.starts}])  # fmt: skip
    bad_day.reconcile()
    facts = answering.told(bad_day.store, bad_day.name, bad_day.day, "en")
    shown = answering.shown(facts, "text/html,application/xhtml+xml", "en")
    assert shown is not None
    page, kind = shown[0].decode(), shown[1]
    assert kind == "text/html; charset=utf-8"
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    open_tags: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in ("meta", "!doctype"):
                open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_tags.pop() == tag

    Reader().feed(page)
    assert open_tags == []


@pytest.mark.parametrize(
    ("accept", "kind"),
    [("", None), ("*/*", None), ("application/json, text/html", None), ("text/markdown", "text/markdown"),
     ("text/html;q=0.9, */*", "text/html")],
)  # fmt: skip
def test_who_asks_for_a_document_gets_one(bad_day: BilledShop, accept: str, kind: str | None) -> None:
    facts = answering.told(bad_day.store, bad_day.name, bad_day.day, "en")
    shown = answering.shown(facts, accept, "en")
    assert (shown and shown[1].partition(";")[0]) == kind


def test_all_providers_of_a_day_stand_on_one_page(bad_day: BilledShop) -> None:
    all_of_them = answering.told_of_all(bad_day.store, ["adyen", "stripe"], bad_day.day, "en")
    assert [one.get("open") for one in all_of_them["providers"]] == [None, 3]
    text = all_of_them["report"]
    assert "| adyen | not compared yet |" in text
    assert "| stripe | compared | 3 | 3 |" in text
    assert headings(text)[:3] == ["# All providers, 2026-09-21", "## stripe, 2026-09-21", "### Totals"]
    page = html(day_document(all_of_them["providers"], bad_day.day, "zh-CN"), "zh-CN")
    assert '<html lang="zh-CN">' in page
    assert markdown(day_document(all_of_them["providers"], bad_day.day, "en")) == text


def test_a_day_that_agrees_says_so_in_one_line(shop: BilledShop) -> None:
    shop.paid()
    shop.hears()
    shop.reconcile()
    assert "Everything agrees." in told(shop, "en")
    assert "全部一致。" in told(shop, "zh-CN")


def test_every_kind_action_and_outcome_has_words(shop: BilledShop) -> None:
    assert set(d.ACTION) == set(report_words.KINDS)
    assert set(d.ACTION.values()) <= set(report_words.ACTIONS)
    assert {kind for kind, action in d.ACTION.items() if action == d.PERSON} <= set(report_words.PERSONS_WORK)
    for table in (report_words.KINDS, report_words.LINES, report_words.ACTIONS, report_words.PERSONS_WORK,
                  report_words.OUTCOMES, report_words.SENTENCES):  # fmt: skip
        for english, chinese in table.values():
            assert english.isascii()
            assert not chinese.isascii()
