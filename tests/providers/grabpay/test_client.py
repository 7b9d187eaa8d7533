"""The client against the twin, which checks our signatures and our proof like the party does."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.twins.grabpay_book import Refusal
from tests.support.grabpay_place import (
    REFERENCE,
    RETURN_URL,
    SGD_300,
    SGD_1299,
    Place,
    attempt,
    control,
    hasty,
    present,
    provider,
)
from twinshore.errors import Unavailable
from twinshore.money import Money
from twinshore.payments.port import (
    CREATED,
    FAILED,
    PENDING,
    REFUNDED,
    OutcomeUnknown,
    ProviderRefused,
)
from twinshore.providers.grabpay.status import REFUSAL, TX_STATUS


def reason(refused: pytest.ExceptionInfo[ProviderRefused]) -> object:
    return refused.value.extensions["reason"]


def test_the_payer_is_sent_to_grab_with_a_challenge_and_a_state_that_leads_back_to_us(place: Place) -> None:
    started = place.pay.create(attempt(), present())
    asked = {name: values[0] for name, values in parse_qs(urlsplit(started.client["redirect_url"]).query).items()}
    assert (asked["code_challenge_method"], asked["redirect_uri"]) == ("S256", RETURN_URL)
    assert asked["state"].startswith(f"{REFERENCE}.") and len(asked["code_challenge"]) == 43
    assert asked["acr_values"] == "consent_ctx:countryCode=SG,currency=SGD"
    assert started.provider_id == ""


def test_the_same_attempt_is_the_same_charge_and_other_content_is_refused(place: Place) -> None:
    first = place.pay.create(attempt(), present())
    assert place.pay.create(attempt(), present() + 60) == first
    with pytest.raises(ProviderRefused) as refused:
        place.pay.create(attempt(amount=Money(1300, "SGD")), present())
    assert reason(refused) == "reference_used"


@pytest.mark.parametrize("currency", ["USD", "IDR", "VND"])
def test_a_currency_without_an_account_is_refused_by_name(place: Place, currency: str) -> None:
    with pytest.raises(ProviderRefused) as refused:
        place.pay.create(attempt(amount=Money(1299, currency)), present())
    assert reason(refused) == "currency"


def test_a_refund_repeated_is_one_refund_and_more_than_was_paid_is_refused(place: Place) -> None:
    provider_id = place.paid()
    for known in ("", provider_id, provider_id):
        assert place.refund("o1-r1", Money(1000, "SGD"), known) == REFUNDED
    with pytest.raises(ProviderRefused) as refused:
        place.refund("o1-r2", SGD_300)
    assert reason(refused) == "amount"
    assert place.refund("o1-r3", Money(299, "SGD")) == REFUNDED
    assert sum(refund["amount"] for refund in place.twin.book.refunds.values()) == 1299


@pytest.mark.parametrize(("outcome", "state"), [("processing", PENDING), ("failed", FAILED), ("new_word", PENDING)])
def test_a_refund_answers_in_our_words(place: Place, outcome: str, state: str) -> None:
    place.paid()
    control(place.twin, "faults", {"refund_outcome": outcome})
    assert place.refund("o1-r1") == state


def test_a_refund_number_that_is_taken_is_asked_for(place: Place) -> None:
    place.paid()
    place.refund("o1-r1")
    real = place.twin.book.refund

    def strict(number: str, wanted: Any, outcome: str) -> Any:
        if wanted["partnerTxID"] in place.twin.book.refunds:
            raise Refusal(409, "transaction_already_exists")
        return real(number, wanted, outcome)

    place.twin.book.refund = strict  # type: ignore[method-assign]
    assert place.refund("o1-r1") == REFUNDED
    del place.twin.book.refunds["o1-r1"]

    def taken(*_: Any) -> Any:
        raise Refusal(409, "transaction_already_exists")

    place.twin.book.refund = taken  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknown):
        place.refund("o1-r1")


def test_without_the_payers_token_no_refund_is_possible(place: Place) -> None:
    for _ in range(2):
        with pytest.raises(ProviderRefused) as refused:
            place.refund("o1-r1")
        assert reason(refused) == "authorisation_lost"
        place.pay.create(attempt(), present())


@pytest.mark.parametrize(
    "fault",
    [{"status": 502}, {"status": 500}, {"status": 302}, {"status": 200}, {"status": 403}, {"reset": True},
     {"delay_seconds": 1}, {"lose_answer": True}],
    ids=lambda fault: next(iter(fault)) + str(next(iter(fault.values()))),
)  # fmt: skip
def test_whatever_is_no_clear_answer_leaves_the_outcome_unknown(place: Place, fault: dict[str, Any]) -> None:
    place.paid()
    pay = provider(place.twin.url, place.twin.secret(), place.vault, hasty)
    control(place.twin, "faults", fault)
    for call in (
        lambda: pay.create(attempt("o9-1"), present()),
        lambda: pay.query(REFERENCE, "", present()),
        lambda: pay.close(REFERENCE, "", present()),
        lambda: pay.capture(REFERENCE, "", {}, SGD_1299, present()),
        lambda: pay.refund(REFERENCE, "t", "o1-r1", SGD_300, SGD_1299, present()),
    ):
        with pytest.raises(OutcomeUnknown):
            call()


def test_an_init_whose_answer_was_lost_can_be_paid_by_nobody_and_is_refused_for_good(place: Place) -> None:
    control(place.twin, "faults", {"lose_answer": True, "times": 1})
    with pytest.raises(OutcomeUnknown):
        place.pay.create(attempt(), present())
    assert place.query().state == CREATED
    with pytest.raises(ProviderRefused) as refused:
        place.pay.create(attempt(), present())
    assert reason(refused) == "reference_used"


def test_nobody_at_the_address_is_surely_not_delivered(place: Place) -> None:
    with pytest.raises(Unavailable) as unavailable:
        provider("http://127.0.0.1:9", place.twin.secret(), place.vault).create(attempt("o9-1"), present())
    assert not isinstance(unavailable.value, OutcomeUnknown)


@pytest.mark.parametrize(
    "changed", [{"partner_secrets": ["x"]}, {"partner_id": "x"}, {"merchant_ids": {"SGD": "x"}}], ids=str
)
def test_a_wrong_key_is_a_refusal_for_our_configuration(place: Place, changed: dict[str, Any]) -> None:
    pay = provider(place.twin.url, {**place.twin.secret(), **changed}, place.vault)
    with pytest.raises(ProviderRefused) as refused:
        pay.create(attempt(), present())
    assert reason(refused) == "configuration"


def test_a_clock_that_is_wrong_is_refused_by_the_party(place: Place) -> None:
    with pytest.raises(ProviderRefused) as refused:
        place.pay.create(attempt(), present() - 400)
    assert reason(refused) == "configuration"


@pytest.mark.parametrize("word", [*TX_STATUS, "a_word_of_next_year", ""])
def test_every_word_of_the_state_has_its_place(place: Place, word: str) -> None:
    place.pay.create(attempt(), present())
    place.charge().update(txStatus=word)
    assert place.query().state == TX_STATUS.get(word, PENDING)
    assert place.query().amount == (SGD_1299 if word == "success" else None)


@pytest.mark.parametrize("word", [*REFUSAL, "a_word_of_next_year"])
def test_every_word_of_a_refusal_has_its_place(place: Place, word: str) -> None:
    def refuse(_: Any) -> Any:
        raise Refusal(400, word)

    place.twin.book.init = refuse  # type: ignore[method-assign]
    with pytest.raises(ProviderRefused) as refused:
        place.pay.create(attempt(), present())
    assert reason(refused) == REFUSAL.get(word, "refused")


def test_too_fast_was_not_carried_out(place: Place) -> None:
    def slow_down(_: Any) -> Any:
        raise Refusal(429, "rate_limited")

    place.twin.book.init = slow_down  # type: ignore[method-assign]
    with pytest.raises(Unavailable) as unavailable:
        place.pay.create(attempt(), present())
    assert not isinstance(unavailable.value, OutcomeUnknown)
