"""Each payment provider of ours at its twin, for the tests that every pair must pass; `pair_kinds` lists them."""

from __future__ import annotations

import copy
import json
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, NamedTuple
from urllib.parse import parse_qs, parse_qsl, urlsplit

from sandbox.twins.payment import PaymentTwin
from tests.support.receiver import Received
from tests.support.vaults import sqlite_vault
from twinshore import outbound
from twinshore.money import Money
from twinshore.payments.port import FAILED, REFUNDED, Attempt, Notice, Payer, SignatureRefused, Started
from twinshore.payments.webhooks import with_query
from twinshore.providers.capabilities import Capabilities
from twinshore.providers.choice import capabilities_of
from twinshore.providers.exchange import send_outbound

QUICK = (0.05, 0.1, 0.2, 0.4, 0.8)
NOWHERE = "http://127.0.0.1:9"
REFERENCE, OTHER = "attempt-000001", "attempt-000002"
NOTIFY_URL = "https://shop.example/v1/webhooks/x"
RETURN_URL = "https://shop.example/back"
PART_MINOR = 300
UNCLEAR: tuple[dict[str, Any], ...] = (
    {"status": 502}, {"status": 500}, {"status": 500, "json": True}, {"status": 302}, {"status": 200}, {"status": 403},
    {"status": 409}, {"reset": True}, {"delay_seconds": 1}, {"lose_answer": True},
)  # fmt: skip
"""Switches of a twin with which no answer is clear."""
_keys: dict[str, Any] = {}
"""What the first twin of each party has made: RSA keys take their second."""

Build = Callable[[str, str, str, Any, Any], Any]
"""(address, secret, where notices go, vault, send) -> the provider."""


class Kind(NamedTuple):
    """What a test must be told of one provider, and of how its party differs."""

    name: str
    twin: Callable[..., PaymentTwin]
    build: Build
    total: Money
    payments: str
    """The member of the twin's book where each payment is kept."""
    told: tuple[tuple[str, ...], ...]
    """What is said of a payment that is made and paid: states as they came about; a tuple of what happens at once."""
    refund_told: tuple[tuple[str, str], ...]
    """What is said of a part refund: state and refund state."""
    wrong: tuple[dict[str, Any], ...]
    """Changes of our secret for which the party does not know us."""
    optional: tuple[str, ...] = ()
    """Members of the secret that may be missing."""
    method: str = "card"
    payer: Payer = Payer()
    declines: Mapping[str, Any] | None = None
    """Beside the client's parameters, what declines a payment and is told; None: nothing is told of one."""
    declined: str = FAILED
    id_per_try: bool = False
    """Each try to pay has an id of its own: that of a declined one is none to remember."""
    one_try: bool = False
    """A declined payment cannot be paid after all."""
    unknown_id: str = ""
    """An id as the party's are, of no payment."""
    refund_says: str = REFUNDED
    """What the answer to a refund says, where all goes well."""
    refund_words: Mapping[str, str] = {}
    """The twin's refund_outcome -> our word for the answer to a refund."""
    too_much: tuple[str, ...] = ()
    """Why a refund of more than is left is refused, and one when nothing is; empty: the answer does not tell."""
    slow_down: object = True
    """The body of its answer 429; True: any JSON."""
    closes: bool = True
    """An open payment can be closed at the party, so that nobody pays it."""
    asked_by_reference: bool = False
    """With the party's id we know all that asking or closing could tell, and ask nobody."""
    found_by_reference: bool = True
    """Asking needs no id of the party's."""
    found_by_id: bool = True
    """Asking needs no reference of ours."""
    tells_time: bool = True
    """Asking tells when the payment was made."""
    compares_content: bool = True
    """The same attempt with other content is refused."""
    other_method: str = ""
    """Another method that it carries: other content as well."""
    more_unclear: tuple[dict[str, Any], ...] = ()
    """Switches of the twin, besides everybody's, that make its answers unclear."""
    compares_refunds: bool = True
    """The same refund with another amount is refused; else the answer is that of the first."""
    lost_create: str = "same"
    """A create whose answer was lost, asked for again: "same" payment, "anew", or "refused"."""
    covered: tuple[str, ...] = ("body",)
    """What a notice's signature covers and consists of: its body, or header names. No bit of it may change."""
    refund_mark: bytes = b""
    """What the body of a notice about the refund holds, and none about its payment; empty: it is sealed."""
    unsigned_asks: tuple[str, ...] = ()
    """Header names without which a notice counts as not signed, and is still a reason to ask."""
    spelled_freely: bool = False
    """Capital or small letters of what is covered say the same."""
    signs_with_all: bool = False
    """While keys of notices are rolled, each notice is signed with every live one."""
    id_of: Callable[[dict[str, Any], Notice], str] = lambda answer, taken: taken.provider_id
    """(what the payer was answered, the capture) -> the party's id of the payment, as our order would know it."""
    stable: Callable[[Started], Any] = lambda started: started
    """What stays the same of a payment that is asked for twice."""
    asks: bool = False
    """Its news says nothing by itself: each notice is a reason to ask."""

    @property
    def can(self) -> Capabilities:
        return capabilities_of(self.name)

    @property
    def query_tells_refunds(self) -> bool:
        return self.can.query_finds_payment and self.can.query_tells_refunds


