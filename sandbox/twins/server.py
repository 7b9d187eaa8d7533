"""What every twin is built on: a small threaded HTTP server with a journal and fault switches.

A twin stands in for an outside party: it speaks real HTTP on 127.0.0.1, signs with real algorithms, and keeps what it
must remember in its folder, so that it survives a restart like the party does.

Switches, `POST /_twin/faults` with a JSON object (an empty one heals; a twin may add its own, see its docstring):
    delay_seconds   wait before each answer of the API
    status          answer every API call with this HTTP status and an HTML page, as a broken load balancer does
    json            with `status`: in place of the page a JSON object: this one, or one that speaks of failure (true)
    reset           close the connection without an answer
    clock           seconds since the epoch: where the party's clock stands (of twins that keep bills)
    times           how many API calls the above hit before they heal by themselves (absent: until changed)
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, NamedTuple
from urllib.parse import parse_qs, urlsplit

from sandbox.server_end import end

BODY_LIMIT_BYTES = 1_000_000
JOURNAL_LIMIT_ENTRIES = 500
"""How many a twin keeps, but for `journal_limit` of the twin."""
JOURNAL_FILE = "journal.jsonl"


class TwinRequest(NamedTuple):
    method: str
    path: str
    query: dict[str, str]
    """Decoded; the last value of a repeated name."""
    target: str
    """Path and query exactly as received: signatures cover it."""
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body or b"{}")


class TwinReply(NamedTuple):
    status: int
    body: bytes = b""
    headers: dict[str, str] = {}


def json_reply(value: object, status: int = 200) -> TwinReply:
    body = json.dumps(value, ensure_ascii=False).encode()
    return TwinReply(status, body, {"Content-Type": "application/json; charset=utf-8"})


class Twin:
    """Subclass it, give it a `name`, and answer in `handle`. Use as a context manager or with start() and stop()."""

    name = "twin"

    def __init__(self, folder: Path | None = None, port: int = 0) -> None:
        self.folder = folder
        self.faults: dict[str, Any] = {}
        self.lock = threading.RLock()
        self.journal_limit = JOURNAL_LIMIT_ENTRIES
        self.journal: list[dict[str, Any]] = self._recalled_journal()
        self._server = _Server(("127.0.0.1", port), _handler_for(self))
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def moment(self) -> float:
        """The party's clock: seconds since the epoch."""
        return float(self.faults.get("clock", 0)) or time.time()

    def handle(self, request: TwinRequest) -> TwinReply:
        """Answer one API call. Paths below `/_twin/` that `control` does not know come here too."""
        raise NotImplementedError

    def note(self, what: str, **facts: object) -> None:
        """Write into the journal what was received or signed. The journal is shown to developers: no secrets."""
        with self.lock:
            entry = {"at": round(time.time(), 3), "what": what, **facts}
            self.journal.append(entry)
            del self.journal[: -self.journal_limit]
            if self.folder is not None:
                self.folder.mkdir(parents=True, exist_ok=True)
                with (self.folder / JOURNAL_FILE).open("a", encoding="utf-8") as file:
                    file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def remember(self, name: str, value: object) -> None:
        """Keep a JSON value in the twin's folder (if it has one), whole or not at all."""
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.lock:
            draft = self.folder / f"{name}.json.new"
            draft.write_text(json.dumps(value, ensure_ascii=False))
            draft.replace(self.folder / f"{name}.json")

    def recall(self, name: str, default: Any) -> Any:
        file = None if self.folder is None else self.folder / f"{name}.json"
        return json.loads(file.read_text()) if file is not None and file.exists() else default

    def _recalled_journal(self) -> list[dict[str, Any]]:
        """The end of what was noted before a restart; a last line that was cut short is left out."""
        file = None if self.folder is None else self.folder / JOURNAL_FILE
        if file is None or not file.exists():
            return []
        found = []
        for line in file.read_text(encoding="utf-8").splitlines()[-JOURNAL_LIMIT_ENTRIES:]:
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        file.write_text("".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in found), encoding="utf-8")
        return found

    def start(self) -> "Twin":
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name=self.name, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        end(self._server)

    def __enter__(self) -> Any:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def answer(self, request: TwinRequest) -> TwinReply | None:
        """None: close the connection without a word."""
        if request.path.startswith("/_twin/"):
            control = self._control(request)
            return control if control is not None else self.handle(request)
        fault = self._take_fault()
        if fault.get("delay_seconds"):
            time.sleep(float(fault["delay_seconds"]))
        if fault.get("reset"):
            return None
        if fault.get("status") and fault.get("json"):
            said = fault["json"] if isinstance(fault["json"], dict) else {"status": "FAILED"}
            return json_reply(said, int(fault["status"]))
        if fault.get("status"):
            return TwinReply(int(fault["status"]), b"<html><h1>Bad Gateway</h1></html>", {"Content-Type": "text/html"})
        return self.handle(request)

    def _control(self, request: TwinRequest) -> TwinReply | None:
        if request.path == "/_twin/journal":
            with self.lock:
                return json_reply({"items": list(self.journal)})
        if request.path == "/_twin/faults":
            if request.method == "POST":
                with self.lock:
                    self.faults = dict(request.json())
            return json_reply(self.faults)
        return None

    def _take_fault(self) -> dict[str, Any]:
        with self.lock:
            fault = dict(self.faults)
            if "times" in fault:
                left = int(fault["times"]) - 1
                self.faults = {**fault, "times": left} if left > 0 else {}
            return fault


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._connections: set[Any] = set()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """A party that goes down hangs up: on a connection that somebody kept, its successor would never be heard."""
        super().server_close()
        for connection in tuple(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has died meanwhile, or waits no longer: nothing to say. The rest is told as ever."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _handler_for(twin: Twin) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        disable_nagle_algorithm = True

        def answer_one(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if length > BODY_LIMIT_BYTES:
                self.send_error(413)
                return
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(length)
            reply = twin.answer(TwinRequest(self.command, parts.path, query, self.path, headers, body))
            if reply is None:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            # The page of the box talks to twins from another port.
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Access-Control-Allow-Headers", "*")
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer_one

        def do_OPTIONS(self) -> None:
            self.send_response(204)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Access-Control-Allow-Headers", "*")
            self.send_header("Access-Control-Allow-Methods", "*")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Twins keep a journal; the terminal belongs to the journey."""

    return Handler


def deliver(send: Callable[[], int], retries_seconds: tuple[float, ...], note: Callable[[str], None]) -> None:
    """Call `send` (which returns an HTTP status, or raises OSError) now and after each wait, until it says 2xx."""
    for wait_seconds in (0.0, *retries_seconds):
        time.sleep(wait_seconds)
        try:
            status = send()
        except OSError:
            note("no answer")
            continue
        note(f"answered {status}")
        if 200 <= status < 300:
            return
