"""How long this invocation may still take, so that a call outside gives up in time for us to remember and to answer.

A function that the platform stops in the middle has told its caller nothing, and holds what it had begun until a sweep
finds it. Lambda says what is left in its context (`get_remaining_time_in_millis`), SCF what there is in all
(`time_limit_in_ms`, SCF document 583/11060).
"""

import threading
import time
from typing import Any

SPARE_SECONDS = 1.0
"""What a call outside leaves over: for a commit of what became of it, and for the answer."""
LAST_SECONDS = 0.2
"""What the store leaves over: for the answer alone."""

_of = threading.local()


def start(context: Any) -> None:
    """An invocation of this thread begins. A context that says nothing sets no limit."""
    if isinstance(context, dict):
        milliseconds = context.get("time_limit_in_ms")
    else:
        left = getattr(context, "get_remaining_time_in_millis", None)
        milliseconds = left() if left else None
    _of.ends_at = time.monotonic() + milliseconds / 1000 if isinstance(milliseconds, (int, float)) else None


def within(timeout_seconds: float, spare_seconds: float = SPARE_SECONDS) -> float:
    """`timeout_seconds`, or what is left of this invocation less `spare_seconds` if that is shorter: then 0 or below
    says that there is no time for a call at all."""
    ends_at = getattr(_of, "ends_at", None)
    return timeout_seconds if ends_at is None else min(timeout_seconds, ends_at - time.monotonic() - spare_seconds)
