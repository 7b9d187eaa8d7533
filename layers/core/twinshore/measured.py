"""Calls of an outside party, counted and timed by operation: a port goes in, the same port comes out.

    provider = measured(provider, "stripe", ("create", "query", "refund"))

What a call came to is read from what it raised: a clear no is `refused`, what may have happened is `unknown`, what
surely did not is `unreachable`.
"""

from __future__ import annotations

import time
from functools import wraps
from typing import Any, Callable, Sequence, TypeVar

from twinshore import metrics

_Port = TypeVar("_Port")
_UNKNOWN = frozenset({"OutcomeUnknown", "NoClearAnswer", "NotHeard", "NoAnswer", "PartnerSilent", "RateSourceFailed"})
"""Names, so that counting loads no room and no network."""
_UNREACHABLE = frozenset({"Unreachable", "Unavailable", "StoreUnavailable"})


class Measured:
    """Everything of the port; the named operations are counted on the way."""

    def __init__(self, port: object, party: str, operations: Sequence[str]) -> None:
        self._port = port
        for name in operations:
            if hasattr(port, name):
                setattr(self, name, timed(getattr(port, name), party, name))

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if callable(found):  # looked up once: a callback reads its provider's webhooks by it
            setattr(self, name, found)
        return found


def measured(port: _Port, party: str, operations: Sequence[str]) -> _Port:
    """`port`, with these of its methods counted."""
    counted: Any = Measured(port, party, operations)
    return counted  # type: ignore[no-any-return]


def provider(port: _Port, name: str) -> _Port:
    """A payment provider; what it sends us by itself is no call of ours."""
    return measured(port, name, ("create", "query", "close", "refund", "capture"))


def mail(port: _Port) -> _Port:
    """Says what became of a letter instead of raising (notify.port.Outcome)."""

    def said(outcome: Any) -> str:
        return {"sent": "ok", "unknown": "unknown", "unreachable": "unreachable"}.get(outcome.state, "refused")

    counted: Any = Measured(port, "mail", ())
    counted.send = timed(counted.send, "mail", "send", said)
    return counted  # type: ignore[no-any-return]


def timed(
    call: Callable[..., Any], party: str, operation: str, said: Callable[[Any], str] = lambda _: "ok"
) -> Callable[..., Any]:
    """said: what an answer that is no exception came to."""

    @wraps(call)
    def run(*args: Any, **kwargs: Any) -> Any:
        began, outcome = time.monotonic(), "ok"
        try:
            answer = call(*args, **kwargs)
            outcome = said(answer)
            return answer
        except Exception as err:
            outcome = outcome_of(err)
            raise
        finally:
            metrics.called(party, operation, outcome, (time.monotonic() - began) * 1000)

    return run


def outcome_of(err: BaseException) -> str:
    """A bug of ours is `refused` too: the party is not at fault."""
    names = [kind.__name__ for kind in type(err).__mro__]
    for name in names:
        if name in _UNKNOWN:
            return "unknown"
        if name in _UNREACHABLE:
            return "unreachable"
    return "refused"
