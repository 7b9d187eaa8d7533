"""Small records inside an item, kept as lists without names: the item stays small. They only ever grow at the end.

A record's last field is `more: tuple[Any, ...] = ()`, what newer code has put behind those that this code knows.
"""

from __future__ import annotations

from typing import Any, TypeVar

Record = TypeVar("Record")


def row_of(record: Any) -> list[Any]:
    """Without the last fields that say nothing, unless something follows them."""
    row: list[Any] = list(record[:-1])
    if record.more:
        return [*row, *record.more]
    names, defaults = record._fields, record._field_defaults
    while names[len(row) - 1] in defaults and row[-1] == defaults[names[len(row) - 1]]:
        row.pop()
    return row


def record_of(kind: type[Record], row: list[Any]) -> Record:
    make: Any = kind
    known = len(make._fields) - 1
    made: Record = make(*row) if len(row) <= known else make(*row[:known], more=tuple(row[known:]))
    return made
