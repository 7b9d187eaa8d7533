"""Events reach their consumers at least once, whatever fails in between."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Iterator

import pytest

from tests.support.doors import Place, load_door
from twinshore import outbox, triggers, wiring
from twinshore.events import Event
from twinshore.outbound_webhooks.catalogue import INTERNAL, OFFERED
from twinshore.outbox import RETRY_SECONDS, SET_ASIDE, SWEEP_GRACE_SECONDS, deliver_from_outbox, sweep
from twinshore.points import ledger
from twinshore.store.port import Create, Key
from twinshore.store.sqlite import SqliteStore
from twinshore.triggers import UnknownTrigger, job_of, run_job

NOW = 1_800_000_000
PAID = {"order_id": "o1", "member_id": "m_anna", "amount_minor": 2500, "currency": "EUR", "provider": "stripe",
        "reference": "o1-1", "captured_at": NOW}  # fmt: skip
EVENT = Event("payment.captured:o1", "payment.captured", NOW, PAID)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(tmp_path / "store.db")
    made.commit(Create(Key("order#o1", "order"), {"state": "captured"}), events=(EVENT,))
    yield made
    made.close()


class Listener:
    """A consumer that notes what it was told, and fails as often as it is asked to."""

    def __init__(self, failures: int = 0) -> None:
        self.told: list[str] = []
        self.failures = failures

    def __call__(self, event: Event) -> None:
        self.told.append(event.id)
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the party is away")


def test_a_delivered_event_leaves_the_outbox(store: SqliteStore) -> None:
    listener = Listener()
    assert deliver_from_outbox(store, [EVENT], {"payment.captured": [listener]}) == (1, 0)
    assert store.due("outbox", NOW + 10**6) == []
    assert sweep(store, {"payment.captured": [listener]}, NOW + 60) == (0, 0)
    assert listener.told == [EVENT.id]


def test_what_the_wake_missed_the_sweep_finds(store: SqliteStore) -> None:
    listener = Listener()
    assert sweep(store, {"payment.captured": [listener]}, NOW + SWEEP_GRACE_SECONDS - 1) == (0, 0)
    assert sweep(store, {"payment.captured": [listener]}, NOW + SWEEP_GRACE_SECONDS) == (1, 0)
    assert listener.told == [EVENT.id]


def test_one_failing_consumer_keeps_the_event_and_not_the_news_from_others(store: SqliteStore) -> None:
    failing, fine = Listener(failures=1), Listener()
    both = {"payment.captured": [failing, fine]}
    assert sweep(store, both, NOW + 60) == (0, 1)
    assert fine.told == [EVENT.id]
    assert sweep(store, both, NOW + 60) == (0, 0), "it waits for its rung"
    assert sweep(store, both, NOW + 60 + RETRY_SECONDS[0] + SWEEP_GRACE_SECONDS) == (1, 0)
    assert len(failing.told) == 2


def test_a_poison_event_is_set_aside_and_kept(store: SqliteStore, capsys: pytest.CaptureFixture[str]) -> None:
    poison = {"payment.captured": [Listener(failures=99)]}
    at = NOW
    for wait in (0, *RETRY_SECONDS):
        at += wait + SWEEP_GRACE_SECONDS
        assert sweep(store, poison, at) == (0, 1)
    assert sweep(store, poison, at + 10**7) == (0, 0)
    kept = store.due(SET_ASIDE, at + 1)
    assert [item.fields["id"] for item in kept] == [EVENT.id]
    assert "set aside" in capsys.readouterr().out


def test_an_event_nobody_listens_to_is_delivered(store: SqliteStore) -> None:
    assert sweep(store, {EVENT.name: ()}, NOW + 60) == (1, 0)


def test_an_event_of_newer_code_waits_for_it(store: SqliteStore) -> None:
    listener = Listener()
    assert sweep(store, {"payment.refunded": [listener]}, NOW + 60) == (0, 1)
    assert deliver_from_outbox(store, [EVENT], {EVENT.name: [listener]}) == (1, 0)
    assert listener.told == [EVENT.id]


def test_every_event_that_the_code_makes_has_a_line_though_nobody_listens(at: Place) -> None:
    assert set(wiring.consumers()) == {*OFFERED, *INTERNAL}


def test_the_events_door_credits_points_once(at: Place) -> None:
    wiring.store().commit(Create(Key("order#o1", "order"), {}), events=(EVENT,))
    door = load_door("events")
    if at.cloud == "aws":
        record = json.loads((Path(__file__).parents[1] / "events/aws/dynamodb_stream.json").read_text())
        image = {"_events": {"S": json.dumps([EVENT.as_json()])}}
        record["Records"][0]["dynamodb"]["NewImage"].update(image)
        for _ in range(2):
            assert door.main_handler(record, at.context("events")) == {"batchItemFailures": []}
    else:
        for _ in range(2):
            said = door.main_handler({"events": [EVENT.as_json()]}, at.context("events"))
            assert said == {"delivered": 1, "failed": 0}
    assert ledger.balance(wiring.points_of("m_anna")) == 208


def test_refunds_take_their_points_back(at: Place) -> None:
    consumers = wiring.consumers()
    outbox.deliver(EVENT, consumers)
    back = Event("payment.refunded:o1:1", "payment.refunded", NOW, {**PAID, "amount_minor": 1250})
    for _ in range(2):
        assert outbox.deliver(back, consumers)
    assert ledger.balance(wiring.points_of("m_anna")) == 104


def test_a_failed_record_is_named_so_that_the_stream_comes_back_to_it() -> None:
    batch = json.loads((Path(__file__).parents[1] / "events/aws/dynamodb_stream.json").read_text())
    batch["Records"][0]["dynamodb"]["NewImage"]["_events"] = {"S": json.dumps([EVENT.as_json()])}
    number = batch["Records"][0]["dynamodb"]["SequenceNumber"]
    answer = triggers.on_stream(batch, {"payment.captured": [Listener(failures=1)]})
    assert answer == {"batchItemFailures": [{"itemIdentifier": number}]}


def test_timers_of_both_clouds_name_their_job(at: Place) -> None:
    file = "aws/schedule.json" if at.cloud == "aws" else "tencent/timer.json"
    event = json.loads((Path(__file__).parents[1] / "events" / file).read_text())
    assert job_of(event, at.cloud) == "payment-poll"
    with pytest.raises(UnknownTrigger):
        job_of({"Records": []}, at.cloud)
    with pytest.raises(UnknownTrigger):
        run_job("coffee", wiring.jobs(), NOW)


def test_the_schedule_door_sweeps(at: Place) -> None:
    wiring.store().commit(Create(Key("order#o1", "order"), {}), events=(EVENT,))
    event = {"job": "outbox-sweep"} if at.cloud == "aws" else {"Type": "Timer", "Message": "outbox-sweep"}
    said = load_door("schedule").main_handler(event, at.context("schedule"))
    assert said["job"] == "outbox-sweep"


@pytest.mark.parametrize("event", [{}, {"events": 1}, {"events": [{}]}, {"events": [{"id": "x"}]}])
def test_a_wake_of_another_form_is_refused(store: SqliteStore, event: dict[str, object]) -> None:
    with pytest.raises(UnknownTrigger):
        triggers.on_wake(event, store, {})
