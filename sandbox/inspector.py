"""What a cell stored, for the page: items by noun, newest known version, with personal fields and secrets masked.

Reads the SQLite file beside the store, read-only: the Store port has no scan, and no room should ever want one.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

LIMIT_ITEMS = 400
LIMIT_PER_NOUN = 12
MASK = "•••"
SHOWN_CHARACTERS = 120
PRIVATE_MARKS = (
    "openid", "unionid", "phone", "email", "mail", "address", "name", "secret", "token", "session_key", "ip", "to",
    "client", "body", "recipient", "payer", "subject", "text",
)  # fmt: skip
NOT_PRIVATE = ("template_name", "event_name", "name_of_event")


def inspect(file: Path, now: int) -> list[dict[str, Any]]:
    """`[{"noun", "count", "items": [{"partition", "sort", "version", "fields", "due"}]}]`, expired items left out."""
    if not file.exists():
        return []
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=2)
    try:
        return [_noun(connection, noun, count, now) for noun, count in _nouns(connection, now)]
    except sqlite3.OperationalError:  # not made yet
        return []
    finally:
        connection.close()


LIVE = "(expires_at is null or expires_at > ?)"
NOUN = (
    "substr(partition, 1, case instr(partition, '#') when 0 then length(partition) else instr(partition, '#') - 1 end)"
)


def _nouns(connection: sqlite3.Connection, now: int) -> list[tuple[str, int]]:
    sql = f"select {NOUN}, count(*) from items where {LIVE} group by 1 order by 1"
    return [(str(noun), int(count)) for noun, count in connection.execute(sql, (now,))]


def _noun(connection: sqlite3.Connection, noun: str, count: int, now: int) -> dict[str, Any]:
    sql = (
        f"select partition, sort, version, fields, due_queue, due_at from items where {LIVE} and {NOUN} = ?"
        " order by partition desc, sort desc limit ?"
    )
    items = [
        {
            "partition": _shortened(partition),
            "sort": _shortened(sort),
            "version": version,
            "fields": masked(json.loads(fields)),
            "due": None if queue is None else {"queue": queue, "at": at},
        }
        for partition, sort, version, fields, queue, at in connection.execute(sql, (now, noun, LIMIT_PER_NOUN))
    ]
    return {"noun": noun, "count": count, "items": items}


def masked(value: Any, name: str = "") -> Any:
    """Keep what shows how the store works (ids, states, amounts, times), hide what is a person's or a secret."""
    if isinstance(value, dict):
        return {key: masked(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner, name) for inner in value[:20]]
    if isinstance(value, str) and is_private(name):
        return MASK if value else value
    return _shortened(value) if isinstance(value, str) else value


def is_private(name: str) -> bool:
    """Whole words of a field's name decide, so that `currency` is not read as an `e-mail` or `to` in `total`."""
    words = name.lower().split("_")
    return name not in NOT_PRIVATE and (any(word in PRIVATE_MARKS for word in words) or "session_key" in name)


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
