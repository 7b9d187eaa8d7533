"""Each payment twin does to us what its party does: duplicates, disorder, rolled keys, silence; and it remembers."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Iterator

from tests.support.pair_kinds import EVERY, KINDS, of
from tests.support.pairs import OTHER, PART_MINOR, QUICK, REFERENCE, Kind, Pair, pair_of
from tests.support.receiver import Received, Receiver
from twinshore import outbound
from twinshore.payments.port import CAPTURED, PENDING

SHORT = (0.05, 0.05)


def after_payment(pair: Pair) -> str:
    return CAPTURED if pair.kind.can.query_finds_payment else PENDING


@EVERY
def test_the_news_of_a_payment_come_twice_and_newest_first(pair: Pair, receiver: Receiver) -> None:
    pair.paid()
    expected = [state for at_once in pair.kind.told for state in at_once[::-1] for _ in range(2)]
    told = [notice for got in receiver.wait_for(len(expected)) for notice in pair.read(got)]
    assert [notice.state for notice in told] == expected
    assert {notice.reference for notice in told} <= {REFERENCE, ""}


@EVERY
def test_order_can_be_asked_for_and_so_can_single_copies(pair: Pair, receiver: Receiver) -> None:
    pair.faults(in_order=True, duplicate=1)
    pair.paid()
    expected = [state for at_once in pair.kind.told for state in at_once]
    assert pair.states(receiver.wait_for(len(expected))) == expected
    pair.settle()
    assert len(receiver.received) == len(expected)


@EVERY
def test_the_number_of_copies_is_a_switch(pair: Pair, receiver: Receiver) -> None:
    pair.faults(duplicate=3)
    pair.paid()
    expected = 3 * sum(map(len, pair.kind.told))
    receiver.wait_for(expected)
    pair.settle()
    assert len(receiver.received) == expected


@of(*(kind for kind in KINDS if kind.refund_told))
def test_a_refund_may_overtake_its_payment(pair: Pair, receiver: Receiver) -> None:
    kind = pair.kind
    pair.faults(reorder=True, duplicate=1)
    pair.refund(pair.paid())
    first = len(kind.refund_told)
    got = receiver.wait_for(first + sum(map(len, kind.told)))
    told = [notice for one in got for notice in pair.read(one)]
    assert tuple((notice.state, notice.refund_state) for notice in told[:first][::-1]) == kind.refund_told
    assert {notice.refund_reference for notice in told[:first] if notice.refund_state} <= {"refund-000001"}
    if kind.refund_mark:
        assert [kind.refund_mark in one.body for one in got] == [place < first for place in range(len(got))]
    else:
        assert [bool(notice.refund_state) for notice in told] == [place < first for place in range(len(told))]


@of(*(kind for kind in KINDS if kind.refund_told))
def test_what_is_held_goes_when_the_twin_is_healed(pair: Pair, receiver: Receiver) -> None:
    pair.faults(reorder=True, duplicate=1)
    pair.paid()
    time.sleep(0.1)
    assert not receiver.received
    pair.faults()
    receiver.wait_for(sum(map(len, pair.kind.told)))
    pair.settle()


@of(*(kind for kind in KINDS if kind.declines))
def test_a_payer_who_does_not_pay_is_told_of_and_may_try_again(pair: Pair, receiver: Receiver) -> None:
    kind = pair.kind
    pair.faults(in_order=True)
    started = pair.start()
    pair.payer(started, **(kind.declines or {}))
    pair.settle()
    assert pair.states(receiver.received)[-2:] == [CAPTURED if kind.asks else kind.declined] * 2
    if kind.one_try:
        assert pair.payer(started).status == 404
    else:
        assert pair.payer(started).status == 200
        pair.settle()
        assert pair.states(receiver.received)[-2:] == [CAPTURED] * 2


@of(*(kind for kind in KINDS if kind.twin.rolled))
def test_while_a_key_is_rolled_both_sides_of_the_roll_are_read_and_the_new_one_signs(
    pair: Pair, receiver: Receiver
) -> None:
    kind, name = pair.kind, pair.kind.twin.rolled
    before = pair.twin.secret()[name]
    pair.faults(duplicate=1)
    pair.paid()
    pair.settle()
    old = list(receiver.received)
    assert pair.control("roll_key").status == 200
    pair.paid(reference=OTHER)
    pair.settle()
    new = receiver.received[len(old) :]
    after = pair.twin.secret()[name]
    assert (len(after), after[1:]) == (2, before) and new
    both, only_old = pair.ours(), pair.ours(**{name: before})
    only_new, another = pair.ours(**{name: after[:1]}), pair.ours(**{name: [pair.twin.new_key()]})
    for got in new:
        assert pair.read(got, both) and pair.read(got, only_new) and not pair.read(got, another)
        assert bool(pair.read(got, only_old)) is kind.signs_with_all
    for got in old:
        assert pair.read(got, both) and pair.read(got, only_old) and not pair.read(got, only_new)


@EVERY
def test_a_wrongly_signed_notice_is_refused_and_the_right_one_follows_after_healing(kind: Kind, tmp_path: Path) -> None:
    pairs: list[Pair] = []
    answers: list[int] = []

    def judge(got: Received) -> int:
        answers.append(200 if pairs[0].read(got) else 401)
        return answers[-1]

    with Receiver(judge) as receiver, pair_of(kind, tmp_path, receiver.url) as pair:
        pairs.append(pair)
        pair.faults(wrong_signature=True, duplicate=1)
        pair.paid()
        receiver.wait_for(2)
        wrong = len(answers)
        pair.faults()
        pair.settle()
    assert set(answers[:wrong]) == {401} and answers[-1] == 200


@EVERY
def test_what_is_not_acknowledged_comes_again_signed_anew_and_ends_with_the_ladder(kind: Kind, tmp_path: Path) -> None:
    with (
        Receiver(lambda _: 500) as receiver,
        pair_of(kind, tmp_path, receiver.url, ladder_seconds=SHORT) as pair,
    ):
        pair.faults(duplicate=1, in_order=True)
        pair.paid()
        pair.settle()
        notices = sum(map(len, kind.told))
        assert len(receiver.received) == notices * (1 + len(SHORT))
        assert all(pair.read(got) for got in receiver.received)
        given_up = [entry for entry in pair.twin.journal if entry["what"] == "notice given up"]
        assert len(given_up) == notices


@EVERY
def test_dropped_notices_leave_only_the_query(pair: Pair, receiver: Receiver) -> None:
    pair.faults(drop_notices=True)
    known = pair.paid()
    assert pair.twin.undelivered() == []
    time.sleep(0.1)
    assert not receiver.received
    assert pair.query(known).state == after_payment(pair)


@EVERY
def test_payments_keys_and_undelivered_notices_survive_a_restart(kind: Kind, tmp_path: Path) -> None:
    state = tmp_path / "twin"
    with Receiver(lambda _: 500) as deaf, pair_of(kind, tmp_path, deaf.url, state) as pair:
        assert pair.control("webhook_endpoint", url=deaf.url).status == 200
        secret, open_payment = pair.twin.secret(), pair.start(OTHER)
        pair.faults(duplicate=1, in_order=True, notice_delay_seconds=0.3)
        known = pair.paid()
        found = pair.query(known)
        pair.twin.stop()
        waiting = pair.twin.undelivered()
    assert waiting
    with Receiver() as heard:
        waiting = [{**notice, "url": notice["url"].replace(deaf.url, heard.url)} for notice in waiting]
        (state / "notices.json").write_text(json.dumps(waiting))
        with kind.twin(state, pair.port, ladder_seconds=QUICK) as twin:
            again = Pair(kind, twin, tmp_path, deaf.url)
            assert (twin.secret(), twin.webhook_url) == (secret, deaf.url)
            assert again.query(known) == found
            again.now = pair.now
            assert kind.stable(again.start(OTHER)) == kind.stable(open_payment)
            assert CAPTURED in again.states(heard.wait_for(len(waiting)))
            assert again.refund(known, PART_MINOR) == kind.refund_says
            later = again.paid(open_payment, OTHER)
            assert again.query(later, OTHER).state == after_payment(again)


@EVERY
def test_the_journal_names_what_was_received_and_sent_and_holds_no_secret(pair: Pair, receiver: Receiver) -> None:
    pair.paid()
    receiver.wait_for(1)
    pair.settle()
    text = outbound.send("GET", f"{pair.twin.url}/_twin/journal").body.decode()
    assert '"request"' in text and '"notice sent"' in text
    secrets = list(_secrets(pair.twin.keys))
    assert secrets
    for secret in secrets:
        assert secret not in text


def _secrets(keys: Any, path: str = "") -> Iterator[str]:
    """What stands in a twin's keys under a name of a secret, as JSON would write it."""
    if isinstance(keys, str):
        if any(word in path for word in ("secret", "key", "token", "private")) and not path.endswith("_id"):
            yield json.dumps(keys)[1:-1]
        return
    for member, value in keys.items() if isinstance(keys, dict) else enumerate(keys):
        yield from _secrets(value, f"{path}.{member}")
