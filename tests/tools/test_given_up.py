"""What was given up is listed and sent again by an operator's command: from the store's own queue, and from the queue
of dead letters on AWS, whose letters are of three kinds."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, Iterator, Mapping

import boto3
import pytest

from tests.support import engines
from tests.support.doors import Place, load_door
from tools.dead_letters import Aws, DeadLetters
from tools.given_up import LEFT, main, run
from twinshore import wiring
from twinshore.events import Event
from twinshore.outbox import RETRY_SECONDS, SET_ASIDE, SWEEP_GRACE_SECONDS, sweep
from twinshore.points import ledger
from twinshore.store.dynamodb import DynamoStore
from twinshore.store.port import OUTBOX, Create, Key, Replace

PAID = {"order_id": "o1", "member_id": "m_anna", "amount_minor": 2500, "currency": "EUR", "provider": "stripe",
        "reference": "o1-1", "captured_at": 1_790_000_000}  # fmt: skip
EVENT = Event("payment.captured:o1", "payment.captured", 1_790_000_000, PAID)
UNKNOWN = Event("points.unheard_of:1", "points.unheard_of", 1_790_000_000, {})


def poisoned(*events: Event) -> None:
    """They have failed on every rung."""

    def fails(_: Event) -> None:
        raise ConnectionError("away")

    for number, event in enumerate(events):
        wiring.store().commit(Create(Key(f"order#{number}", "order"), {}), events=(event,))
    now = int(time.time())
    for wait in (0, *RETRY_SECONDS):
        now += wait + SWEEP_GRACE_SECONDS
        assert sweep(wiring.store(), {event.name: (fails,) for event in events}, now).delivered == 0
    assert len(wiring.store().due(SET_ASIDE, 2**40)) == len(events)


@pytest.mark.parametrize("at", ["cn"], indirect=True)
def test_what_the_outbox_set_aside_is_listed_and_told_by_the_next_sweep(
    at: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    another = EVENT._replace(id="payment.captured:o2", data={**PAID, "order_id": "o2"})
    poisoned(EVENT, another)
    capsys.readouterr()
    assert main(["list"]) == LEFT
    shown = capsys.readouterr().out
    assert "payment.captured:o1  payment.captured of 2026-09-21T14:13:20Z: waits" in shown
    assert "2 left" in shown
    assert main(["again", EVENT.id]) == LEFT
    assert [item.fields["id"] for item in wiring.store().due(SET_ASIDE, 2**40)] == [another.id]
    assert main(["again"]) == 0
    assert main(["list"]) == 0
    later = int(time.time()) + 60
    assert sweep(wiring.store(), wiring.consumers(), later).delivered == 2
    left = {item.fields["id"] for item in wiring.store().due(OUTBOX, 2**40)}
    assert not left & {EVENT.id, another.id}
    assert ledger.balance(wiring.points_of("m_anna")) > 0


@pytest.mark.parametrize("at", ["cn"], indirect=True)
def test_what_fails_again_has_its_whole_ladder_before_it_is_set_aside_anew(at: Place) -> None:
    poisoned(UNKNOWN)
    assert main(["again"]) == 0
    assert sweep(wiring.store(), wiring.consumers(), int(time.time()) + 60).failed == 1
    (item,) = wiring.store().due(OUTBOX, 2**40)
    assert item.fields["tries"] == 1


@pytest.mark.parametrize("arguments", [[], ["send"], ["list", "x"]])
def test_what_is_no_command_is_told_how(arguments: list[str], at: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "python -m tools.given_up again" in capsys.readouterr().out


@pytest.mark.parametrize(("cell", "word"), [("eu", "DeadLettersUrl"), ("atlantis", "TWINSHORE_CELL")])
def test_on_aws_the_cell_and_the_queue_must_be_named_and_nothing_else(
    cell: str, word: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TWINSHORE_CELL", cell)
    monkeypatch.delenv("TWINSHORE_DEAD_LETTERS", raising=False)
    assert main(["list"]) == 2
    assert word in capsys.readouterr().err


ARRIVED = {"approximateArrivalOfFirstRecord": "2026-09-21T14:13:20.021Z",
           "approximateArrivalOfLastRecord": "2026-09-21T14:13:21.500Z"}  # fmt: skip


class World:
    """A queue and a table with its stream on a stand-in; functions are the doors, in this process."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sqs, streams = self.client("sqs"), self.client("dynamodbstreams")
        self.dynamodb = engines.dynamodb_client(url)
        self.table = engines.new_table(self.dynamodb)
        self.store = DynamoStore(self.dynamodb, self.table)
        self.queue = self.sqs.create_queue(QueueName=f"letters-{os.urandom(4).hex()}")["QueueUrl"]
        self.aws = Aws(self.sqs, streams, self.dynamodb, self.invoke)
        self.called: list[str] = []
        self.at: Any = None

    def client(self, service: str) -> Any:
        return boto3.client(service, region_name="eu-central-1", endpoint_url=self.url,
                            aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="not-a-secret")  # fmt: skip

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        self.called.append(function)
        name = "schedule" if "job" in event else "events"
        if event.get("job") == "no-such-job":
            raise RuntimeError("UnknownTrigger")
        return load_door(name).main_handler(json.loads(json.dumps(event)), self.at.context(name))

    def letter(self, body: Mapping[str, Any]) -> None:
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=json.dumps(body))

    def stream_letter(self, first: int, last: int) -> None:
        """As Lambda writes it for a batch of a DynamoDB stream (Developer Guide, "retain discarded batches")."""
        records = engines.streamed(self.dynamodb, self.url, self.table)
        arn = self.dynamodb.describe_table(TableName=self.table)["Table"]["LatestStreamArn"]
        shard = self.aws.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        numbers = [records[index]["dynamodb"]["SequenceNumber"] for index in (first, last)]
        batch = {"shardId": shard, "startSequenceNumber": numbers[0], "endSequenceNumber": numbers[1],
                 "batchSize": last - first + 1, "streamArn": arn, **ARRIVED}  # fmt: skip
        context = {"functionArn": "arn:aws:lambda:eu-central-1:123456789012:function:twinshore-prod-eu-events:live"}
        self.letter({"requestContext": context, "version": "1.0", "DDBStreamBatchInfo": batch})

    def run(self, *command: str) -> int:
        return run(DeadLetters(self.aws, self.queue, "twinshore-prod-eu"), command[0], list(command[1:]))


