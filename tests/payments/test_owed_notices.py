"""Money that is told of and then is not there, and money that nobody tells of."""

from __future__ import annotations

import pytest

from tests.support.payment_news import NOW, after, fresh_order, names, news
from twinshore.payments import port
from twinshore.payments.advance import NOTICE_WAIT_SECONDS

UNDONE = news(port.FAILED, None, undone=True)
PAID, FAILED = news(port.CAPTURED), news(port.FAILED, None)
OWED = news(port.PENDING, None, awaits_notice=True)
ENDS = NOW + 1800


def test_a_capture_that_came_to_nothing_calls_a_person_once() -> None:
    order, told = after(fresh_order(), PAID, UNDONE, UNDONE, PAID)
    assert order.state(NOW) == port.CAPTURED
    assert [event.data.get("reason") for event in told] == [None, "capture_failed"]


def test_it_does_so_too_when_it_is_heard_of_first() -> None:
    order, _ = after(fresh_order(port.AUTHORISED), UNDONE)
    assert order.state(NOW) == port.FAILED
    assert order.open_flags[0].reason == "capture_failed"
    order, _ = after(order, PAID)
    assert order.open_flags, "a capture that was undone before we heard of it is not a clean one"


def test_the_late_word_of_an_earlier_try_calls_nobody() -> None:
    order, told = after(fresh_order(), PAID, FAILED)
    assert not order.flags and names(told) == ["payment.captured"]


@pytest.mark.parametrize(("late_seconds", "flagged"), [(0, 0), (NOTICE_WAIT_SECONDS - 1, 0), (NOTICE_WAIT_SECONDS, 1)])
def test_a_notice_that_is_owed_is_waited_for_a_day(late_seconds: int, flagged: int) -> None:
    order, told = after(fresh_order(), OWED, OWED, now=ENDS + late_seconds)
    assert [event.data["reason"] for event in told] == ["notice_missing"] * flagged
    assert order.state(NOW) == port.PENDING


def test_the_flag_ends_when_the_notice_comes_after_all() -> None:
    order, told = after(fresh_order(), OWED, PAID, now=ENDS + NOTICE_WAIT_SECONDS)
    assert order.state(NOW) == port.CAPTURED and not order.open_flags
    assert names(told) == ["payment.flagged", "flag.resolved", "payment.captured"]
    assert order.flags[0].by == "house"


def test_a_payment_that_is_known_owes_nothing() -> None:
    order, _ = after(fresh_order(), PAID, OWED, now=ENDS + NOTICE_WAIT_SECONDS)
    assert not order.flags
