"""The client against the twin: what it asks, and what it makes of the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from sandbox.twins.adyen import AdyenTwin
from tests.support.adyen_place import EUR_1299, NOW, ORDER, attempt, control, news, paid, provider
from tests.support.at_twins import reason
from tests.support.receiver import Receiver
from twinshore.money import Money
from twinshore.payments.port import (
    AUTHORISED,
    CAPTURED,
    CLOSED,
    CREATED,
    FAILED,
    PENDING,
    REFUNDED,
    OutcomeUnknown,
    Payer,
    ProviderRefused,
)
from twinshore.providers.adyen.capabilities import CAPABILITIES


@pytest.fixture
def twin() -> Iterator[AdyenTwin]:
    with AdyenTwin() as running:
        yield running


@pytest.fixture
def manual() -> Iterator[AdyenTwin]:
    with AdyenTwin(capture="manual") as running:
        yield running


def test_the_device_gets_the_payment_page_and_no_more(twin: AdyenTwin, tmp_path: Path) -> None:
    started = provider(twin, tmp_path).create(attempt(), NOW)
    assert list(started.client) == ["redirect_url"]
    assert started.provider_id == ""
    assert control(twin, "pay", {"redirect_url": started.client["redirect_url"] + "x"})[0] == 404
    paid(twin, started)


@pytest.mark.parametrize(
    ("method", "amount", "theirs"),
    [
        ("card", EUR_1299, "scheme"), ("apple_pay", EUR_1299, "applepay"), ("grabpay", Money(900, "SGD"), "grabpay_SG"),
        ("grabpay", Money(900, "MYR"), "grabpay_MY"), ("grabpay", Money(900, "PHP"), "grabpay_PH"),
        ("dana", Money(9000000, "IDR"), "dana"),
    ],
)  # fmt: skip
def test_each_method_is_asked_for_by_their_name(
    twin: AdyenTwin, tmp_path: Path, method: str, amount: Money, theirs: str
) -> None:
    payer = Payer(country="SG", language="zh-CN")
    wish = attempt(amount, method, payer=payer, return_url="https://shop.example/back")
    provider(twin, tmp_path).create(wish, NOW)
    (link,) = twin.book.links.values()
    assert link["allowedPaymentMethods"] == [theirs]
    assert (link["countryCode"], link["shopperLocale"], link["returnUrl"]) == (
        "SG",
        "zh-CN",
        "https://shop.example/back",
    )
    assert link["description"] == "两罐茶"
    assert method in CAPABILITIES.methods


@pytest.mark.parametrize(("method", "amount"), [("grabpay", EUR_1299), ("dana", EUR_1299), ("wechat_pay", EUR_1299)])
def test_a_method_that_it_does_not_carry_is_refused_by_name(
    twin: AdyenTwin, tmp_path: Path, method: str, amount: Money
) -> None:
    with pytest.raises(ProviderRefused) as refused:
        provider(twin, tmp_path).create(attempt(amount, method), NOW)
    assert reason(refused) == "method"


@pytest.mark.parametrize(("amount", "sent"), [(Money(5000, "JPY"), 5000), (Money(1000, "CLP"), 100000)])
def test_amounts_go_out_in_adyens_scale(twin: AdyenTwin, tmp_path: Path, amount: Money, sent: int) -> None:
    provider(twin, tmp_path).create(attempt(amount), NOW)
    (link,) = twin.book.links.values()
    assert link["amount"] == {"value": sent, "currency": amount.currency}


def test_the_link_says_how_it_is_captured(twin: AdyenTwin, manual: AdyenTwin, tmp_path: Path) -> None:
    for one, member in ((twin, ("captureDelayHours", 0)), (manual, ("manualCapture", True))):
        provider(one, tmp_path).create(attempt(), NOW)
        (link,) = one.book.links.values()
        assert member in link.items()


def test_a_query_never_says_paid_for_only_the_webhook_does(twin: AdyenTwin, tmp_path: Path) -> None:
    pay = provider(twin, tmp_path)
    assert pay.query(ORDER, "", NOW).state == CREATED
    started = pay.create(attempt(), NOW)
    assert pay.query(ORDER, "", NOW).state == CREATED
    assert control(twin, "pay", {**started.client, "decline": "Refused"})[0] == 402
    assert pay.query(ORDER, "", NOW).state == CREATED
    payment = paid(twin, started)
    for provider_id in ("", payment):
        told = pay.query(ORDER, provider_id, NOW)
        assert (told.state, told.amount, told.reference, told.provider_id) == (PENDING, None, ORDER, provider_id)


def test_another_instance_of_the_function_finds_the_link(twin: AdyenTwin, tmp_path: Path) -> None:
    started = provider(twin, tmp_path).create(attempt(), NOW)
    provider(twin, tmp_path).close(ORDER, "", NOW)
    assert provider(twin, tmp_path).query(ORDER, "", NOW).state == CLOSED
    assert control(twin, "pay", started.client)[0] == 422


def test_a_link_that_ran_out_is_closed(twin: AdyenTwin, tmp_path: Path) -> None:
    pay = provider(twin, tmp_path)
    pay.create(attempt(expires_at=NOW - 1), NOW)
    assert pay.query(ORDER, "", NOW).state == CLOSED


def test_closing_is_repeatable_and_closes_nothing_that_is_being_paid(twin: AdyenTwin, tmp_path: Path) -> None:
    pay = provider(twin, tmp_path)
    pay.close(ORDER, "", NOW)
    started = pay.create(attempt(), NOW)
    payment = paid(twin, started)
    for provider_id, why in (("", "in_process"), (payment, "already_paid")):
        with pytest.raises(ProviderRefused) as refused:
            pay.close(ORDER, provider_id, NOW)
        assert reason(refused) == why
    pay.create(attempt(reference="attempt-000002"), NOW)
    for _ in range(2):
        pay.close("attempt-000002", "", NOW)


def test_refunds_are_received_and_told_by_webhook(twin: AdyenTwin, tmp_path: Path) -> None:
    with Receiver() as receiver:
        twin.webhook_url = receiver.url
        control(twin, "faults", {"duplicate": 1})
        pay = provider(twin, tmp_path)
        payment = paid(twin, pay.create(attempt(), NOW))
        for refund, minor in (("r-1", 700), ("r-1", 700), ("r-2", 600), ("r-3", 599)):
            assert pay.refund(ORDER, payment, refund, Money(minor, "EUR"), EUR_1299, NOW) == PENDING
        told = {one.refund_reference or one.state: one.refund_state for one in news(twin, pay, 4, receiver)}
        assert told == {CAPTURED: "", "r-1": REFUNDED, "r-2": FAILED, "r-3": REFUNDED}


@pytest.mark.parametrize("outcome", ["refused", "failed_later"])
@pytest.mark.parametrize("names_payment", [False, True])
def test_a_refund_that_fails_is_told_however_it_is_named(
    twin: AdyenTwin, tmp_path: Path, outcome: str, names_payment: bool
) -> None:
    with Receiver() as receiver:
        pay = provider(twin, tmp_path)
        payment = paid(twin, pay.create(attempt(), NOW))
        twin.webhook_url = receiver.url
        delay = {"notice_delay_seconds": 0.2}  # the answer comes first: what Adyen called it must be kept
        control(twin, "faults", {"refund_outcome": outcome, "refund_names_payment": names_payment, **delay})
        assert pay.refund(ORDER, payment, "r-1", EUR_1299, EUR_1299, NOW) == PENDING
        told = news(twin, pay, 2, receiver)
        assert {(one.reference, one.refund_reference) for one in told} == {(ORDER, "r-1")}
        assert FAILED in {one.refund_state for one in told}


def test_an_authorised_payment_is_captured_by_us(manual: AdyenTwin, tmp_path: Path) -> None:
    with Receiver() as receiver:
        manual.webhook_url = receiver.url
        control(manual, "faults", {"duplicate": 1})
        pay = provider(manual, tmp_path)
        payment = paid(manual, pay.create(attempt(), NOW))
        assert [(one.state, one.provider_id) for one in news(manual, pay, 1, receiver)] == [(AUTHORISED, payment)]
        for _ in range(3):
            assert pay.capture(ORDER, payment, {}, EUR_1299, NOW).state == PENDING
        captured = news(manual, pay, 2, receiver)[1]
        assert (captured.state, captured.amount, captured.provider_id) == (CAPTURED, EUR_1299, payment)
        assert len(receiver.received) == 2


def test_an_authorised_payment_is_cancelled_and_the_notice_confirms_it(manual: AdyenTwin, tmp_path: Path) -> None:
    with Receiver() as receiver:
        manual.webhook_url = receiver.url
        control(manual, "faults", {"duplicate": 1})
        pay = provider(manual, tmp_path)
        payment = paid(manual, pay.create(attempt(), NOW))
        with pytest.raises(OutcomeUnknown):
            pay.close(ORDER, payment, NOW)
        assert news(manual, pay, 2, receiver)[1].state == CLOSED


def test_money_that_we_have_not_heard_of_is_neither_captured_nor_refunded(manual: AdyenTwin, tmp_path: Path) -> None:
    pay = provider(manual, tmp_path)
    pay.create(attempt(), NOW)
    with pytest.raises(OutcomeUnknown):
        pay.capture(ORDER, "", {}, EUR_1299, NOW)
    with pytest.raises(OutcomeUnknown):
        pay.refund(ORDER, "", "r-1", EUR_1299, EUR_1299, NOW)


def test_where_adyen_captures_there_is_nothing_to_capture(twin: AdyenTwin, tmp_path: Path) -> None:
    pay = provider(twin, tmp_path)
    assert pay.capture(ORDER, "", {}, EUR_1299, NOW) == pay.query(ORDER, "", NOW)
