"""The payments door on both clouds, against the twins of Stripe (eu) and Weixin Pay (cn)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.paying_place import PayingPlace
from twinshore import wiring

ORDER: dict[str, Any] = {"description": "A kettle", "amount": {"amount_minor": 1299, "currency": "EUR"}}


def with_changes(**changes: Any) -> dict[str, Any]:
    return {**ORDER, **changes}


def with_amount(amount_minor: Any, currency: Any = "EUR") -> dict[str, Any]:
    return with_changes(amount={"amount_minor": amount_minor, "currency": currency})


def test_the_journey_of_an_order(paying: PayingPlace) -> None:
    order_id = paying.order()
    assert paying.status(order_id) == "created"
    begun = paying.begin(order_id)
    assert begun.status == 201, begun.text
    assert begun.json()["reference"] == f"{order_id}-1"
    assert begun.json()["provider"] == paying.provider
    assert begun.json()["status"] == paying.status(order_id) == "pending"
    paying.payer_pays(begun.json()["client"])
    paying.wait_for(lambda: paying.status(order_id) == "paid")
    shown = paying.call("GET", f"/v1/orders/{order_id}").json()
    assert shown["amount"] == {"amount_minor": 1299, "currency": paying.currency}
    assert shown["paid_at"].endswith("Z")
    assert shown["needs_review"] is False
    part = paying.call("POST", f"/v1/orders/{order_id}/refunds", {"amount_minor": 300, "reason": "scratched"}, "r1")
    assert part.status == 201, part.text
    paying.wait_for(lambda: paying.status(order_id) == "part_refunded")
    paying.call("POST", f"/v1/orders/{order_id}/refunds", {"reason": "broken"}, "r2")
    paying.wait_for(lambda: paying.status(order_id) == "refunded")
    told = paying.told()
    assert [event.name for event in told].count("payment.captured") == 1
    assert sum(event.data["amount_minor"] for event in told if event.name == "payment.refunded") == 1299


def test_a_lost_webhook_is_made_good_by_the_client_that_asks(paying: PayingPlace) -> None:
    paying.faults(drop_notices=True)
    order_id = paying.order()
    paying.payer_pays(paying.begin(order_id).json()["client"])
    assert paying.status(order_id) == "pending"
    assert paying.status(order_id, refresh=True) == "paid"
    assert paying.status(order_id) == "paid"


def test_a_lost_webhook_is_made_good_by_the_schedule(paying: PayingPlace) -> None:
    paying.faults(drop_notices=True)
    order_id = paying.order()
    paying.payer_pays(paying.begin(order_id).json()["client"])
    poll = wiring.jobs()["payment-poll"]
    poll(wiring.now() + 31)
    assert paying.status(order_id) == "paid"


def test_twenty_posts_with_one_key_make_one_order(paying: PayingPlace) -> None:
    with ThreadPoolExecutor(20) as pool:
        orders = set(pool.map(lambda _: paying.order(key="same"), range(20)))
    assert len(orders) == 1


def test_the_key_of_another_request_is_refused(paying: PayingPlace) -> None:
    paying.order(1299, key="same")
    body = {"description": "A kettle", "amount": {"amount_minor": 1300, "currency": paying.currency}}
    again = paying.call("POST", "/v1/orders", body, "same")
    assert (again.status, again.problem()) == (422, "idempotency-key-reused")


def test_a_repeated_payment_request_gets_the_first_answer(paying: PayingPlace) -> None:
    order_id = paying.order()
    assert paying.begin(order_id).text == paying.begin(order_id).text


def test_a_running_request_with_the_same_key_is_told_to_wait(paying: PayingPlace) -> None:
    from twinshore import idempotency

    order_id = paying.order()
    path, body = f"/v1/orders/{order_id}/payments", f'{{"method": "{paying.method}"}}'.encode()
    key = idempotency.idempotency_key("busy", "POST", path, paying.member_id, body)
    idempotency.reserve(wiring.store(), key, paying.member_id, wiring.now())
    answer = paying.place.call("payments", "POST", path, body=body, token=paying.token, key="busy",
                               headers={"Content-Type": "application/json"})  # fmt: skip
    assert (answer.status, answer.problem()) == (409, "idempotency-key-in-progress")
    assert int(answer.headers["retry-after"]) > 0


def test_an_order_is_nobody_elses_business(paying: PayingPlace) -> None:
    order_id = paying.order()
    stranger = paying.place.member_token("m_stranger")
    attempts = [
        ("GET", f"/v1/orders/{order_id}", None),
        ("POST", f"/v1/orders/{order_id}/payments", {"method": paying.method}),
        ("POST", f"/v1/orders/{order_id}/refunds", {"reason": "mine now"}),
    ]
    for method, path, body in attempts:
        answer = paying.call(method, path, body, "k" if body else "", token=stranger)
        assert (answer.status, answer.problem()) == (404, "order-not-found")
        assert paying.call(method, path, body, "k" if body else "", token="").status == 401


@pytest.mark.parametrize("order_id", ["x", "z" * 26, "..", "a-b", "%00"])
def test_an_order_that_never_was_is_not_found(paying: PayingPlace, order_id: str) -> None:
    assert paying.call("GET", f"/v1/orders/{order_id}").status == 404


def test_weixin_pay_takes_yuan_only_and_its_own_users_only(paying: PayingPlace) -> None:
    body = {"description": "A kettle", "amount": {"amount_minor": 100, "currency": "USD"}}
    order_id = paying.call("POST", "/v1/orders", body, "usd").json()["order_id"]
    answer = paying.call("POST", f"/v1/orders/{order_id}/payments", {"method": "wechat_pay"}, "pay")
    assert (answer.status, answer.problem()) == (422, "payment-method-not-offered")
    if paying.provider == "wechat_pay":
        stranger = paying.place.member_token("m_stranger")
        body = {"description": "A kettle", "amount": {"amount_minor": 100, "currency": "CNY"}}
        order_id = paying.call("POST", "/v1/orders", body, "cny", token=stranger).json()["order_id"]
        answer = paying.call("POST", f"/v1/orders/{order_id}/payments", {"method": "wechat_pay"}, "p", token=stranger)
        assert (answer.status, answer.problem()) == (409, "payer-unknown")


def test_a_refund_needs_a_payment_and_stays_within_it(paying: PayingPlace) -> None:
    order_id = paying.order()
    path = f"/v1/orders/{order_id}/refunds"
    answer = paying.call("POST", path, {"reason": "too early"}, "r0")
    assert (answer.status, answer.problem()) == (409, "order-not-paid")
    paying.payer_pays(paying.begin(order_id).json()["client"])
    paying.wait_for(lambda: paying.status(order_id) == "paid")
    answer = paying.call("POST", path, {"amount_minor": 1300, "reason": "greedy"}, "r1")
    assert (answer.status, answer.problem()) == (422, "refund-too-large")


def test_museum_4_the_providers_502_page_leaves_the_payment_pending(paying: PayingPlace) -> None:
    """juspay/hyperswitch #13180: a provider's 502 HTML was taken for a failure."""
    order_id = paying.order()
    paying.faults(status=502)
    answer = paying.begin(order_id)
    assert answer.status == 503, answer.text
    assert "html" not in answer.text.lower()
    assert paying.status(order_id) == "pending"
    paying.faults()
    assert paying.begin(order_id).status == 201


