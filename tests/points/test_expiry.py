"""Points past their time are never spent, whoever comes first. Museum row 12: lots earned for any reason expire, on the
day of the programme's own calendar. From liberusoftware #1056."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from tests.support.points import NOW, Book, assert_sound, key
from twinshore.points import ledger
from twinshore.points.book import EXPIRE, Entry, all_entries
from twinshore.points.expiry import expire, expire_due
from twinshore.points.holds import hold, release
from twinshore.points.pending import activate_due
from twinshore.points.problems import InsufficientPoints, PointsOutOfRange
from twinshore.points.programmes import PROGRAMMES, UnknownProgramme, activation_of, day_of, expiry_of, grace_end
from twinshore.points.standing import present, standing, totals

DAY = 24 * 3600


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp())


def expirations(book: Book) -> list[Entry]:
    return [entry for entry in all_entries(book.ledger) if entry.kind == EXPIRE]


@pytest.mark.parametrize(
    ("programme", "earned", "expires"),
    [
        ("mainland", "2026-11-23T00:00:00", "2027-11-30T16:00:00"),  # midnight in Shanghai after the last of November
        ("mainland", "2026-11-30T15:59:59", "2027-11-30T16:00:00"),
        ("mainland", "2026-11-30T16:00:00", "2027-12-31T16:00:00"),  # December already, there
        ("mainland", "2028-02-29T04:00:00", "2029-02-28T16:00:00"),  # leap day
        ("mainland", "2027-02-28T04:00:00", "2028-02-29T16:00:00"),  # ends on one
        ("mainland", "2026-12-31T15:59:59", "2027-12-31T16:00:00"),  # year's end
        ("overseas", "2026-11-23T00:00:00", "2027-11-30T23:00:00"),
        ("overseas", "2027-03-31T21:59:59", "2028-03-31T22:00:00"),  # summer time: two hours
        ("overseas", "2027-03-31T22:00:00", "2028-04-30T22:00:00"),
        ("overseas", "2026-10-25T00:30:00", "2027-10-31T23:00:00"),  # ends on the day that summer time ends
        ("miles", "2028-02-29T00:00:00", "2031-02-28T16:00:00"),
    ],
)
def test_points_expire_at_the_end_of_a_month_of_the_programmes_calendar(
    programme: str, earned: str, expires: str
) -> None:
    assert expiry_of(PROGRAMMES[programme], utc(earned)) == utc(expires)


def test_days_are_those_of_the_programmes_zone() -> None:
    overseas, miles = PROGRAMMES["overseas"], PROGRAMMES["miles"]
    assert day_of(PROGRAMMES["mainland"], utc("2028-02-28T16:00:00")) == "2028-02-29"
    assert day_of(overseas, utc("2028-02-28T23:00:00")) == "2028-02-29"
    assert grace_end(overseas, utc("2027-03-10T12:00:00")) == utc("2027-04-09T22:00:00")  # over the change of the clock
    assert activation_of(overseas, NOW) is None
    assert activation_of(miles, utc("2028-02-15T15:59:59")) == utc("2028-02-28T16:00:00")


def test_every_reason_to_earn_makes_points_that_expire(book: Book) -> None:
    end = NOW + 400 * DAY
    for kind in ("earn", "check_in", "exchange_in", "birthday"):
        ledger.earn(book.ledger, 10, "the cause", kind, NOW, kind=kind)
    given = ledger.redeem(book.ledger, 5, "coffee", key("k"), NOW)
    ledger.refund(book.ledger, given.id, NOW)
    held = hold(book.ledger, 5, "h", "h", NOW)
    release(book.ledger, held.id, "h", NOW)
    assert ledger.balance(book.ledger) == 40
    assert expire(book.ledger, end) == 40
    assert present(book.ledger, end)[:3] == (0, 0, 0)
    assert totals([book.ledger])["house:expired"] == 40
    assert_sound(book.ledger)


def test_what_expires_first_is_spent_first(book: Book) -> None:
    late, soon = NOW + 90 * DAY, NOW + 10 * DAY
    book.earn(100, late)
    book.earn(100, soon)
    ledger.redeem(book.ledger, 120, "coffee", key("k"), NOW + 1)
    assert [(lot.points, lot.expires_at) for lot in standing(book.ledger).lots] == [(80, late)]
    assert expire(book.ledger, soon) == 0
    assert expirations(book) == []
    assert expire(book.ledger, late) == 80
    assert_sound(book.ledger)


def test_points_cannot_be_spent_from_the_second_they_expire_though_no_timer_has_run(book: Book) -> None:
    book.earn(100, NOW + 10)
    book.earn(50, NOW + 20)
    ledger.redeem(book.ledger, 10, "coffee", key("before"), NOW + 9)
    with pytest.raises(InsufficientPoints) as refused:
        ledger.redeem(book.ledger, 51, "coffee", key("after"), NOW + 10)
    assert refused.value.extensions == {"balance": 50}
    assert [(entry.points, entry.at) for entry in expirations(book)] == [(-90, NOW + 10)]
    with pytest.raises(InsufficientPoints):
        hold(book.ledger, 1, "h", "h", NOW + 20)
    assert_sound(book.ledger)


def test_each_time_of_expiry_is_written_off_once(book: Book) -> None:
    for days in (1, 2, 2, 3):
        book.earn(10, NOW + days * DAY)
    assert expire_due(book.store, book.residency, NOW + 5 * DAY) == (1, 0)
    assert expire_due(book.store, book.residency, NOW + 5 * DAY) == (0, 0)
    assert sorted((entry.points, entry.at - NOW) for entry in expirations(book)) == [
        (-20, 2 * DAY), (-10, DAY), (-10, 3 * DAY)
    ]  # fmt: skip


def test_points_that_come_late_for_a_time_that_was_written_off_expire_too(book: Book) -> None:
    book.earn(10, NOW + 5)
    expire(book.ledger, NOW + 5)
    book.earn(7, NOW + 5, at=NOW + 4)  # by a clock that is late
    assert expire(book.ledger, NOW + 6) == 7
    assert ledger.balance(book.ledger) == 0
    assert_sound(book.ledger)


def test_a_spending_stamped_before_its_points_came_leaves_the_lots_right(book: Book) -> None:
    book.earn(100, NOW + 50 * DAY, at=NOW + 5)
    ledger.redeem(book.ledger, 60, "coffee", key("k"), NOW + 3)  # by a clock that is late
    assert [lot.points for lot in standing(book.ledger).lots] == [40]
    assert_sound(book.ledger)


def test_an_earning_that_has_expired_already_is_refused(book: Book) -> None:
    with pytest.raises(PointsOutOfRange):
        book.earn(10, NOW)


def test_an_earning_told_again_after_its_expiry_gets_the_first_answer(book: Book) -> None:
    first = ledger.earn(book.ledger, 10, "exchange:1", "exchange", NOW, expires_at=NOW + 5)
    assert ledger.earn(book.ledger, 10, "exchange:1", "exchange", NOW + 9, expires_at=NOW + 5) == first


def test_what_comes_back_too_late_gets_the_grace(book: Book) -> None:
    book.earn(100, NOW + 10 * DAY)
    spent = ledger.redeem(book.ledger, 100, "coffee", key("k"), NOW)
    ledger.refund(book.ledger, spent.id, NOW + 11 * DAY)
    (lot,) = standing(book.ledger).lots
    assert (lot.points, lot.expires_at) == (100, grace_end(PROGRAMMES["overseas"], NOW + 11 * DAY))


def test_a_refund_in_parts_gives_back_what_was_taken_last_and_nothing_twice(book: Book) -> None:
    soon, late = NOW + 10 * DAY, NOW + 90 * DAY
    book.earn(60, soon)
    book.earn(60, late)
    spent = ledger.redeem(book.ledger, 100, "coffee", key("k"), NOW)
    first = ledger.refund(book.ledger, spent.id, NOW + 1, points=30)
    assert first == ledger.refund(book.ledger, spent.id, NOW + 1, points=30)
    assert (first.points, first.lots) == (30, ((30, late),))
    second = ledger.refund(book.ledger, spent.id, NOW + 2, points=70)
    assert (second.points, second.lots) == (40, ((30, soon), (10, late)))
    assert ledger.refund(book.ledger, spent.id, NOW + 3, points=50) == second  # that much came back before
    assert ledger.refund(book.ledger, spent.id, NOW + 4).points == 30
    assert ledger.balance(book.ledger) == 120
    for wrong in (0, -1, 101):
        with pytest.raises(PointsOutOfRange):
            ledger.refund(book.ledger, spent.id, NOW, points=wrong)
    assert_sound(book.ledger)


def test_a_returned_purchase_loses_its_own_points_first(book: Book) -> None:
    soon, late = NOW + 10 * DAY, NOW + 90 * DAY
    book.earn(50, soon)
    bought = book.earn(50, late)
    ledger.take_back(book.ledger, 50, "payment.refunded:o2", "o2", NOW + 1, of=bought.id)
    assert [(lot.points, lot.expires_at) for lot in standing(book.ledger).lots] == [(50, soon)]


def test_pending_points_wait_for_their_day(book: Book) -> None:
    miles = book.of("m_anna", "miles")
    ledger.earn(miles, 300, "order:1", "o1", NOW)
    active_at = activation_of(PROGRAMMES["miles"], NOW)
    assert active_at is not None
    assert present(miles, NOW) == (0, 0, 300, None)
    with pytest.raises(InsufficientPoints):
        ledger.redeem(miles, 1, "coffee", key("k"), NOW)
    assert activate_due(book.store, book.residency, active_at - 1) == (0, 0)
    assert activate_due(book.store, book.residency, active_at) == (1, 0)
    assert activate_due(book.store, book.residency, active_at) == (0, 0)
    assert present(miles, active_at) == (300, 0, 0, expiry_of(PROGRAMMES["miles"], active_at))
    assert standing(miles, active_at - 1)[:3] == (0, 0, 300)
    assert_sound(miles)


def test_a_return_cancels_pending_points_before_they_are_there(book: Book) -> None:
    earned = ledger.earn(book.ledger, 100, "order:1", "o1", NOW, active_at=NOW + DAY)
    assert ledger.earn(book.ledger, 100, "order:1", "o1", NOW, active_at=NOW + DAY) == earned
    for _ in range(2):
        taken = ledger.take_back(book.ledger, 30, "refund:1", "o1", NOW, of=earned.id)
        assert (taken.kind, taken.amount) == ("cancel", 30)
        assert present(book.ledger, NOW)[:3] == (0, 0, 70)
    ledger.take_back(book.ledger, 70, "refund:2", "o1", NOW, of=earned.id)
    assert present(book.ledger, NOW)[:3] == (0, 0, 0)
    assert activate_due(book.store, book.residency, NOW + DAY) == (0, 0)
    assert totals([book.ledger]) == {"pending": 0, "house:issued": 0}


def test_a_balance_is_known_at_any_past_time(book: Book) -> None:
    book.earn(100, NOW + 10)
    ledger.redeem(book.ledger, 30, "coffee", key("k"), NOW + 5)
    book.earn(7, NOW + 99, at=NOW + 7)
    expire(book.ledger, NOW + 50)
    seen = [standing(book.ledger, NOW + second).spendable for second in (-1, 0, 4, 5, 7, 9, 10, 98, 99)]
    assert seen == [0, 100, 100, 70, 77, 77, 7, 7, 0]


def test_limits_hold_and_leave_a_line(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    miles = book.of("m_anna", "miles")
    for number in range(2):
        ledger.earn(miles, 10**6, f"order:{number}", "o", NOW)
    with pytest.raises(PointsOutOfRange) as refused:
        ledger.earn(miles, 1, "order:9", "o", NOW)
    assert refused.value.extensions == {"limit": 2 * 10**6}
    assert ledger.earn(miles, 10**6, "order:0", "o", NOW).amount == 10**6  # told before: the same answer
    assert ledger.earn(miles, 1, "order:9", "o", NOW + DAY).amount == 1
    for wrong in (0, -1, 10**6 + 1):
        with pytest.raises(PointsOutOfRange):
            ledger.earn(miles, wrong, "order:w", "o", NOW + DAY)
    assert capsys.readouterr().out.count("points refused") == 5


def test_programmes_know_nothing_of_each_other(book: Book) -> None:
    miles = book.of("m_anna", "miles")
    ledger.earn(miles, 10, "order:1", "o1", NOW, active_at=NOW)
    book.earn(100)
    assert (ledger.balance(miles), ledger.balance(book.ledger)) == (10, 100)
    with pytest.raises(UnknownProgramme):
        ledger.earn(book.of("m_anna", "stamps"), 10, "order:1", "o1", NOW)
