"""Benefits: what opens them, once per period, ranked with reasons, measured by clicks."""

from __future__ import annotations

import threading
import uuid
from datetime import date
from typing import Any

import pytest

from tests.support.membership import CELLS, book_of, desk_on, members_on, moment
from twinshore.events import Event
from twinshore.members import click_log, grants, recommending
from twinshore.members.benefits import BENEFITS, SEASONS, Person, UnknownBenefit, birthday_window, offers
from twinshore.members.click_log import BenefitNotShown, ReportTooLong, Row
from twinshore.members.grants import BenefitNotOpen, Purse
from twinshore.members.persons import Asked, person_of
from twinshore.members.profile import Profile, UnknownMarket, change
from twinshore.members.tiers import Rules
from twinshore.points.ledger import balance

RULES = Rules("Europe/Berlin")
NOON = "2026-06-15 12:00"
DAY = 86_400


def person(text: str = NOON, birthday: str = "", home: str = "DE", **more: Any) -> Person:
    zone = more.pop("zone", "Europe/Berlin")
    held = Person(moment(text, zone), CELLS, RULES, Profile(home, (), zone, birthday), 0, home, home, {}, {})
    return held._replace(**more)


def ids(one: Person) -> set[str]:
    return {offer.benefit.id for offer in offers(one)}


@pytest.mark.parametrize(
    ("birthday", "today", "opened"),
    [
        ("06-15", "2026-06-14", None),
        ("06-15", "2026-06-15", "2026-06-15"),
        ("06-15", "2026-06-28", "2026-06-15"),
        ("06-15", "2026-06-29", None),
        ("12-25", "2027-01-07", "2026-12-25"),
        ("12-25", "2027-01-08", None),
        ("01-01", "2026-12-31", None),
        ("02-29", "2027-02-28", "2027-02-28"),
        ("02-29", "2028-02-28", None),
        ("02-29", "2028-02-29", "2028-02-29"),
        ("02-29", "2028-03-13", "2028-02-29"),
        ("", "2026-06-15", None),
    ],
)
def test_a_birthday_window(birthday: str, today: str, opened: str | None) -> None:
    found = birthday_window(birthday, date.fromisoformat(today))
    assert found == (date.fromisoformat(opened) if opened else None)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin", "America/Los_Angeles"])
def test_a_birthday_is_that_of_the_members_own_clock(zone: str) -> None:
    assert "birthday_points" not in ids(person("2026-06-14 23:59", "06-15", zone=zone))
    assert "birthday_points" in ids(person("2026-06-15 00:00", "06-15", zone=zone))
    assert "birthday_points" not in ids(person("2026-06-29 00:00", "06-15", zone=zone))


@pytest.mark.parametrize(
    ("where", "opened", "closed"),
    [
        ({}, {"home_meal"}, {"travel_ride", "travel_lounge", "home_ride", "tier_coffee", "season_points"}),
        ({"market": "FR"}, set(), {"home_meal"}),
        ({"here": "JP"}, {"travel_ride"}, {"travel_lounge"}),
        ({"here": "JP", "tier": 2}, {"travel_ride", "travel_lounge", "tier_lounge", "tier_coffee"}, {"tier_points"}),
        ({"here": "", "tier": 3}, {"tier_points"}, {"travel_ride"}),
        ({"here": "AQ"}, set(), {"travel_ride"}),
        ({"home": ""}, set(), {"travel_ride", "home_meal"}),
        ({"text": "2026-11-11 12:00"}, {"season_points"}, {"season_meal"}),
        ({"text": "2026-11-11 12:00", "market": "SG"}, {"season_points", "season_meal"}, {"home_meal"}),
        ({"text": "2026-11-13 00:00"}, set(), {"season_points"}),
        ({"text": "2026-11-01 00:00"}, {"season_points"}, set()),
    ],
)
def test_what_is_open_where(where: dict[str, Any], opened: set[str], closed: set[str]) -> None:
    if where.get("home") == "":
        where = {**where, "market": "DE", "here": "JP"}
    found = ids(person(**where))
    assert opened <= found
    assert not closed & found


def test_every_recommendation_has_a_reason_and_habits_move_it_up() -> None:
    one = person(here="JP", tier=2, birthday="06-10")
    ranked = recommending.recommend(one)
    assert [each.offer.benefit.kind for each in ranked[:2]] == ["birthday", "travel"] or ranked[0].score >= 100
    assert {each.offer.benefit.id for each in ranked} == ids(one)
    for each in ranked:
        assert all(reason.en and not reason.zh.isascii() for reason in each.reasons)
        assert each.reasons[0].score == max(reason.score for reason in each.reasons)
    assert ranked == recommending.recommend(one)
    plain = [each.offer.benefit.id for each in recommending.recommend(person(tier=1))]
    fond = [each.offer.benefit.id for each in recommending.recommend(person(tier=1, behaviour={"food": 9}))]
    assert plain.index("home_meal") > fond.index("home_meal")
    reasons = next(r for r in recommending.recommend(person(behaviour={"food": 2}))).reasons
    assert [reason.rule for reason in reasons] == ["market", "behaviour"]
    assert "2" in reasons[1].zh


def test_every_season_is_a_campaign_of_every_market() -> None:
    for market in CELLS.markets.values():
        assert set(SEASONS) <= set(market.campaigns)


