"""Each night both cells' books of the day stand side by side: they agree to the point, or each difference is named."""

from __future__ import annotations

import pytest

from tests.support.sea import Sea
from tests.support.shores import AFTER_COMMIT
from twinshore.exchange import settlement
from twinshore.exchange.exchanges import Row, kept_row, row_key, utc_day
from twinshore.exchange.settlement import ACTIONS, IN, KINDS, OUT, Report, differences, report_of, settle_day
from twinshore.intercell.client import ask
from twinshore.intercell.messages import ROWS_LIMIT
from twinshore.intercell.port import NotHeard, Rejected
from twinshore.store.port import Create, Delete, Replace

DAY_SECONDS = 86_400


def settled(sea: Sea, day: str) -> tuple[Report, Report]:
    here = settle_day(sea.here.store, sea.here.peers, "eu", day, sea.clock())
    there = settle_day(sea.there.store, sea.there.peers, "cn", day, sea.clock())
    return here, there


def test_both_cells_agree_to_the_point(sea: Sea) -> None:
    sea.linked()
    for points in (100, 200, 301):
        sea.here.exchange(sea.here.quote(sea.link, points))
    sea.there.exchange(sea.there.quote(sea.link, 150))
    here, there = settled(sea, utc_day(sea.clock()))
    assert here.agrees
    assert there.agrees
    assert here.out_here == here.out_there == there.in_here == there.in_there == (3, 601, 499)
    assert there.out_here == there.out_there == here.in_here == here.in_there == (1, 150, 180)
    assert report_of(sea.here.store, "eu", here.day) == here


def test_more_than_a_page_is_compared_whole(sea: Sea) -> None:
    day = "2027-01-01"
    rows = [Row(f"x{number:04d}", "mainland", "overseas", 6, 5) for number in range(2 * ROWS_LIMIT + 25)]
    for start in range(0, len(rows), 25):
        part = rows[start : start + 25]
        sea.here.store.commit(*[kept_row(row_key("out", "eu", day, row.exchange), row) for row in part])
        sea.there.store.commit(*[kept_row(row_key("in", "cn", day, row.exchange), row) for row in part])
    here, there = settled(sea, day)
    assert (here.agrees, there.agrees) == (True, True)
    assert here.out_there == there.in_there == (425, 425 * 6, 425 * 5)


def test_what_is_still_pending_is_named_in_both_and_gone_the_day_after(sea: Sea) -> None:
    sea.linked().here.cut = AFTER_COMMIT
    waiting = sea.here.exchange(sea.here.quote(sea.link, 600))
    sea.here.cut = ""
    day = utc_day(sea.clock())
    here, there = settled(sea, day)
    assert [(d.direction, d.exchange, d.kind) for d in here.differences] == [(OUT, waiting.id, "still_pending")]
    assert [(d.direction, d.exchange, d.kind) for d in there.differences] == [(IN, waiting.id, "still_pending")]
    sea.heal()
    here, there = settled(sea, day)
    assert (here.agrees, there.agrees) == (True, True)


@pytest.mark.parametrize("way", ["in", "out"])
def test_what_one_side_has_lost_is_named_by_both(sea: Sea, way: str) -> None:
    """A store that was restored from an old copy."""
    done = sea.linked().here.exchange(sea.here.quote(sea.link, 600))
    day = utc_day(sea.clock())
    loser, other = (sea.there, "cn") if way == "in" else (sea.here, "eu")
    item = loser.store.get(row_key(way, other, day, done.id))
    assert item is not None
    loser.store.commit(Delete(item.key, item.version))
    here, there = settled(sea, day)
    lost_here = way == "out"
    assert [d.kind for d in here.differences] == ["missing_here" if lost_here else "missing_there"]
    assert [d.kind for d in there.differences] == ["missing_there" if lost_here else "missing_here"]
    assert here.differences[0].action == ACTIONS[OUT, here.differences[0].kind]
    loser.store.commit(Create(item.key, item.fields))


def test_an_amount_that_differs_is_named(sea: Sea) -> None:
    done = sea.linked().here.exchange(sea.here.quote(sea.link, 600))
    item = sea.there.store.get(row_key("in", "cn", utc_day(sea.clock()), done.id))
    assert item is not None
    touched = [*item.fields["row"][:4], 501]
    sea.there.store.commit(Replace(item.key, {"row": touched}, item.version))
    here, there = settled(sea, utc_day(sea.clock()))
    assert [(d.kind, d.here[3], d.there[3]) for d in here.differences] == [("amount_differs", 500, 501)]
    assert [(d.kind, d.here[3], d.there[3]) for d in there.differences] == [("amount_differs", 501, 500)]
    sea.there.store.commit(Replace(item.key, item.fields, item.version + 1))


def test_every_kind_of_difference_has_an_action_in_each_direction() -> None:
    assert set(ACTIONS) == {(way, kind) for way in (OUT, IN) for kind in KINDS}
    row = Row("x", "mainland", "overseas", 6, 5)
    other = row._replace(points_in=4)
    found = {
        (way, difference.kind)
        for way in (OUT, IN)
        for here, there, pending in (
            ({"x": row}, {}, {}), ({}, {"x": row}, {}), ({"x": row}, {"x": other}, {}), ({}, {"x": row}, {"x": row}),
            ({"x": row}, {}, {"x": row}), ({"x": row}, {"x": row}, {}),
        )
        for difference in differences(way, here, there, pending)
    }  # fmt: skip
    assert found == set(ACTIONS)


def test_the_job_makes_each_day_until_it_agrees_and_leaves_it_then(sea: Sea) -> None:
    sea.linked().here.cut = AFTER_COMMIT
    sea.here.exchange(sea.here.quote(sea.link, 600))
    sea.here.cut = ""
    day = utc_day(sea.clock())
    sea.later(DAY_SECONDS)
    job = settlement.settle_days
    assert job(sea.here.store, sea.here.peers, sea.clock()) == {"agreed": 6, "differing": 1, "not_heard": 2}
    sea.heal()
    assert job(sea.here.store, sea.here.peers, sea.clock()) == {"agreed": 1, "differing": 0, "not_heard": 2}
    assert report_of(sea.here.store, "eu", day).agrees
    assert job(sea.here.store, sea.here.peers, sea.clock()) == {"agreed": 0, "differing": 0, "not_heard": 2}


def test_a_cell_that_is_away_leaves_no_report(sea: Sea) -> None:
    sea.here.cut = "before send"
    with pytest.raises(NotHeard):
        settle_day(sea.here.store, sea.here.peers, "eu", "2027-01-15", sea.clock())


def test_a_side_that_there_is_not_is_refused(sea: Sea) -> None:
    with pytest.raises(Rejected):
        ask(sea.here.peers, "eu", "points-settlements", {"day": "2027-01-15", "side": "members"}, sea.clock())
