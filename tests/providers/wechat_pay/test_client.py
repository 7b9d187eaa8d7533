"""The client against the twin, which checks our signatures like the party does and can be told to fail."""

from __future__ import annotations

import json
from typing import Any, Iterator, Mapping

import pytest

from sandbox.twins.wechat_pay import WechatPayTwin
from tests.support import wechat_pay_notices as made
from twinshore import outbound
from twinshore.errors import Unavailable
from twinshore.money import Money
from twinshore.payments.port import (
    CAPTURED,
    CLOSED,
    CREATED,
    PART_REFUNDED,
    PENDING,
    Attempt,
    OutcomeUnknown,
    Payer,
    ProviderRefused,
)
from twinshore.providers.wechat_pay.client import WechatPay, wechat_pay_from_secret

CNY_1299 = Money(1299, "CNY")


@pytest.fixture
def twin() -> Iterator[WechatPayTwin]:
    with WechatPayTwin(keys=made.keys()) as running:
        yield running


def hasty(method: str, url: str, headers: Mapping[str, str], body: bytes, _: float) -> outbound.Reply:
    """The real sender with little patience, so that a time-out takes a moment."""
    return outbound.send(method, url, headers, body, 0.3)


def provider(twin: WechatPayTwin, **changes: Any) -> WechatPay:
    return wechat_pay_from_secret(twin.url, json.dumps({**twin.secret(), **changes}))


def attempt(reference: str = "attempt-000001", **changes: Any) -> Attempt:
    usual = Attempt(
        reference, "order-1", CNY_1299, "两罐茶", "https://shop.example/v1/webhooks/wechat_pay",
        Payer("openid-of-nobody"), made.present() + 900,
    )  # fmt: skip
    return usual._replace(**changes)


def control(twin: WechatPayTwin, path: str, wanted: Mapping[str, Any]) -> int:
    return outbound.send("POST", f"{twin.url}/_twin/{path}", {}, json.dumps(wanted).encode()).status


def reason(refused: pytest.ExceptionInfo[ProviderRefused]) -> object:
    return refused.value.extensions["reason"]


def test_the_parameters_of_the_cashier_are_signed_so_that_the_app_takes_them(twin: WechatPayTwin) -> None:
    started = provider(twin).create(attempt(), made.present())
    assert set(started.client) == {"timeStamp", "nonceStr", "package", "signType", "paySign"}
    assert control(twin, "pay", {**started.client, "nonceStr": "another"}) == 401
    assert control(twin, "pay", started.client) == 200


def test_the_same_attempt_is_the_same_order_and_other_content_is_refused(twin: WechatPayTwin) -> None:
    pay, now = provider(twin), made.present()
    same = attempt()
    assert pay.create(same, now).client["package"] == pay.create(same, now).client["package"]
    with pytest.raises(ProviderRefused) as refused:
        pay.create(same._replace(amount=Money(1, "CNY")), now)
    assert reason(refused) == "reference_used"


def test_only_yuan_are_taken(twin: WechatPayTwin) -> None:
    with pytest.raises(ProviderRefused) as refused:
        provider(twin).create(attempt(amount=Money(1299, "HKD")), made.present())
    assert reason(refused) == "currency"


def test_an_order_is_asked_for_from_never_heard_of_to_part_refunded(twin: WechatPayTwin) -> None:
    pay, now = provider(twin), made.present()
    assert pay.query("attempt-000001", "", now).state == CREATED
    pay.create(attempt(), now)
    assert pay.query("attempt-000001", "", now).state == CREATED
    control(twin, "pay", {"out_trade_no": "attempt-000001", "coupon_minor": 100})
    paid = pay.query("attempt-000001", "", now)
    assert (paid.state, paid.amount) == (CAPTURED, CNY_1299)
    assert abs(paid.occurred_at - now) < 60
    assert pay.query("", paid.provider_id, now) == paid
    assert pay.refund("attempt-000001", "", "refund-000001", Money(300, "CNY"), CNY_1299, now) == PENDING
    assert pay.query("attempt-000001", "", now).state == PART_REFUNDED


def test_a_refund_repeated_is_one_refund_and_more_than_was_paid_is_refused(twin: WechatPayTwin) -> None:
    pay, now = provider(twin), made.present()
    pay.create(attempt(), now)
    control(twin, "pay", {"out_trade_no": "attempt-000001"})
    for _ in range(3):
        pay.refund("attempt-000001", "", "refund-000001", Money(700, "CNY"), CNY_1299, now)
    with pytest.raises(ProviderRefused):
        pay.refund("attempt-000001", "", "refund-000002", Money(600, "CNY"), CNY_1299, now)
    pay.refund("attempt-000001", "", "refund-000003", Money(599, "CNY"), CNY_1299, now)


