"""The client against the twin."""

from __future__ import annotations

import json
import time
from typing import Any, Iterator, Mapping

import pytest

from sandbox.twins.checkout_com import CheckoutComTwin
from twinshore import outbound
from twinshore.errors import Unavailable
from twinshore.money import Money
from twinshore.payments.port import (
    CAPTURED,
    CREATED,
    FAILED,
    PART_REFUNDED,
    PENDING,
    REFUNDED,
    Attempt,
    OutcomeUnknown,
    Payer,
    ProviderRefused,
)
from twinshore.providers.checkout_com.client import Account, CheckoutCom, checkout_com_from_secret
from twinshore.vault import StoreVault

NOW = int(time.time())
SAR_92 = Money(9200, "SAR")
BACK = "https://shop.example/back"


@pytest.fixture
def twin() -> Iterator[CheckoutComTwin]:
    with CheckoutComTwin() as running:
        yield running


def hasty(method: str, url: str, headers: Mapping[str, str], body: bytes, _: float) -> outbound.Reply:
    """The real sender with little patience, so that a time-out takes a moment."""
    return outbound.send(method, url, headers, body, 0.3)


def provider(twin: CheckoutComTwin, vault: StoreVault, **changes: Any) -> CheckoutCom:
    return checkout_com_from_secret(twin.url, json.dumps({**twin.secret(), **changes}), vault)


def attempt(reference: str = "order-1", amount: Money = SAR_92, method: str = "mada", country: str = "KW") -> Attempt:
    payer = Payer(client_ip="203.0.113.7", country=country)
    return Attempt(reference, "order", amount, "قهوة" * 60, "https://shop.example/n", payer, NOW + 900, method, BACK)


def control(twin: CheckoutComTwin, path: str, wanted: Mapping[str, Any]) -> int:
    return outbound.send("POST", f"{twin.url}/_twin/{path}", {}, json.dumps(wanted).encode()).status


def reason(refused: pytest.ExceptionInfo[ProviderRefused]) -> object:
    return refused.value.extensions["reason"]


def link_of(twin: CheckoutComTwin, client: Mapping[str, Any]) -> dict[str, Any]:
    return twin.book.links[client["redirect_url"].rpartition("/")[2]]


def test_the_device_gets_the_pages_address_and_no_more(twin: CheckoutComTwin, vault: StoreVault) -> None:
    started = provider(twin, vault).create(attempt(), NOW)
    assert set(started.client) == {"redirect_url"} and started.provider_id == ""
    assert outbound.send("GET", started.client["redirect_url"]).status == 200
    assert control(twin, "pay", {"link": "pl_x"}) == 404
    assert control(twin, "pay", started.client) == 200
    assert control(twin, "pay", started.client) == 404, "a page is paid once"


def test_a_mada_page_takes_the_money_at_once_by_3d_secure(twin: CheckoutComTwin, vault: StoreVault) -> None:
    link = link_of(twin, provider(twin, vault).create(attempt(), NOW).client)
    assert link["metadata"] == {"reference": "order-1", "order_id": "order", "udf1": "mada"}
    assert link["billing"] == {"address": {"country": "SA"}}
    assert link["3ds"] == {"enabled": True} and "capture" not in link
    assert (link["expires_in"], link["return_url"], len(link["description"])) == (900, BACK, 100)


@pytest.mark.parametrize(
    ("method", "amount", "sent", "source"),
    [("mada", SAR_92, 9200, "card"), ("card", Money(1250, "KWD"), 1250, "card"),
     ("apple_pay", Money(50, "BHD"), 50, "applepay"), ("card", Money(5000, "JPY"), 5000, "card")],
)  # fmt: skip
def test_amounts_go_out_in_checkouts_scale(
    twin: CheckoutComTwin, vault: StoreVault, method: str, amount: Money, sent: int, source: str
) -> None:
    link = link_of(twin, provider(twin, vault).create(attempt(amount=amount, method=method), NOW).client)
    assert (link["amount"], link["currency"], link["allow_payment_methods"]) == (sent, amount.currency, [source])


