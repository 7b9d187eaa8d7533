"""The client against the twin."""

from __future__ import annotations

import json
import time
from typing import Any, Iterator, Mapping

import pytest

from sandbox.twins.checkout_com import CheckoutComTwin
from tests.support.at_twins import control, reason
from twinshore import outbound
from twinshore.money import Money
from twinshore.payments.port import (
    CREATED,
    PENDING,
    REFUNDED,
    Attempt,
    OutcomeUnknown,
    Payer,
    ProviderRefused,
)
from twinshore.providers.checkout_com.client import CheckoutCom, checkout_com_from_secret
from twinshore.providers.exchange import send_outbound
from twinshore.vault import StoreVault

NOW = int(time.time())
SAR_92 = Money(9200, "SAR")
BACK = "https://shop.example/back"


@pytest.fixture
def twin() -> Iterator[CheckoutComTwin]:
    with CheckoutComTwin() as running:
        yield running


def provider(twin: CheckoutComTwin, vault: StoreVault, **changes: Any) -> CheckoutCom:
    return checkout_com_from_secret(twin.url, json.dumps({**twin.secret(), **changes}), vault, send=send_outbound)


def attempt(reference: str = "order-1", amount: Money = SAR_92, method: str = "mada", country: str = "KW") -> Attempt:
    payer = Payer(client_ip="203.0.113.7", country=country)
    return Attempt(reference, "order", amount, "قهوة" * 60, "https://shop.example/n", payer, NOW + 900, method, BACK)


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


def test_a_refund_whose_key_was_forgotten_is_known_by_its_name(twin: CheckoutComTwin, vault: StoreVault) -> None:
    pay = provider(twin, vault)
    control(twin, "pay", pay.create(attempt(), NOW).client)
    pay.refund("order-1", "", "order-r1", SAR_92, SAR_92, NOW)
    twin.answers.clear()
    assert pay.refund("order-1", "", "order-r1", SAR_92, SAR_92, NOW) == REFUNDED
    with pytest.raises(ProviderRefused):
        pay.refund("order-1", "pay_unknown", "order-r9", SAR_92, SAR_92, NOW)


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


def test_of_two_pages_that_are_made_at_once_the_payer_hears_of_one(twin: CheckoutComTwin, vault: StoreVault) -> None:
    first: list[Any] = []

    def slow(method: str, url: str, *rest: Any) -> Any:
        if url.endswith("/payment-links") and not first:
            first.append(provider(twin, vault).create(attempt(), NOW).client)
        return send_outbound(method, url, *rest)

    late = checkout_com_from_secret(twin.url, json.dumps(twin.secret()), vault, send=slow)
    assert late.create(attempt(), NOW).client == first[0]
