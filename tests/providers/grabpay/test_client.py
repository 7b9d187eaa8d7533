"""The client against the twin, which checks our signatures and our proof like the party does."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.twins.grabpay_book import Refusal
from tests.support.at_twins import reason
from tests.support.grabpay_place import (
    REFERENCE,
    RETURN_URL,
    SGD_1299,
    Place,
    attempt,
    present,
)
from twinshore.money import Money
from twinshore.payments.port import (
    PENDING,
    REFUNDED,
    OutcomeUnknown,
    ProviderRefused,
)
from twinshore.providers.grabpay.status import REFUSAL, TX_STATUS


def test_the_payer_is_sent_to_grab_with_a_challenge_and_a_state_that_leads_back_to_us(place: Place) -> None:
    started = place.pay.create(attempt(), present())
    asked = {name: values[0] for name, values in parse_qs(urlsplit(started.client["redirect_url"]).query).items()}
    assert (asked["code_challenge_method"], asked["redirect_uri"]) == ("S256", RETURN_URL)
    assert asked["state"].startswith(f"{REFERENCE}.") and len(asked["code_challenge"]) == 43
    assert asked["acr_values"] == "consent_ctx:countryCode=SG,currency=SGD"
    assert started.provider_id == ""


@pytest.mark.parametrize("currency", ["USD", "IDR", "VND"])
def test_a_currency_without_an_account_is_refused_by_name(place: Place, currency: str) -> None:
    with pytest.raises(ProviderRefused) as refused:
        place.pay.create(attempt(amount=Money(1299, currency)), present())
    assert reason(refused) == "currency"


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