def test_the_same_attempt_is_the_same_page_and_other_content_is_refused(
    twin: CheckoutComTwin, vault: StoreVault
) -> None:
    first = provider(twin, vault).create(attempt(), NOW)
    assert provider(twin, vault).create(attempt(), NOW + 60) == first
    for other in (attempt(amount=Money(1, "SAR")), attempt(method="card")):
        with pytest.raises(ProviderRefused) as refused:
            provider(twin, vault).create(other, NOW)
        assert reason(refused) == "reference_used"
    assert len(twin.book.links) == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"amount": Money(100, "USD")}, "currency"), ({"method": "dana"}, "method"), ({"method": ""}, "method"),
     ({"amount": Money(10**9, "SAR")}, "amount"), ({"method": "card", "country": ""}, "country")],
)  # fmt: skip
def test_what_cannot_be_paid_this_way_is_refused_by_name(
    twin: CheckoutComTwin, vault: StoreVault, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(ProviderRefused) as refused:
        provider(twin, vault).create(attempt(**changes), NOW)
    assert reason(refused) == why


def test_a_payment_is_asked_for_from_never_heard_of_to_refunded(twin: CheckoutComTwin, vault: StoreVault) -> None:
    pay = provider(twin, vault)
    assert pay.query("order-1", "", NOW).state == CREATED
    assert pay.query("order-1", "pay_unknown", NOW).state == CREATED
    started = pay.create(attempt(), NOW)
    assert control(twin, "pay", {**started.client, "decline": "20051"}) == 402
    declined = pay.query("order-1", "", NOW)
    assert (declined.state, declined.provider_id) == (FAILED, "")
    assert control(twin, "pay", started.client) == 200
    paid = pay.query("order-1", "", NOW)
    assert (paid.state, paid.amount) == (CAPTURED, SAR_92)
    assert abs(paid.occurred_at - time.time()) < 5
    assert paid == pay.query("order-1", paid.provider_id, NOW) == pay.capture("order-1", "", {}, SAR_92, NOW)
    assert pay.refund("order-1", paid.provider_id, "order-r1", Money(300, "SAR"), SAR_92, NOW) == REFUNDED
    part = pay.query("order-1", "", NOW)
    assert (part.state, part.amount) == (PART_REFUNDED, Money(300, "SAR"))
    pay.refund("order-1", "", "order-r2", Money(8900, "SAR"), SAR_92, NOW)
    whole = pay.query("order-1", paid.provider_id, NOW)
    assert (whole.state, whole.amount) == (REFUNDED, SAR_92)


def test_a_refund_repeated_is_one_refund_and_more_than_was_paid_is_refused(
    twin: CheckoutComTwin, vault: StoreVault
) -> None:
    pay = provider(twin, vault)
    control(twin, "pay", pay.create(attempt(), NOW).client)
    for _ in range(3):
        assert pay.refund("order-1", "", "order-r1", Money(9000, "SAR"), SAR_92, NOW) == REFUNDED
    with pytest.raises(ProviderRefused) as refused:
        pay.refund("order-1", "", "order-r2", Money(201, "SAR"), SAR_92, NOW)
    assert reason(refused) == "already_refunded"
    pay.refund("order-1", "", "order-r3", Money(200, "SAR"), SAR_92, NOW)
    with pytest.raises(ProviderRefused) as refused:
        pay.refund("order-1", "", "order-r4", Money(1, "SAR"), SAR_92, NOW)
    assert reason(refused) == "wrong_state"


def test_a_refund_whose_key_was_forgotten_is_known_by_its_name(twin: CheckoutComTwin, vault: StoreVault) -> None:
    pay = provider(twin, vault)
    control(twin, "pay", pay.create(attempt(), NOW).client)
    pay.refund("order-1", "", "order-r1", SAR_92, SAR_92, NOW)
    twin.answers.clear()
    assert pay.refund("order-1", "", "order-r1", SAR_92, SAR_92, NOW) == REFUNDED
    with pytest.raises(ProviderRefused):
        pay.refund("order-1", "pay_unknown", "order-r9", SAR_92, SAR_92, NOW)


@pytest.mark.parametrize(("outcome", "state"), [("approved", REFUNDED), ("pending", PENDING), ("declined", FAILED)])
def test_a_refund_answers_by_its_action(twin: CheckoutComTwin, vault: StoreVault, outcome: str, state: str) -> None:
    pay = provider(twin, vault)
    control(twin, "pay", pay.create(attempt(), NOW).client)
    control(twin, "faults", {"refund_outcome": outcome})
    assert pay.refund("order-1", "", "order-r1", SAR_92, SAR_92, NOW) == state


def test_a_refund_that_was_taken_on_is_pending_even_if_its_action_cannot_be_read(
    twin: CheckoutComTwin, vault: StoreVault
) -> None:
    def deaf(method: str, url: str, headers: Mapping[str, str], body: bytes, seconds: float) -> outbound.Reply:
        if url.endswith("/actions"):
            raise outbound.NoAnswer("reset")
        return outbound.send(method, url, headers, body, seconds)

    pay = checkout_com_from_secret(twin.url, json.dumps(twin.secret()), vault, send=deaf)
    control(twin, "pay", pay.create(attempt(), NOW).client)
    assert pay.refund("order-1", "", "order-r1", SAR_92, SAR_92, NOW) == PENDING


def test_a_page_cannot_be_closed_while_it_lives_and_a_paid_one_never(twin: CheckoutComTwin, vault: StoreVault) -> None:
    pay = provider(twin, vault)
    pay.close("order-1", "", NOW)
    started = pay.create(attempt(), NOW)
    with pytest.raises(ProviderRefused) as refused:
        pay.close("order-1", "", NOW)
    assert reason(refused) == "cannot_close"
    control(twin, "pay", started.client)
    with pytest.raises(ProviderRefused) as refused:
        pay.close("order-1", "", NOW)
    assert reason(refused) == "already_paid"
    next(iter(twin.book.payments.values()))["status"] = "Pending"
    with pytest.raises(ProviderRefused) as refused:
        pay.close("order-1", "", NOW)
    assert reason(refused) == "in_process"


def test_a_page_runs_out_with_the_attempt(twin: CheckoutComTwin, vault: StoreVault) -> None:
    pay = provider(twin, vault)
    short = attempt()._replace(expires_at=int(time.time()) + 1)
    started = pay.create(short, int(time.time()))
    time.sleep(2.1)
    assert control(twin, "pay", started.client) == 404
    pay.close("order-1", "", int(time.time()))


@pytest.mark.parametrize(
    "fault",
    [{"status": 502}, {"status": 500}, {"status": 302}, {"status": 200}, {"status": 403}, {"reset": True},
     {"delay_seconds": 1}, {"lose_answer": True}],
    ids=lambda fault: next(iter(fault)) + str(next(iter(fault.values()))),
)  # fmt: skip
def test_whatever_is_no_clear_answer_leaves_the_outcome_unknown(
    twin: CheckoutComTwin, vault: StoreVault, fault: dict[str, Any]
) -> None:
    """Issue museum, row 4: hyperswitch #13180."""
    pay = checkout_com_from_secret(twin.url, json.dumps(twin.secret()), vault, send=hasty)
    control(twin, "faults", fault)
    for call in (
        lambda: pay.create(attempt(), NOW),
        lambda: pay.query("order-1", "pay_1", NOW),
        lambda: pay.close("order-1", "", NOW),
        lambda: pay.refund("order-1", "pay_1", "order-r1", SAR_92, SAR_92, NOW),
    ):
        with pytest.raises(OutcomeUnknown):
            call()


def test_a_lost_page_is_made_anew_and_a_list_that_lags_never_says_paid(
    twin: CheckoutComTwin, vault: StoreVault
) -> None:
    pay = provider(twin, vault)
    control(twin, "faults", {"lose_answer": True, "times": 1})
    with pytest.raises(OutcomeUnknown):
        pay.create(attempt(), NOW)
    control(twin, "pay", pay.create(attempt(), NOW).client)
    control(twin, "faults", {"search_lags": True})
    assert pay.query("order-1", "", NOW).state == CREATED
    with pytest.raises(OutcomeUnknown):
        pay.refund("order-1", "", "order-r1", SAR_92, SAR_92, NOW)


def test_going_slower_is_asked_for_by_name(twin: CheckoutComTwin, vault: StoreVault) -> None:
    def limited(*_: Any) -> outbound.Reply:
        return outbound.Reply(429, {}, b"")

    pay = checkout_com_from_secret(twin.url, json.dumps(twin.secret()), vault, send=limited)
    with pytest.raises(Unavailable) as unavailable:
        pay.create(attempt(), NOW)
    assert not isinstance(unavailable.value, OutcomeUnknown)


def test_nobody_at_the_address_is_surely_not_delivered(vault: StoreVault) -> None:
    with pytest.raises(Unavailable) as unavailable:
        CheckoutCom("http://127.0.0.1:9", Account("sk", ("k",)), vault).create(attempt(), NOW)
    assert not isinstance(unavailable.value, OutcomeUnknown)


def test_a_wrong_key_or_channel_is_a_refusal_for_our_configuration(twin: CheckoutComTwin, vault: StoreVault) -> None:
    for change in ({"secret_key": "sk_of_another"}, {"processing_channel_id": "pc_of_another"}):
        with pytest.raises(ProviderRefused) as refused:
            provider(twin, vault, **change).create(attempt(), NOW)
        assert reason(refused) == "configuration"
