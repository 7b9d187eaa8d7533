"""Points that cross: both sides or neither, wherever the link is cut."""

from __future__ import annotations

from tests.support.sea import Sea
from twinshore.exchange.exchanges import SETTLED


def test_points_leave_the_one_cell_and_come_to_the_other(sea: Sea) -> None:
    sea.linked()
    done = sea.here.exchange(sea.here.quote(sea.link, 601))
    assert (done.state, done.points_in) == (SETTLED, 500)
    assert (sea.here.balance(), sea.here.held(), sea.there.balance()) == (399, 0, 500)
