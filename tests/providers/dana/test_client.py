"""The client against the twin, which checks our signatures like the party does and can be told to fail."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.twins.dana import DanaTwin
from sandbox.twins.dana_book import Refusal
from tests.support.at_twins import control, reason
from tests.support.dana_place import IDR_20000, IDR_50000, REFERENCE, attempt, present, provider
from twinshore.errors import Unavailable
from twinshore.money import Money
from twinshore.payments.port import (
    PENDING,
    REFUNDED,
    OutcomeUnknown,
    ProviderRefused,
)
from twinshore.providers.dana.client import Dana


def refund(pay: Dana, refund_reference: str, amount: Money = IDR_20000, reference: str = REFERENCE) -> str:
    return pay.refund(reference, "", refund_reference, amount, IDR_50000, present())


def paid(pay: Dana, twin: DanaTwin) -> None:
    assert control(twin, "pay", pay.create(attempt(), present()).client) == 200


def test_the_payer_is_sent_to_danas_page(twin: DanaTwin) -> None:
    started = provider(twin.url).create(attempt(), present())
    assert started.client == {"redirect_url": f"{twin.url}/checkout/{twin.book.orders[REFERENCE]['token']}"}
    assert started.provider_id == twin.book.orders[REFERENCE]["referenceNo"]


def test_a_payment_on_its_way_is_pending_and_cannot_be_closed(twin: DanaTwin) -> None:
    pay = provider(twin.url)
    control(twin, "faults", {"paying": True})
    paid(pay, twin)
    assert pay.query(REFERENCE, "", present()).state == PENDING
    with pytest.raises(OutcomeUnknown):
        pay.close(REFERENCE, "", present())


def test_a_paid_order_is_not_cancelled_for_that_would_give_the_money_back(twin: DanaTwin) -> None:
    pay = provider(twin.url)
    paid(pay, twin)
    with pytest.raises(ProviderRefused) as refused:
        pay.close(REFERENCE, "", present())
    assert reason(refused) == "already_paid"
    assert twin.book.orders[REFERENCE]["state"] == "SUCCESS"


def test_an_order_that_is_paid_while_it_is_being_closed_gives_the_money_back_and_says_so(twin: DanaTwin) -> None:
    pay = provider(twin.url)
    paid(pay, twin)
    twin.book.orders[REFERENCE]["state"] = "CANCELLED"
    found = pay.query(REFERENCE, "", present())
    assert (found.state, found.amount) == (REFUNDED, IDR_50000)


@pytest.mark.parametrize(
    ("state", "outcome"),
    [("SUCCESS", ProviderRefused), ("CANCELLED", None), ("INIT", ProviderRefused)],
)
def test_a_cancel_that_is_refused_is_looked_into(twin: DanaTwin, state: str, outcome: Any) -> None:
    pay = provider(twin.url)
    pay.create(attempt(), present())

    def overtaken(*_: Any) -> Any:
        twin.book.orders[REFERENCE]["state"] = state
        raise Refusal(404, "00")

    twin.book.cancel = overtaken  # type: ignore[method-assign]
    if outcome is None:
        pay.close(REFERENCE, "", present())
    else:
        with pytest.raises(outcome):
            pay.close(REFERENCE, "", present())


@pytest.mark.parametrize(
    ("outcome", "said"),
    [("40314", "not_enough_funds"), ("40315", "not_allowed"), ("40305", "payer_account"), ("40408", "configuration")],
)
def test_a_refund_that_is_refused_says_why(twin: DanaTwin, outcome: str, said: str) -> None:
    pay = provider(twin.url)
    paid(pay, twin)
    control(twin, "faults", {"refund_outcome": outcome})
    with pytest.raises(ProviderRefused) as refused:
        refund(pay, "o1-r1")
    assert reason(refused) == said


def test_a_refund_in_progress_is_pending_and_what_was_never_paid_is_not_refunded(twin: DanaTwin) -> None:
    pay = provider(twin.url)
    for said in ("not_found", "wrong_state"):
        with pytest.raises(ProviderRefused) as refused:
            refund(pay, "o1-r1")
        assert reason(refused) == said
        pay.create(attempt(), present())
    paid(pay, twin)
    control(twin, "faults", {"refund_outcome": "202"})
    assert refund(pay, "o1-r1") == PENDING
    twin.book.refunds["o1-r1"]["outcome"] = "200"
    assert refund(pay, "o1-r1") == REFUNDED


@pytest.mark.parametrize(("status", "kind"), [(429, Unavailable), (500, OutcomeUnknown), (504, OutcomeUnknown)])
def test_busy_and_faulty_are_told_apart(twin: DanaTwin, status: int, kind: type[Exception]) -> None:
    def refuse(*_: Any) -> Any:
        raise Refusal(status, "00")

    twin.book.status = refuse  # type: ignore[method-assign]
    with pytest.raises(kind) as raised:
        provider(twin.url).query(REFERENCE, "", present())
    assert type(raised.value) is kind


def test_a_wrong_key_or_clock_is_a_refusal_for_our_configuration(twin: DanaTwin) -> None:
    for pay, now in (
        (provider(twin.url, private_key_pem=twin.keys["dana_private_key_pem"]), present()),
        (provider(twin.url), present() - 400),
    ):
        with pytest.raises(ProviderRefused) as refused:
            pay.query(REFERENCE, "", now)
        assert reason(refused) == "configuration"


def test_each_request_has_an_external_id_of_its_own(twin: DanaTwin) -> None:
    pay = provider(twin.url)
    for _ in range(3):
        pay.query(REFERENCE, "", present())
    assert len(set(twin._seen)) == 3
