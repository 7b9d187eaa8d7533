"""A person's two memberships: a code shown in the one cell, entered in the other, consent in both, and the way back."""

from __future__ import annotations

import pytest

from tests.support.sea import Sea
from tests.support.shores import AFTER_COMMIT, CUTS, Crash
from twinshore.errors import Problem
from twinshore.exchange.codes import ALPHABET, CODE_SECONDS, TRIES_LIMIT, code_hash, show_code
from twinshore.exchange.links import ASKING, CONSENT, ENDED, OPEN, PURPOSE, link_key
from twinshore.exchange.problems import LinkCodeInvalid, LinkEnded, LinkExists, LinkNotFound, TooManyCodes
from twinshore.intercell.client import NoSuchCell, ask


def shown(sea: Sea) -> str:
    return show_code(sea.here.store, sea.here.peers, sea.here.member, "eu", sea.clock()).text


def test_both_cells_hold_the_link_and_both_consents_and_neither_knows_the_others_member(sea: Sea) -> None:
    link = sea.here.link_to(sea.there)
    for shore, other in ((sea.here, sea.there), (sea.there, sea.here)):
        item = shore.store.get(link_key(link.id))
        assert item is not None
        kept = item.fields
        assert (kept["state"], kept["other"], kept["member_id"]) == (OPEN, other.cell, shore.member)
        assert (kept["consent"], kept["their_consent"], kept["purpose"]) == (CONSENT, CONSENT, PURPOSE)
        assert kept["consented_at"] == kept["their_consented_at"] == sea.clock()
        assert other.member not in [value for value in kept.values() if value != shore.member]
    assert all(sea.here.member not in str(body) for _, _, body in sea.there.sent)
    assert all(sea.there.member not in str(body) for _, _, body in sea.there.sent)


def test_a_code_is_short_and_nothing_in_it_is_read_for_another(sea: Sea) -> None:
    code = shown(sea)
    assert len(code) == 8
    assert set(code) <= set(ALPHABET)
    assert not set("01ilo") & set(ALPHABET)


def test_a_code_is_entered_as_people_write(sea: Sea) -> None:
    code = shown(sea).upper()
    assert sea.there.enter(f"{code[:4]}-{code[4:]}", "cn").state == OPEN


def test_a_code_is_kept_as_a_hash_only(sea: Sea) -> None:
    code = shown(sea)
    for partition in (f"points-code#{code_hash(code, 'cn', 'eu')}", f"points-links#{sea.here.member}"):
        assert all(code not in str(item) for item in sea.here.store.query(partition).items)


def test_a_code_works_once(sea: Sea) -> None:
    code = shown(sea)
    sea.there.enter(code, "cn")
    sea.there.member = "m_other"
    with pytest.raises(LinkCodeInvalid):
        sea.there.enter(code, "cn")
    sea.there.member = "m_anna_overseas"


def test_a_new_code_ends_the_one_before(sea: Sea) -> None:
    first, second = shown(sea), shown(sea)
    with pytest.raises(LinkCodeInvalid):
        sea.there.enter(first, "cn")
    assert sea.there.enter(second, "cn").state == OPEN


def test_a_code_ends_after_ten_minutes(sea: Sea) -> None:
    code = shown(sea)
    sea.later(CODE_SECONDS)
    with pytest.raises(LinkCodeInvalid):
        sea.there.enter(code, "cn")


def test_a_code_opens_nothing_between_other_cells() -> None:
    assert len({code_hash("22223333", one, other) for one in ("cn", "eu", "us") for other in ("cn", "eu", "us")}) == 9


def test_tries_are_limited_on_both_sides(sea: Sea) -> None:
    for _ in range(TRIES_LIMIT):
        shown(sea)
        with pytest.raises(LinkCodeInvalid):
            sea.there.enter("22223333", "cn")
    code = None
    with pytest.raises(TooManyCodes):
        code = shown(sea)
    with pytest.raises(TooManyCodes):
        sea.there.enter("22223333", "cn")
    sea.later(601)
    code = shown(sea)
    assert sea.there.enter(code, "cn").state == OPEN


@pytest.mark.parametrize("cell", ["cn", "mars"])
def test_a_link_is_to_another_cell_of_ours(sea: Sea, cell: str) -> None:
    with pytest.raises(NoSuchCell):
        show_code(sea.here.store, sea.here.peers, sea.here.member, cell, sea.clock())


