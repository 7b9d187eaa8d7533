"""Points set aside: they end once, one way, and a hold without an end is ended by its owner only."""

from __future__ import annotations

import pytest

from tests.support.points import NOW, Book, assert_sound, key
from twinshore.points import holds, ledger
from twinshore.points.book import EXCHANGED
from twinshore.points.holds import OPEN, RELEASED, SETTLED, hold, release, release_due, settle
from twinshore.points.problems import HoldEnded, HoldNotFound, InsufficientPoints, PointsOutOfRange
from twinshore.points.standing import present, standing, totals
from twinshore.store.port import CommitConflict, Create, Key, Require

DAY = 24 * 3600


def test_held_points_cannot_be_spent_and_are_gone_when_settled(book: Book) -> None:
    book.earn(250)
    held = hold(book.ledger, 200, "exchange:1", "exchange", NOW)
    assert (held.points, held.state, held.until) == (200, OPEN, None)
    assert present(book.ledger, NOW)[:3] == (50, 200, 0)
    with pytest.raises(InsufficientPoints):
        ledger.redeem(book.ledger, 51, "coffee", key("k"), NOW)
    gone = settle(book.ledger, held.id, "exchange", NOW + 5)
    assert settle(book.ledger, held.id, "exchange", NOW + 9) == gone
    assert present(book.ledger, NOW + 5)[:3] == (50, 0, 0)
    assert totals([book.ledger]) == {"member": 50, "held": 0, "house:issued": -250, EXCHANGED: 200}
    assert_sound(book.ledger)


def test_released_points_come_back_with_the_time_they_had(book: Book) -> None:
    book.earn(100, expires_at=NOW + 10 * DAY)
    book.earn(100, expires_at=NOW + 90 * DAY)
    held = hold(book.ledger, 150, "exchange:1", "exchange", NOW + 1)
    back = release(book.ledger, held.id, "rejected", NOW + 2)
    assert release(book.ledger, held.id, "rejected", NOW + 3) == back
    assert [(lot.points, lot.expires_at) for lot in standing(book.ledger).lots] == [
        (100, NOW + 10 * DAY), (50, NOW + 90 * DAY), (50, NOW + 90 * DAY)
    ]  # fmt: skip
    assert_sound(book.ledger)


def test_what_expired_while_it_was_held_comes_back_with_the_programmes_grace(book: Book) -> None:
    book.earn(100, expires_at=NOW + 10 * DAY)
    held = hold(book.ledger, 100, "exchange:1", "exchange", NOW)
    release(book.ledger, held.id, "rejected", NOW + 20 * DAY)
    (lot,) = standing(book.ledger, NOW + 20 * DAY).lots
    assert lot.points == 100
    assert 30 * DAY <= lot.expires_at - (NOW + 20 * DAY) <= 31 * DAY + 3600
    ledger.redeem(book.ledger, 100, "coffee", key("k"), NOW + 40 * DAY)
    assert_sound(book.ledger)


def test_a_hold_ends_one_way(book: Book) -> None:
    book.earn(200)
    settled, released = (hold(book.ledger, 100, f"exchange:{n}", "exchange", NOW) for n in (1, 2))
    settle(book.ledger, settled.id, "exchange", NOW)
    release(book.ledger, released.id, "rejected", NOW)
    with pytest.raises(HoldEnded) as ended:
        release(book.ledger, settled.id, "rejected", NOW)
    assert ended.value.extensions == {"state": SETTLED}
    with pytest.raises(HoldEnded) as ended:
        settle(book.ledger, released.id, "exchange", NOW)
    assert ended.value.extensions == {"state": RELEASED}
    assert ledger.balance(book.ledger) == 100
    assert_sound(book.ledger)


def test_the_same_cause_answers_with_the_hold_as_it_is(book: Book) -> None:
    book.earn(100)
    first = hold(book.ledger, 100, "exchange:1", "exchange", NOW)
    assert hold(book.ledger, 100, "exchange:1", "exchange", NOW) == first
    settle(book.ledger, first.id, "exchange", NOW)
    assert hold(book.ledger, 100, "exchange:1", "exchange", NOW) == first._replace(state=SETTLED)
    item = book.store.get(book.ledger.waiting("hold", first.id))
    book.now = item.expires_at + 1  # no longer listed: the entries know
    assert holds.find_hold(book.ledger, first.id).state == SETTLED
    with pytest.raises(HoldEnded):
        release(book.ledger, first.id, "rejected", book.now)


def test_the_clock_ends_a_hold_with_an_end_and_no_other(book: Book) -> None:
    book.earn(300)
    timed = hold(book.ledger, 100, "checkout:1", "checkout", NOW, until=NOW + 600)
    hold(book.ledger, 100, "exchange:1", "exchange", NOW)
    assert release_due(book.store, book.ledger.residency, NOW + 599).done == 0
    assert release_due(book.store, book.ledger.residency, NOW + 600) == (1, 0)
    assert release_due(book.store, book.ledger.residency, NOW + 10**8) == (0, 0)
    assert holds.find_hold(book.ledger, timed.id).state == RELEASED
    assert present(book.ledger, NOW + 600)[:3] == (200, 100, 0)


def test_what_is_not_theirs_cannot_be_ended(book: Book, capsys: pytest.CaptureFixture[str]) -> None:
    book.earn(100)
    held = hold(book.ledger, 100, "exchange:1", "exchange", NOW)
    for other in (book.of("m_ben"), book.of("m_anna", "miles")):
        for end in (settle, release):
            with pytest.raises(HoldNotFound):
                end(other, held.id, "mine", NOW)
    with pytest.raises(HoldNotFound):
        settle(book.ledger, "0" * 32, "mine", NOW)
    assert capsys.readouterr().out.count('"points refused"') == 5
    assert holds.find_hold(book.ledger, held.id).state == OPEN


@pytest.mark.parametrize("points", [0, -1, 10**9 + 1])
def test_a_number_that_cannot_be_moved_is_refused_with_a_line(
    book: Book, points: int, capsys: pytest.CaptureFixture[str]
) -> None:
    book.earn(100)
    with pytest.raises(PointsOutOfRange):
        hold(book.ledger, points, "exchange:1", "exchange", NOW)
    assert '"why": "points-out-of-range"' in capsys.readouterr().out
    assert ledger.balance(book.ledger) == 100


def test_what_comes_with_a_move_holds_or_nothing_moves(book: Book) -> None:
    book.earn(100)
    item = Key("exchange#1", "exchange")
    taken = Key("stock#1", "stock")
    book.store.commit(Create(taken, {}))
    with pytest.raises(CommitConflict) as conflict:
        hold(book.ledger, 50, "exchange:1", "exchange", NOW, also=(Create(taken, {}),))
    assert conflict.value.key == taken
    held = hold(book.ledger, 50, "exchange:1", "exchange", NOW, also=(Create(item, {}),))
    assert book.store.get(item) is not None
    for end in (settle, release):
        with pytest.raises(CommitConflict) as conflict:
            end(book.ledger, held.id, "x", NOW, also=(Require(taken, 0),))
        assert conflict.value.key == taken
    assert present(book.ledger, NOW)[:3] == (50, 50, 0)
    with pytest.raises(CommitConflict):
        ledger.redeem(book.ledger, 10, "coffee", key("k"), NOW, also=(Require(taken, 0),))
    with pytest.raises(CommitConflict):
        ledger.earn(book.ledger, 10, "order:9", "o9", NOW, also=(Require(taken, 0),))
    assert_sound(book.ledger)
