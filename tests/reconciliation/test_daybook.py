"""The day-book: one line for each movement, however often and in whatever order its event is told."""

from __future__ import annotations

import time

import pytest

from tests.support.paper_shop import NOW, Shop
from twinshore.money import Money
from twinshore.payments import port
from twinshore.payments.completion import apply
from twinshore.reconciliation import daybook
from twinshore.reconciliation.days import day_of, days_between, days_later, ends_at, starts_at

UTC, BEIJING = "UTC", "Asia/Shanghai"


@pytest.fixture
def shop(paper_shop: Shop) -> Shop:
    return paper_shop


def entries(shop: Shop, day: str = "", zone: str = UTC) -> list[tuple[str, str, int]]:
    book = daybook.read_day(shop.store, "paper", day or day_of(NOW, zone))
    return sorted((one.kind, one.name, one.amount.amount_minor) for one in book.values())


def test_a_capture_is_one_line_however_often_it_is_told(shop: Shop) -> None:
    order_id = shop.paid_order()
    for event in shop.told("payment.captured") * 3:
        daybook.enter_capture(event, shop.store, UTC)
    assert entries(shop) == [("payment", f"{order_id}-1", 1299)]


@pytest.mark.parametrize(("zone", "hours", "day"), [(UTC, 23, 0), (BEIJING, 15, 0), (BEIJING, 16, 1), (BEIJING, 23, 1)])
def test_the_day_is_that_of_the_providers_zone(shop: Shop, zone: str, hours: int, day: int) -> None:
    shop.now = starts_at(day_of(NOW, UTC), UTC) + hours * 3600
    shop.paid_order()
    daybook.enter_capture(shop.told("payment.captured")[0], shop.store, zone)
    assert len(entries(shop, days_later(day_of(shop.now, UTC), day))) == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 0, 1, 1), (1, 1, 0)])
def test_refunds_are_entered_by_our_own_references_in_any_order(shop: Shop, order: tuple[int, ...]) -> None:
    order_id = shop.paid_order()
    shop.refund(order_id, 300)
    shop.refund(order_id, 300)
    told = shop.told("payment.refunded")
    assert len(told) == 2
    for number in order:
        daybook.enter_refund(told[number], shop.store, UTC)
    assert entries(shop) == [("refund", f"{order_id}-r1", 300), ("refund", f"{order_id}-r2", 300)]


