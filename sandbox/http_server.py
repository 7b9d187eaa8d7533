"""The one small HTTP server of the box: cells' gateways and the page stand on it. 127.0.0.1 only."""

from __future__ import annotations

import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Callable

from sandbox.gateway.http_request import HttpAnswer, HttpRequest
from sandbox.ports import HOST
from sandbox.server_end import end

BODY_LIMIT_BYTES = 6_000_000
"""Both clouds take at most 6 MB in a synchronous call."""
IDLE_SECONDS = 30
LOCAL_NAMES = (HOST, "localhost")

Answer = Callable[[HttpRequest], HttpAnswer]


class LocalServer:
    """Serves `answer` on a thread per connection until `stop`. `port` 0 takes any free one."""

    def __init__(self, port: int, answer: Answer) -> None:
        self._server = _Server((HOST, port), _handler_for(answer))
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def start(self) -> "LocalServer":
        self._thread.start()
        return self

    def stop(self) -> None:
        end(self._server)


def json_answer(value: object, status: int = 200) -> HttpAnswer:
    import json

    headers = (("Content-Type", "application/json; charset=utf-8"), ("Cache-Control", "no-store"))
    return HttpAnswer(status, headers, json.dumps(value, ensure_ascii=False).encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True


def _handler_for(answer: Answer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "Twinshore"
        sys_version = ""
        timeout = IDLE_SECONDS
        disable_nagle_algorithm = True

        def parse_request(self) -> bool:
            # Whatever the method is, the doors answer it: a 405 is theirs to say, with a problem document.
            if not super().parse_request():
                return False
            setattr(self, f"do_{self.command}", self._answer)
            return True

        def _answer(self) -> None:
            host = (self.headers.get("Host") or HOST).rsplit(":", 1)[0]
            if host not in LOCAL_NAMES:  # a page elsewhere may have pointed its own name at this address
                return self._send(HttpAnswer(421, (("Content-Type", "text/plain"),), b"This box answers on 127.0.0.1."))
            body = self._read_body()
            if body is None:
                return None
            path, _, query = self.path.partition("?")
            request = HttpRequest(
                self.command,
                path,
                query,
                tuple(self.headers.items()),
                body,
                self.client_address[0],
                secrets.token_hex(16),
                int(time.time() * 1000),
            )
            return self._send(answer(request))

        def _read_body(self) -> bytes | None:
            text = self.headers.get("Content-Length") or "0"
            if self.headers.get("Transfer-Encoding") or not (text.isascii() and text.isdigit()):
                self._refuse(411, b'{"message":"Length Required"}')
                return None
            if int(text) > BODY_LIMIT_BYTES:
                self._refuse(413, b'{"message":"Request Entity Too Large"}')
                return None
            return self.rfile.read(int(text))

        def _refuse(self, status: int, body: bytes) -> None:
            self.close_connection = True
            self._send(HttpAnswer(status, (("Content-Type", "application/json"), ("Connection", "close")), body))

        def _send(self, reply: HttpAnswer) -> None:
            self.send_response(reply.status)
            for name, value in reply.headers:
                if name.lower() != "content-length":
                    self.send_header(name, value)
            if reply.status != 204:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            """The terminal belongs to the journey."""

        def handle(self) -> None:
            try:
                super().handle()
            except (ConnectionError, TimeoutError):
                self.close_connection = True

    return Handler
