"""Stripe's balance transactions: paged, with their sources, from the twin over HTTP."""

from __future__ import annotations

import json
import time
from typing import Any, Iterator

import pytest

from sandbox.twins.stripe import StripeTwin
from twinshore.errors import Problem
from twinshore.money import Money
from twinshore.payments.port import OutcomeUnknown
from twinshore.providers.setup import Setup
from twinshore.providers.stripe import bills
from twinshore.reconciliation.days import DAY_SECONDS, day_of, starts_at
from twinshore.reconciliation.port import ACCOUNT, DISPUTES, BillDamaged, BillLine, BillNotDue, BillTooLarge

NOW = int(time.time())
DAY = day_of(NOW - DAY_SECONDS, "UTC")
STARTS = starts_at(DAY, "UTC")


@pytest.fixture
def twin() -> Iterator[StripeTwin]:
    with StripeTwin() as made:
        yield made


def lines_of(twin: StripeTwin) -> list[BillLine]:
    setup = Setup(json.dumps(twin.secret()), twin.url, "https://cell.example/v1/webhooks/stripe", None)  # type: ignore[arg-type]
    return list(bills.build(setup).lines(DAY, NOW))


def made(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"reference": f"order-{n}", "kind": "payment", "amount_minor": 100 + n, "currency": "EUR",
             "at": STARTS + n, **more} for n in range(count)]  # fmt: skip


def test_every_page_is_read_and_no_line_twice(twin: StripeTwin) -> None:
    twin.faults = {"bill": {"add": made(250)}}
    lines = lines_of(twin)
    assert sorted(line.reference for line in lines) == sorted(f"order-{n}" for n in range(250))
    asked = [entry for entry in twin.journal if entry["what"] == "request"]
    assert len(asked) == 3


def test_a_line_has_what_the_payer_paid_and_what_stripe_keeps(twin: StripeTwin) -> None:
    refund = {**made(1)[0], "kind": "refund", "refund_reference": "order-r1", "currency": "JPY"}
    twin.faults = {"bill": {"add": [refund, *made(1, currency="KWD", amount_minor=12340)]}}
    lines = {line.kind: line for line in lines_of(twin)}
    assert lines["refund"].amount == Money(100, "JPY")
    assert lines["refund"].refund_reference == "order-r1"
    assert lines["payment"].amount == Money(12340, "KWD")
    assert lines["payment"].refund_reference == ""
    assert lines["payment"].fee == Money(25, "KWD")
    assert lines["payment"].provider_id == "pi_madeup"
    assert lines["payment"].occurred_at == STARTS


@pytest.mark.parametrize("pages", [1, 2])
def test_a_page_that_does_not_come_ends_the_reading(twin: StripeTwin, pages: int) -> None:
    twin.faults = {"bill": {"add": made(250), "pages": pages}}
    with pytest.raises(OutcomeUnknown):
        lines_of(twin)


@pytest.mark.parametrize("switches", [{"status": 502}, {"status": 200}, {"reset": True}])
def test_no_clear_answer_is_no_bill(twin: StripeTwin, switches: dict[str, Any]) -> None:
    twin.faults = switches
    with pytest.raises(OutcomeUnknown):
        lines_of(twin)


class Pages:
    """Stands where the client stands."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self.pages = list(pages)

    def read(self, target: str) -> dict[str, Any]:
        return self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]


def read(*pages: dict[str, Any]) -> list[BillLine]:
    return list(bills.StripeBills(Pages(*pages)).lines(DAY, NOW))  # type: ignore[arg-type]


def movement(**changes: Any) -> dict[str, Any]:
    source = {
        "id": "ch_1",
        "amount": 1299,
        "currency": "eur",
        "metadata": {"reference": "order-1"},
        "payment_intent": "pi_1",
    }
    return {
        "id": "txn_1",
        "type": "charge",
        "created": STARTS,
        "currency": "eur",
        "fee": 30,
        "source": source,
        **changes,
    }


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"data": [movement()]},
        {"data": {}, "has_more": False},
        {"data": [], "has_more": True},
        {"data": [movement(source="ch_1")], "has_more": False},
        {"data": [movement(source=None)], "has_more": False},
        {"data": [movement(created="today")], "has_more": False},
        {"data": [movement(fee=None)], "has_more": False},
        {"data": ["txn_1"], "has_more": False},
    ],
)
def test_a_page_of_another_form_is_refused(page: dict[str, Any]) -> None:
    with pytest.raises(BillDamaged):
        read(page)


@pytest.mark.parametrize(
    ("word", "kind"),
    [("charge", "payment"), ("payment", "payment"), ("refund", "refund"), ("payment_refund", "refund"),
     ("refund_failure", "refund_undone"), ("payout", "payout"), ("payout_failure", "payout_returned"),
     ("stripe_fee", "account_fee"), ("tax_fee", "account_fee"), ("reserve_transaction", "reserve"),
     ("transfer", "other_movement"), ("a word of next year", "other_movement")],
)  # fmt: skip
def test_every_movement_has_a_kind_and_a_new_word_is_a_persons(word: str, kind: str) -> None:
    (line,) = read({"data": [movement(type=word, amount=-500)], "has_more": False})
    assert line.kind == kind
    if kind in ACCOUNT:
        assert (line.amount, line.reference, line.name) == (Money(-500, "EUR"), "", "txn_1")


@pytest.mark.parametrize(
    ("category", "kind"),
    [("dispute", "dispute"), ("dispute_reversal", "dispute_reversal"), ("refund_failure", "refund_undone"),
     ("fee", "account_fee"), ("other_adjustment", "other_movement"), (None, "other_movement")],
)  # fmt: skip
def test_what_an_adjustment_is_stands_in_its_category(category: str | None, kind: str) -> None:
    dispute = {"id": "du_1", "object": "dispute", "amount": 1299, "currency": "eur", "charge": "ch_1",
               "payment_intent": "pi_1", "metadata": {"reference": "the bank's"}}  # fmt: skip
    told = movement(type="adjustment", reporting_category=category, source=dispute, amount=-1299, fee=1500)
    (line,) = read({"data": [told], "has_more": False})
    assert line.kind == kind
    if kind in DISPUTES:
        assert line[:4] == ("", "pi_1", kind, Money(1299, "EUR"))
        assert (line.line_id, line.fee) == ("du_1", Money(1500, "EUR"))


def test_a_fee_of_the_account_needs_no_source() -> None:
    (line,) = read({"data": [movement(type="stripe_fee", amount=-7, fee=0, source=None)], "has_more": False})
    assert line.amount == Money(-7, "EUR")


def test_pages_without_end_are_refused() -> None:
    with pytest.raises(BillTooLarge):
        read({"data": [movement()], "has_more": True})


def test_a_day_that_is_not_over_has_no_bill() -> None:
    with pytest.raises(BillNotDue):
        list(bills.StripeBills(Pages({})).lines(day_of(NOW, "UTC"), NOW))  # type: ignore[arg-type]


def test_every_refusal_is_a_problem_with_a_name() -> None:
    assert all(issubclass(one, Problem) and one.slug for one in (BillDamaged, BillNotDue, BillTooLarge))
