"""The page at the base port: static files, `box.json`, and the box's own desk for the page's buttons.

Only this page may press the buttons: a POST must be JSON and come from this origin, so that no other site in the same
browser can.
"""

from __future__ import annotations

import concurrent.futures
import json
import mimetypes
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Callable

from sandbox import mishaps, outside
from sandbox.box import Box
from sandbox.crossing import Crossing
from sandbox.gateway.http_request import HttpAnswer, HttpRequest
from sandbox.http_server import LocalServer, json_answer
from sandbox.journeys import Journeys
from sandbox.walk import shown

PAGE = Path(__file__).parent / "page"
SAFE_HEADERS = (
    ("Content-Security-Policy", "default-src 'self'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-cache"),
)
ASK_SECONDS = 2.0
JOURNAL_ENTRIES = 40


class PageServer:
    def __init__(self, box: Box, journeys: Journeys, crossing: Journeys) -> None:
        self._box = box
        self._journeys = journeys
        self._crossing = Crossing(box, crossing)
        self._askers = concurrent.futures.ThreadPoolExecutor(max_workers=24, thread_name_prefix="ask")
        self._server = LocalServer(box.ports.page, self._answer)

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()
        self._askers.shutdown(wait=False, cancel_futures=True)

    def _answer(self, request: HttpRequest) -> HttpAnswer:
        if request.method == "POST":
            return self._press(request)
        if request.method not in ("GET", "HEAD"):
            return json_answer({"message": "Method Not Allowed"}, 405)
        answers: dict[str, Callable[[], Any]] = {
            "/box.json": self._box.listing,
            "/box/overview": self.overview,
            "/box/journey": self._journeys.shown,
            "/box/crossing": self._crossing.shown,
            "/box/lines": self._crossing.sea.lines,
            "/box/mishaps": mishaps.listed,
        }
        if request.path in answers:
            return json_answer(answers[request.path]())
        return _static_file(request.path)

    def overview(self) -> dict[str, Any]:
        """Every cell's state and every twin's journal and switches; null for one that does not answer."""
        cells = {name: self._askers.submit(host.ask, "state") for name, host in self._box.cells.items()}
        twins = {name: self._askers.submit(_twin_state, twin.url) for name, twin in self._box.twins.items()}
        declared = self._box.declared["cells"]
        switches = {account.party: outside.PROVIDER_SWITCHES for account in self._box.accounts}
        return {
            "cells": {
                name: {
                    "title": declared[name]["name"], "cloud": declared[name]["cloud"],
                    "region": declared[name]["region"], "shore": declared[name]["shore"],
                    "laws": declared[name]["laws"], "url": self._box.cells[name].url,
                    "restarts": self._box.cells[name].restarts, "state": asked.result(),
                }
                for name, asked in cells.items()
            },
            "twins": {
                name: {"url": self._box.twins[name].url, "switches": switches.get(name, {}), "state": asked.result()}
                for name, asked in twins.items()
            },
        }  # fmt: skip

    def _press(self, request: HttpRequest) -> HttpAnswer:
        headers = request.folded_headers()
        origins = [self._box.page_url, self._box.page_url.replace("127.0.0.1", "localhost")]
        if "json" not in headers.get("content-type", "") or headers.get("origin", origins[0]) not in origins:
            return json_answer({"message": "only the box's own page, in JSON"}, 403)
        try:
            body = json.loads(request.body or b"{}")
        except ValueError:
            return json_answer({"message": "not JSON"}, 400)
        match request.path.strip("/").split("/"):
            case ["box", "journey", slug, deed] if slug in self._journeys.travellers:
                return self._journey(slug, deed)
            case ["box", "crossing", deed] if deed in ("step", "restart"):
                return json_answer(self._crossing.press(deed))
            case ["box", "lines", line]:
                return self._crossing.set_line(line, body)
            case ["box", "cells", name, "kill"] if name in self._box.cells:
                self._box.cells[name].kill()
                return json_answer({"killed": name})
            case ["box", "cells", name, "shape"] if name in self._box.cells:
                return json_answer({}, self._box.cells[name].tell("shape", body) or 503)
            case ["box", "mishaps", slug] if any(slug == each.slug for each in mishaps.MISHAPS):
                made = mishaps.make(slug, str(body.get("language", "en")), self._box.listing()["cells"])
                return json_answer({"exchange": made._asdict()})
            case ["box", "twins", name, "faults"] if name in self._box.twins:
                return json_answer(_set_faults(self._box.twins[name].url, body))
        return json_answer({"message": "Not Found"}, 404)

    def _journey(self, slug: str, deed: str) -> HttpAnswer:
        """The answer is this member's whole state: two journeys may run on one page at the same time."""
        if deed == "restart":
            self._journeys.restart(slug)
        elif deed == "step":
            self._journeys.advance(slug)
        else:
            return json_answer({"message": "Not Found"}, 404)
        return json_answer({"member": self._journeys.shown()["members"][slug]})


def _static_file(path: str) -> HttpAnswer:
    name = path.lstrip("/") or "index.html"
    file = (PAGE / name).resolve()
    if not file.is_file() or PAGE.resolve() not in file.parents:
        return HttpAnswer(404, (("Content-Type", "text/plain"), *SAFE_HEADERS), b"Not found")
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    text = kind.startswith("text/") or kind.endswith(("javascript", "svg+xml"))
    return HttpAnswer(
        200, (("Content-Type", kind + ("; charset=utf-8" if text else "")), *SAFE_HEADERS), file.read_bytes()
    )


def _twin_state(url: str) -> dict[str, Any] | None:
    try:
        return {
            "journal": shown(
                _get(url + "/_twin/journal")["items"][-JOURNAL_ENTRIES:][::-1], limit_items=JOURNAL_ENTRIES
            ),
            "faults": _get(url + "/_twin/faults"),
        }
    except (OSError, ValueError, KeyError):
        return None


def _set_faults(url: str, faults: dict[str, Any]) -> Any:
    return _get(url + "/_twin/faults", json.dumps(faults).encode())


def _get(url: str, body: bytes | None = None) -> Any:
    headers = {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=ASK_SECONDS) as reply:
        return json.load(reply)