@pytest.fixture
def purse(store: Any) -> Purse:
    desk = desk_on(store, member_id=f"m_{uuid.uuid4().hex[:8]}")
    return Purse(store, desk.residency, desk.member_id, desk.credit)


def with_grants(one: Person, purse: Purse) -> Person:
    return one._replace(granted={k: (g.granted_at, g.valid_until) for k, g in grants.taken(purse).items()})


def test_ten_takes_at_once_are_one_grant(purse: Purse) -> None:
    one, told = person(birthday="06-15"), []
    threads = [
        threading.Thread(target=lambda: told.append(grants.take(purse, "birthday_points", one))) for _ in "x" * 10
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 10 and len(set(told)) == 1
    assert balance(book_of(purse.store, purse.member_id)) == BENEFITS["birthday_points"].points
    assert told[0].valid_until == moment("2026-06-29 00:00", "Europe/Berlin")


def test_a_period_is_granted_once_and_the_next_one_again(purse: Purse) -> None:
    first = grants.take(purse, "home_meal", person("2026-06-15 12:00"))
    assert grants.take(purse, "home_meal", person("2026-06-30 23:59")) == first
    again = grants.take(purse, "home_meal", person("2026-07-01 00:00"))
    assert again.granted_at > first.granted_at
    assert set(grants.taken(purse)) == {"home_meal#2026-06", "home_meal#2026-07"}
    grants.take(purse, "travel_ride", person(here="JP"))
    grants.take(purse, "travel_ride", person(here="FR"))
    assert {"travel_ride#2026-06#JP", "travel_ride#2026-06#FR"} < set(grants.taken(purse))


def test_a_changed_birthday_brings_no_second_present(purse: Purse) -> None:
    grants.take(purse, "birthday_points", person("2026-12-28 12:00", "12-28"))
    moved = with_grants(person("2027-01-15 12:00", "01-15"), purse)
    assert "birthday_points" not in ids(moved)
    with pytest.raises(BenefitNotOpen):
        grants.take(purse, "birthday_points", moved)
    assert "birthday_points" in ids(with_grants(person("2027-12-28 12:00", "12-28"), purse))
    assert "birthday_points" in ids(with_grants(person("2027-01-02 12:00", "12-28"), purse))  # still shown as taken


def test_what_is_not_there_or_not_open_is_refused(purse: Purse) -> None:
    with pytest.raises(UnknownBenefit):
        grants.take(purse, "yacht", person())
    for name in ("tier_points", "travel_ride", "birthday_points", "season_points"):
        with pytest.raises(BenefitNotOpen):
            grants.take(purse, name, person())
    assert grants.taken(purse) == {}


def test_a_redemption_is_counted_once_by_its_category(purse: Purse) -> None:
    for number, (reward, more) in enumerate(
        [("coffee_voucher", {}), ("coffee_voucher", {}), ("sail", {"category": "sea"})]
    ):
        data = {"member_id": purse.member_id, "reward": reward, **more}
        for _ in range(2):
            grants.redeemed(
                Event(f"{purse.member_id}-{number}", "points.redeemed", 1, data), purse.store, 1_790_000_000
            )
    assert grants.behaviour(purse) == {"coffee": 2, "sea": 1}


def test_a_person_is_read_together(purse: Purse) -> None:
    members = members_on(purse.store)
    change(members, purse.member_id, Profile("DE", birthday="06-15"), moment(NOON))
    one = person_of(members, purse, Asked("", "JP", moment(NOON)))
    assert (one.market, one.here, one.tier, one.travels) == ("JP", "JP", 0, True)
    assert person_of(members, purse, Asked("FR", "AQ", moment(NOON))).market == "FR"
    assert person_of(members, purse, Asked("", "", moment(NOON))).market == "DE"
    with pytest.raises(UnknownMarket):
        person_of(members, purse, Asked("XX", "", moment(NOON)))


def test_views_and_clicks_count_once_a_day_and_only_what_was_shown(store: Any, fresh: Any) -> None:
    now = moment("2031-01-01 23:50") + int(uuid.uuid4().hex[:4], 16) * DAY  # a day of this test's own
    member, other = fresh("m"), fresh("n")
    day = date.fromtimestamp(now)
    with pytest.raises(BenefitNotShown):
        click_log.click(store, member, "home_meal", now)
    with pytest.raises(UnknownBenefit):
        click_log.click(store, member, "yacht", now)
    shown = {"home_meal": "market", "travel_ride": "travel", "home_ride": "market"}
    threads = [threading.Thread(target=click_log.show, args=(store, who, shown, now)) for who in (member, other) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(3):
        click_log.click(store, member, "home_meal", now)
    click_log.click(store, member, "home_ride", now + 1200)  # the page was open over midnight
    rows = {row.rule: row for row in click_log.report(store, day, day)}
    assert rows["market"] == Row("market", 4, 2)
    assert rows["travel"] == Row("travel", 2, 0)
    assert rows["behaviour"] == Row("behaviour", 0, 0)
    with pytest.raises(BenefitNotShown):
        click_log.click(store, member, "travel_ride", now + 2 * DAY)


@pytest.mark.parametrize(("first", "last"), [("2026-01-02", "2026-01-01"), ("2026-01-01", "2026-04-03")])
def test_a_report_has_an_end(store: Any, first: str, last: str) -> None:
    with pytest.raises(ReportTooLong):
        click_log.report(store, date.fromisoformat(first), date.fromisoformat(last))
