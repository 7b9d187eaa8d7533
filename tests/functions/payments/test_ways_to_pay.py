"""The payments door on both clouds: which methods there are, the way to a provider's page and back, and disputes."""

from __future__ import annotations

from tests.support.paying_place import PayingPlace
from twinshore import wiring


def test_the_methods_of_an_order_and_why_the_others_are_absent(paying: PayingPlace) -> None:
    order_id = paying.order()
    path = f"/v1/orders/{order_id}/methods"
    plain = paying.call("GET", path)
    assert plain.status == 200, plain.text
    assert paying.method in [item["method"] for item in plain.json()["items"]]
    assert "absent" not in plain.json()
    query = {"device": "mini_program", "platform": "android", "explain": "true"}
    told = paying.call("GET", path, query=query).json()
    shown = {item["method"]: item for item in told["items"]}
    absent = {item["method"]: item["reasons"] for item in told["absent"]}
    if paying.provider == "wechat_pay":
        assert (shown["wechat_pay"]["opens_in"], shown["wechat_pay"]["hand_over"]) == ("mini_program", False)
        assert absent["card"] == ["cell"]
    else:
        assert (shown["card"]["opens_in"], shown["card"]["hand_over"]) == ("h5", True)
        assert absent["apple_pay"] == ["platform"]
        assert "cell" in absent["wechat_pay"]
    market = {"wechat_pay": "CN", "stripe": "DE"}[paying.provider]
    assert paying.method == paying.call("GET", path, query={"market": market}).json()["items"][0]["method"]
    assert paying.call("GET", path, query={"market": "ZZ"}).json()["items"] == []
    for wrong in ({"device": "fridge"}, {"platform": "symbian"}, {"market": "de"}, {"explain": "maybe"}, {"more": "x"}):
        assert paying.call("GET", path, query=wrong).status == 422
    assert paying.call("GET", path, token=paying.place.member_token("m_stranger")).status == 404
    assert paying.call("GET", path, token="").status == 401


def test_a_payer_who_comes_back_sees_the_payment_at_once(paying: PayingPlace) -> None:
    paying.faults(drop_notices=True)
    order_id = paying.order()
    begun = paying.begin(order_id).json()
    path = f"/v1/orders/{order_id}/payments/{begun['reference']}/return"
    early = paying.call("POST", path, {"returned": {}})
    assert (early.status, early.json()["status"]) == (200, "pending")
    paying.payer_pays(begun["client"])
    query = {"payment_intent": "pi_1", "redirect_status": "succeeded"}
    for _ in range(2):
        assert paying.call("POST", path, {"returned": query}).json()["status"] == "paid"
    assert [event.name for event in paying.told()].count("payment.captured") == 1


def test_a_return_that_makes_no_sense_is_refused(paying: PayingPlace) -> None:
    order_id = paying.order()
    reference = paying.begin(order_id).json()["reference"]
    path = f"/v1/orders/{order_id}/payments/{reference}/return"
    for returned in (None, [], {"a": 1}, {"": "x"}, {"a": "x" * 16_385}, {str(n): "" for n in range(33)}):
        assert paying.call("POST", path, {"returned": returned}).status == 422
    for body in ({}, {"returned": {}, "more": 1}):
        assert paying.call("POST", path, body).status == 422
    assert paying.call("POST", f"/v1/orders/{order_id}/payments/{order_id}-9/return", {"returned": {}}).problem() == (
        "payment-not-found"
    )
    assert paying.call("POST", path, {"returned": {}}, token=paying.place.member_token("m_stranger")).status == 404
    assert paying.call("POST", path, {"returned": {}}, token="").status == 401


def test_a_payer_is_sent_back_to_our_own_pages_only(paying: PayingPlace) -> None:
    path = f"/v1/orders/{paying.order()}/payments"
    market = {"wechat_pay": "CN", "stripe": "DE"}[paying.provider]
    body = {"method": paying.method, "return_url": "https://evil.example/", "market": market}
    answer = paying.call("POST", path, body, "k1")
    assert (answer.status, answer.problem()) == (422, "return-url-refused")
    cell_page = wiring.cell().return_url
    assert paying.call("POST", path, {**body, "return_url": cell_page}, "k2").status == 201
    assert paying.call("POST", path, {**body, "market": "Germany"}, "k3").status == 422


def test_every_event_of_the_room_that_moves_money_has_its_consumers(paying: PayingPlace) -> None:
    consumers = wiring.consumers()
    assert {"payment.authorised", "payment.captured", "payment.refunded", "dispute.lost"} <= set(consumers)


def test_a_lost_dispute_takes_the_points_back(paying: PayingPlace) -> None:
    from twinshore.events import Event
    from twinshore.points import ledger

    order_id = paying.order()
    paying.payer_pays(paying.begin(order_id).json()["client"])
    paying.wait_for(lambda: paying.status(order_id) == "paid")
    (captured,) = [event for event in paying.told() if event.name == "payment.captured"]
    wiring.consumers()["payment.captured"][0](captured)
    book = wiring.points_of(paying.member_id)
    earned = ledger.balance(book)
    assert earned > 0
    lost = Event(f"{order_id}.dispute-lost.1", "dispute.lost", captured.at, dict(captured.data))
    for _ in range(2):
        wiring.consumers()["dispute.lost"][0](lost)
    assert ledger.balance(book) == 0
