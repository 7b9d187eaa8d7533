"""A field is renamed in two releases: the first reads both names and writes the old one, the second writes the new.
Each may run beside the one before, and may be taken back to it.

old: knows nothing of it. ready: reads both. after: writes the new name. See READS_RENAMED, WRITES_RENAMED.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.upgrade.releases import AFTER, OLD, PACKAGE, READS_RENAMED, READY, WRITES_RENAMED, Places, make
from twinshore import wiring
from twinshore.store.moving import move
from twinshore.store.port import Fields, Key
from twinshore.store.versions import SCHEMA, Shape, Shapes

MEMBER = "m_anna"
ZONES = ("Europe/Berlin", "Asia/Tokyo", "America/Lima", "Europe/Paris", "Asia/Dubai")
KEY = Key(f"membership#{MEMBER}", "profile")


def back(fields: Fields) -> Fields:
    """What `ready` knows, for the job that brings everything back."""
    return {**{name: value for name, value in fields.items() if name != "zone"}, "time_zone": fields["zone"]}


BACK: Shapes = {"membership": (Shape("profile", 1, {2: back}),)}


@pytest.fixture
def releases(place: Places, tmp_path: Path) -> Places:
    ready, after = make(tmp_path / READY, READS_RENAMED), make(tmp_path / AFTER, WRITES_RENAMED)
    place.take_up(**{OLD: PACKAGE.parent, READY: ready, AFTER: after})
    return place


def choose(place: Places, release: str, zone: str) -> Any:
    body = {"home_market": "DE", "languages": ["en"], "time_zone": zone, "birthday": "02-29"}
    with place.served_by(release):
        return place.call("members", "PUT", "/v1/members/me", json_body=body, token=place.member_token(MEMBER))


def shown(place: Places, release: str) -> Any:
    with place.served_by(release):
        return place.call("members", "GET", "/v1/members/me", token=place.member_token(MEMBER))


def kept() -> Fields:
    item = wiring.engine().get(KEY)
    assert item is not None
    return dict(item.fields)


@pytest.mark.parametrize("pair", [(OLD, READY), (READY, AFTER)], ids="-".join)
def test_neighbouring_releases_serve_the_same_member_in_turn(releases: Places, pair: tuple[str, str]) -> None:
    for zone, (writer, reader) in zip(ZONES, itertools.cycle(itertools.product(pair, repeat=2))):
        assert choose(releases, writer, zone).status == 200
        seen = shown(releases, reader).json()
        assert (seen["time_zone"], seen["birthday"]) == (zone, "02-29")
    assert ("zone" in kept()) == (kept().get(SCHEMA, 1) == 2)


def test_forward_back_and_forward_again(releases: Places) -> None:
    for zone, release in zip(ZONES, (OLD, READY, AFTER, READY, AFTER)):
        assert shown(releases, release).status == 200
        assert choose(releases, release, zone).status == 200
        assert shown(releases, release).json()["time_zone"] == zone
    assert kept()["zone"] == ZONES[4]
    assert "time_zone" not in kept()


def test_a_release_that_was_left_out_refuses_and_serves_again_when_all_is_brought_back(releases: Places) -> None:
    choose(releases, AFTER, ZONES[0])
    for answer in (shown(releases, OLD), choose(releases, OLD, ZONES[1])):
        assert (answer.status, answer.problem()) == (503, "written-by-newer-code")
    assert (kept()["zone"], kept()[SCHEMA]) == (ZONES[0], 2)
    while not move(wiring.engine(), "back", BACK).done:
        pass
    assert shown(releases, OLD).json()["time_zone"] == ZONES[0]
    assert choose(releases, OLD, ZONES[1]).status == 200
    assert shown(releases, AFTER).json()["time_zone"] == ZONES[1]
