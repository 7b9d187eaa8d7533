"""Times as DANA writes them: RFC 3339 with whole seconds, in Jakarta's offset."""

from __future__ import annotations

import re
import time
from calendar import timegm

_OFFSET_SECONDS = 7 * 3600
_FORM = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})([+-])([0-9]{2}):([0-9]{2})", re.ASCII
)


def jakarta(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+07:00", time.gmtime(at + _OFFSET_SECONDS))


def seconds(text: object) -> int | None:
    """Since the epoch; None for any other form."""
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    offset = int(found.group(8)) * 3600 + int(found.group(9)) * 60
    if not 1 <= month <= 12:
        return None
    return timegm((year, month, day, hour, minute, second)) - (offset if found.group(7) == "+" else -offset)
