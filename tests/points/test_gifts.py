"""Points from one member to another: both sides or neither, and never younger for it."""

from __future__ import annotations

import pytest

from tests.support.points import NOW, Book, assert_sound, key
from twinshore.idempotency import IdempotencyKeyReused
from twinshore.points import ledger
from twinshore.points.book import Entry
from twinshore.points.gifts import give
from twinshore.points.problems import GiftRefused, InsufficientPoints, PointsOutOfRange
from twinshore.points.standing import standing, totals

DAY = 24 * 3600


def to_ben(book: Book, points: int, name: str = "k", now: int = NOW, content: str = "same") -> Entry:
    return give(book.ledger, "m_ben", points, key(name, content), now, lambda member: member in ("m_anna", "m_ben"))


def test_a_gift_moves_points_and_keeps_their_times(book: Book) -> None:
    ben = book.of("m_ben")
    book.earn(100, expires_at=NOW + 10 * DAY)
    book.earn(100, expires_at=NOW + 90 * DAY)
    given = to_ben(book, 150)
    assert to_ben(book, 150) == given
    assert (given.kind, given.points) == ("give", -150)
    assert [(lot.points, lot.expires_at) for lot in standing(ben).lots] == [
        (100, NOW + 10 * DAY), (50, NOW + 90 * DAY)
    ]  # fmt: skip
    assert (ledger.balance(book.ledger), ledger.balance(ben)) == (50, 150)
    assert totals([book.ledger, ben])["house:gifts"] == 0
    assert_sound(book.ledger, ben)


def test_a_gift_is_answered_again_when_the_points_are_gone_and_refused_with_other_content(book: Book) -> None:
    book.earn(100)
    given = to_ben(book, 100)
    assert to_ben(book, 100, now=NOW + 60) == given
    assert give(book.ledger, "m_ben", 100, key("k"), NOW, lambda _: False) == given  # who has left since
    with pytest.raises(IdempotencyKeyReused):
        to_ben(book, 100, content="another")
    with pytest.raises(InsufficientPoints):
        to_ben(book, 1, "k2")


@pytest.mark.parametrize("points", [0, -5, 10**9 + 1])
def test_a_number_that_cannot_be_given_is_refused(book: Book, points: int) -> None:
    book.earn(100)
    with pytest.raises(PointsOutOfRange):
        to_ben(book, points)
    assert ledger.balance(book.ledger) == 100


@pytest.mark.parametrize("to", ["m_anna", "m_nobody", ""])
def test_nobody_else_gets_a_gift(book: Book, to: str, capsys: pytest.CaptureFixture[str]) -> None:
    book.earn(100)
    with pytest.raises(GiftRefused):
        give(book.ledger, to, 10, key("k"), NOW, lambda member: member in ("m_anna", "m_ben"))
    assert '"why": "points-gift-refused"' in capsys.readouterr().out
    assert ledger.balance(book.ledger) == 100


def test_a_gift_that_would_be_too_much_for_the_receiver_moves_nothing(book: Book) -> None:
    anna, ben = book.of("m_anna", "miles"), book.of("m_ben", "miles")
    for day in range(100):
        at = NOW + day * DAY
        ledger.earn(ben, 10**6, f"order:{day}", "o", at, active_at=at)
    ledger.earn(anna, 10, "order:x", "x", NOW, active_at=NOW)
    with pytest.raises(PointsOutOfRange):
        give(anna, "m_ben", 1, key("k"), NOW, lambda _: True)
    assert (ledger.balance(anna), ledger.balance(ben)) == (10, 10**8)


def test_expired_points_cannot_be_given(book: Book) -> None:
    book.earn(100, expires_at=NOW + 5)
    book.earn(10)
    with pytest.raises(InsufficientPoints) as refused:
        to_ben(book, 11, now=NOW + 5)
    assert refused.value.extensions == {"balance": 10}
    assert to_ben(book, 10, "k2", now=NOW + 5).points == -10
    assert_sound(book.ledger, book.of("m_ben"))