@pytest.fixture
def world(ministack_url: str, tmp_path: Path) -> Iterator[World]:
    before = dict(os.environ)
    made = World(ministack_url)
    made.at = Place("eu", tmp_path, {}, {})
    yield made
    os.environ.clear()
    os.environ.update(before)
    wiring.reset()


def test_what_the_stream_gave_up_is_read_from_it_and_told_once_more(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    others = [EVENT._replace(id=f"payment.captured:o{n}", data={**PAID, "order_id": f"o{n}"}) for n in (2, 3)]
    for number, event in enumerate((others[0], EVENT, others[1])):
        world.store.commit(Create(Key(f"order#{number}", "order"), {}), events=(event,))
    world.stream_letter(1, 1)
    assert world.run("list") == LEFT
    shown = capsys.readouterr().out
    assert EVENT.id in shown
    assert not any(other.id in shown for other in others), "only what the letter is about"
    assert world.called == []
    assert world.run("again") == 0
    assert ledger.balance(wiring.points_of("m_anna")) == 208  # 25.00 EUR at 12 cents a point
    assert world.called == ["arn:aws:lambda:eu-central-1:123456789012:function:twinshore-prod-eu-events:live"]
    assert world.run("list") == 0, "the letter is gone"


def test_a_batch_is_told_record_by_record_and_what_fails_again_stays(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, event in enumerate((EVENT, UNKNOWN)):
        world.store.commit(Create(Key(f"order#{number}", "order"), {}), events=(event,))
    world.store.commit(Create(Key("order#9", "order"), {}))
    world.stream_letter(0, 2)
    assert world.run("again") == LEFT
    assert "failed again" in capsys.readouterr().out
    assert ledger.balance(wiring.points_of("m_anna")) == 208
    assert world.run("again") == LEFT, "it is in sight at once, and told again without harm"
    assert ledger.balance(wiring.points_of("m_anna")) == 208


def forgotten(table: str, size: int) -> dict[str, Any]:
    """A letter about records that the stream has no more."""
    arn = f"arn:aws:dynamodb:eu-central-1:123456789012:table/{table}/stream/2026-09-01T00:00:00.000"
    batch = {"shardId": f"shardId-{'0' * 20}", "startSequenceNumber": "1" * 21, "endSequenceNumber": "1" * 21,
             "batchSize": size, "streamArn": arn, **ARRIVED}  # fmt: skip
    return {"requestContext": {"functionArn": "f"}, "DDBStreamBatchInfo": batch}


def test_what_the_stream_has_forgotten_is_read_from_the_items_that_carried_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    other = EVENT._replace(id="payment.captured:o2", at=EVENT.at + 3600, data={**PAID, "order_id": "o2"})
    for number, event in enumerate((EVENT, other)):
        world.store.commit(Create(Key(f"order#{number}", "order"), {}), events=(event,))
    world.letter(forgotten(world.table, 1))
    assert world.run("list") == LEFT
    assert "the stream has no more" in capsys.readouterr().out
    assert world.run("again") == 0
    assert ledger.balance(wiring.points_of("m_anna")) == 208, "what came an hour later was not meant"
    assert len(world.called) == 1


def test_a_letter_of_which_nothing_is_left_says_so_and_stays(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(2):
        event = EVENT._replace(id=f"payment.captured:o{number}", data={**PAID, "order_id": f"o{number}"})
        world.store.commit(Create(Key(f"order#{number}", "order"), {}), events=(event,))
    changed = world.store.get(Key("order#1", "order"))
    assert changed is not None
    world.store.commit(Replace(changed.key, {"state": "paid"}, changed.version))
    world.letter(forgotten(world.table, 2))
    assert world.run("again") == LEFT
    assert "the stream has no more; the table had 1, which were sent again" in capsys.readouterr().out
    assert ledger.balance(wiring.points_of("m_anna")) == 208


def test_a_page_without_records_is_no_end_and_what_is_not_found_is_not_forgotten(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stream's page may be empty though more come (GetRecords, API Reference)."""
    world.store.commit(Create(Key("order#1", "order"), {}), events=(EVENT,))
    world.stream_letter(0, 0)
    world.store.commit(Replace(Key("order#1", "order"), {"state": "paid"}, 1))
    streams, pages = world.aws.streams, [{"Records": [], "NextShardIterator": "next"}]

    class Slow:
        exceptions = streams.exceptions
        get_shard_iterator = streams.get_shard_iterator

        @staticmethod
        def get_records(**asked: Any) -> Any:
            return pages[0] if len(pages) == 1 else streams.get_records(**asked)

    world.aws = world.aws._replace(streams=Slow())
    assert world.run("again") == LEFT
    assert "the stream has no more" in capsys.readouterr().out
    pages.append({})
    assert world.run("again") == 0
    assert ledger.balance(wiring.points_of("m_anna")) == 208


def test_a_job_is_asked_for_again_whoever_gave_it_up(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    called = "arn:aws:lambda:eu-central-1:123456789012:function:twinshore-prod-eu-schedule:live"
    world.letter({"job": "payment-poll"})
    world.letter({"requestContext": {"functionArn": called}, "requestPayload": {"job": "points-sweep"},
                  "responseContext": {"functionError": "Unhandled"}})  # fmt: skip
    world.letter({"job": "no-such-job"})
    assert world.run("again") == LEFT
    shown = capsys.readouterr().out
    assert "job payment-poll: sent again" in shown
    assert "job points-sweep: sent again" in shown
    assert "job no-such-job: UnknownTrigger" in shown
    assert sorted(world.called) == sorted(["twinshore-prod-eu-schedule:live"] * 2 + [called])


def test_one_letter_of_many_is_sent_by_its_id(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    for job in ("payment-poll", "points-sweep"):
        world.letter({"job": job})
    world.run("list")
    wanted = next(line.split()[0] for line in capsys.readouterr().out.splitlines() if "points-sweep" in line)
    assert world.run("again", wanted) == LEFT
    assert "job payment-poll: waits" in capsys.readouterr().out
    assert len(world.called) == 1
