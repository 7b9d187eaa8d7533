"""Partners' JSON to the room's words. Raises ValueError, TypeError or KeyError for whatever is not of the form."""

from __future__ import annotations

import re
import time
from calendar import timegm
from typing import Any, Mapping

from twinshore.rewards.port import ALREADY_USED, OPEN, VOIDED, Batch, Code, Notice, Use

LIST_LIMIT = 500
CURSOR_LIMIT_CHARS = 200
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
_SERIAL = re.compile(r"[\x21-\x7e]{1,64}")
STATUSES = {"open": OPEN, "used": ALREADY_USED, "void": VOIDED}


def notice_of(value: Any) -> Notice:
    """{"batches": [{"reward", "region", "codes": [{"serial", "code", "expires_at"}]}], "uses": [{"serial", "used_at"}],
    "voided": [serial], "next"}: each may be missing."""
    return Notice(
        tuple(_batch(row) for row in _rows(value, "batches")),
        tuple(Use(_serial(row["serial"]), _moment(row["used_at"])) for row in _rows(value, "uses")),
        tuple(_serial(each) for each in _rows(value, "voided")),
        _cursor(value),
    )


def statuses_of(value: Any) -> tuple[Mapping[str, str], str]:
    """{"items": [{"serial", "status": "open" | "used" | "void"}], "next"}"""
    return {_serial(row["serial"]): STATUSES[row["status"]] for row in _rows(value, "items")}, _cursor(value)


def _batch(row: Any) -> Batch:
    codes = [Code(_serial(each["serial"]), _text(each["code"], 128), _moment(each["expires_at"]))
             for each in _rows(row, "codes")]  # fmt: skip
    return Batch(_text(row["reward"], 40), _text(row["region"], 40), tuple(codes))


def _rows(value: Any, name: str) -> list[Any]:
    rows = value.get(name, []) if isinstance(value, dict) else None
    if not isinstance(rows, list) or len(rows) > LIST_LIMIT:
        raise ValueError("a list of bounded length")
    return rows


def _cursor(value: Any) -> str:
    cursor = value.get("next")
    return "" if cursor is None else _text(cursor, CURSOR_LIMIT_CHARS)


def _serial(value: Any) -> str:
    if not isinstance(value, str) or not _SERIAL.fullmatch(value):
        raise ValueError("a serial is 1 to 64 visible ASCII characters")
    return value


def _text(value: Any, limit: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise ValueError("a text of bounded length")
    return value


def _moment(value: Any) -> int:
    return timegm(time.strptime(value, _MOMENT))