def test_a_refund_told_late_is_not_entered_again_under_another_day(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.refund(order_id, 300)
    first = shop.told("payment.refunded")[0]
    daybook.enter_refund(first, shop.store, UTC)
    shop.now += 86_400
    shop.refund(order_id, 200)
    for event in shop.told("payment.refunded"):
        daybook.enter_refund(event, shop.store, UTC)
    assert entries(shop) == [("refund", f"{order_id}-r1", 300)]
    assert entries(shop, day_of(NOW + 86_400, UTC)) == [("refund", f"{order_id}-r2", 200)]


def test_a_refund_stands_under_the_day_of_the_providers_own_time(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.refund(order_id, 300)
    told = shop.told("payment.refunded")[0]
    late = told._replace(at=NOW + 3 * 86_400, data={**told.data, "refunded_at": NOW + 86_400})
    daybook.enter_refund(late, shop.store, UTC)
    assert entries(shop, day_of(NOW + 86_400, UTC)) == [("refund", f"{order_id}-r1", 300)]


def test_the_refund_that_the_news_names_is_the_one_that_is_entered(shop: Shop) -> None:
    """Two of the same amount: the second is through before the first."""
    order_id = shop.paid_order()
    shop.refund(order_id, 300)
    shop.refund(order_id, 300)
    first, second = shop.told("payment.refunded")
    named = second._replace(data={**second.data, "refund_reference": f"{order_id}-r2", "refunded_minor": 300})
    daybook.enter_refund(named, shop.store, UTC)
    assert entries(shop) == [("refund", f"{order_id}-r2", 300)]
    assert first.data["refund_reference"] == f"{order_id}-r1"


@pytest.mark.parametrize("name", ["dispute.lost", "dispute.won"])
def test_the_end_of_a_dispute_is_one_line(shop: Shop, name: str) -> None:
    order_id = shop.paid_order()
    state = port.DISPUTE_LOST if name == "dispute.lost" else port.DISPUTE_WON
    for word in (port.DISPUTED, state):
        apply(shop.store, "paper", port.Notice(f"n-{word}", f"{order_id}-1", "", word, Money(1299, "EUR"), NOW), NOW)
    for event in shop.told(name) * 2:
        daybook.enter_dispute(event, shop.store, UTC)
    kind = "dispute" if name == "dispute.lost" else "dispute_reversal"
    assert entries(shop) == [(kind, f"{order_id}-1", 1299)]


def test_a_refund_made_at_the_provider_has_a_line_of_its_own(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.webhook(shop.paper.refund_webhook(f"{order_id}-1", 400))
    for event in shop.told("payment.refunded") * 2:
        daybook.enter_refund(event, shop.store, UTC)
    assert entries(shop) == [("refund", f"{order_id}-1.x400", 400)]


def test_a_total_that_comes_before_the_word_about_its_refund_is_that_refund(shop: Shop) -> None:
    order_id = shop.paid_order()
    shop.paper.refunds_settle_at_once = False
    shop.refund(order_id, 400)
    shop.webhook(shop.paper.refund_webhook(f"{order_id}-1", 400))
    for event in shop.told("payment.refunded"):
        daybook.enter_refund(event, shop.store, UTC)
    assert shop.read(order_id).refunds[0].state == port.PENDING
    assert entries(shop) == [("refund", f"{order_id}-r1", 400)]


def test_amounts_and_days_are_read_back(shop: Shop) -> None:
    shop.paid_order(Money(5, "EUR"))
    daybook.enter_capture(shop.told("payment.captured")[0], shop.store, UTC)
    (entry,) = daybook.read_day(shop.store, "paper", day_of(NOW, UTC)).values()
    assert (entry.amount, entry.at) == (Money(5, "EUR"), NOW)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [("UTC", "2026-03-29", 24), ("Asia/Shanghai", "2026-03-29", 24), ("Europe/Berlin", "2026-03-29", 23),
     ("Europe/Berlin", "2026-10-25", 25), ("America/Los_Angeles", "2026-03-08", 23),
     ("America/Los_Angeles", "2026-11-01", 25), ("Europe/Berlin", "2026-06-01", 24)],
)  # fmt: skip
def test_a_day_ends_when_the_next_begins_there(zone: str, day: str, hours: int) -> None:
    starts, ends = starts_at(day, zone), ends_at(day, zone)
    assert ends - starts == hours * 3600
    assert [day_of(at, zone) for at in (starts - 1, starts, ends - 1, ends)] == [
        days_later(day, -1), day, day, days_later(day, 1)
    ]  # fmt: skip


@pytest.mark.parametrize("machine", ["UTC", "America/New_York", "Asia/Shanghai"])
def test_the_machines_own_zone_plays_no_part(monkeypatch: pytest.MonkeyPatch, machine: str) -> None:
    monkeypatch.setenv("TZ", machine)
    time.tzset()
    assert starts_at("2026-11-01", BEIJING) == 1_793_462_400
    assert starts_at("2026-11-01", "America/Los_Angeles") == 1_793_516_400
    assert day_of(1_793_462_400 - 1, BEIJING) == "2026-10-31"
    monkeypatch.undo()
    time.tzset()


def test_a_zone_that_nobody_knows_is_no_utc() -> None:
    with pytest.raises(LookupError):
        day_of(NOW, "Europe/Nowhere")


def test_a_day_is_a_day() -> None:
    assert days_later("2026-12-31", 1) == "2027-01-01"
    assert days_between("2028-02-28", "2028-03-01") == 2
    for text in ("", "2026-1-01", "2026-13-01", "2026-02-30", "26-01-01", "2026-01-01 ", "x"):
        with pytest.raises(ValueError):
            starts_at(text, UTC)