class Patience:
    """The real sender; `seconds` makes it hasty, so that a time-out takes a moment."""

    def __init__(self) -> None:
        self.seconds: float | None = None

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes, limit: float) -> outbound.Reply:
        return outbound.send(method, url, headers, body, self.seconds or limit)


class Answer(NamedTuple):
    status: int
    content: dict[str, Any]


class Pair:
    """A twin that runs, and our provider at it."""

    def __init__(self, kind: Kind, twin: PaymentTwin, folder: Path, notify_url: str = NOTIFY_URL) -> None:
        self.kind, self.twin, self.notify_url = kind, twin, notify_url
        self.now, self.port = int(time.time()), int(twin.url.rpartition(":")[2])
        self._vault = sqlite_vault(folder, kind.name)
        self.pay = self.ours()

    def ours(self, send: Any = send_outbound, url: str = "", **changes: Any) -> Any:
        secret = json.dumps({**self.twin.secret(), **changes})
        return self.kind.build(url or self.twin.url, secret, self.notify_url, self._vault, send)

    def attempt(self, reference: str = REFERENCE, amount: Money | None = None) -> Attempt:
        return Attempt(
            reference, "order-1", amount or self.kind.total, "两罐茶", self.notify_url, self.kind.payer, self.now + 900,
            self.kind.method, RETURN_URL,
        )  # fmt: skip

    def money(self, minor: int) -> Money:
        return Money(minor, self.kind.total.currency)

    def control(self, path: str, **wanted: Any) -> Answer:
        reply = outbound.send("POST", f"{self.twin.url}/_twin/{path}", {}, json.dumps(wanted).encode())
        return Answer(reply.status, json.loads(reply.body or b"{}"))

    def faults(self, **switches: Any) -> None:
        """`probe` is Weixin Pay's: its notices would begin with a wrong one."""
        assert self.control("faults", probe=False, **switches).status == 200

    def start(self, reference: str = REFERENCE) -> Started:
        started: Started = self.pay.create(self.attempt(reference), self.now)
        return started

    def payer(self, started: Started, **wanted: Any) -> Answer:
        return self.control("pay", **{**started.client, **wanted})

    def paid(self, started: Started | None = None, reference: str = REFERENCE, pay: Any = None) -> str:
        """The payer pays and comes back, and where it is ours to capture, we do. The party's id of the payment."""
        pay = pay or self.pay
        started = started or pay.create(self.attempt(reference), self.now)
        answer = self.payer(started)
        assert answer.status == 200, answer
        returned = dict(parse_qsl(urlsplit(str(answer.content.get("return_to", ""))).query))
        taken = pay.capture(reference, started.provider_id, returned, self.kind.total, self.now)
        return self.kind.id_of(answer.content, taken) or started.provider_id

    def query(self, provider_id: str = "", reference: str = REFERENCE) -> Notice:
        found: Notice = self.pay.query(reference, provider_id, self.now)
        return found

    def refund(self, provider_id: str, minor: int = PART_MINOR, refund_reference: str = "refund-000001") -> str:
        amount, total = self.money(minor), self.kind.total
        return str(self.pay.refund(REFERENCE, provider_id, refund_reference, amount, total, self.now))

    def made(self) -> int:
        """How many payments the party has."""
        return len(getattr(self.twin.book, self.kind.payments))

    def read(self, got: Received, pay: Any = None) -> list[Notice]:
        """None at all where the signature is refused."""
        headers = with_query(got.headers, parse_qs(urlsplit(got.target).query))
        try:
            notices: list[Notice] = (pay or self.pay).read_webhook(headers, got.body, int(time.time()))[0]
        except SignatureRefused as refused:
            if refused.detail:
                raise  # nothing may be said of why
            return []
        return notices

    def states(self, got: list[Received]) -> list[str]:
        return [notice.state for one in got for notice in self.read(one)]

    def settle(self, seconds: float = 10.0) -> None:
        """Until nothing waits to be delivered."""
        until = time.monotonic() + seconds
        while self.twin.undelivered() and time.monotonic() < until:
            time.sleep(0.02)
        assert not self.twin.undelivered()


@contextmanager
def pair_of(kind: Kind, folder: Path, notify_url: str = NOTIFY_URL, state: Path | None = None,
            ladder_seconds: tuple[float, ...] = QUICK) -> Iterator[Pair]:  # fmt: skip
    """folder: of our side. state: of the twin, if it is to remember."""
    twin = kind.twin(
        state, webhook_url=notify_url, keys=copy.deepcopy(_keys.get(kind.name)), ladder_seconds=ladder_seconds
    )
    _keys.setdefault(kind.name, copy.deepcopy(twin.keys))
    with twin:
        pair = Pair(kind, twin, folder, notify_url)
        pair.faults()
        yield pair


def in_words(value: Any) -> str:
    """Of a parameter, for a test's name."""
    if isinstance(value, dict):
        return "-".join(f"{name}{'' if what is True else what}" for name, what in value.items())
    return str(getattr(value, "name", value))
