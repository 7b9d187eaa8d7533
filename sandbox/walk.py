"""One member's walk through the product: HTTP calls to the cell and to the twins, each kept for the reader.

A step is a function of a Walk. It makes calls, checks facts, remembers what later steps need, and returns one line to
show. What it remembers is JSON and survives the box, so that a walk that was cut goes on where it stood.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import Any, Callable, Mapping, NamedTuple

CALL_SECONDS = 10.0
LEASE_PATIENCE_SECONDS = 75.0
PATIENCE_SECONDS = 8.0
"""How long a step waits for what happens elsewhere: a webhook, an event, a message."""
HIDDEN_FIELDS = (
    "access_token",
    "refresh_token",
    "code",
    "token",
    "paySign",
    "client_secret",
    "openid",
    "unionid",
    "prepay_id",
    "quote",
)


class Traveller(NamedTuple):
    """An invented person and what the story needs of them."""

    slug: str
    name: dict[str, str]
    """By language: "en", "zh"."""
    place: dict[str, str]
    market: str
    cell: str
    client_ip: str
    language: str
    openid: str
    email: str
    currency: str
    """What they pay in."""
    price_currency: str
    price_minor: int
    """The shop's price, in the seller's currency."""
    method: str
    channel: str
    """How they want to be told: "wechat_subscribe" or "email"."""
    time_zone: str
    is_local: bool = False
    """One of those who pay with a method of their own country, shown in brief."""


class StepFailed(Exception):
    """A fact of the journey did not hold. `str(err)` says which."""


class Told(NamedTuple):
    """One line about what a step did, in both languages. Facts only."""

    en: str
    zh: str


class Exchange(NamedTuple):
    """One HTTP call as it is shown: secrets and personal fields of the bodies are masked."""

    to: str
    method: str
    path: str
    status: int
    ms: float
    sent: Any
    answer: Any


class Reply(NamedTuple):
    status: int
    body: Any
    """JSON, or text where it is none."""


class Walk:
    def __init__(
        self, traveller: Traveller, journey_id: str, cells: Mapping[str, str], twins: Mapping[str, str],
        memory: dict[str, Any],
    ) -> None:  # fmt: skip
        self.traveller = traveller
        self.journey_id = journey_id
        self.memory = memory
        self.exchanges: list[Exchange] = []
        self.was_cut = False
        """The box died during this journey and came back."""
        self.on_wait: Callable[[float], None] | None = None
        """Told once, with the seconds, when a call has to wait for a lease."""
        self.renew_session: Callable[[Walk], object] | None = None
        """Called once when the cell says 401: a walk that was cut may come back after its session has ended."""
        self._cells = cells
        self._twins = twins

    def elsewhere(self, traveller: Traveller, memory: dict[str, Any]) -> Walk:
        """The same walk by another membership of the same person, with a session of its own in `memory`."""
        other = Walk(traveller, self.journey_id, self._cells, self._twins, memory)
        other.exchanges, other.was_cut = self.exchanges, self.was_cut
        other.on_wait, other.renew_session = self.on_wait, self.renew_session
        return other

    def key(self, of: str) -> str:
        """The idempotency key of one deed in this journey: the same after a restart."""
        return f"{self.journey_id}-{self.traveller.slug}-{of}"

    def cell(
        self, method: str, path: str, body: Any = None, *, key: str = "", expect: int | tuple[int, ...] = 200
    ) -> Any:
        """Call the member's cell as the mini-program does; the JSON answer. Raises StepFailed for another status."""
        wanted = (expect,) if isinstance(expect, int) else expect
        reply = self._ask_cell(method, path, body, key)
        if reply.status == 401 and self.renew_session is not None and "access_token" in self.memory:
            self.renew_session(self)
            reply = self._ask_cell(method, path, body, key)
        ends = time.monotonic() + LEASE_PATIENCE_SECONDS
        while self.was_cut and reply.status in (409, 503) and (pause := _retry_after(reply.body)):
            # The call that a crash cut short still holds its lease: the cell says when to come again.
            if self.on_wait is not None:
                self.on_wait(pause)
                self.on_wait = None
            self.check(time.monotonic() < ends, f"{method} {path} goes on within {LEASE_PATIENCE_SECONDS:.0f} s")
            time.sleep(min(pause, 2.0))
            reply = self._ask_cell(method, path, body, key)
            del self.exchanges[-2]
        which = " or ".join(map(str, wanted))
        self.check(reply.status in wanted, f"{method} {path} answers {which}, not {reply.status}: {_title(reply.body)}")
        return reply.body

    def twin(self, party: str, method: str, path: str, body: Any = None, expect: int | None = 200) -> Any:
        """Call a twin, as the person at the other end of it (who pays, taps, reads). `expect` None: any answer."""
        reply = self._call(party, self._twins[party], method, path, body, {})
        fits = reply.status == expect if expect is not None else reply.status > 0
        self.check(fits, f"{party} {method} {path} answers {expect}, not {reply.status}")
        return reply.body

    @property
    def parties(self) -> tuple[str, ...]:
        return tuple(self._twins)

    def stored(self, noun: str) -> list[dict[str, Any]]:
        """What the box's inspector shows of this cell's items of a noun, newest first."""
        reply = self._call("the box", self._cells[self.traveller.cell], "GET", "/_box/state", None, {})
        del self.exchanges[-1]
        return [item["fields"] for each in reply.body["stored"] if each["noun"] == noun for item in each["items"]]

    def now(self) -> float:
        """Seconds since the epoch."""
        return round(time.time(), 3)

    def wait_for(self, what: str, look: Callable[[], Any]) -> Any:
        """Call `look` until it gives something true; its calls are shown as the last one only. Raises StepFailed."""
        found = self.look_for(look, PATIENCE_SECONDS)
        self.check(bool(found), f"within {PATIENCE_SECONDS:.0f} s: {what}")
        return found

    def look_for(self, look: Callable[[], Any], patience_seconds: float = 3.0) -> Any:
        """As `wait_for`, with the last thing that `look` gave when patience ends."""
        ends, pause, shown_so_far = time.monotonic() + patience_seconds, 0.02, len(self.exchanges)
        while True:
            found = look()
            del self.exchanges[shown_so_far:-1]
            if found or time.monotonic() > ends:
                return found
            time.sleep(pause)
            pause = min(0.25, pause * 1.5)

    def check(self, holds: bool, fact: str) -> None:
        if not holds:
            raise StepFailed(fact)

    def _ask_cell(self, method: str, path: str, body: Any, key: str) -> Reply:
        headers = {"Accept-Language": self.traveller.language, "X-Box-Client-IP": self.traveller.client_ip}
        if "access_token" in self.memory:
            headers["Authorization"] = f"Bearer {self.memory['access_token']}"
        if key:
            headers["Idempotency-Key"] = key
        return self._call(f"cell {self.traveller.cell}", self._cells[self.traveller.cell], method, path, body, headers)

    def _call(self, to: str, base: str, method: str, path: str, body: Any, headers: dict[str, str]) -> Reply:
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        if data is not None:
            headers = {**headers, "Content-Type": "application/json"}
        began = time.monotonic()
        status, raw = exchange(urllib.request.Request(base + path, data, headers, method=method))
        spent_ms = round((time.monotonic() - began) * 1000, 1)
        answer = parsed(raw)
        self.exchanges.append(Exchange(to, method, path, status, spent_ms, shown(body), shown(answer)))
        return Reply(status, answer)


def shown(value: Any, name: str = "", limit_items: int = 12) -> Any:
    """As it may be shown on the page: no token, no code, no id that WeChat gave."""
    if isinstance(value, dict):
        return {key: shown(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [shown(inner, name) for inner in value[:limit_items]]
    if name in HIDDEN_FIELDS and isinstance(value, str):
        return f"{value[:4]}…" if len(value) > 8 else "…"
    return value if not isinstance(value, str) or len(value) <= 200 else value[:199] + "…"


def exchange(request: urllib.request.Request) -> tuple[int, bytes]:
    """Status and body of any answer; (0, b"") for none. No proxy: everything is on this machine."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=CALL_SECONDS) as reply:
            return int(reply.status), reply.read()
    except urllib.error.HTTPError as err:
        return err.code, err.read()
    except OSError:
        return 0, b""


def parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode("utf-8", errors="replace")


def _retry_after(body: Any) -> float:
    """Seconds, from a problem document; 0 if it names none."""
    return float(body.get("retry_after") or 0) if isinstance(body, dict) else 0.0


def _title(body: Any) -> str:
    return str(body.get("title", "")) + " " + str(body.get("detail", "")) if isinstance(body, dict) else "no answer"
