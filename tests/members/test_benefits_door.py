"""The benefits door on both clouds."""

from __future__ import annotations

import time
from typing import Any

from tests.support.doors import Place
from twinshore import wiring

PATH = "/v1/benefits"
ADDRESSES = {"CN": "114.114.114.114", "DE": "141.20.1.1", "US": "8.8.8.8"}
HOME = {"eu": "DE", "cn": "CN"}
AWAY = {"eu": "CN", "cn": "DE"}


def settled(at: Place, **more: Any) -> str:
    token = at.member_token("m_anna")
    body = {"home_market": HOME[at.cell], **more}
    assert at.call("members", "PUT", "/v1/members/me", json_body=body, token=token).status == 200
    return token


def test_benefits_come_ranked_with_reasons_in_both_languages(at: Place) -> None:
    token = settled(at, birthday=time.strftime("%m-%d", time.gmtime(wiring.now())), time_zone="UTC")
    home, away = (ADDRESSES[each] for each in (HOME[at.cell], AWAY[at.cell]))
    listed = at.call("benefits", "GET", PATH, token=token, ip=home).json()
    ids = [each["id"] for each in listed["items"]]
    assert listed["market"] == HOME[at.cell]
    assert ids[0] == "birthday_points" and "home_meal" in ids and "travel_ride" not in ids
    for each in listed["items"]:
        texts = [reason["text"] for reason in each["reasons"]]
        assert texts and all(text["en"].isascii() and not text["zh"].isascii() for text in texts)
        assert each["valid_from"] < each["valid_until"]
    abroad = at.call("benefits", "GET", PATH, token=token, ip=away).json()
    assert "travel_ride" in [each["id"] for each in abroad["items"]]
    assert "travel_lounge" not in [each["id"] for each in abroad["items"]]  # for gold members
    unknown = at.call("benefits", "GET", PATH, token=token, ip="10.0.0.1").json()
    assert "travel_ride" not in [each["id"] for each in unknown["items"]]


def test_a_benefit_is_granted_once_and_listed_with_its_validity(at: Place) -> None:
    token = settled(at, birthday=time.strftime("%m-%d", time.gmtime(wiring.now())), time_zone="UTC")
    path = f"{PATH}/birthday_points/grants"
    first = at.call("benefits", "POST", path, json_body={}, token=token)
    assert first.status == 200
    assert at.call("benefits", "POST", path, json_body={}, token=token).json() == first.json()
    assert at.call("points", "GET", "/v1/points", token=token).json()["balance"] == 88
    held = at.call("benefits", "GET", f"{PATH}/taken", token=token).json()["items"]
    assert held == [first.json()]
    listed = at.call("benefits", "GET", PATH, token=token).json()["items"]
    assert listed[-1]["id"] == "birthday_points" and listed[-1]["taken"]
    assert at.call("benefits", "GET", f"{PATH}/taken", token=at.member_token("m_ben")).json() == {"items": []}


def test_what_is_not_open_is_refused(at: Place) -> None:
    token = settled(at)
    post = ("benefits", "POST")
    for name, problem in (("yacht", "unknown-benefit"), ("tier_points", "benefit-not-open"),
                          ("birthday_points", "benefit-not-open"), ("travel_ride", "benefit-not-open")):  # fmt: skip
        answer = at.call(*post, f"{PATH}/{name}/grants", json_body={}, token=token, ip=ADDRESSES[HOME[at.cell]])
        assert answer.problem() == problem
    assert (
        at.call(*post, f"{PATH}/home_meal/grants", json_body={"market": "XX"}, token=token).problem()
        == "unknown-market"
    )
    assert at.call(*post, f"{PATH}/home_meal/grants", json_body={"points": 9}, token=token).status == 422
    assert at.call(*post, f"{PATH}/home_meal/grants", json_body={}).status == 401
    assert at.call("benefits", "GET", PATH, token=token, query={"market": "XX"}).problem() == "unknown-market"
    assert at.call("benefits", "GET", PATH, token=token, query={"market": "deutschland"}).status == 422


def test_clicks_are_counted_once_and_reported_to_services_only(at: Place) -> None:
    token, today = settled(at), time.strftime("%Y-%m-%d", time.gmtime(wiring.now()))
    click = ("benefits", "POST", f"{PATH}/home_meal/clicks")
    home = ADDRESSES[HOME[at.cell]]
    assert at.call(*click, token=token).problem() == "benefit-not-shown"
    for _ in range(3):
        at.call("benefits", "GET", PATH, token=token, ip=home)
        assert at.call(*click, token=token).status == 204
    assert at.call("benefits", "POST", f"{PATH}/yacht/clicks", token=token).problem() == "unknown-benefit"
    asked = {"first": today, "last": today}
    report = ("benefits", "GET", f"{PATH}/report")
    assert at.call(*report, token=token, query=asked).status == 401
    rows = {row["rule"]: row for row in at.call(*report, token=at.service_token(), query=asked).json()["items"]}
    assert rows["market"] == {"rule": "market", "shown": 1, "clicked": 1, "clicked_per_10000": 10_000}
    assert set(rows) == {"birthday", "travel", "season", "tier", "market", "behaviour"}
    for first, last in (("2026-01-01", "2026-12-31"), ("2026-01-02", "2026-01-01")):
        answer = at.call(*report, token=at.service_token(), query={"first": first, "last": last})
        assert answer.problem() == "report-too-long"
    assert at.call(*report, token=at.service_token(), query={"first": "x", "last": "y"}).status == 422
