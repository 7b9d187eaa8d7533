"""Each provider at its twin: what it must show whoever the party is, and every way of not answering."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from tests.support.at_twins import reason
from tests.support.pair_kinds import EVERY, KINDS, of
from tests.support.pairs import NOWHERE, OTHER, PART_MINOR, REFERENCE, UNCLEAR, Kind, Pair, Patience, in_words
from tests.support.tree import PACKAGE
from twinshore.errors import Unavailable
from twinshore.payments.port import (
    CAPTURED,
    CLOSED,
    CREATED,
    PART_REFUNDED,
    PENDING,
    REFUNDED,
    OutcomeUnknown,
    ProviderRefused,
)
from twinshore.providers.configuration import ProviderNotConfigured

ANSWERS_REFUNDS = [kind for kind in KINDS if kind.too_much]


def test_no_provider_is_left_out() -> None:
    assert {kind.name for kind in KINDS} == {file.parent.name for file in (PACKAGE / "providers").glob("*/entry.py")}


@EVERY
def test_the_same_attempt_is_the_same_payment_and_other_content_is_refused(pair: Pair) -> None:
    kind = pair.kind
    first, again = pair.start(), pair.pay.create(pair.attempt(), pair.now + 60)
    assert kind.stable(first) == kind.stable(again) and first.provider_id == again.provider_id
    if kind.compares_content:
        with pytest.raises(ProviderRefused) as refused:
            pair.pay.create(pair.attempt(amount=pair.money(kind.total.amount_minor + 100)), pair.now)
        assert reason(refused) == "reference_used"
    if kind.other_method:
        with pytest.raises(ProviderRefused) as refused:
            pair.pay.create(pair.attempt()._replace(method=kind.other_method), pair.now)
        assert reason(refused) == "reference_used"
    assert pair.made() == 1


@EVERY
def test_a_payment_is_asked_for_from_never_heard_of_to_refunded(pair: Pair) -> None:
    kind = pair.kind
    for unknown in {"", kind.unknown_id}:
        assert pair.query(unknown).state == CREATED
    started = pair.start()
    assert pair.query(started.provider_id).state in (CREATED, PENDING)
    if kind.declines and not kind.one_try:
        pair.payer(started, **kind.declines)
        tried = pair.query(started.provider_id)
        assert tried.state == (kind.declined if kind.can.query_finds_payment else CREATED)
        assert tried.provider_id == ("" if kind.id_per_try else started.provider_id)
    known = pair.paid(started)
    found = pair.query(known)
    if not kind.can.query_finds_payment:
        assert (found.state, found.amount) == (PENDING, None)
        return
    assert (found.state, found.amount, found.reference) == (CAPTURED, kind.total, REFERENCE)
    if kind.found_by_reference:
        assert pair.query("") == found
    if kind.found_by_id:
        assert pair.query(known, reference="") == found
    assert abs(found.occurred_at - pair.now) < 60 if kind.tells_time else found.occurred_at == 0
    enough = "" if kind.found_by_reference else known
    assert pair.pay.capture(REFERENCE, enough, {}, kind.total, pair.now) == found, "there is nothing more to take"
    assert pair.refund(known) == kind.refund_says
    if not kind.query_tells_refunds:
        return
    part = pair.query(known)
    assert (part.state, part.amount) == (PART_REFUNDED, pair.money(PART_MINOR))
    pair.refund(enough, kind.total.amount_minor - PART_MINOR, "refund-000002")
    whole = pair.query(known)
    assert (whole.state, whole.amount) == (REFUNDED, kind.total)


@of(*ANSWERS_REFUNDS)
def test_a_refund_repeated_is_one_refund_and_more_than_was_paid_is_refused(pair: Pair) -> None:
    kind, known = pair.kind, pair.paid()
    most = kind.total.amount_minor - 100
    for _ in range(3):
        pair.refund(known, most)
    if kind.compares_refunds:
        with pytest.raises(ProviderRefused) as refused:
            pair.refund(known, most - 100)
        assert reason(refused) == "reference_used"
    with pytest.raises(ProviderRefused) as refused:
        pair.refund(known, 200, "refund-000002")
    assert reason(refused) == kind.too_much[0]
    pair.refund(known, 100, "refund-000003")
    with pytest.raises(ProviderRefused) as refused:
        pair.refund(known, 100, "refund-000004")
    assert reason(refused) == kind.too_much[1]


@pytest.mark.parametrize(
    ("kind", "outcome", "state"),
    [(kind, outcome, state) for kind in KINDS for outcome, state in kind.refund_words.items()],
    ids=in_words,
)
def test_a_refund_answers_in_our_words(pair: Pair, outcome: str, state: str) -> None:
    known = pair.paid()
    pair.faults(refund_outcome=outcome)
    for _ in range(2):
        assert pair.refund(known, pair.kind.total.amount_minor) == state


@of(*(kind for kind in KINDS if kind.closes))
def test_a_closed_payment_cannot_be_paid_and_closing_is_repeatable(pair: Pair) -> None:
    pair.pay.close(REFERENCE, "", pair.now)
    started = pair.start()
    for later in (0, 0, 60):
        pair.pay.close(REFERENCE, started.provider_id, pair.now + later)
    assert pair.payer(started).status >= 400
    assert pair.query(started.provider_id).state == CLOSED


@EVERY
def test_a_paid_payment_cannot_be_closed(pair: Pair) -> None:
    known = pair.paid()
    for later in range(2):
        with pytest.raises(ProviderRefused) as refused:
            pair.pay.close(REFERENCE, known, pair.now + later)
        assert reason(refused) == "already_paid"


@pytest.mark.parametrize(
    ("kind", "fault"),
    [(kind, fault) for kind in KINDS for fault in (*UNCLEAR, *kind.more_unclear)],
    ids=lambda value: (
        value.name if isinstance(value, Kind) else "-".join(f"{name}{what}" for name, what in value.items())
    ),
)
def test_museum_4_whatever_is_no_clear_answer_leaves_the_outcome_unknown(pair: Pair, fault: dict[str, Any]) -> None:
    """Issue museum, row 4: https://github.com/juspay/hyperswitch/issues/13180"""
    kind, patience = pair.kind, Patience()
    pay = pair.ours(patience)
    known = pair.paid(pay=pay)
    asked = "" if kind.asked_by_reference else known
    patience.seconds = 0.3
    pair.faults(**fault)
    total, now = kind.total, pair.now
    calls: list[Callable[[], object]] = [
        lambda: pay.create(pair.attempt(OTHER), now),
        lambda: pay.query(REFERENCE, asked, now),
        lambda: pay.close(REFERENCE, asked, now),
        lambda: pay.capture(REFERENCE, asked, {}, total, now),
        lambda: pay.refund(REFERENCE, known, "refund-000001", total, total, now),
    ]
    for call in calls:
        with pytest.raises(OutcomeUnknown):
            call()


