"""Stands where API Gateway does for cell-to-cell calls: HTTP in, the deployed `cells` function, HTTP out.

MiniStack makes no routes of SAM's HTTP API (tests/support/deployed/stack.py), and a cell calls another by its endpoint.
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable

from sandbox.gateway import aws as gateway
from sandbox.gateway.http_request import HttpRequest
from sandbox.server_end import end


class Front:
    """`invoke`: set once the cell is deployed. `heard`: how many calls came."""

    def __init__(self, region: str) -> None:
        self.invoke: Callable[[str, dict[str, Any]], Any] | None = None
        self.heard = 0
        front = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = HttpRequest("POST", self.path, "", tuple(self.headers.items()), body, "203.0.113.7", "c1", 0)
                front.heard += 1
                assert front.invoke is not None
                shape = gateway.API_GATEWAY
                answer = gateway.http_answer(
                    front.invoke("cells", gateway.http_event(request, shape, gateway.domain_of(shape, region)))
                )
                self.send_response_only(answer.status)
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Front:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        end(self._server)
