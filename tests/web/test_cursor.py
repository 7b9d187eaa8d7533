"""A cursor that a caller made up is the caller's mistake, on both clouds and for every list of a store."""

from __future__ import annotations

import pytest

from tests.support.doors import Place

LISTS = [
    ("exchange", "/v1/points/exchanges"),
    ("payments", "/v1/orders"),
    ("members", "/v1/members/me/tier-changes"),
    ("rewards", "/v1/rewards/vouchers"),
]


@pytest.mark.parametrize("after", ["þ", "x", "~", "exchange", "order#", "%"])
@pytest.mark.parametrize(("door", "path"), LISTS)
def test_a_cursor_of_ones_own_making_is_no_fault_of_ours(door: str, path: str, after: str, at: Place) -> None:
    answer = at.call(door, "GET", path, query={"after": after}, token=at.member_token("m_anna"))
    assert answer.status in (200, 422), answer.text