def test_a_closed_order_cannot_be_paid_and_closing_is_repeatable(twin: WechatPayTwin) -> None:
    pay, now = provider(twin), made.present()
    pay.close("attempt-000001", "", now)
    pay.create(attempt(), now)
    pay.close("attempt-000001", "", now)
    pay.close("attempt-000001", "", now)
    assert control(twin, "pay", {"out_trade_no": "attempt-000001"}) == 400
    assert pay.query("attempt-000001", "", now).state == CLOSED
    with pytest.raises(ProviderRefused) as refused:
        pay.create(attempt(), now)
    assert reason(refused) in ("closed", "reference_used")


def test_a_paid_order_cannot_be_closed(twin: WechatPayTwin) -> None:
    pay, now = provider(twin), made.present()
    pay.create(attempt(), now)
    control(twin, "pay", {"out_trade_no": "attempt-000001"})
    with pytest.raises(ProviderRefused) as refused:
        pay.close("attempt-000001", "", now)
    assert reason(refused) == "already_paid"


@pytest.mark.parametrize(
    "fault",
    [{"status": 502}, {"status": 500}, {"status": 302}, {"status": 200}, {"reset": True}, {"delay_seconds": 1},
     {"lose_answer": True}, {"wrong_reply_signature": True}],
    ids=lambda fault: next(iter(fault)) + str(next(iter(fault.values()))),
)  # fmt: skip
def test_whatever_is_no_clear_and_signed_answer_leaves_the_outcome_unknown(
    twin: WechatPayTwin, fault: dict[str, Any]
) -> None:
    pay = wechat_pay_from_secret(twin.url, json.dumps(twin.secret()), send=hasty)
    now = made.present()
    provider(twin).create(attempt("attempt-000002"), now)
    control(twin, "faults", fault)
    for call in (
        lambda: pay.create(attempt(), now),
        lambda: pay.query("attempt-000002", "", now),
        lambda: pay.close("attempt-000002", "", now),
        lambda: pay.refund("attempt-000002", "", "refund-000001", CNY_1299, CNY_1299, now),
    ):
        with pytest.raises(OutcomeUnknown):
            call()


def test_an_answer_that_was_lost_is_found_by_asking_and_the_same_attempt_goes_on(twin: WechatPayTwin) -> None:
    pay, now = provider(twin), made.present()
    control(twin, "faults", {"lose_answer": True, "times": 1})
    same = attempt()
    with pytest.raises(OutcomeUnknown):
        pay.create(same, now)
    assert pay.query(same.reference, "", now).state == CREATED
    assert control(twin, "pay", pay.create(same, now).client) == 200


def test_nobody_at_the_address_is_surely_not_delivered() -> None:
    with pytest.raises(Unavailable) as unavailable:
        made.provider().create(attempt(), made.present())
    assert not isinstance(unavailable.value, OutcomeUnknown)


@pytest.mark.parametrize("change", [{"mchid": "1900000009"}, {"merchant_serial": "00AA"}, {"other": "clock"}])
def test_a_request_that_the_party_does_not_know_is_a_refusal_for_our_configuration(
    twin: WechatPayTwin, change: dict[str, str]
) -> None:
    drift = 400 if "other" in change else 0
    with pytest.raises(ProviderRefused) as refused:
        provider(twin, **change).query("attempt-000001", "", made.present() - drift)
    assert reason(refused) == "configuration"


def test_certificate_mode_fetches_its_certificates_once_and_then_verifies_everything(twin: WechatPayTwin) -> None:
    control(twin, "faults", {"key_mode": "certificate"})
    pay, now = provider(twin, platform_keys={}), made.present()
    pay.create(attempt(), now)
    pay.query("attempt-000001", "", now)
    asked = [entry for entry in twin.journal if entry.get("path") == "/v3/certificates"]
    assert len(asked) == 1


def test_a_certificate_that_is_not_in_force_is_not_taken(twin: WechatPayTwin) -> None:
    control(twin, "faults", {"key_mode": "certificate"})
    held = made.keys()["certificates"]
    for one in held:
        one["effective_at"] += 10**6
    try:
        with pytest.raises(OutcomeUnknown):
            provider(twin, platform_keys={}).query("attempt-000001", "", made.present())
    finally:
        for one in held:
            one["effective_at"] -= 10**6


def test_during_a_switch_answers_of_both_kinds_are_believed(twin: WechatPayTwin) -> None:
    control(twin, "faults", {"key_mode": "both"})
    pay, now = provider(twin), made.present()
    pay.create(attempt(), now)
    without_public_key = {c["serial"]: c["certificate_pem"] for c in made.keys()["certificates"]}
    assert provider(twin, platform_keys=without_public_key).query("attempt-000001", "", now).state == CREATED