def test_museum_7_an_answer_that_is_lost_charges_once(paying: PayingPlace) -> None:
    """aws-powertools/powertools-lambda-python #8049, #4759: carried out there, unknown here, asked again."""
    order_id = paying.order()
    paying.faults(lose_answer=True)
    assert paying.begin(order_id).status == 503
    paying.faults()
    begun = paying.begin(order_id)
    assert begun.json()["reference"] == f"{order_id}-1"
    paying.payer_pays(begun.json()["client"])
    paying.wait_for(lambda: paying.status(order_id) == "paid")
    assert paying.begin(order_id, "another-key").problem() == "order-paid"


BAD = {
    "not JSON": (b"{", 400),
    "not an object": (b"[]", 422),
    "nothing": (b"", 400),
    "broken UTF-8": (b'{"description": "\xff"}', 422),  # SCF hands over replacement characters
    "an infinite amount": (b'{"description":"x","amount":{"amount_minor":Infinity,"currency":"EUR"}}', 422),
}


@pytest.mark.parametrize("name", BAD)
def test_a_body_that_cannot_be_read_is_refused(paying: PayingPlace, name: str) -> None:
    body, status = BAD[name]
    answer = paying.call("POST", "/v1/orders", key="k", body=body, headers={"Content-Type": "application/json"})
    assert answer.status in (status, 400), answer.text
    assert answer.problem()


