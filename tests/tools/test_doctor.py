"""The doctor finds a well cell well on both clouds, and names what is wrong with one that is not."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, Callable, Iterator, Mapping, NamedTuple

import pytest

from sandbox.server_end import end
from tests.support.box_process import BoxProcess
from tools import doctor
from tools.doctor import CHECKS, Cell, examine, main
from twinshore.outbound import Reply, send


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoxProcess]:
    with BoxProcess(tmp_path_factory.mktemp("box")) as running:
        running.read_until("Ctrl-C")
        yield running


@pytest.mark.parametrize("name", ["cn", "eu"])
def test_a_well_cell_passes_every_check_and_nothing_was_changed(
    name: str, box: BoxProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    url = box.get("/box.json")["cells"][name]
    found = examine(Cell(url))
    assert [(check, seen) for check, passed, seen in found if not passed] == []
    assert len(found) == len(CHECKS)
    assert main([url]) == 0
    assert capsys.readouterr().out.count("ok ") >= len(CHECKS)


class Spoilt(NamedTuple):
    """What is wrong with the answers at paths that have `path` in them."""

    path: str
    status: int = 0
    body: Callable[[dict[str, Any]], object] | None = None
    headers: Mapping[str, str] = MappingProxyType({})


ILLNESSES = {
    "health": Spoilt("/v1/health", status=503),
    "clock": Spoilt("/", headers={"date": "Mon, 01 Jan 2024 00:00:00 GMT"}),
    "api": Spoilt("/openapi.json", body=lambda said: said["paths"].pop("/v1/points")),
    "rates": Spoilt("/v1/fx/rates", body=lambda said: said.update(age_seconds=10**7)),
    "unknown route": Spoilt("/no-such", status=200),
    "no token": Spoilt("/v1/points", status=200),
    "forged webhook": Spoilt("/v1/webhooks/", status=200),
    "unsigned message": Spoilt("/cells/", status=200),
    "caching": Spoilt("/", headers={"cache-control": "max-age=60"}),
}


class Ill:
    """Stands in front of a well cell and spoils one thing."""

    def __init__(self, well: str, spoilt: Spoilt) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                sent = {"Content-Type": self.headers.get("Content-Type", ""), "Accept": "application/json"}
                status, headers, content = send(self.command, well + self.path, sent, body, 10.0)
                if spoilt.path in self.path:
                    status, headers = spoilt.status or status, {**headers, **spoilt.headers}
                    if spoilt.body:
                        said = json.loads(content)
                        spoilt.body(said)
                        content = json.dumps(said).encode()
                self.send_response_only(status)
                for header in ("content-type", "cache-control", "date"):
                    self.send_header(header, headers.get(header, ""))
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Ill:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        end(self._server)


@pytest.mark.parametrize("check", ILLNESSES)
def test_one_thing_that_is_wrong_is_named(check: str, box: BoxProcess, capsys: pytest.CaptureFixture[str]) -> None:
    with Ill(box.get("/box.json")["cells"]["eu"], ILLNESSES[check]) as ill:
        failed = {name for name, passed, _ in examine(Cell(ill.url)) if not passed}
        assert check in failed
        assert main([ill.url]) == 1
    assert "FAILED" in capsys.readouterr().out


def test_a_cell_that_is_not_there_fails_every_check_that_asks_it() -> None:
    began = time.monotonic()
    found = examine(Cell("http://127.0.0.1:9"))
    assert {name for name, passed, _ in found if passed} == {"certificate"}
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("arguments", [[], ["eu", "sea"], ["atlantis"], ["ftp://x"]])
def test_what_is_no_cell_and_no_address_is_said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err


def test_an_answer_that_should_not_be_is_told_by_its_problems_name() -> None:
    body = b'{"type": "https://twinshore.example/problems/store-not-prepared"}'
    with pytest.raises(doctor.Failed, match="status 503, store-not-prepared"):
        doctor._json(Reply(503, {}, body), 200)
    with pytest.raises(doctor.Failed, match=r"^status 502$"):
        doctor._json(Reply(502, {}, b"<html>"), 200)
