"""What the DANA twin adds to what every payment twin does: its page, and requests that come twice."""

from __future__ import annotations

from typing import Mapping

from tests.support.pair_kinds import only
from tests.support.pairs import REFERENCE, RETURN_URL, Pair
from twinshore import outbound

pytestmark = only("dana")


def test_danas_page_can_be_opened_in_a_browser(pair: Pair) -> None:
    url = pair.start().client["redirect_url"]
    assert b"Pay" in outbound.send("GET", url).body
    back = outbound.send("POST", url, {}, b"")
    assert (back.status, back.headers["location"]) == (303, RETURN_URL)


def test_an_external_id_that_comes_twice_in_a_day_is_a_conflict(pair: Pair) -> None:
    kept: list[tuple[str, str, Mapping[str, str], bytes]] = []

    def keep(method: str, url: str, headers: Mapping[str, str], body: bytes, seconds: float) -> outbound.Reply:
        kept.append((method, url, headers, body))
        return outbound.send(method, url, headers, body, seconds)

    pair.ours(keep).query(REFERENCE, "", pair.now)
    again = outbound.send(*kept[0])
    assert (again.status, b'"4095500"' in again.body) == (409, True)
