"""What every adapter asks of a commit before it reaches an engine, and the one JSON text of fields.

The limits are the narrowest of the three engines, so that a commit that one engine takes, all take: PostgreSQL's text
holds no NUL, DynamoDB nests 32 deep and sorts keys of at most 1024 bytes, SQLite's integers have 64 bits.
"""

from __future__ import annotations

import contextlib
import json
from typing import Any, Callable, Iterable

from twinshore.events import Event
from twinshore.store.port import (
    COMMIT_LIMIT_ITEMS,
    ITEM_LIMIT_BYTES,
    QUERY_LIMIT_ITEMS,
    BadCursor,
    Change,
    Create,
    Delete,
    Due,
    Fields,
    Increment,
    Key,
    Replace,
    Require,
)

INTEGER_LIMIT = 2**63 - 1
KEY_LIMIT_CHARACTERS = 256
NAME_LIMIT_CHARACTERS = 200
"""Field names, queue names, event ids and event names."""
DEPTH_LIMIT = 16
NAMES_SEEN_LIMIT = 2_000
EVENTS_LIMIT = 25

OnCommitted = Callable[[tuple[Event, ...]], None] | None

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False)
# What `JSONEncoder.encode` makes anew at each call, which takes it a third of its time.
_in_c: Any = getattr(json.encoder, "c_make_encoder", None)
_parts = _in_c and _in_c(None, _encoder.default, json.encoder.encode_basestring, None, ":", ",", False, False, False)


def json_text(value: Any) -> str:
    """For values that were checked, or that we made."""
    return "".join(_parts(value, 0)) if _parts else _encoder.encode(value)


def check_fields(value: Fields) -> None:
    """Raises TypeError for what is not plain JSON (floats, tuples, subclasses), ValueError for a limit. What only the
    text shows, `text_of_item` says."""
    if type(value) is not dict:
        raise TypeError("fields are a dict")
    _check_members(value, 0)


def text_of(value: Any) -> str:
    """JSON text of what was checked to be plain JSON. Raises ValueError for a NUL or a lone surrogate in it."""
    text = json_text(value)
    if not text.isascii():
        size_bytes(text)
    if "\\u0000" in text and _holds_nul(value):
        raise ValueError("text holds a NUL")
    return text


def text_of_item(value: Fields) -> str:
    """As `text_of`; also raises ValueError for too long an item."""
    text = text_of(value)
    if size_bytes(text) > ITEM_LIMIT_BYTES:
        raise ValueError(f"an item holds at most {ITEM_LIMIT_BYTES} bytes")
    return text


def size_bytes(text: str) -> int:
    """In UTF-8. Raises ValueError for a lone surrogate."""
    try:
        return len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        raise ValueError("text holds a lone surrogate") from None


_names_seen: set[str] = set()
"""Names of fields that were checked: few, and met again in every commit."""


def _check_members(value: Fields, depth: int) -> None:
    if depth >= DEPTH_LIMIT:
        raise ValueError(f"fields nest at most {DEPTH_LIMIT} deep")
    for name in value:
        if name not in _names_seen:
            check_text(name, NAME_LIMIT_CHARACTERS, "a field's name")
            if len(_names_seen) < NAMES_SEEN_LIMIT:
                _names_seen.add(name)
    _check_each(value.values(), depth + 1)


def _check_each(values: Iterable[Any], depth: int) -> None:
    for value in values:
        kind = type(value)
        if kind is not str and (kind is not int or not -INTEGER_LIMIT <= value <= INTEGER_LIMIT):
            _check_value(value, depth)


def _check_value(value: Any, depth: int) -> None:
    kind = type(value)
    if kind is int:
        _check_integer(value, -INTEGER_LIMIT)
    elif kind is dict:
        _check_members(value, depth)
    elif kind is list:
        if depth >= DEPTH_LIMIT:
            raise ValueError(f"fields nest at most {DEPTH_LIMIT} deep")
        _check_each(value, depth + 1)
    elif kind is not bool and value is not None:
        raise TypeError(f"fields are plain JSON without fractions, not {kind.__name__}")


def _holds_nul(value: Any) -> bool:
    if type(value) is str:
        return "\0" in value
    if type(value) is dict:
        return any(_holds_nul(inner) for inner in (*value, *value.values()))
    return type(value) is list and any(map(_holds_nul, value))


def check_text(value: Any, limit_characters: int, what: str) -> None:
    if type(value) is not str:
        raise TypeError(f"{what} is a str")
    if not 0 < len(value) <= limit_characters:
        raise ValueError(f"{what} has 1 to {limit_characters} characters")
    if "\0" in value:
        raise ValueError(f"{what} holds a NUL")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{what} holds a lone surrogate") from None


def _check_integer(value: Any, least: int) -> None:
    if type(value) is not int:
        raise TypeError("a whole number is an int")
    if not least <= value <= INTEGER_LIMIT:
        raise ValueError(f"a whole number is {least} to {INTEGER_LIMIT} here")


def check_key(key: Key) -> None:
    check_text(key.partition, KEY_LIMIT_CHARACTERS, "a partition")
    check_text(key.sort, KEY_LIMIT_CHARACTERS, "a sort key")


def check_query(partition: str, prefix: str, after: str | None, limit: int) -> None:
    check_text(partition, KEY_LIMIT_CHARACTERS, "a partition")
    if prefix:
        check_text(prefix, KEY_LIMIT_CHARACTERS, "a prefix")
    if after is not None:
        try:
            check_text(after, KEY_LIMIT_CHARACTERS, "`after`")
        except ValueError as err:
            raise BadCursor(str(err)) from None
        if not after.startswith(prefix):
            raise BadCursor("`after` comes from a page of the same prefix")
    check_limit(limit)


