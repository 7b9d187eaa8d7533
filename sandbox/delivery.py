"""Brings a cell's events to its `events` door, in the form of its cloud, at least once.

AWS: the table's stream. The box's store has no change stream, so its outbox rows are handed over as one, in order of
age and in batches; what the door does not report as failed is done. Tencent: an async invoke with the event's JSON
right after the commit; what that missed (a crash, an error) the sweep timer of the product finds in the outbox.
"""

from __future__ import annotations

import json
import queue
import threading
import time
import traceback
from typing import Any, Sequence

from sandbox.cell_gateway import CellGateway
from sandbox.gateway import aws
from twinshore.events import Event
from twinshore.store.port import OUTBOX, Delete, Item, Store

EVENTS_DOOR = "events"
BATCH_RECORDS = 10
WAKE_SECONDS = 0.25
"""How long a stream reader sleeps when no commit has woken it: what a crash left is found at the first look."""
RETRY_SECONDS = (1, 2, 4, 8, 15, 30)


class StreamDelivery:
    """The event source mapping between a table's stream and a Lambda function, with ReportBatchItemFailures."""

    def __init__(self, gateway: CellGateway, store: Store) -> None:
        self._gateway = gateway
        self._store = store
        self._committed = threading.Event()
        self._stopped = threading.Event()
        self._tries: dict[str, tuple[int, float]] = {}
        """Outbox partition -> how often it failed, and when it may go again (time.monotonic)."""
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._committed.set()
        self._thread.join(5)

    def committed(self, _events: Sequence[Event]) -> None:
        self._committed.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._committed.wait(WAKE_SECONDS)
            self._committed.clear()
            try:
                while not self._stopped.is_set() and self.deliver_once():
                    pass
            except Exception:  # the stream outlives whatever one batch did
                traceback.print_exc()

    def deliver_once(self) -> bool:
        """One batch. True if something was delivered, so that there may be more."""
        waiting = self._store.due(OUTBOX, int(time.time()) + 1, 100)
        ready = [item for item in waiting if self._tries.get(item.key.partition, (0, 0.0))[1] <= time.monotonic()]
        batch = ready[:BATCH_RECORDS]
        if not batch:
            return False
        began = time.monotonic()
        done = self._handed_over(batch)
        if done:
            self._store.commit(*(Delete(item.key, item.version) for item in batch[:done]))
        for item in batch[:done]:
            self._note(item, False, began)
        if done < len(batch):  # the ones behind it have not been tried: they go at once
            self._note(batch[done], True, began)
        return done > 0

    def _handed_over(self, batch: list[Item]) -> int:
        """How many records of the batch are done: those before the first that the door reported, none if it raised."""
        region, now = self._gateway.place.region, int(time.time())
        numbers = [str(place + 1).zfill(21) for place in range(len(batch))]
        records = [aws.stream_record(number, region, _image(item), now) for number, item in zip(numbers, batch)]
        try:
            answer = self._gateway.invoke(EVENTS_DOOR, {"Records": records}, f"stream-{time.time_ns():x}")
        except Exception:  # an invocation that fails sends the whole batch again
            traceback.print_exc()
            return 0
        reported = [row.get("itemIdentifier") for row in (answer or {}).get("batchItemFailures") or []]
        if any(number not in numbers for number in reported):  # Lambda's rule for an identifier it cannot read
            return 0
        return min((numbers.index(number) for number in reported), default=len(batch))

    def _note(self, item: Item, failed: bool, began: float) -> None:
        partition = item.key.partition
        if failed:
            times = self._tries.get(partition, (0, 0.0))[0]
            wait_seconds = RETRY_SECONDS[min(times, len(RETRY_SECONDS) - 1)]
            self._tries[partition] = (times + 1, time.monotonic() + wait_seconds)
        else:
            self._tries.pop(partition, None)
        outcome = "again" if failed else "done"
        self._gateway.flow.note("event", item.fields["name"], began, via="DynamoDB stream", outcome=outcome)


def _image(item: Item) -> dict[str, Any]:
    """The written item as the stream shows it: the events of its commit ride on it."""
    return {"pk": item.key.partition, "sk": item.key.sort, "_events": json.dumps([item.fields], ensure_ascii=False)}


class AsyncInvokes:
    """Tencent's async invoke: a queue of the platform. The door works on what the commit left in the outbox; what fails
    stays there for the sweep."""

    def __init__(self, gateway: CellGateway) -> None:
        self._gateway = gateway
        self._queue: queue.Queue[Sequence[Event] | None] = queue.Queue()
        self._threads = [threading.Thread(target=self._run, name="async-invoke", daemon=True) for _ in range(2)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(5)

    def committed(self, events: Sequence[Event]) -> None:
        self._queue.put(tuple(events))

    def _run(self) -> None:
        while (events := self._queue.get()) is not None:
            began, outcome = time.monotonic(), "failed"
            message = {"events": [event.as_json() for event in events]}
            try:
                said = self._gateway.invoke(EVENTS_DOOR, message, f"async-{time.time_ns():x}")
                outcome = "again" if (said or {}).get("failed") else "done"
            except Exception:  # the outbox still has it: the sweep finds it
                traceback.print_exc()
            for event in events:
                self._gateway.flow.note("event", event.name, began, via="async invoke", outcome=outcome)
