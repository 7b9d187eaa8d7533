"""The doctor finds a well cell well on both clouds, and names what is wrong with one that is not."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any, Callable, Iterator, Mapping, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sandbox.server_end import end
from tests.support.box_process import BoxProcess
from tests.support.doors import Place
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
    wait_seconds: float = 0.0


ILLNESSES = {
    "health": Spoilt("/v1/health", status=503),
    "quick": Spoilt("/v1/health", wait_seconds=0.15),
    "bootstrap": Spoilt("/v1/bootstrap", status=500),
    "clock": Spoilt("/", headers={"date": "Mon, 01 Jan 2024 00:00:00 GMT"}),
    "api": Spoilt("/openapi.json", body=lambda said: said["paths"].pop("/v1/points")),
    "rates": Spoilt("/v1/fx/rates", body=lambda said: said.update(age_seconds=10**7)),
    "unknown route": Spoilt("/no-such", status=200),
    "no token": Spoilt("/v1/points", status=200),
    "forged webhook": Spoilt("/v1/webhooks/", status=200),
    "unsigned message": Spoilt("/cells/", status=200),
    "caching": Spoilt("/", headers={"cache-control": "max-age=60"}),
}


WELL = Spoilt("-")


class Ill:
    """Stands in front of a well cell, spoils one thing, and notes what was asked."""

    def __init__(self, well: str, spoilt: Spoilt) -> None:
        self.asked: list[tuple[str, str, int]] = []
        """(method, path, the cell's status)"""
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                sent = {"Content-Type": self.headers.get("Content-Type", ""), "Accept": "application/json"}
                status, headers, content = send(self.command, well + self.path, sent, body, 10.0)
                asked.append((self.command, self.path, status))
                if spoilt.path in self.path:
                    time.sleep(spoilt.wait_seconds)
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
def test_one_thing_that_is_wrong_is_named(
    check: str, box: BoxProcess, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if check == "quick":
        monkeypatch.setattr(doctor, "SLOW_SECONDS", 0.1)
    with Ill(box.get("/box.json")["cells"]["eu"], ILLNESSES[check]) as ill:
        failed = {name for name, passed, _ in examine(Cell(ill.url)) if not passed}
        assert check in failed
        assert main([ill.url]) == 1
    assert "FAILED" in capsys.readouterr().out


def test_every_check_has_an_illness_that_it_finds() -> None:
    assert {name for name, _ in CHECKS} == {*ILLNESSES, "certificate"}


def test_the_doctor_asks_for_nothing_but_what_changes_nothing(box: BoxProcess) -> None:
    """It reads; whatever else it sends is refused by a cell that is well, before anything is done."""
    with Ill(box.get("/box.json")["cells"]["eu"], WELL) as watched:
        assert all(passed for _, passed, _ in examine(Cell(watched.url)))
    assert {method for method, _, _ in watched.asked} == {"GET", "POST"}
    sent = [(path, status) for method, path, status in watched.asked if method == "POST"]
    assert all(path.startswith(("/v1/webhooks/", "/cells/v1/")) for path, _ in sent)
    assert all(status in (400, 401, 403, 404) for _, status in sent), sent


@pytest.mark.parametrize(("days", "seen"), [(90, "left"), (5, "ends in"), (-1, "SSLCertVerificationError")])
def test_a_certificate_that_is_about_to_end_is_named(
    days: int, seen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = made_for_localhost(tmp_path, days)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with tls_server(authority) as port:
        try:
            said = doctor.certificate(Cell(f"https://localhost:{port}"))
        except doctor.Failed as failed:
            assert days < doctor.CERTIFICATE_DAYS
            said = str(failed)
    assert seen in said


def made_for_localhost(folder: Path, days: int) -> Path:
    """A certificate that vouches for itself, and its key, in one file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=9)).not_valid_after(now + timedelta(days=days, hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "certificate.pem"
    file.write_bytes(made.public_bytes(Encoding.PEM) + secret)
    return file


@contextmanager
def tls_server(certificate: Path) -> Iterator[int]:
    """Shakes hands, and says nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def shake() -> None:
            with suppress(OSError):
                context.wrap_socket(listener.accept()[0], server_side=True).close()

        threading.Thread(target=shake, daemon=True).start()
        yield int(listener.getsockname()[1])


def test_a_cell_whose_store_is_gone_is_alive_and_not_ready(at: Place) -> None:
    """`GET /v1/health` asks the function alone; the doctor's `rates` goes through to the store."""
    at.store = f"sqlite:{at.folder / 'no' / 'such' / 'folder.db'}"
    at.rewire()
    assert at.call("bootstrap", "GET", "/v1/health").status == 200
    assert at.call("fx", "GET", "/v1/fx/rates", query={"base": "EUR", "quote": "USD"}).problem() == "unavailable"


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