@pytest.mark.parametrize(
    "body",
    [
        with_amount(0), with_amount(-1), with_amount(12.5), with_amount("1299"), with_amount(10**16), with_amount(True),
        with_amount(None), with_amount(10**400), with_amount(1299.0), with_amount(1, "EURO"), with_amount(1, "eur"),
        with_amount(1, "XXZ"), with_amount(1, ""), with_amount(1, 978), with_changes(amount=1299),
        with_changes(description=""), with_changes(description="x" * 128), with_changes(description="a\x00b"),
        with_changes(unknown=1), with_changes(quote=5), with_changes(quote="not-a-token"),
        with_changes(lines=[{"title": "A kettle", "quantity": 1, "unit_amount_minor": 1298}]),
        with_changes(lines=[{"title": "A kettle", "quantity": 0, "unit_amount_minor": 1299}]),
        with_changes(lines=[{"title": "x", "quantity": 1, "unit_amount_minor": 1}] * 51), {},
    ],
    ids=lambda body: str(body)[:60],
)  # fmt: skip
def test_an_order_that_makes_no_sense_is_refused_and_nothing_is_written(paying: PayingPlace, body: Any) -> None:
    answer = paying.call("POST", "/v1/orders", body, "bad")
    assert answer.status == 422, answer.text
    assert answer.problem()
    good = {"description": "A kettle", "amount": {"amount_minor": 1299, "currency": paying.currency}}
    assert paying.call("POST", "/v1/orders", good, "bad").status == 201  # the key was not used up


def test_lines_that_add_up_are_taken(paying: PayingPlace) -> None:
    lines = [{"title": "茶壶", "quantity": 2, "unit_amount_minor": 600}, {"title": "Box", "quantity": 1,
             "unit_amount_minor": 99}]  # fmt: skip
    body = {"description": "Tea 茶", "amount": {"amount_minor": 1299, "currency": paying.currency}, "lines": lines}
    assert paying.call("POST", "/v1/orders", body, "lines").status == 201


def test_every_mutation_wants_an_idempotency_key(paying: PayingPlace) -> None:
    order_id = paying.order()
    for path in ("/v1/orders", f"/v1/orders/{order_id}/payments", f"/v1/orders/{order_id}/refunds"):
        assert paying.call("POST", path, {}).status == 400


def test_members_find_their_orders_again_newest_first(paying: PayingPlace) -> None:
    placed = [paying.order(100 + number, f"key-{number}") for number in range(3)]
    first = paying.call("GET", "/v1/orders", query={"limit": "2"}).json()
    rest = paying.call("GET", "/v1/orders", query={"limit": "2", "after": first["next"]}).json()
    assert {item["order_id"] for item in first["items"] + rest["items"]} == set(placed) and "next" not in rest
    assert all(item["created_at"].endswith("Z") and item["status"] == "created" for item in first["items"])
    stranger = paying.place.member_token("m_stranger")
    assert paying.call("GET", "/v1/orders", token=stranger).json() == {"items": []}
    assert paying.call("GET", "/v1/orders", token="").status == 401
    for query in ({"limit": "0"}, {"limit": "51"}, {"after": "x"}, {"after": "Z" * 26}, {"more": "1"}):
        assert paying.call("GET", "/v1/orders", query=query).status == 422, query
