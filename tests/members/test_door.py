"""The members door on both clouds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.doors import Place
from twinshore import wiring
from twinshore.events import Event
from twinshore.members_wiring import settle_tiers

ME, DAYS = "/v1/members/me", "/v1/points/check-ins"
HOME = {"eu": ("DE", "Europe/Berlin", "EUR", 12), "cn": ("CN", "Asia/Shanghai", "CNY", 100)}
ABROAD = {"eu": "CN", "cn": "DE"}


def test_a_newcomer_has_a_profile_to_fill_in_and_the_first_tier(at: Place) -> None:
    told = at.call("members", "GET", ME, token=at.member_token("m_anna")).json()
    assert told["tier"]["name"] == "member" and told["tier"]["next_in_points"] == 1_000
    assert "birthday" not in told and "home_market" not in told
    assert told["time_zone"] == HOME[at.cell][1]


def test_a_profile_is_kept_and_the_year_of_birth_is_not(at: Place) -> None:
    token, (market, zone, _, _) = at.member_token("m_anna"), HOME[at.cell]
    body = {"home_market": market, "languages": ["zh-CN", "en"], "birthday": "1990-02-29"}
    assert at.call("members", "PUT", ME, json_body=body, token=token).problem() == "birthday-invalid"
    told = at.call("members", "PUT", ME, json_body={**body, "birthday": "1992-02-29"}, token=token).json()
    assert (told["birthday"], told["time_zone"], told["home_market"]) == ("02-29", zone, market)
    assert at.call("members", "GET", ME, token=token).json() == told
    assert at.call("members", "GET", ME, token=at.member_token("m_ben")).json() != told


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"home_market": "XX"}, "unknown-market"),
        ({"home_market": "de"}, "invalid-request"),
        ({"time_zone": "Mars/Olympus"}, "unknown-time-zone"),
        ({"time_zone": "../../etc/passwd"}, "unknown-time-zone"),
        ({"birthday": "02-30"}, "birthday-invalid"),
        ({"birthday": "13-01"}, "birthday-invalid"),
        ({"birthday": "W01-1"}, "invalid-request"),
        ({"birthday": 229}, "invalid-request"),
        ({"languages": ["x" * 60]}, "invalid-request"),
        ({"languages": ["en"] * 6}, "invalid-request"),
        ({"tier": "platinum"}, "invalid-request"),
    ],
)
def test_a_wrong_profile_is_a_problem_and_is_not_kept(at: Place, change: dict[str, Any], problem: str) -> None:
    token = at.member_token("m_anna")
    body = {"home_market": HOME[at.cell][0], **change}
    assert at.call("members", "PUT", ME, json_body=body, token=token).problem() == problem
    assert "home_market" not in at.call("members", "GET", ME, token=token).json()


def test_people_of_another_cells_market_are_sent_there(at: Place) -> None:
    answer = at.call("members", "PUT", ME, json_body={"home_market": ABROAD[at.cell]}, token=at.member_token("m_anna"))
    assert (answer.status, answer.problem()) == (421, "wrong-cell")
    assert answer.json()["home"] == {"eu": "cn", "cn": "eu"}[at.cell]


def test_a_check_in_a_second_tap_and_the_month(at: Place) -> None:
    token = at.member_token("m_anna")
    empty = at.call("members", "GET", DAYS, token=token).json()
    assert (empty["checked_in"], empty["streak"], empty["next_points"], empty["days"]) == (False, 0, 5, [])
    first = at.call("members", "POST", DAYS, token=token)
    assert (first.status, first.json()["points"], first.json()["day"]) == (200, 5, 1)
    assert at.call("members", "POST", DAYS, token=token).json() == first.json()
    month = at.call("members", "GET", DAYS, token=token).json()
    assert (month["checked_in"], month["streak"], month["next_day"], month["rewards"][6]) == (True, 1, 2, 50)
    assert [day["date"] for day in month["days"]] == [first.json()["date"]]
    assert at.call("points", "GET", "/v1/points", token=token).json()["balance"] == 5
    other = at.call("members", "GET", DAYS, token=token, query={"month": "2020-02"}).json()
    assert (other["month"], other["days"]) == ("2020-02", [])


def test_bad_requests_to_check_in_are_problems(at: Place) -> None:
    token = at.member_token("m_anna")
    assert at.call("members", "POST", DAYS).status == 401
    assert at.call("members", "POST", DAYS, token=at.service_token()).status == 401
    for month in ("2026-13", "26-01", "2026-1", "now"):
        assert at.call("members", "GET", DAYS, token=token, query={"month": month}).status == 422
    for body in ({"date": "2026-02-30"}, {"date": "yesterday"}, {}, {"date": "2026-02-03", "member": "m_ben"}):
        assert at.call("members", "POST", f"{DAYS}/make-ups", json_body=body, token=token).status == 422
    body = {"date": "2026-02-03"}
    assert (
        at.call("members", "POST", f"{DAYS}/make-ups", json_body=body, token=token).problem() == "make-up-out-of-reach"
    )
    at.call("members", "POST", DAYS, token=token)
    assert (
        at.call("members", "POST", f"{DAYS}/make-ups", json_body=body, token=token).problem() == "make-up-out-of-reach"
    )


def test_a_purchase_raises_the_tier_and_the_history_says_why(at: Place) -> None:
    token, (_, _, currency, per_point) = at.member_token("m_anna"), HOME[at.cell]
    paid = {"order_id": "o1", "member_id": "m_anna", "amount_minor": 1_000 * per_point, "currency": currency}
    tell("payment.captured", paid)
    tell("payment.captured", paid)
    told = at.call("members", "GET", ME, token=token).json()["tier"]
    assert (told["name"], told["points"], told["next_in_points"]) == ("silver", 1_000, 4_000)
    changes = at.call("members", "GET", f"{ME}/tier-changes", token=token).json()["items"]
    assert [(row["before"], row["after"], row["reason"]) for row in changes] == [("member", "silver", "points_reached")]
    tell("payment.refunded", paid)
    assert at.call("members", "GET", ME, token=token).json()["tier"]["name"] == "member"
    assert settle_tiers(wiring.store(), wiring.now()) == 0


def test_the_points_of_a_request_that_died_are_credited_by_its_event(at: Place) -> None:
    cause = {"member_id": "m_anna", "points": 5, "cause": "check-in:m_anna:2026-11-23", "reason": "check_in"}
    for _ in range(2):
        tell("member.checked_in", cause)
    assert at.call("points", "GET", "/v1/points", token=at.member_token("m_anna")).json()["balance"] == 5


def tell(name: str, data: dict[str, Any]) -> None:
    """The room's own consumer: of those for this event, the last before merchants' subscriptions."""
    from twinshore.members_wiring import and_members

    consumers = and_members({}, wiring.store, wiring.points_of, wiring.now)
    for consumer in consumers[name]:
        consumer(Event(f"{name}:{data.get('order_id', data.get('cause'))}", name, wiring.now(), data))
