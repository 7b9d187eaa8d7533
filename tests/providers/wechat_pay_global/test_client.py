"""The client against the twin, which checks our signatures like the party does and can be told to fail."""

from __future__ import annotations

import json
from typing import Any, Mapping

import pytest

from sandbox.twins.wechat_pay_global import WechatPayGlobalTwin
from tests.support.at_twins import control, reason
from tests.support.wechat_pay_notices import present
from twinshore import outbound
from twinshore.money import Money
from twinshore.payments.port import (
    CAPTURED,
    CREATED,
    PART_REFUNDED,
    PENDING,
    REFUNDED,
    Attempt,
    Payer,
    ProviderRefused,
)
from twinshore.providers.exchange import send_outbound
from twinshore.providers.wechat_pay_global.client import WechatPayGlobal, wechat_pay_global_from_secret

HKD_1299 = Money(1299, "HKD")
NUMBER = "attempt-000001"


def provider(twin: WechatPayGlobalTwin, send: Any = send_outbound, **changes: Any) -> WechatPayGlobal:
    return wechat_pay_global_from_secret(twin.url, json.dumps({**twin.secret(), **changes}), send=send)


def attempt(amount: Money = HKD_1299) -> Attempt:
    payer = Payer(wechat_openid="openid-of-nobody")
    until = (present() // 1000 + 1) * 1000 + 900
    return Attempt(NUMBER, "order-1", amount, "两罐茶", "https://shop.example/n", payer, until)


def refund(pay: WechatPayGlobal, number: str, amount: Money, total: Money = HKD_1299) -> str:
    return pay.refund(NUMBER, "", number, amount, total, present())


def test_the_device_gets_signed_parameters_and_the_twin_takes_them(twin: WechatPayGlobalTwin) -> None:
    started = provider(twin).create(attempt(), present())
    assert set(started.client) == {"timeStamp", "nonceStr", "package", "signType", "paySign"}
    assert control(twin, "pay", {**started.client, "nonceStr": "x"}) == 401
    assert control(twin, "pay", started.client) == 200


@pytest.mark.parametrize("money", [HKD_1299, Money(1299, "JPY"), Money(1299, "USD"), Money(50000, "KRW")])
def test_a_payment_is_told_in_the_orders_currency_whatever_the_payer_paid(
    twin: WechatPayGlobalTwin, money: Money
) -> None:
    pay = provider(twin)
    assert pay.query(NUMBER, "", present()).state == CREATED
    control(twin, "pay", pay.create(attempt(money), present()).client)
    told = twin._order_as_global(twin.book.transaction(NUMBER, present()))
    assert told["amount"]["payer_currency"] == "CNY" and told["amount"]["exchange_rate"]["rate"] == 92_000_000
    paid = pay.query(NUMBER, "", present())
    assert (paid.state, paid.amount, paid.provider_id) == (CAPTURED, money, told["id"])
    assert paid == pay.query("", told["id"], present()) == pay.capture(NUMBER, "", {}, money, present())


@pytest.mark.parametrize("currency", ["CNY", "IDR", "KWD"])
def test_a_currency_without_a_known_scale_or_home_is_refused_by_name(twin: WechatPayGlobalTwin, currency: str) -> None:
    with pytest.raises(ProviderRefused) as refused:
        provider(twin).create(attempt(Money(1299, currency)), present())
    assert reason(refused) == "currency"


def test_the_same_attempt_in_another_currency_is_refused(twin: WechatPayGlobalTwin) -> None:
    pay = provider(twin)
    pay.create(attempt(), present())
    with pytest.raises(ProviderRefused) as refused:
        pay.create(attempt(Money(1299, "USD")), present())
    assert reason(refused) == "reference_used"


def test_a_refund_is_asked_for_because_its_acceptance_says_nothing_and_repeated_is_one(
    twin: WechatPayGlobalTwin,
) -> None:
    pay = provider(twin)
    control(twin, "pay", pay.create(attempt(), present()).client)
    for _ in range(3):
        assert refund(pay, "refund-1", Money(300, "HKD")) == REFUNDED
    assert pay.query(NUMBER, "", present()).state == PART_REFUNDED
    with pytest.raises(ProviderRefused):
        refund(pay, "refund-2", Money(1000, "HKD"))
    with pytest.raises(ProviderRefused):
        refund(pay, "refund-3", Money(300, "USD"), Money(1299, "USD"))
    assert refund(pay, "refund-4", Money(999, "HKD")) == REFUNDED
    assert sum(one["amount"] for one in twin.book.refunds.values()) == 1299


def test_an_accepted_refund_whose_state_cannot_be_had_is_pending_and_never_refused(twin: WechatPayGlobalTwin) -> None:
    def deaf(method: str, url: str, headers: Mapping[str, str], body: bytes, seconds: float) -> outbound.Reply:
        if method == "GET":
            url = url.replace("refund-1", "refund-9")
        return outbound.send(method, url, headers, body, seconds)

    pay = provider(twin, deaf)
    control(twin, "pay", pay.create(attempt(), present()).client)
    assert refund(pay, "refund-1", HKD_1299) == PENDING


def test_certificates_come_from_the_global_path(twin: WechatPayGlobalTwin) -> None:
    control(twin, "faults", {"key_mode": "certificate"})
    pay = provider(twin, platform_keys={}, refresh_certificates=True)
    assert pay.query(NUMBER, "", present()).state == CREATED
    assert any(entry.get("path") == "/v3/global/certificates" for entry in twin.journal)
