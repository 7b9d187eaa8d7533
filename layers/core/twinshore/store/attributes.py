"""DynamoDB's typed attributes, and the expressions that stand for our changes.

An item has the attributes `pk`, `sk`, our own (they begin with one underscore) and its fields under their own names.
A field whose name could be taken for ours (it begins with an underscore, or is `pk` or `sk`) gets two underscores more.
"""

from __future__ import annotations

import json
import zlib
from typing import Any, Mapping

from twinshore.events import Event, event_from_json
from twinshore.store.encoding import bounds_before, incremented
from twinshore.store.port import Change, Create, Delete, Due, Increment, Item, Key, Replace, Require

VERSION = "_version"
QUEUE = "_queue"
DUE_AT = "_due_at"
EXPIRES_AT = "_expires_at"
EVENTS = "_events"

DUE_SHARDS = 8
"""A partition of an index takes about 1000 writes a second: a queue is spread over this many. Changing it on a table
in use leaves waiting items where no one looks."""

Attributes = dict[str, Any]
NAMES = {"#e": EXPIRES_AT, "#v": VERSION, "#n": EVENTS, "#d": DUE_AT}
LIVE = "(attribute_not_exists(#e) OR #e > :now)"
NOT_DUE = "(attribute_not_exists(#d) OR #d > :due)"


def encode_key(key: Key) -> Attributes:
    return {"pk": {"S": key.partition}, "sk": {"S": key.sort}}


def number(value: int) -> Attributes:
    return {"N": str(value)}


def encode_item(change: Create | Replace, version: int, events: str | None) -> Attributes:
    item = {**encode_key(change.key), VERSION: number(version)}
    for name, value in change.fields.items():
        item[attribute_name(name)] = _encode(value)
    if change.due is not None:
        item[QUEUE] = {"S": sharded(change.due.queue, shard_of(change.key))}
        item[DUE_AT] = number(change.due.at)
    if change.expires_at is not None:
        item[EXPIRES_AT] = number(change.expires_at)
    if events is not None:
        item[EVENTS] = {"S": events}
    return item


def decode_item(attributes: Attributes) -> Item:
    fields = {_field_name(name): _decode(value) for name, value in attributes.items() if _is_field(name)}
    due = None
    if QUEUE in attributes:
        due = Due(attributes[QUEUE]["S"].rpartition("#")[0], int(attributes[DUE_AT]["N"]))
    expires_at = int(attributes[EXPIRES_AT]["N"]) if EXPIRES_AT in attributes else None
    return Item(decode_key(attributes), int(attributes[VERSION]["N"]), fields, due, expires_at)


def decode_key(attributes: Attributes) -> Key:
    return Key(attributes["pk"]["S"], attributes["sk"]["S"])


def live_item(attributes: Attributes | None, now: int) -> Item | None:
    """None, too, for an item that has expired: DynamoDB deletes those days later."""
    item = decode_item(attributes) if attributes else None
    return None if item is None or (item.expires_at is not None and item.expires_at <= now) else item


def shard_of(key: Key) -> int:
    return zlib.crc32("\0".join(key).encode()) % DUE_SHARDS


def sharded(queue: str, shard: int) -> str:
    return f"{queue}#{shard}"


def attribute_name(field: str) -> str:
    return f"__{field}" if field.startswith("_") or field in ("pk", "sk") else field


def _field_name(attribute: str) -> str:
    return attribute[2:] if attribute.startswith("__") else attribute


def _is_field(attribute: str) -> bool:
    return attribute.startswith("__") or not (attribute.startswith("_") or attribute in ("pk", "sk"))


def _encode(value: Any) -> Attributes:
    kind = type(value)
    if kind is str:
        return {"S": value}
    if kind is int:
        return {"N": str(value)}
    if kind is bool:
        return {"BOOL": value}
    if kind is dict:
        return {"M": {name: _encode(inner) for name, inner in value.items()}}
    if kind is list:
        return {"L": [_encode(inner) for inner in value]}
    return {"NULL": True}


