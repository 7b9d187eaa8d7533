"""The points door on both clouds."""

from __future__ import annotations

from tests.support.doors import Place
from twinshore import wiring
from twinshore.points import ledger
from twinshore.points.holds import hold
from twinshore.store.port import Create, Key

NOW = 1_800_000_000


def test_a_member_sees_and_spends_points(at: Place) -> None:
    token = at.member_token("m_anna")
    assert at.call("points", "GET", "/v1/points", token=token).json() == {
        "member_id": "m_anna", "programme": "mainland" if at.cell == "cn" else "overseas",
        "balance": 0, "held": 0, "pending": 0,
    }  # fmt: skip
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


def test_a_member_sees_what_is_held_and_pending_and_when_points_expire(at: Place) -> None:
    token, book = at.member_token("m_anna"), wiring.points_of("m_anna")
    ledger.earn(book, 250, "order:o1", "o1", NOW, expires_at=NOW + 86400)
    ledger.earn(book, 40, "order:o2", "o2", NOW, active_at=NOW + 3600)
    hold(book, 100, "exchange:1", "exchange", NOW + 60)
    seen = at.call("points", "GET", "/v1/points", token=token).json()
    assert (seen["balance"], seen["held"], seen["pending"]) == (150, 100, 40)
    assert seen["next_expiry"] == "2027-01-16T08:00:00Z"


def test_a_member_sees_what_there_was_at_a_past_time(at: Place) -> None:
    token, book = at.member_token("m_anna"), wiring.points_of("m_anna")
    ledger.earn(book, 250, "order:o1", "o1", NOW)
    ledger.earn(book, 50, "order:o2", "o2", NOW + 60)
    for moment, balance in (("2027-01-15T07:59:59Z", 0), ("2027-01-15T08:00:00Z", 250), ("2027-01-15T08:01:00Z", 300)):
        asked = at.call("points", "GET", "/v1/points", token=token, query={"at": moment})
        assert asked.json()["balance"] == balance
    for wrong in ("yesterday", "2027-02-30T00:00:00Z", "2027-01-15"):
        assert at.call("points", "GET", "/v1/points", token=token, query={"at": wrong}).status == 422


def test_a_programme_is_asked_for_by_name(at: Place) -> None:
    token = at.member_token("m_anna")
    ledger.earn(wiring.points_of("m_anna", "miles"), 30, "order:o1", "o1", NOW, active_at=NOW)
    asked = {"programme": "miles"}
    assert at.call("points", "GET", "/v1/points", token=token, query=asked).json()["balance"] == 30
    assert len(at.call("points", "GET", "/v1/points/entries", token=token, query=asked).json()["items"]) == 1
    for path in ("/v1/points", "/v1/points/entries"):
        answer = at.call("points", "GET", path, token=token, query={"programme": "stamps"})
        assert answer.problem() == "unknown-programme"


def test_a_member_gives_points_to_another(at: Place) -> None:
    token, book = at.member_token("m_anna"), wiring.points_of("m_anna")
    ledger.earn(book, 250, "order:o1", "o1", NOW)
    wiring.store().commit(Create(Key("member#m_ben", "member"), wiring.residency().label({}, at.cell)))
    post = ("points", "POST", "/v1/points/gifts")
    gift = {"to_member_id": "m_ben", "points": 200}
    given = at.call(*post, json_body=gift, token=token, key="k")
    assert (given.status, given.json()["points"]) == (201, -200)
    assert at.call(*post, json_body=gift, token=token, key="k").json() == given.json()
    assert at.call("points", "GET", "/v1/points", token=at.member_token("m_ben")).json()["balance"] == 200
    for wrong, why in (
        ({"to_member_id": "m_nobody", "points": 1}, "points-gift-refused"),
        ({"to_member_id": "m_anna", "points": 1}, "points-gift-refused"),
        ({"to_member_id": "m_ben", "points": 51}, "insufficient-points"),
        ({"to_member_id": "m_ben", "points": 0}, "points-out-of-range"),
        ({"to_member_id": "m_ben", "points": 1, "programme": "stamps"}, "unknown-programme"),
        ({"to_member_id": "m_ben"}, "invalid-request"),
    ):
        assert at.call(*post, json_body=wrong, token=token, key=f"k-{why}-{len(wrong)}").problem() == why
    assert at.call("points", "GET", "/v1/points", token=token).json()["balance"] == 50


def test_the_timers_sweep_points(at: Place) -> None:
    book = wiring.points_of("m_anna")
    ledger.earn(book, 100, "order:o1", "o1", NOW, expires_at=NOW + 100)
    ledger.earn(book, 20, "order:o2", "o2", NOW, active_at=NOW + 50)
    hold(book, 30, "checkout:1", "checkout", NOW, until=NOW + 60)
    first = wiring.jobs()["points-sweep"](NOW + 60)
    assert first == {"activated": (1, 0), "released": (1, 0), "expired": (0, 0), "exchanges": (0, 0, 0)}
    assert wiring.jobs()["points-sweep"](NOW + 100)["expired"] == (1, 0)
    assert ledger.balance(book) == 20
