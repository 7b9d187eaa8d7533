"""Cells on two shores that exchange points over real HTTP, each with its own SQLite store and clock of the test.

A shore hears other cells at a real server, through the house's router in its cloud's own event shape; what it asks goes
out by the house's own client. `cuts` name where the link is cut.
"""

from __future__ import annotations

import itertools
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, Mapping

from sandbox.server_end import end
from tests.support.cell_pair import seed
from tests.support.doors import SESSION_KEY, Answer, LambdaContext, aws_event, tencent_event
from twinshore import exchange_wiring
from twinshore.cells import Cells, Residency
from twinshore.exchange import exchanges, exchanging, linking, quote, sweeping
from twinshore.exchange.codes import show_code
from twinshore.exchange.exchanges import EXCHANGED_IN, EXCHANGED_OUT, SETTLED, Exchange
from twinshore.exchange.links import Link, link_of
from twinshore.idempotency import IdempotencyKey
from twinshore.intercell.client import Peers
from twinshore.intercell.keys import CellKey
from twinshore.intercell.port import Heard, NotHeard
from twinshore.intercell.receiving import PROBLEMS, Desk, receive
from twinshore.intercell_wiring import way_out
from twinshore.points import ledger
from twinshore.points.book import Ledger
from twinshore.points.standing import standing, totals
from twinshore.store.port import Store
from twinshore.tokens import Signer
from twinshore.web import Door, Request, Response

BEFORE_SEND, AFTER_SEND = "before send", "after send, before receive"
AFTER_COMMIT = "after the target's commit, before the answer"
CUTS = (BEFORE_SEND, AFTER_SEND, AFTER_COMMIT)


class Crash(Exception):
    """The process is gone."""