@EVERY
def test_an_answer_that_was_lost_is_asked_for_again(pair: Pair) -> None:
    kind = pair.kind
    pair.faults(lose_answer=True)
    with pytest.raises(OutcomeUnknown):
        pair.start()
    pair.faults()
    found = pair.query()
    assert found.state == CREATED
    if kind.lost_create == "refused":
        with pytest.raises(ProviderRefused) as refused:
            pair.start()
        assert reason(refused) == "reference_used"
        return
    started = pair.start()
    assert found.provider_id in ("", started.provider_id)
    assert pair.made() == (1 if kind.lost_create == "same" else 2)
    pair.paid(started)


@EVERY
def test_a_refund_whose_answer_was_lost_is_asked_for_again_and_is_one_refund(pair: Pair) -> None:
    kind, known = pair.kind, pair.paid()
    pair.faults(lose_answer=True)
    with pytest.raises(OutcomeUnknown):
        pair.refund(known)
    pair.faults()
    again = pair.refund(known)
    assert again in (kind.refund_says, REFUNDED)
    if kind.query_tells_refunds:
        assert pair.query(known).amount == pair.money(PART_MINOR)
    if kind.too_much:
        pair.refund(known, kind.total.amount_minor - PART_MINOR, "refund-000002")


@EVERY
def test_going_slower_is_asked_for_by_name(pair: Pair) -> None:
    pair.paid(reference=OTHER)
    pair.faults(status=429, json=pair.kind.slow_down)
    with pytest.raises(Unavailable) as unavailable:
        pair.start()
    assert not isinstance(unavailable.value, OutcomeUnknown)


@EVERY
def test_nobody_at_the_address_is_surely_not_delivered(pair: Pair) -> None:
    with pytest.raises(Unavailable) as unavailable:
        pair.ours(url=NOWHERE).create(pair.attempt(), pair.now)
    assert not isinstance(unavailable.value, OutcomeUnknown)


@EVERY
def test_whoever_the_party_does_not_know_is_refused_for_our_configuration_and_no_error_names_it(pair: Pair) -> None:
    for changes in pair.kind.wrong:
        with pytest.raises(ProviderRefused) as refused:
            pair.ours(**changes).create(pair.attempt(), pair.now)
        assert reason(refused) == "configuration"
        assert "another" not in repr(refused.value) + str(refused.value.__cause__)


@EVERY
@pytest.mark.parametrize("how", [None, "", [], {}, [""], 5], ids=repr)
def test_a_secret_that_lacks_a_member_closes_the_door_and_is_not_repeated(pair: Pair, how: object) -> None:
    for member in sorted(set(pair.twin.secret()) - set(pair.kind.optional)):
        with pytest.raises(ProviderNotConfigured) as closed:
            pair.ours(**{member: how})
        assert how == {} or member in str(closed.value.detail)


@EVERY
@pytest.mark.parametrize("text", ["", " ", "{}", "null", "[]", "{", '"x"'])
def test_no_secret_at_all_closes_the_door(pair: Pair, text: str) -> None:
    with pytest.raises(ProviderNotConfigured):
        pair.kind.build(pair.twin.url, text, pair.notify_url, None, None)
