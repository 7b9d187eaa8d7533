"""Times as PayPal writes them: RFC 3339, mostly in UTC, some in Pacific time, with or without fractions."""

from __future__ import annotations

import re
from datetime import datetime

_FRACTION = re.compile(r"\.\d+", re.ASCII)


def seconds(text: object) -> int:
    """Since the epoch; 0 where nothing is said. Raises ValueError."""
    if not text:
        return 0
    # Python 3.10 reads neither "Z" nor any number of decimals.
    spelled = _FRACTION.sub("", str(text))
    moment = datetime.fromisoformat(spelled[:-1] + "+00:00" if spelled.endswith("Z") else spelled)
    if moment.tzinfo is None:
        raise ValueError("a time has an offset")
    return int(moment.timestamp())
