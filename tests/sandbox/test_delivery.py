"""Events reach the `events` door in each cloud's form, again after a failure, and leave the outbox only when done."""

from __future__ import annotations

import itertools
import json
import threading
import time
from pathlib import Path
from typing import Any, Callable

from sandbox.cell_gateway import CellGateway, CellPlace
from sandbox.delivery import AsyncInvokes, StreamDelivery
from sandbox.doors import LoadedDoor
from sandbox.flow import Flow
from twinshore.events import Event
from twinshore.store.port import OUTBOX, Create, Key
from twinshore.store.sqlite import SqliteStore


def events_gateway(folder: Path, handler: Callable[[Any, Any], Any], cloud: str) -> CellGateway:
    place = CellPlace("eu" if cloud == "aws" else "cn", cloud, "eu-central-1", 1, str(folder), "http://127.0.0.1:1")
    return CellGateway(place, {"events": LoadedDoor("events", handler, ())}, Flow())


def stored(folder: Path, count: int) -> SqliteStore:
    store = SqliteStore(folder / "store.db")
    for number in range(count):
        event = Event(f"e{number}", "payment.captured", number, {"order_id": f"o{number}"})
        store.commit(Create(Key(f"order#{number}", "order"), {}), events=(event,))
    return store


def ids_of(event: dict[str, Any]) -> list[str]:
    images = [record["dynamodb"]["NewImage"] for record in event["Records"]]
    return [json.loads(image["_events"]["S"])[0]["id"] for image in images]


def waiting(store: SqliteStore) -> int:
    return len(store.due(OUTBOX, int(time.time()) + 10))


def test_what_the_door_does_not_report_is_done(tmp_path: Path) -> None:
    store, heard = stored(tmp_path, 3), []
    stream = StreamDelivery(events_gateway(tmp_path, lambda event, _: heard.extend(ids_of(event)), "aws"), store)
    assert stream.deliver_once()
    assert heard == ["e0", "e1", "e2"]
    assert waiting(store) == 0


def test_the_reported_record_and_all_behind_it_come_again_and_those_before_it_do_not(tmp_path: Path) -> None:
    store, heard = stored(tmp_path, 3), []

    def second_fails_once(event: Any, _: Any) -> dict[str, Any]:
        heard.append(ids_of(event))
        numbers = [record["dynamodb"]["SequenceNumber"] for record in event["Records"]]
        return {"batchItemFailures": [{"itemIdentifier": numbers[1]}] if len(heard) == 1 else []}

    stream = StreamDelivery(events_gateway(tmp_path, second_fails_once, "aws"), store)
    stream.start()
    wait_until(lambda: waiting(store) == 0)
    stream.stop()
    assert heard[0] == ["e0", "e1", "e2"]
    assert sorted(itertools.chain.from_iterable(heard[1:])) == ["e1", "e2"]


def test_a_door_that_raises_gets_the_whole_batch_again(tmp_path: Path) -> None:
    store, calls = stored(tmp_path, 2), []

    def raises_once(event: Any, _: Any) -> dict[str, Any]:
        calls.append(ids_of(event))
        if len(calls) == 1:
            raise RuntimeError("cold")
        return {"batchItemFailures": []}

    stream = StreamDelivery(events_gateway(tmp_path, raises_once, "aws"), store)
    stream.start()
    wait_until(lambda: waiting(store) == 0)
    stream.stop()
    assert calls[0] == ["e0", "e1"]
    assert sorted(set(itertools.chain.from_iterable(calls[1:]))) == ["e0", "e1"]


def test_an_identifier_that_nobody_sent_means_the_whole_batch(tmp_path: Path) -> None:
    store = stored(tmp_path, 2)
    strange = {"batchItemFailures": [{"itemIdentifier": "of another stream"}]}
    stream = StreamDelivery(events_gateway(tmp_path, lambda event, _: strange, "aws"), store)
    assert not stream.deliver_once()
    assert waiting(store) == 2


def test_a_tencent_commit_wakes_the_door_with_the_events_as_json(tmp_path: Path) -> None:
    heard: list[Any] = []
    came = threading.Event()

    def door(event: Any, context: Any) -> dict[str, int]:
        heard.append((event, context["request_id"]))
        came.set()
        return {"delivered": 1, "failed": 0}

    invokes = AsyncInvokes(events_gateway(tmp_path, door, "tencent"))
    invokes.start()
    store = SqliteStore(tmp_path / "store.db", invokes.committed)
    event = Event("e1", "payment.captured", 5, {"order_id": "o1"})
    store.commit(Create(Key("order#1", "order"), {}), events=(event,))
    assert came.wait(5)
    invokes.stop()
    assert heard[0][0] == {"events": [event.as_json()]}
    assert waiting(store) == 1, "the door takes it out of the outbox, not the platform"


def wait_until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 8
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)
