"""The clouds' events that are not HTTP: committed events to deliver, and timers.

Sources: DynamoDB Streams records with `ReportBatchItemFailures` (AWS Lambda Developer Guide); EventBridge Scheduler
targets, whose `Input` is ours; SCF asynchronous invocation, whose event is ours; SCF timer triggers (document
583/9708), whose `Message` is the trigger's argument.
"""

from __future__ import annotations

import time
from typing import Any, Callable, Mapping

from twinshore import log, metrics
from twinshore.events import event_from_json
from twinshore.outbox import Consumers, age_of, deliver, deliver_from_outbox
from twinshore.store.port import Store

EVENTS_LIMIT = 1000


class UnknownTrigger(Exception):
    """The event is of no form that this function is deployed for."""


def on_stream(event: Mapping[str, Any], consumers: Consumers) -> dict[str, Any]:
    """A batch of the table's stream. The platform tries again from the first record that we name as failed."""
    from twinshore.store.dynamodb import events_of_stream_record

    ages: list[int] = []
    failed: list[dict[str, str]] = []
    for record in event["Records"]:
        events = events_of_stream_record(record)
        done = [deliver(each, consumers) for each in events]
        ages += [age_of(each.at) for each, well in zip(events, done) if well]
        if not all(done):
            waits = max(age_of(each.at) for each in events)
            metrics.put("waiting", {"outbox_age_seconds": waits})
            failed = [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]
            break
    metrics.told("events", ages)
    return {"batchItemFailures": failed}


def on_wake(event: Mapping[str, Any], store: Store, consumers: Consumers) -> dict[str, Any]:
    """`{"events": [...]}`: just committed. What fails stays in the outbox for the sweep."""
    try:
        told = [event_from_json(each) for each in event["events"][:EVENTS_LIMIT]]
    except (KeyError, TypeError, ValueError) as err:
        raise UnknownTrigger("an object with `events` is expected") from err
    return deliver_from_outbox(store, told, consumers)._asdict()


def job_of(event: Mapping[str, Any], cloud: str) -> str:
    """The name of the job that a timer asks for. Raises UnknownTrigger."""
    name = event.get("Message") if cloud == "tencent" else event.get("job")
    if not isinstance(name, str) or not name:
        raise UnknownTrigger("a timer event that names its job is expected")
    return name.strip()


def run_job(name: str, jobs: Mapping[str, Callable[[int], object]], now: int) -> dict[str, Any]:
    """Run it once and say what it said; a job that raises is the platform's to repeat. Raises UnknownTrigger."""
    if name not in jobs:
        raise UnknownTrigger("no such job")
    began, failed = time.monotonic(), 1
    try:
        said = jobs[name](now)
        failed = 0
    finally:
        metrics.put("job", {"job_ms": round((time.monotonic() - began) * 1000), "job_failed": failed}, job=name)
    log.line("info", "job done", job=name, result=str(said))
    return {"job": name, "result": str(said)}
