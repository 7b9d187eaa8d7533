"""Waking the `events` function after a commit: an asynchronous invocation, which Tencent retries by itself."""

from __future__ import annotations

import json
from typing import Sequence

from twinshore import log
from twinshore.clouds.tencent.client import NoCredentials, Refusal, Service, call
from twinshore.events import Event
from twinshore.outbound import NoAnswer, Unreachable

WAKE_TIMEOUT_SECONDS = 1.0
"""The caller has an answer to give (WeChat Pay waits 5 s in all); a wake-up that is lost costs a minute at most."""
EVENT_LIMIT_BYTES = 128 * 1024


def wake(own_function: str, events: Sequence[Event], region: str, endpoint: str = "", alias: str = "$DEFAULT") -> None:
    """Invoke the sibling of `own_function` (its name with the last part changed to `events`).

    Never raises: the events are committed, and the sweep delivers what was not told here.
    """
    sibling = own_function.rpartition("-")[0] + "-events"
    told = json.dumps({"events": [event.as_json() for event in events]}, ensure_ascii=False)
    if len(told.encode()) > EVENT_LIMIT_BYTES:
        log.line("info", "too many events for one wake-up; the sweep delivers them", count=len(events))
        return
    params = {"FunctionName": sibling, "InvocationType": "Event", "Qualifier": alias, "ClientContext": told}
    try:
        call(Service("scf", "2018-04-16", region, endpoint), "Invoke", params, WAKE_TIMEOUT_SECONDS)
    except (Refusal, NoCredentials, Unreachable, NoAnswer) as err:
        log.line("warning", "the events function was not woken; the sweep delivers", error=err)