def check_due(queue: str, before: int, limit: int) -> None:
    check_text(queue, NAME_LIMIT_CHARACTERS, "a queue's name")
    _check_integer(before, 0)
    check_limit(limit)


def check_limit(limit: int) -> None:
    if type(limit) is not int or not 1 <= limit <= QUERY_LIMIT_ITEMS:
        raise ValueError(f"a limit is 1 to {QUERY_LIMIT_ITEMS} items")


def check_commit(changes: tuple[Change, ...], events: tuple[Event, ...]) -> list[str | None]:
    """The JSON text of each change's fields, None where there is none. Raises as the port says."""
    check_changes(changes, events)
    return [text_of_item(change.fields) if isinstance(change, (Create, Replace)) else None for change in changes]


def check_changes(changes: tuple[Change, ...], events: tuple[Event, ...]) -> None:
    """Raises as the port says, but for what the text of the fields shows (see `text_of_item`)."""
    if not 1 <= len(changes) <= COMMIT_LIMIT_ITEMS:
        raise ValueError(f"a commit has 1 to {COMMIT_LIMIT_ITEMS} changes")
    for change in changes:
        check = _CHECKS.get(type(change))
        if check is None:
            raise TypeError(f"not a change: {type(change).__name__}")
        check_key(change.key)
        check(change)
    if len(changes) > 1 and len({change.key for change in changes}) < len(changes):
        raise ValueError("a commit names a key once")
    if events and all(isinstance(change, (Delete, Require)) for change in changes):
        raise ValueError("events need a change that writes an item")


def _check_item(change: Create | Replace) -> None:
    check_fields(change.fields)
    if change.due is not None:
        check_text(change.due.queue, NAME_LIMIT_CHARACTERS, "a queue's name")
        _check_integer(change.due.at, 0)
    if change.expires_at is not None:
        _check_integer(change.expires_at, 0)
    if isinstance(change, Replace):
        _check_integer(change.version, 1)


def _check_increment(change: Increment) -> None:
    check_text(change.field, NAME_LIMIT_CHARACTERS, "a field's name")
    _check_integer(change.by, -INTEGER_LIMIT)
    if change.at_least is not None:
        _check_integer(change.at_least, -INTEGER_LIMIT)
    if change.unless_due_by is not None:
        _check_integer(change.unless_due_by, 0)


def _check_delete(change: Delete) -> None:
    _check_integer(change.version, 1)


def _check_require(change: Require) -> None:
    if change.version is not None:
        _check_integer(change.version, 0)


_CHECKS: dict[type, Callable[[Any], None]] = {
    Create: _check_item, Replace: _check_item, Increment: _check_increment, Delete: _check_delete,
    Require: _check_require,
}  # fmt: skip


def encode_events(events: tuple[Event, ...]) -> list[str]:
    """The JSON text of each event, within the same limits as an item's fields (all of them together, too)."""
    check_events(events)
    texts = [text_of(event.as_json()) for event in events]
    if sum(map(size_bytes, texts)) > ITEM_LIMIT_BYTES:
        raise ValueError(f"the events of a commit hold at most {ITEM_LIMIT_BYTES} bytes")
    return texts


def check_events(events: tuple[Event, ...]) -> None:
    """Raises as `encode_events`, but for what the text shows."""
    if len(events) > EVENTS_LIMIT or (len(events) > 1 and len({event.id for event in events}) < len(events)):
        raise ValueError(f"a commit has at most {EVENTS_LIMIT} events, each with an id of its own")
    for event in events:
        check_text(event.id, NAME_LIMIT_CHARACTERS, "an event's id")
        check_text(event.name, NAME_LIMIT_CHARACTERS, "an event's name")
        _check_integer(event.at, 0)
        if type(event.data) is not dict:
            raise TypeError("an event's data is a dict")
        _check_members(event.data, 1)


def outbox_key(event_id: str) -> Key:
    """Where adapters without a change stream keep an event until it is acknowledged (its item deleted)."""
    return Key(f"outbox#{event_id}", "event")


def incremented(present: Any, change: Increment) -> int | None:
    """The field after `change`, or None if its condition fails: below `at_least`, beyond 63 bits, not a number."""
    if type(present) is not int:
        return None
    total = present + change.by
    least = -INTEGER_LIMIT if change.at_least is None else change.at_least
    return total if least <= total <= INTEGER_LIMIT else None


def is_due(due: Due | None, change: Increment) -> bool:
    """Whether an item that waits so is one that `change` must not touch yet."""
    return due is not None and change.unless_due_by is not None and due.at <= change.unless_due_by


def bounds_before(change: Increment) -> tuple[int, int]:
    """Between which two numbers, both included, the field must be for `change` to hold. For engines that add: their
    own arithmetic then cannot overflow. The lower may lie beyond 63 bits: then no number will do."""
    least = -INTEGER_LIMIT if change.at_least is None else change.at_least
    return max(least - change.by, -INTEGER_LIMIT), min(INTEGER_LIMIT - change.by, INTEGER_LIMIT)


def end_of_prefix(prefix: str) -> str | None:
    """The first text, by code point, after every text that starts with `prefix`; None if there is none."""
    while prefix:
        last = ord(prefix[-1])
        prefix = prefix[:-1]
        if last < 0x10FFFF:
            return prefix + chr(0xE000 if last == 0xD7FF else last + 1)
    return None


def tell(on_committed: OnCommitted, events: tuple[Event, ...]) -> None:
    """Call the hook. What was committed stays committed, whatever the hook does: it logs its own failures."""
    if on_committed is not None and events:
        with contextlib.suppress(Exception):
            on_committed(events)
