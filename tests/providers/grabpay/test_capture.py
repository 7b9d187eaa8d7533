"""From the payer's consent to the money, with everything that can get lost on the way; and what is closed meanwhile."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.at_twins import reason
from tests.support.grabpay_place import (
    REFERENCE,
    SGD_300,
    SGD_1299,
    Place,
    agree,
    attempt,
    control,
    present,
)
from twinshore.payments.port import (
    AUTHORISED,
    CAPTURED,
    CLOSED,
    CREATED,
    FAILED,
    PENDING,
    OutcomeUnknown,
    ProviderRefused,
)


def test_a_charge_goes_from_never_heard_of_to_captured_once_however_often_it_is_captured(place: Place) -> None:
    assert place.query().state == CREATED
    started = place.pay.create(attempt(), present())
    assert place.query().state == PENDING
    returned = agree(place.twin, started)
    assert place.query().state == AUTHORISED
    captured = place.capture(**returned)
    assert (captured.state, captured.amount, captured.provider_id) == (CAPTURED, SGD_1299, place.charge()["txID"])
    for again in (returned, {}):
        assert place.capture(**again) == captured == place.query()


def test_the_verifier_and_the_token_are_on_disk_only_as_noise(place: Place, tmp_path: Path) -> None:
    place.paid()
    kept = json.loads(place.vault.get(REFERENCE))
    disk = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert kept["token"] == place.charge()["token"]
    for secret in (kept["token"], kept["verifier"], place.charge()["challenge"]):
        assert secret.encode() not in disk


def test_a_redirect_that_was_lost_loses_nothing(place: Place) -> None:
    agree(place.twin, place.pay.create(attempt(), present()))
    assert place.capture().state == CAPTURED


def test_before_the_payer_agrees_there_is_nothing_to_capture(place: Place) -> None:
    place.pay.create(attempt(), present())
    assert place.capture().state == PENDING
    assert place.pay.capture("never-made", "", {}, SGD_1299, present()).state == CREATED


@pytest.mark.parametrize("state", ["", "of-another", "o0000000000000000000000001-1.x"])
def test_a_code_with_another_state_is_left_alone(place: Place, state: str) -> None:
    returned = agree(place.twin, place.pay.create(attempt(), present()))
    other = place.pay.create(attempt("o0000000000000000000000002-1"), present())
    foreign = agree(place.twin, other)
    assert place.capture(code=foreign["code"], state=state).state == CAPTURED
    assert place.twin.book.charges["o0000000000000000000000002-1"]["code"] == foreign["code"]
    assert place.charge()["code"] != returned["code"]


def test_a_code_that_grab_does_not_know_is_replaced_by_the_one_it_tells(place: Place) -> None:
    returned = agree(place.twin, place.pay.create(attempt(), present()))
    assert place.capture(code="used-or-invented", state=returned["state"]).state == CAPTURED


def test_a_token_that_was_lost_on_its_way_cannot_take_money_and_says_so(place: Place) -> None:
    returned = agree(place.twin, place.pay.create(attempt(), present()))
    control(place.twin, "faults", {"lose_answer": True, "times": 1})
    with pytest.raises(OutcomeUnknown):
        place.capture(**returned)
    assert place.capture().state == AUTHORISED
    with pytest.raises(ProviderRefused) as refused:
        place.capture(**returned)
    assert reason(refused) == "authorisation_lost"
    assert place.charge()["txStatus"] == "authorised"


def test_a_completion_whose_answer_was_lost_is_found_and_not_done_twice(place: Place) -> None:
    returned = agree(place.twin, place.pay.create(attempt(), present()))
    control(place.twin, "faults", {"lose_answer": "/charge/complete"})
    with pytest.raises(OutcomeUnknown):
        place.capture(**returned)
    with pytest.raises(ProviderRefused) as refused:
        place.pay.close(REFERENCE, "", present())
    assert reason(refused) == "already_paid"
    assert place.capture(**returned).state == CAPTURED


def test_a_completion_that_takes_its_time_is_pending_and_cannot_be_closed(place: Place) -> None:
    returned = agree(place.twin, place.pay.create(attempt(), present()))
    control(place.twin, "faults", {"complete_outcome": "processing"})
    assert place.capture(**returned).state == PENDING
    with pytest.raises(OutcomeUnknown):
        place.pay.close(REFERENCE, "", present())
    place.charge().update(txStatus="failed")
    place.pay.close(REFERENCE, "", present())
    assert place.query().state == FAILED


def test_a_completion_that_fails_took_nothing(place: Place) -> None:
    returned = agree(place.twin, place.pay.create(attempt(), present()))
    control(place.twin, "faults", {"complete_outcome": "failed"})
    assert place.capture(**returned).state == FAILED


def test_a_payer_who_declines_has_failed_whatever_their_browser_says(place: Place) -> None:
    returned = agree(place.twin, place.pay.create(attempt(), present()), decline="insufficient_balance")
    assert returned["error"] == "insufficient_balance"
    assert place.capture(**returned).state == FAILED == place.query().state


def test_what_is_closed_is_never_completed_though_the_payer_agrees(place: Place) -> None:
    started = place.pay.create(attempt(), present())
    for _ in range(2):
        place.pay.close(REFERENCE, "", present())
    returned = agree(place.twin, started)
    assert place.capture(**returned).state == CLOSED == place.query().state
    assert place.charge()["txStatus"] == "authorised"
    with pytest.raises(ProviderRefused) as refused:
        place.pay.create(attempt(), present())
    assert reason(refused) == "closed"
    place.pay.close("never-made", "", present())


def test_another_amount_than_was_agreed_to_is_not_captured(place: Place) -> None:
    returned = agree(place.twin, place.pay.create(attempt(), present()))
    with pytest.raises(ProviderRefused) as refused:
        place.pay.capture(REFERENCE, "", returned, SGD_300, present())
    assert reason(refused) == "amount"
