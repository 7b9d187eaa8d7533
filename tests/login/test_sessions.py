"""Renewing and ending a session: a table of what a refresh token is worth, and when."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support.wechat_world import home_in
from twinshore.errors import Misdirected
from twinshore.login.home import Home
from twinshore.login.sessions import (
    ACCESS_TTL_SECONDS,
    GRACE_SECONDS,
    IDLE_SECONDS,
    LIFE_SECONDS,
    LOGGED_OUT,
    RefreshRefused,
    SessionEnded,
    SessionTokens,
    end,
    renew,
    start,
)
from twinshore.store.port import Item, Key, Replace

MEMBER = "m_" + "a" * 26
SESSION_KEY = "AAAAAAAAAAAAAAAAAAAAAA=="
NOW = int(time.time()) + 3600  # an hour ahead: the engines' own clock lets nothing of it expire meanwhile


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_in(tmp_path)


def opened(home: Home, now: int = NOW) -> SessionTokens:
    return start(home, MEMBER, SESSION_KEY, now)


def session_id(home: Home, tokens: SessionTokens, now: int = NOW) -> str:
    return str(home.signer.verify("member", tokens.access_token, now)["sid"])


def stored(home: Home, tokens: SessionTokens) -> Item:
    item = home.store.get(Key(f"member#{MEMBER}", f"session#{session_id(home, tokens)}"))
    assert item is not None
    return item


# Which token is shown (0 is the first), after how many renewals, how long after the last one, and what becomes of it.
WORTH = [
    (0, 0, 0, "renewed"),
    (0, 1, 0, "the same again"),
    (0, 1, GRACE_SECONDS, "the same again"),
    (0, 1, GRACE_SECONDS + 1, "ended"),
    (1, 1, 0, "renewed"),
    (1, 1, 20 * 24 * 3600, "renewed"),
    (0, 2, 0, "ended"),
    (1, 2, 0, "the same again"),
    (2, 2, 0, "renewed"),
    (0, 3, 0, "ended"),
    (1, 3, 0, "ended"),
]


@pytest.mark.parametrize(("shown", "renewals", "later_seconds", "outcome"), WORTH)
def test_what_a_refresh_token_is_worth(home: Home, shown: int, renewals: int, later_seconds: int, outcome: str) -> None:
    chain = [opened(home).refresh_token]
    for _ in range(renewals):
        chain.append(renew(home, chain[-1], NOW).refresh_token)
    if outcome == "ended":
        with pytest.raises(SessionEnded):
            renew(home, chain[shown], NOW + later_seconds)
        with pytest.raises(SessionEnded):
            renew(home, chain[-1], NOW + later_seconds)
    else:
        answer = renew(home, chain[shown], NOW + later_seconds).refresh_token
        assert (answer in chain) == (outcome == "the same again")
        assert outcome == "renewed" or answer == chain[shown + 1]
        assert renew(home, answer, NOW + later_seconds)


def test_a_lost_answer_may_be_asked_for_again_and_costs_no_write(home: Home) -> None:
    first = opened(home)
    lost = renew(home, first.refresh_token, NOW)
    version = stored(home, first).version
    assert renew(home, first.refresh_token, NOW + 59).refresh_token == lost.refresh_token
    assert stored(home, first).version == version


def test_a_thief_and_the_owner_cannot_both_go_on(home: Home) -> None:
    stolen = opened(home).refresh_token
    owner = renew(home, stolen, NOW)
    thief = renew(home, stolen, NOW + 5)
    assert thief.refresh_token == owner.refresh_token
    owner = renew(home, owner.refresh_token, NOW + 1800)
    with pytest.raises(SessionEnded):
        renew(home, thief.refresh_token, NOW + 3600)
    with pytest.raises(SessionEnded):
        renew(home, owner.refresh_token, NOW + 3600)


def test_an_unused_session_runs_out(home: Home) -> None:
    tokens = opened(home)
    assert stored(home, tokens).expires_at == NOW + IDLE_SECONDS
    renew(home, tokens.refresh_token, NOW + 1000)
    assert stored(home, tokens).expires_at == NOW + 1000 + IDLE_SECONDS


def test_no_session_outlives_its_longest_life(home: Home) -> None:
    tokens = opened(home)
    item = stored(home, tokens)
    began = NOW - LIFE_SECONDS + 600
    home.store.commit(Replace(item.key, {**item.fields, "opened_at": began}, item.version))
    renewed = renew(home, tokens.refresh_token, NOW)
    assert stored(home, tokens).expires_at == began + LIFE_SECONDS
    assert renewed.expires_in == 600 < ACCESS_TTL_SECONDS


def test_a_session_that_is_over_cannot_be_renewed(home: Home) -> None:
    tokens = opened(home, NOW - IDLE_SECONDS - 3600)
    with pytest.raises(RefreshRefused):
        renew(home, tokens.refresh_token, NOW)


@pytest.mark.parametrize("ago_seconds", [0, 4 * 24 * 3600], ids=["with WeChat's key", "after the key ran out"])
def test_ending_a_session_takes_its_secrets_away_and_is_told_once(home: Home, ago_seconds: int) -> None:
    tokens = opened(home, NOW - ago_seconds)
    sid = session_id(home, tokens, NOW - ago_seconds)
    for _ in range(2):
        end(home, MEMBER, sid, LOGGED_OUT, NOW)
    [item] = home.store.query(f"member#{MEMBER}").items
    assert set(item.fields) == {"cell", "state", "reason", "ended_at"}
    [event] = home.store.due("outbox", NOW + 10**9)
    assert event.fields["name"] == "session.ended"
    assert event.fields["data"] == {"member_id": MEMBER, "session_id": sid, "reason": LOGGED_OUT}


def test_ending_a_session_that_never_was_is_nothing(home: Home) -> None:
    end(home, MEMBER, "s_unknown", LOGGED_OUT, NOW)


def test_a_session_id_of_an_access_token_opens_nothing(home: Home) -> None:
    """The id is a digest of the family: who sees it cannot show a family that leads to the session."""
    tokens = opened(home)
    cell, member_id, family, step = tokens.refresh_token.split(".")
    other_family = "A" * len(family)
    with pytest.raises(RefreshRefused):
        renew(home, f"{cell}.{member_id}.{other_family}.{step}", NOW)
    assert renew(home, tokens.refresh_token, NOW)


@pytest.mark.parametrize("token", ["", "x", "cn", "cn.m_a.b.c", "cn." + MEMBER + "." + "é" * 22 + "." + "A" * 43])
def test_what_has_not_the_shape_of_a_refresh_token_is_refused(home: Home, token: str) -> None:
    with pytest.raises(RefreshRefused):
        renew(home, token, NOW)


def test_a_token_of_another_cell_is_sent_to_that_cell(home: Home, tmp_path: Path) -> None:
    elsewhere = opened(home_in(tmp_path, "eu"))
    with pytest.raises(Misdirected) as sent:
        renew(home, elsewhere.refresh_token, NOW)
    assert sent.value.extensions["home"] == "eu"
    with pytest.raises(RefreshRefused):
        renew(home, elsewhere.refresh_token.replace("eu.", "mars.", 1), NOW)
