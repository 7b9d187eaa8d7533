"""Events: what has happened, told at least once to consumers that are idempotent by event id.

Names are noun + past participle (`payment.captured`, `points.redeemed`). No order is assumed.
"""

from typing import Any, Callable, Mapping, NamedTuple

from twinshore import tracing


class Event(NamedTuple):
    """`id` is unique and derived from the cause (so that a repeated cause makes the same event); `at` is seconds
    since the epoch; `data` is a small JSON object with ids and numbers, no personal data beyond the member id."""

    id: str
    name: str
    at: int
    data: dict[str, Any]
    trace: str = ""
    """Of the request that committed it: its consumers' lines have the same. "" is whatever the thread is about."""

    def as_json(self) -> dict[str, Any]:
        told = {"id": self.id, "name": self.name, "at": self.at, "data": self.data}
        trace = self.trace or tracing.current()
        return {**told, "trace": trace} if trace else told


def event_from_json(value: Mapping[str, Any]) -> Event:
    """Raises KeyError, TypeError or ValueError for anything that `Event.as_json` did not make."""
    if not isinstance(value["data"], dict):
        raise TypeError("an event's data is an object")
    return Event(
        str(value["id"]), str(value["name"]), int(value["at"]), dict(value["data"]), str(value.get("trace", ""))
    )


Consumer = Callable[[Event], None]
"""Does its work once per `event.id`, however often it is called; raises to be called again later."""