def test_there_is_one_live_link_to_a_cell(sea: Sea) -> None:
    sea.linked()
    with pytest.raises(LinkExists):
        shown(sea)
    sea.here.unlink(sea.link)
    assert sea.linked().here.link(sea.link).state == OPEN


def test_entering_again_with_the_same_key_is_the_same_link(sea: Sea) -> None:
    code = shown(sea)
    assert sea.there.enter(code, "cn", key="k") == sea.there.enter(code, "cn", key="k")


@pytest.mark.parametrize("cut", CUTS)
def test_a_link_that_is_cut_while_it_is_made_is_made_by_the_sweep(sea: Sea, cut: str) -> None:
    sea.there.cut = cut
    code = shown(sea)
    link = sea.there.enter(code, "cn", key="k")
    assert link.state == ASKING
    sea.there.cut = ""
    sea.later(60)
    sea.there.sweep()
    assert sea.there.enter(code, "cn", key="k").state == sea.here.link(link.id).state == OPEN


@pytest.mark.parametrize("moment", ["before", "after"])
def test_whoever_enters_a_code_dies_at_its_second_commit_and_the_link_is_made(sea: Sea, moment: str) -> None:
    code = shown(sea)
    setattr(sea.there.store, moment, 1)
    with pytest.raises(Crash):
        sea.there.enter(code, "cn", key="k")
    sea.heal()
    link = sea.there.enter(code, "cn", key="k")
    assert link.state == sea.here.link(link.id).state == OPEN


def test_a_code_that_ran_out_while_the_other_cell_was_away_makes_no_link(sea: Sea) -> None:
    sea.there.cut = CUTS[0]
    code = shown(sea)
    link = sea.there.enter(code, "cn")
    sea.heal()
    assert sea.there.link(link.id).state == "refused"
    assert sea.here.link_to(sea.there).state == OPEN, "and there is room for another"


@pytest.mark.parametrize("cut", ["", *CUTS])
def test_a_link_is_ended_at_once_here_and_in_the_end_there(sea: Sea, cut: str) -> None:
    sea.linked().here.cut = cut
    assert sea.here.unlink(sea.link).state == ENDED
    with pytest.raises(LinkEnded):
        sea.here.quote(sea.link, 100)
    sea.heal()
    assert sea.there.link(sea.link).state == ENDED
    assert sea.here.store.due("points-link", 2**40) == []
    assert sea.here.unlink(sea.link).ended_at == sea.here.link(sea.link).ended_at, "once"


def test_a_link_that_is_ended_before_the_other_cell_heard_of_it_is_never_made(sea: Sea) -> None:
    code = shown(sea)
    sea.there.cut = CUTS[0]
    link = sea.there.enter(code, "cn")
    sea.there.unlink(link.id)
    sea.heal()
    late = {"link": link.id, "code_hash": link.code_hash, "consent": CONSENT, "consented_at": link.consented_at}
    with pytest.raises(Problem) as refusal:
        ask(sea.there.peers, "cn", "points-link", late, sea.clock())
    assert refusal.value.slug == LinkCodeInvalid.slug
    assert sea.here.link(link.id).state == ENDED


def test_both_end_it_at_the_same_time(sea: Sea) -> None:
    sea.linked()
    sea.here.cut = sea.there.cut = CUTS[0]
    sea.here.unlink(sea.link)
    sea.there.unlink(sea.link)
    sea.heal()
    assert sea.here.store.due("points-link", 2**40) == sea.there.store.due("points-link", 2**40) == []


def test_an_exchange_under_way_is_finished_after_the_link_has_ended(sea: Sea) -> None:
    sea.linked().here.cut = AFTER_COMMIT
    sea.here.exchange(sea.here.quote(sea.link, 600))
    sea.there.unlink(sea.link)
    sea.heal()
    assert (sea.here.exchanges()[0].state, sea.there.balance()) == ("settled", 500)


def test_another_members_link_is_not_there(sea: Sea) -> None:
    sea.linked().here.member = "m_eve"
    for act in (lambda: sea.here.quote(sea.link, 100), lambda: sea.here.unlink(sea.link)):
        with pytest.raises(LinkNotFound):
            act()
    sea.here.member = "m_anna"
