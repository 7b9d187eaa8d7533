"""What is forged, old, replayed, of an unknown cell, or not in the table moves nothing, and leaves a line."""

from __future__ import annotations

import json
from typing import Any, Callable

import pytest

from tests.support.cell_pair import seed
from tests.support.sea import Sea
from twinshore.errors import Problem
from twinshore.exchange import crediting
from twinshore.exchange.exchanges import PENDING, REJECTED
from twinshore.exchange.exchanging import asked
from twinshore.intercell.client import Peers, ask, signed_headers
from twinshore.intercell.keys import CellKey
from twinshore.intercell.port import Fields, NotHeard

TERMS = {
    "exchange": "x1", "from_programme": "mainland", "to_programme": "overseas", "points_out": 600, "points_in": 500,
    "fee": 0, "rate_times": 5, "rate_over": 6, "quote": "0" * 64,
}  # fmt: skip


def terms(sea: Sea, **changes: Any) -> Fields:
    now = sea.clock()
    return {**TERMS, "link": sea.link, "held_at": now, "valid_until": now + 600, **changes}


def audit(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if line["level"] in ("warning", "error")]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown link": ({"link": "nobody"}, crediting.LINK_UNKNOWN),
    "a programme that does not exist": ({"to_programme": "stamps"}, crediting.NOT_EXCHANGEABLE),
    "a pair without a rate": ({"from_programme": "miles"}, crediting.NOT_EXCHANGEABLE),
    "a rate of one's own": ({"rate_times": 5, "rate_over": 1, "points_in": 3000}, crediting.RATE_REFUSED),
    "another sum": ({"points_in": 501}, crediting.RATE_REFUSED),
    "too few points": ({"points_out": 60, "points_in": 50}, crediting.OUT_OF_RANGE),
    "too many points": ({"points_out": 6_000_000, "points_in": 5_000_000}, crediting.OUT_OF_RANGE),
    "past its time": ({"valid_until": 1}, crediting.LATE),
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_target_refuses_for_good_and_says_why(sea: Sea, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    changes, why = REFUSED[what]
    fields = terms(sea.linked(), **changes)
    capsys.readouterr()
    said = ask(sea.here.peers, "eu", "points-credit", fields, sea.clock())
    assert (said["outcome"], said["reason"]) == ("rejected", why)
    assert [line["why"] for line in audit(capsys)] == [why]
    assert ask(sea.here.peers, "eu", "points-credit", fields, sea.clock()) == said, "for ever"
    assert sea.there.balance() == 0


def test_a_link_of_another_cell_is_none(sea: Sea) -> None:
    sea.linked()
    stranger = Peers(CellKey("sea", "k1", seed("sea")), sea.here.cells, sea.here.peers.send)
    said = ask(stranger, "eu", "points-credit", terms(sea), sea.clock())
    assert (said["outcome"], said["reason"], sea.there.balance()) == ("rejected", crediting.LINK_UNKNOWN, 0)


def test_other_terms_under_an_id_that_was_decided_are_not_decided_again(sea: Sea) -> None:
    done = sea.linked().here.exchange(sea.here.quote(sea.link, 600))
    with pytest.raises(NotHeard):
        ask(sea.here.peers, "eu", "points-credit", {**asked(done), "points_out": 606, "points_in": 505}, sea.clock())
    assert sea.there.balance() == 500


Forge = Callable[[Sea], tuple[dict[str, str], bytes]]


def signed(sea: Sea, key: CellKey, body: bytes, at: int) -> dict[str, str]:
    authority = sea.servers["eu"].url.partition("://")[2]
    return signed_headers(key, authority, "/cells/v1/points-credit", body, at, sea.here.peers.nonce())


def body_of(sea: Sea) -> bytes:
    return json.dumps(terms(sea)).encode()


def wrong_key(sea: Sea) -> tuple[dict[str, str], bytes]:
    return signed(sea, CellKey("cn", "k1", seed("cn", "k2")), body_of(sea), sea.clock()), body_of(sea)


def unknown_cell(sea: Sea) -> tuple[dict[str, str], bytes]:
    return signed(sea, CellKey("mars", "k1", seed("mars")), body_of(sea), sea.clock()), body_of(sea)


def unknown_key(sea: Sea) -> tuple[dict[str, str], bytes]:
    return signed(sea, CellKey("cn", "k9", seed("cn", "k9")), body_of(sea), sea.clock()), body_of(sea)


def expired(sea: Sea) -> tuple[dict[str, str], bytes]:
    return signed(sea, sea.here.peers.key, body_of(sea), sea.clock() - 600), body_of(sea)


def of_the_future(sea: Sea) -> tuple[dict[str, str], bytes]:
    return signed(sea, sea.here.peers.key, body_of(sea), sea.clock() + 600), body_of(sea)


def another_body(sea: Sea) -> tuple[dict[str, str], bytes]:
    return signed(sea, sea.here.peers.key, body_of(sea), sea.clock()), body_of(sea).replace(b"500", b"900")


def unsigned(sea: Sea) -> tuple[dict[str, str], bytes]:
    return {"Content-Type": "application/json"}, body_of(sea)


@pytest.mark.parametrize(
    "forge", [wrong_key, unknown_cell, unknown_key, expired, of_the_future, another_body, unsigned],
    ids=lambda one: one.__name__,
)  # fmt: skip
def test_what_is_not_a_cells_own_word_moves_nothing(
    sea: Sea, forge: Forge, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    headers, body = forge(sea.linked())
    capsys.readouterr()
    answer = sea.there.hear("/cells/v1/points-credit", headers, body)
    assert answer.status in (400, 401)
    assert answer.problem()
    assert [line["message"] for line in audit(capsys)] == ["cell message refused"]
    assert sea.there.balance() == 0


BAD_QUOTES: dict[str, Callable[[str], str]] = {
    "forged": lambda token: token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"),
    "of no form": lambda token: "quote",
    "empty": lambda token: "..",
}


@pytest.mark.parametrize("what", BAD_QUOTES)
def test_a_quote_that_is_not_ours_moves_nothing(sea: Sea, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    token = sea.linked().here.quote(sea.link, 600)
    capsys.readouterr()
    with pytest.raises(Problem) as refusal:
        sea.here.exchange(BAD_QUOTES[what](token))
    assert refusal.value.slug == "points-quote-invalid"
    assert [line["why"] for line in audit(capsys)] == ["points-quote-invalid"]
    assert sea.here.balance() == 1000


def test_a_quote_is_one_members_for_ten_minutes_and_once(sea: Sea) -> None:
    token = sea.linked().here.quote(sea.link, 600)
    sea.here.member = "m_eve"
    with pytest.raises(Problem) as stolen:
        sea.here.exchange(token)
    sea.here.member = "m_anna"
    first = sea.here.exchange(token, key="k")
    assert sea.here.exchange(token, key="k") == first
    with pytest.raises(Problem) as used:
        sea.here.exchange(token, key="k2")
    late = sea.here.quote(sea.link, 100)
    with pytest.raises(Problem) as other:
        sea.here.exchange(late, key="k")
    sea.later(600)
    with pytest.raises(Problem) as expired_quote:
        sea.here.exchange(late)
    assert sea.here.exchange(token, key="k") == first, "the first answer, although the quote has ended"
    slugs = [each.value.slug for each in (stolen, used, other, expired_quote)]
    assert slugs == ["points-quote-invalid", "points-quote-used", "idempotency-key-reused", "points-quote-expired"]


@pytest.mark.parametrize(
    ("points", "programme", "to", "why"),
    [(0, "", "", "points-exchange-out-of-range"), (-5, "", "", "points-exchange-out-of-range"),
     (99, "", "", "points-exchange-out-of-range"), (500_001, "", "", "points-exchange-out-of-range"),
     (500, "stamps", "", "unknown-programme"), (500, "", "stamps", "unknown-programme"),
     (500, "miles", "overseas", "points-not-exchangeable")],
)  # fmt: skip
def test_nothing_is_promised_that_the_table_does_not_say(
    sea: Sea, points: int, programme: str, to: str, why: str
) -> None:  # fmt: skip
    sea.linked()
    with pytest.raises(Problem) as refusal:
        sea.here.quote(sea.link, points, programme, to)
    assert refusal.value.slug == why


def test_a_credit_without_a_true_receipt_neither_settles_nor_gives_back(sea: Sea) -> None:
    sea.linked().there.receipt_key = CellKey("eu", "k1", seed("eu", "k2"))
    assert sea.here.exchange(sea.here.quote(sea.link, 600)).state == PENDING
    sea.heal()
    assert (sea.here.held(), sea.here.exchanges()[0].state) == (600, PENDING), "a person is called by the report"


def test_a_link_that_ended_there_gives_the_points_back(sea: Sea) -> None:
    sea.linked().there.cut = "before send"
    sea.there.unlink(sea.link)
    done = sea.here.exchange(sea.here.quote(sea.link, 600))
    assert (done.state, done.reason, sea.here.balance()) == (REJECTED, crediting.LINK_ENDED, 1000)
