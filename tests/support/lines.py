"""Lines between a store and its engine: one that counts round trips, one that loses answers."""

from __future__ import annotations

import http.client
import socket
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Iterator

from sandbox.server_end import end

CHUNK_BYTES = 65536


class CountedLine:
    """Passes a PostgreSQL connection on, from a Unix socket in `folder`, and counts how often the talk turns round."""

    def __init__(self, folder: Path, server_socket: str) -> None:
        self.round_trips = 0
        self._server_spoke = True
        self._server_socket = server_socket
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / ".s.PGSQL.5432"))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server_socket)
            threading.Thread(target=self._pump, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, False), daemon=True).start()

    def _pump(self, start: socket.socket, end: socket.socket, from_client: bool) -> None:
        """Each thread closes only what it reads from: the other one may be reading the other end this moment."""
        with start, suppress(OSError):
            while data := start.recv(CHUNK_BYTES):
                if from_client and self._server_spoke:
                    self.round_trips += 1
                self._server_spoke = not from_client
                end.sendall(data)
        with suppress(OSError):
            end.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._listener.close()


class UnsteadyLine:
    """HTTP to an engine, with trouble that tests ask for: `trouble` is a list of "throttle" (not passed on), "lose"
    (passed on, but the answer is lost) or "fail" (passed on, answered with 500), one for each of the next calls."""

    def __init__(self, port: int) -> None:
        self.trouble: list[str] = []
        self.calls: list[str] = []
        self._port = port
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        line = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                line.calls.append(self.headers["X-Amz-Target"].rpartition(".")[2])
                trouble = line.trouble.pop(0) if line.trouble else None
                status, answer = 400, b'{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"}'
                if trouble != "throttle":
                    status, answer = line.pass_on(self.path, body, dict(self.headers))
                if trouble == "lose":
                    self.close_connection = True
                    return
                if trouble == "fail":
                    status, answer = 500, b'{"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError"}'
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        return Handler

    def pass_on(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content

    def close(self) -> None:
        end(self._server)


@contextmanager
def unsteady(url: str) -> Iterator[UnsteadyLine]:
    line = UnsteadyLine(int(url.rpartition(":")[2]))
    yield line
    line.close()
