"""How a shopper of the load calls: one connection for each server, each try timed and kept, and every error answer held
to its word.

An error answer must say how to go on: a problem document with `retry_after`, or no answer at all. It is then asked
again after that pause, with the same Idempotency-Key, and must end well. Anything else is a story of its own.
"""

from __future__ import annotations

import http.client
import json
import random
import time
from typing import Any, Callable, Mapping, NamedTuple
from urllib.parse import urlsplit

CALL_SECONDS = 30.0
"""A server that says nothing for so long is not waited for."""
PATIENCE_SECONDS = 150.0
"""How long one deed is tried: longer than the lease that a killed call leaves behind (60 s)."""
SHORTEST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 15.0
"""A client that is told to wait longer looks in between: a lease may be freed sooner."""
PROBLEMS = "https://twinshore.example/problems/"

OK, REFUSED, AGAIN, NETWORK, WRONG = "ok", "refused", "again", "network", "wrong"
"""What a try came to: what was wanted; what the deed counts as an answer too; a problem that says when to come again;
no answer; anything else."""


class Reply(NamedTuple):
    status: int
    """0: no answer."""
    body: Any


class Sample(NamedTuple):
    """One try."""

    deed: str
    cell: str
    at: float
    """Seconds since the epoch, when it began."""
    ms: float
    status: int
    outcome: str
    problem: str
    """The slug, of a problem document."""


class DeedFailed(Exception):
    """`str(err)` is the story: what was asked, and what came back."""


class GaveUp(Exception):
    """Every answer was retryable, for longer than anybody waits."""


class Caller:
    """For one thread. keep: takes each Sample."""

    def __init__(self, cells: Mapping[str, str], keep: Callable[[Sample], None]) -> None:
        self._cells = cells
        self._keep = keep
        self._connections: dict[str, http.client.HTTPConnection] = {}

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()

    def do(
        self, deed: str, cell: str, call: tuple[str, str], body: Any = None, *,
        headers: Mapping[str, str], expect: tuple[int, ...] = (200,), refusals: tuple[str, ...] = (),
    ) -> Reply:  # fmt: skip
        """`call`: method and path. Tried until an expected status comes, or a problem whose slug is in `refusals`.
        Raises DeedFailed, GaveUp."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while True:
            reply, outcome = self.once(deed, cell, call, body, headers=headers, expect=expect, refusals=refusals)
            if outcome in (OK, REFUSED):
                return reply
            if outcome == WRONG:
                raise DeedFailed(f"{deed}: {call[0]} {call[1]} in {cell} answered {reply.status}: {_said(reply)}")
            if time.monotonic() > ends:
                raise GaveUp(f"{deed}: {call[0]} {call[1]} in {cell}, last answer {reply.status}: {_said(reply)}")
            time.sleep(pause_after(reply))

    def once(
        self, deed: str, cell: str, call: tuple[str, str], body: Any = None, *,
        headers: Mapping[str, str], expect: tuple[int, ...] = (200,), refusals: tuple[str, ...] = (),
    ) -> tuple[Reply, str]:  # fmt: skip
        at, began = time.time(), time.monotonic()
        reply = self.send(self._cells[cell], *call, body, headers)
        spent_ms = (time.monotonic() - began) * 1000
        outcome, slug = judged(reply, expect, refusals)
        self._keep(Sample(deed, cell, round(at, 3), round(spent_ms, 2), reply.status, outcome, slug))
        return reply, outcome

    def send(
        self, base: str, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One try. A kept connection that the server has closed meanwhile counts as no answer."""
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        sent = {**(headers or {}), **({} if data is None else {"Content-Type": "application/json"})}
        connection = self._connection(base)
        try:
            connection.request(method, path, body=data, headers=sent)
            answer = connection.getresponse()
            return Reply(answer.status, _parsed(answer.read()))
        except (OSError, http.client.HTTPException):
            connection.close()
            del self._connections[base]
            return Reply(0, None)

    def _connection(self, base: str) -> http.client.HTTPConnection:
        if base not in self._connections:
            parts = urlsplit(base)
            self._connections[base] = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=CALL_SECONDS)
        return self._connections[base]


def judged(reply: Reply, expect: tuple[int, ...], refusals: tuple[str, ...]) -> tuple[str, str]:
    """The outcome, and the slug of a problem document."""
    if reply.status in expect:
        return OK, ""
    if reply.status == 0:
        return NETWORK, ""
    problem = reply.body if isinstance(reply.body, dict) else {}
    kind = str(problem.get("type", ""))
    slug = kind.removeprefix(PROBLEMS) if kind.startswith(PROBLEMS) else ""
    if slug and slug in refusals:
        return REFUSED, slug
    advised = slug and isinstance(problem.get("retry_after"), (int, float)) and reply.status in (409, 429, 503)
    return (AGAIN, slug) if advised else (WRONG, slug)


def pause_after(reply: Reply) -> float:
    """What the answer says, within reason, and a little more, so that not all come back at once."""
    said = reply.body.get("retry_after", 0) if isinstance(reply.body, dict) else 0.5
    return min(LONGEST_PAUSE_SECONDS, max(SHORTEST_PAUSE_SECONDS, float(said))) * random.uniform(1.0, 1.3)


def _said(reply: Reply) -> str:
    if isinstance(reply.body, dict):
        return " ".join(str(reply.body.get(name, "")) for name in ("type", "title", "detail", "request_id")).strip()
    return str(reply.body)[:200] if reply.body else "nothing"


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode("utf-8", errors="replace")