def _decode(attribute: Attributes) -> Any:
    ((kind, value),) = attribute.items()
    if kind == "N":
        return int(value)
    if kind == "M":
        return {name: _decode(inner) for name, inner in value.items()}
    if kind == "L":
        return [_decode(inner) for inner in value]
    return None if kind == "NULL" else value


def operation(change: Change, events: str | None, now: int, expired: bool) -> tuple[str, Attributes]:
    """The name of the operation (as TransactWriteItems calls it) and its parameters, without the table.

    expired: for an Increment, that the item is known to be an expired one, to be written anew.
    """
    values: Attributes = {":now": number(now)}
    absent = "(attribute_not_exists(pk) OR #e <= :now)"
    if isinstance(change, Create):
        return "Put", _with({"Item": encode_item(change, 1, events)}, absent, values)
    if isinstance(change, Increment):
        if expired:
            fresh = Create(change.key, {change.field: change.by})
            return "Put", _with({"Item": encode_item(fresh, 1, events)}, "#e <= :now", values)
        return "Update", _update(change, events, values)
    if isinstance(change, Require) and not change.version:
        condition = absent if change.version == 0 else f"attribute_exists(pk) AND {LIVE}"
        return "ConditionCheck", _with({"Key": encode_key(change.key)}, condition, values)
    values[":v"] = number(change.version or 0)
    at_version = f"#v = :v AND {LIVE}"
    if isinstance(change, Replace):
        return "Put", _with({"Item": encode_item(change, change.version + 1, events)}, at_version, values)
    kind = "Delete" if isinstance(change, Delete) else "ConditionCheck"
    return kind, _with({"Key": encode_key(change.key)}, at_version, values)


def _update(change: Increment, events: str | None, values: Attributes) -> Attributes:
    """The bounds go into the condition, so that the field stays a whole number of 63 bits as on the other engines; a
    field that is no number fails them. An old commit's events leave with the first change after it."""
    low, high = bounds_before(change)
    values |= {
        ":low": number(low),
        ":high": number(high),
        ":zero": number(0),
        ":one": number(1),
        ":by": number(change.by),
        ":number": {"S": "N"},
    }
    update = "SET #v = if_not_exists(#v, :zero) + :one, #f = if_not_exists(#f, :zero) + :by"
    condition = "(attribute_type(#f, :number) AND #f >= :low AND #f <= :high)"
    present = LIVE
    if change.unless_due_by is not None:
        present += f" AND {NOT_DUE}"
        values[":due"] = number(change.unless_due_by)
    if incremented(0, change) is None:
        condition = f"{present} AND {condition}"
    else:
        condition = f"attribute_not_exists(pk) OR ({present} AND (attribute_not_exists(#f) OR {condition}))"
    if events is None:
        update += " REMOVE #n"
    else:
        update += ", #n = :events"
        values[":events"] = {"S": events}
    parameters = {"Key": encode_key(change.key), "UpdateExpression": update}
    return _with(parameters, condition, values, {"#f": attribute_name(change.field)})


def _with(
    parameters: Attributes, condition: str, values: Attributes, names: Mapping[str, str] | None = None
) -> Attributes:
    """DynamoDB refuses a name that no expression uses."""
    used = parameters.get("UpdateExpression", "") + condition
    return {
        **parameters,
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {
            short: full for short, full in {**NAMES, **(names or {})}.items() if short in used
        },
        "ExpressionAttributeValues": values,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def events_of_stream_record(record: Mapping[str, Any]) -> tuple[Event, ...]:
    """The events that the commit behind a DynamoDB stream record carried (views NEW_AND_OLD_IMAGES).

    Empty for an item deleted, written without events, or whose events an earlier record told already.
    """
    change = record.get("dynamodb", {})
    text = change.get("NewImage", {}).get(EVENTS, {}).get("S")
    if text is None or text == change.get("OldImage", {}).get(EVENTS, {}).get("S"):
        return ()
    return tuple(event_from_json(event) for event in json.loads(text))
