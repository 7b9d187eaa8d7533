"""The doors of members and of partners, on both clouds."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from tests.support.doors import Answer, Place
from twinshore import rewards_wiring, wiring
from twinshore.outbound_webhooks.signing import signed_headers
from twinshore.points import ledger
from twinshore.rewards.stock import Stock, left

SECRET = b"a partner's own secret of 32 byte"
PARTNERS = {
    "lounge_network": {
        "url": "https://lounges.example.com", "token": "t",
        "webhook_secrets": ["whsec_" + base64.b64encode(SECRET).decode()],
    }
}  # fmt: skip
REDEEM = ("points", "POST", "/v1/points/redemptions")
VOUCHERS = "/v1/rewards/vouchers"


@pytest.fixture
def place(at: Place) -> Place:
    at.secrets["vault_keys"] = json.dumps([{"id": "v", "secret": "22" * 32}])
    at.secrets["reward_partners"] = json.dumps(PARTNERS)
    at.rewire()
    return at


def region(place: Place) -> str:
    return "mainland" if place.cell == "cn" else "europe"


def codes(place: Place, *numbers: int, reward: str = "lounge_access") -> dict[str, Any]:
    rows = [{"serial": f"S-{n}", "code": f"secret {n}", "expires_at": "2099-01-01T00:00:00Z"} for n in numbers]
    return {"reward": reward, "region": region(place), "codes": rows}


def stock(place: Place, body: Any) -> Answer:
    return place.call("reward_partners", "POST", "/v1/rewards/stock", json_body=body, token=place.service_token())


def push(place: Place, body: Any, secret: bytes = SECRET, at: int | None = None, to: str = "lounge_network") -> Answer:
    raw = json.dumps(body).encode()
    headers = signed_headers("msg_1", int(time.time()) if at is None else at, raw, [secret])
    path = f"/v1/rewards/partners/{to}/notices"
    return place.call("reward_partners", "POST", path, body=raw, headers={**headers, "Content-Type": "text/json"})


def rich(name: str = "m_anna") -> None:
    ledger.earn(wiring.points_of(name), 2000, f"order:{name}", "o1", int(time.time()))


def lounge(place: Place, key: str = "k1", member: str = "m_anna", **more: str) -> Answer:
    token = place.member_token(member)
    return place.call(*REDEEM, json_body={"reward": "lounge_access", **more}, token=token, key=key)


def vouchers(place: Place, member: str = "m_anna") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = place.call(
        "rewards", "GET", VOUCHERS, token=place.member_token(member)
    ).json()["items"]  # fmt: skip
    return items


def test_the_catalogue_names_and_prices_what_a_market_has(place: Place) -> None:
    market = "CN" if place.cell == "cn" else "FR"
    shown = place.call("rewards", "GET", "/v1/rewards", query={"market": market}).json()["items"]
    by_name = {row["reward"]: row for row in shown}
    assert set(by_name) == {"coffee_voucher", "food_coupon", "taxi_coupon", "lounge_access"}
    assert by_name["lounge_access"]["availability"] == "sold_out"
    assert by_name["coffee_voucher"]["availability"] == "unlimited"
    assert stock(place, codes(place, 1, 2)).json() == {"new": 2, "known": 0}
    rows = place.call(
        "rewards", "GET", "/v1/rewards", query={"market": market}, headers={"Accept-Language": "zh-CN"}
    ).json()["items"]  # fmt: skip
    there = rows[3]
    assert (there["availability"], there["title"], there["cap"]) == ("available", "机场贵宾厅一次", 2)
    assert set(there["names"]) == ({"en", "zh-CN"} if market == "CN" else {"en", "zh-CN", "fr"})
    other = place.call("rewards", "GET", "/v1/rewards", query={"market": "DE" if place.cell == "cn" else "CN"})
    assert (other.status, other.problem()) == (421, "wrong-cell")
    assert place.call("rewards", "GET", "/v1/rewards", query={"market": "XX"}).problem() == "reward-not-found"
    assert place.call("rewards", "GET", "/v1/rewards", query={"market": "de"}).status == 422


def test_points_become_a_voucher_whose_code_its_member_alone_sees(place: Place) -> None:
    stock(place, codes(place, 1, 2))
    rich()
    spent = lounge(place)
    assert (spent.status, spent.json()["points"], spent.json()["reason"]) == (201, -800, "lounge_access")
    assert lounge(place).json() == spent.json()
    (voucher,) = vouchers(place)
    assert (voucher["state"], voucher["redemption_id"], voucher["region"]) == (
        "issued", spent.json()["id"], region(place),
    )  # fmt: skip
    assert voucher["code"] == f"secret {voucher['serial'][2:]}"
    assert vouchers(place, "m_ben") == []
    path = f"{VOUCHERS}/{voucher['id']}"
    ben = place.member_token("m_ben")
    assert place.call("rewards", "POST", f"{path}/returns", token=ben).problem() == "voucher-not-found"
    raw = (place.folder / "store.db").read_bytes()
    assert b"secret 1" not in raw and b"secret 2" not in raw


def test_a_partner_says_that_a_voucher_was_used(place: Place) -> None:
    stock(place, codes(place, 1))
    rich()
    lounge(place)
    voucher = vouchers(place)[0]
    path, body = f"{VOUCHERS}/{voucher['id']}/uses", {"member_id": "m_anna", "used_at": "2026-11-23T08:00:00Z"}
    assert place.call("rewards", "POST", path, json_body=body, token=place.member_token()).status == 401
    for _ in range(2):
        used = place.call("rewards", "POST", path, json_body=body, token=place.service_token())
        assert (used.status, used.json()["state"]) == (200, "used")
    wrong = {**body, "member_id": "m_ben"}
    assert (
        place.call("rewards", "POST", path, json_body=wrong, token=place.service_token()).problem()
        == "voucher-not-found"
    )
    back = place.call("rewards", "POST", f"{VOUCHERS}/{voucher['id']}/returns", token=place.member_token())
    assert (back.status, back.problem()) == (409, "voucher-ended")
    refund = f"/v1/points/redemptions/{voucher['redemption_id']}/refunds"
    told = place.call("points", "POST", refund, json_body={"member_id": "m_anna"}, token=place.service_token())
    assert (told.status, told.problem()) == (409, "voucher-stands")


def test_a_sold_out_reward_and_a_reached_cap_cost_nothing(place: Place) -> None:
    rich()
    assert (lounge(place).status, lounge(place).problem()) == (409, "reward-sold-out")
    stock(place, codes(place, 1, 2, 3))
    assert [lounge(place, key).status for key in ("a", "b")] == [201, 201]
    assert lounge(place, "c").problem() in ("reward-cap-reached", "insufficient-points")
    assert ledger.balance(wiring.points_of("m_anna")) == 400
    assert lounge(place, "d", market="XX").problem() == "reward-not-found"
    assert lounge(place, "d", programme="gold").problem() == "unknown-programme"


def test_a_partner_pushes_codes_and_uses_signed(place: Place) -> None:
    news = {"batches": [codes(place, 1, 2)], "uses": [{"serial": "S-9", "used_at": "2026-11-23T08:00:00Z"}]}
    assert push(place, news).json() == {"new_codes": 2, "uses": 0, "differences": 1}
    assert push(place, news).json() == {"new_codes": 0, "uses": 0, "differences": 0}
    offer = f"lounge_access:{region(place)}"
    assert left(Stock(wiring.store(), offer)) == 2
    rows = place.call(
        "reward_partners", "GET", "/v1/rewards/partners/lounge_network/differences", token=place.service_token()
    ).json()["items"]  # fmt: skip
    assert [(row["serial"], row["ours"], row["theirs"]) for row in rows] == [("S-9", "unknown", "used")]
    assert "ask the partner" in rows[0]["action"]


def test_a_push_that_is_not_the_partners_moves_nothing(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    news, now = {"batches": [codes(place, 1)]}, int(time.time())
    for refused in (push(place, news, b"x" * 32), push(place, news, at=now - 400), push(place, news, at=now + 400)):
        assert (refused.status, refused.problem()) == (401, "partner-signature-refused")
    assert push(place, news, to="ride_network").status == 404
    assert push(place, news, to="nobody").status == 404
    assert push(place, {"batches": [{"reward": 1}]}).problem() == "reward-codes-refused"
    assert push(place, {"batches": [codes(place, 1, reward="taxi_coupon")]}).problem() == "reward-codes-refused"
    assert push(place, {"batches": [codes(place, 1, reward="yacht")]}).problem() == "reward-not-found"
    assert left(Stock(wiring.store(), f"lounge_access:{region(place)}")) == 0
    audit = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"reward refused"' in line]
    assert {line["why"] for line in audit} == {
        "partner-signature-refused", "reward-codes-refused", "reward-not-found",
    }  # fmt: skip


def test_what_a_service_hands_in_is_whole_or_refused(place: Place) -> None:
    late = codes(place, 1)
    late["codes"].append({"serial": "S-2", "code": "c", "expires_at": "2020-01-01T00:00:00Z"})
    assert stock(place, late).problem() == "reward-codes-refused"
    assert stock(place, {**codes(place, 1), "region": "moon"}).problem() == "reward-not-found"
    assert stock(place, codes(place, 1, reward="coffee_voucher")).problem() == "reward-codes-refused"
    bad = codes(place, 1)
    bad["codes"][0]["expires_at"] = "2026-13-41T00:00:00Z"
    assert stock(place, bad).status == 422
    assert left(Stock(wiring.store(), f"lounge_access:{region(place)}")) == 0
    token = place.member_token()
    assert (
        place.call("reward_partners", "POST", "/v1/rewards/stock", json_body=codes(place, 1), token=token).status == 401
    )


def test_the_timer_finds_no_partner_where_none_is_set_up(at: Place) -> None:
    done = rewards_wiring.sync_partners(wiring.store(), int(time.time()))
    assert done["silent"] == 0 and done["new_codes"] == 0
