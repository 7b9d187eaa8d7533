"""The client against the twin, which checks our signatures like the party does and can be told to fail."""

from __future__ import annotations

import json
from typing import Any, Iterator

import pytest

from sandbox.twins.wechat_pay import WechatPayTwin
from tests.support import wechat_pay_notices as made
from tests.support.at_twins import control, reason
from twinshore.money import Money
from twinshore.payments.port import (
    CAPTURED,
    CREATED,
    PART_REFUNDED,
    Attempt,
    OutcomeUnknown,
    Payer,
    ProviderRefused,
)
from twinshore.providers.exchange import send_outbound
from twinshore.providers.wechat_pay.client import WechatPay, wechat_pay_from_secret

CNY_1299 = Money(1299, "CNY")


@pytest.fixture
def twin() -> Iterator[WechatPayTwin]:
    with WechatPayTwin(keys=made.keys()) as running:
        yield running


def provider(twin: WechatPayTwin, **changes: Any) -> WechatPay:
    return wechat_pay_from_secret(twin.url, json.dumps({**twin.secret(), **changes}), send=send_outbound)


def attempt(reference: str = "attempt-000001", **changes: Any) -> Attempt:
    usual = Attempt(
        reference, "order-1", CNY_1299, "两罐茶", "https://shop.example/v1/webhooks/wechat_pay",
        Payer("openid-of-nobody"), made.present() + 900,
    )  # fmt: skip
    return usual._replace(**changes)


def test_the_parameters_of_the_cashier_are_signed_so_that_the_app_takes_them(twin: WechatPayTwin) -> None:
    started = provider(twin).create(attempt(), made.present())
    assert set(started.client) == {"timeStamp", "nonceStr", "package", "signType", "paySign"}
    assert control(twin, "pay", {**started.client, "nonceStr": "another"}) == 401
    assert control(twin, "pay", started.client) == 200


def test_only_yuan_are_taken(twin: WechatPayTwin) -> None:
    with pytest.raises(ProviderRefused) as refused:
        provider(twin).create(attempt(amount=Money(1299, "HKD")), made.present())
    assert reason(refused) == "currency"


def test_a_coupon_takes_nothing_off_what_the_order_was_for(twin: WechatPayTwin) -> None:
    pay, now = provider(twin), made.present()
    pay.create(attempt(), now)
    control(twin, "pay", {"out_trade_no": "attempt-000001", "coupon_minor": 100})
    paid = pay.query("attempt-000001", "", now)
    assert (paid.state, paid.amount) == (CAPTURED, CNY_1299)
    pay.refund("attempt-000001", "", "refund-000001", Money(300, "CNY"), CNY_1299, now)
    assert pay.query("attempt-000001", "", now).state == PART_REFUNDED


def test_a_closed_order_is_not_made_again(twin: WechatPayTwin) -> None:
    pay, now = provider(twin), made.present()
    pay.create(attempt(), now)
    pay.close("attempt-000001", "", now)
    with pytest.raises(ProviderRefused) as refused:
        pay.create(attempt(), now)
    assert reason(refused) in ("closed", "reference_used")


def test_a_clock_that_is_wrong_is_a_refusal_for_our_configuration(twin: WechatPayTwin) -> None:
    with pytest.raises(ProviderRefused) as refused:
        provider(twin).query("attempt-000001", "", made.present() - 400)
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
