"""Cells are deployed at different times: what one does not know yet counts as silence, never as a refusal for good."""

from __future__ import annotations

import time

import pytest

from tests.support.cell_pair import DEMO, Pair
from tests.support.doors import Place
from twinshore import wiring
from twinshore.intercell.messages import ID, MESSAGES, Message, or_none
from twinshore.intercell.port import Fields, NotHeard

ASKED = {"ref": "r1", "points": 5}
NEWER = {**MESSAGES, "demo": Message({**DEMO["demo"].asks, "channel": or_none(ID)}, DEMO["demo"].answers)}
OLDER = {**MESSAGES, "demo": Message(DEMO["demo"].asks, {"ref": ID})}


@pytest.fixture
def pair(at: Place) -> Pair:
    return Pair(at)


def now() -> int:
    return int(time.time())


def test_a_newer_cell_that_sends_nothing_new_is_understood(pair: Pair) -> None:
    assert pair.ask(now(), ASKED, messages=NEWER)["total"] == 5


@pytest.mark.parametrize(
    ("message", "fields"), [("demo", {**ASKED, "channel": "new"}), ("later", ASKED)], ids=["a field", "a message"]
)
def test_what_an_older_cell_does_not_know_is_silence_and_is_understood_when_it_does(
    pair: Pair, message: str, fields: Fields
) -> None:
    newer = {**NEWER, "later": DEMO["demo"]}
    with pytest.raises(NotHeard):
        pair.ask(now(), fields, message, messages=newer)
    assert pair.room.heard == []
    assert pair.answers[-1].status in (404, 422)
    assert "signature" not in pair.answers[-1].headers
    assert pair.ask(now(), ASKED, messages=NEWER)["total"] == 5, "what it knows goes on meanwhile"


def test_an_answer_with_more_than_the_asker_knows_is_asked_for_again_and_does_nothing_twice(pair: Pair) -> None:
    for _ in range(2):
        with pytest.raises(NotHeard):
            pair.ask(now(), ASKED, messages=OLDER)
    assert pair.ask(now(), ASKED)["total"] == 5
    assert len(pair.room.heard) == 3


def test_a_token_with_more_than_we_know_is_taken(at: Place) -> None:
    token = wiring.sessions().issue("member", {"sub": "m_anna", "sid": "s1", "later": ["x"]}, 600, now())
    assert at.call("points", "GET", "/v1/points", token=token).status == 200


def test_a_cursor_of_another_form_is_refused_as_the_clients(at: Place) -> None:
    answer = at.call("exchange", "GET", "/v1/points/exchanges", token=at.member_token(), query={"after": "v2:abc"})
    assert answer.status == 422