class CrashingStore:
    """A store that dies at its n-th commit from now, before or after it."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner
        self.before: int | None = None
        self.after: int | None = None

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self.inner.get(*args, **kwargs)

    def query(self, *args: Any, **kwargs: Any) -> Any:
        return self.inner.query(*args, **kwargs)

    def due(self, *args: Any, **kwargs: Any) -> Any:
        return self.inner.due(*args, **kwargs)

    def commit(self, *args: Any, **kwargs: Any) -> None:
        if self.before is not None:
            self.before -= 1
            if self.before < 0:
                self.before = None
                raise Crash
        self.inner.commit(*args, **kwargs)
        if self.after is not None:
            self.after -= 1
            if self.after < 0:
                self.after = None
                raise Crash


class Shore:
    """One cell. `member` is who is at home here; `cut` and `late` are about what this cell asks others."""

    numbers = itertools.count(1)

    def __init__(self, cell: str, cells: Cells, store: Store, now: Callable[[], int], member: str) -> None:
        self.cell, self.cells, self.now, self.member = cell, cells, now, member
        self.store = CrashingStore(store)
        self.residency = Residency(cells, cell)
        self.cut = ""
        self.sent: list[tuple[str, dict[str, str], bytes]] = []
        self.lines: list[str] = []
        key = CellKey(cell, "k1", seed(cell))
        self.peers = Peers(key, cells, self._send)
        self.receipt_key: CellKey | None = None
        """What receipts are signed with, if it is not the cell's own key."""
        self.signer = Signer(cell, [SESSION_KEY])
        self._out = way_out(5.0)
        self._door = self._opened()

    # what a member does

    def earn(self, points: int, programme: str = "", cause: str = "") -> None:
        ledger.earn(self.book(programme), points, cause or f"o{next(self.numbers)}", "order", self.now(),
                    active_at=self.now())  # fmt: skip

    def book(self, programme: str = "") -> Ledger:
        return Ledger(self.store, self.residency, self.member, programme)

    def balance(self, programme: str = "") -> int:
        return standing(self.book(programme)).spendable

    def held(self, programme: str = "") -> int:
        return standing(self.book(programme)).held

    def link_to(self, other: Shore) -> Link:
        """The code is shown here and entered there."""
        code = show_code(self.store, self.peers, self.member, other.cell, self.now())
        return other.enter(code.text, self.cell)

    def enter(self, code: str, cell: str, key: str = "") -> Link:
        entered = linking.Entered(self.member, cell, code, IdempotencyKey(key or f"k{next(self.numbers)}", code))
        return linking.confirm(self.store, self.peers, entered, self.now())

    def unlink(self, link: str) -> Link:
        return linking.unlink(self.store, self.peers, self.member, link, self.now())

    def quote(self, link: str, points: int, programme: str = "", to_programme: str = "") -> str:
        wish = quote.Wish(link, points, programme, to_programme)
        made = quote.make_quote(self.store, self.cells, self.cell, self.member, wish, self.now())
        return quote.sign(made, self.signer, self.now())

    def exchange(self, token: str, key: str = "", content: str = "") -> Exchange:
        idempotency = IdempotencyKey(key or f"k{next(self.numbers)}", content or token)
        wanted = exchanging.Wanted(self.member, token, idempotency)
        return exchanging.exchange(self.store, self.peers, self.signer, wanted, self.now())

    def exchanges(self) -> list[Exchange]:
        return exchanges.exchanges_of(self.store, self.member, 100, None)[0]

    def link(self, link_id: str) -> Link:
        item = self.store.get(linking.link_key(link_id))
        assert item is not None
        return link_of(item)

    def sweep(self) -> sweeping.Swept:
        return sweeping.ask_again(self.store, self.peers, self.now())

    # the way to other cells and back

    def _send(self, url: str, headers: Mapping[str, str], body: bytes) -> Heard:
        self.sent.append((url, dict(headers), body))
        if self.cut == BEFORE_SEND:
            raise NotHeard("unreachable")
        if self.cut == AFTER_SEND:
            raise NotHeard("no answer")
        heard = self._out(url, headers, body)
        if self.cut == AFTER_COMMIT:
            raise NotHeard("no answer")
        return heard

    def send_again(self, number: int = -1) -> Heard:
        """A late copy of what was sent, byte for byte."""
        return self._out(*self.sent[number])

    def hear(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if self.cells.all[self.cell].cloud == "aws":
            event = aws_event("POST", path, "", headers, body, "203.0.113.9")
        else:
            event = tencent_event("POST", path, {}, headers, body, "203.0.113.9")
        raw = self._door(event, LambdaContext("cells", "request-1") if self.cloud() == "aws" else {"request_id": "r"})
        return Answer(raw["statusCode"], {k.lower(): v for k, v in raw["headers"].items()}, raw["body"])

    def cloud(self) -> str:
        return self.cells.all[self.cell].cloud

    def cell_name(self) -> str:
        return self.cell

    def endpoint_of(self, cell: str) -> str | None:
        return self.cells.all[cell].endpoint if cell in self.cells.all else None

    def read_token(self, kind: str, token: str, now: int) -> dict[str, Any]:
        return self.signer.verify(kind, token, now)

    def _opened(self) -> Door:
        door = Door("cells", self)

        @door.post("/cells/v1/{message}", problems=PROBLEMS)
        def hear(request: Request) -> Response:
            own = self.peers._replace(key=self.receipt_key or self.peers.key)
            handlers = exchange_wiring.handlers_of(self.store, own)
            return receive(request, handlers, Desk(self.peers.key, self.cells, self.store))

        return door


class CellServer:
    """HTTP/1.1 in front of whatever hears cells' messages. Start it before the cells file is written: it says where."""

    def __init__(self) -> None:
        self.hear: Callable[[str, dict[str, str], bytes], Answer] = self.nobody
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                answer = owner.hear(self.path, dict(self.headers.items()), body)
                content = answer.text.encode()
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @staticmethod
    def nobody(path: str, headers: dict[str, str], body: bytes) -> Answer:
        """A gateway in front of nothing."""
        return Answer(503, {}, "nobody is there")

    def stop(self) -> None:
        end(self._server)


def with_endpoints(file: Path, endpoints: Mapping[str, str]) -> Path:
    import json

    compiled = json.loads(file.read_text(encoding="utf-8"))
    for cell, url in endpoints.items():
        compiled["cells"][cell]["endpoint"] = url
    file.write_text(json.dumps(compiled), encoding="utf-8")
    return file


def assert_conserved(*shores: Shore) -> None:
    """Points are neither made nor lost, in each cell and between each two: what left the one came to the other.

    In each cell and programme all lines cancel, nothing is below zero, and what is held is held for exchanges that are
    pending. Between cells each settled exchange has its one credit, on the same terms, and no other exchange has one.
    """
    from twinshore.points.programmes import PROGRAMMES

    kept = {(shore.cell, one.id): one for shore in shores for one in shore.exchanges()}
    credited: dict[tuple[str, str], list[Any]] = {}
    for shore in shores:
        for (source, exchange_id), one in kept.items():
            item = shore.store.get(exchanges.row_key("in", source, exchanges.utc_day(one.decided_at), exchange_id))
            if item is not None and one.other == shore.cell:
                credited[source, exchange_id] = item.fields["row"]
        for programme in PROGRAMMES:
            book = shore.book(programme)
            sums, now = totals([book]), standing(book)
            assert sum(sums.values()) == 0
            assert min(now[:3]) >= 0
            assert now.spendable == ledger.balance(book)
            out = [one for one in shore.exchanges() if one.from_programme == programme]
            assert now.held == sum(one.points_out for one in out if one.state == exchanges.PENDING)
            assert sums.get(EXCHANGED_OUT, 0) == sum(one.points_out for one in out if one.state == SETTLED)
            came = [one for one in kept.values() if one.other == shore.cell and one.to_programme == programme]
            settled = sum(one.points_in for one in came if one.state == SETTLED)
            undecided = sum(one.points_in for one in came if one.state == exchanges.PENDING)
            assert settled <= -sums.get(EXCHANGED_IN, 0) <= settled + undecided
    for place, one in kept.items():
        row = [one.id, one.from_programme, one.to_programme, one.points_out, one.points_in]
        if one.state == SETTLED:
            assert credited.get(place) == row
        if one.state == exchanges.REJECTED:
            assert place not in credited
