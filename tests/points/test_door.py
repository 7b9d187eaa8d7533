"""The points door on both clouds."""

from __future__ import annotations

from tests.support.doors import Place
from twinshore import wiring
from twinshore.points import ledger

NOW = 1_800_000_000


def test_a_member_sees_and_spends_points(at: Place) -> None:
    token = at.member_token("m_anna")
    assert at.call("points", "GET", "/v1/points", token=token).json() == {"member_id": "m_anna", "balance": 0}
    ledger.earn(wiring.points_of("m_anna"), 250, "order:o1", "o1", NOW)
    spent = at.call(
        "points", "POST", "/v1/points/redemptions", json_body={"reward": "food_coupon"}, token=token, key="k"
    )
    assert spent.status == 201
    assert (spent.json()["kind"], spent.json()["points"]) == ("redeem", -200)
    again = at.call(
        "points", "POST", "/v1/points/redemptions", json_body={"reward": "food_coupon"}, token=token, key="k"
    )
    assert again.json() == spent.json()
    assert at.call("points", "GET", "/v1/points", token=token).json()["balance"] == 50
    listed = at.call("points", "GET", "/v1/points/entries", token=token, query={"limit": "1"}).json()
    assert len(listed["items"]) == 1
    rest = at.call("points", "GET", "/v1/points/entries", token=token, query={"after": listed["next"]}).json()
    assert [each["kind"] for each in listed["items"] + rest["items"]] in (["redeem", "earn"], ["earn", "redeem"])
    assert "next" not in rest


def test_refusals_are_problems_and_write_nothing(at: Place) -> None:
    token = at.member_token("m_anna")
    post = ("points", "POST", "/v1/points/redemptions")
    assert at.call(*post, json_body={"reward": "food_coupon"}, token=token, key="k").problem() == "insufficient-points"
    assert at.call(*post, json_body={"reward": "yacht"}, token=token, key="k").problem() == "reward-not-found"
    assert at.call(*post, json_body={"reward": "food_coupon", "points": 1}, token=token, key="k").status == 422
    assert at.call(*post, json_body={"reward": "food_coupon"}, token=token).problem() == "bad-request"
    assert at.call(*post, json_body={"reward": "food_coupon"}, key="k").status == 401
    assert at.call("points", "GET", "/v1/points/entries", token=token, query={"limit": "1000"}).status == 422
    assert at.call("points", "GET", "/v1/points/entries", token=token, query={"after": "x"}).status == 422
    assert at.call("points", "GET", "/v1/points/entries", token=token).json() == {"items": []}


def test_a_service_gives_a_redemption_back(at: Place) -> None:
    token, service = at.member_token("m_anna"), at.service_token()
    ledger.earn(wiring.points_of("m_anna"), 250, "order:o1", "o1", NOW)
    spent = at.call(
        "points", "POST", "/v1/points/redemptions", json_body={"reward": "food_coupon"}, token=token, key="k"
    )
    path = f"/v1/points/redemptions/{spent.json()['id']}/refunds"
    assert at.call("points", "POST", path, json_body={"member_id": "m_anna"}, token=token).status == 401
    assert at.call("points", "POST", path, json_body={"member_id": "m_ben"}, token=service).status == 404
    back = at.call("points", "POST", path, json_body={"member_id": "m_anna"}, token=service)
    assert (back.status, back.json()["points"]) == (201, 200)
    assert at.call("points", "GET", "/v1/points", token=token).json()["balance"] == 250


def test_one_member_never_sees_another(at: Place) -> None:
    ledger.earn(wiring.points_of("m_anna"), 250, "order:o1", "o1", NOW)
    assert at.call("points", "GET", "/v1/points", token=at.member_token("m_ben")).json()["balance"] == 0
