"""A POST to an address that somebody else chose, against real sockets."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from tests.support.receiver import Receiver
from twinshore.outbound_public import addresses_of, post_public
from twinshore.outbound_webhooks.port import AddressRefused, Answer, Undelivered

LOOPBACK = "http://127.0.0.1"
PUBLIC = "https://hooks.example.com:{port}/x"


def post(url: str, **more: Any) -> Answer:
    return post_public(url, {"X-Test": "1"}, b"{}", 0.5, **more)


def test_a_receiver_of_the_box_is_reached_and_its_status_told() -> None:
    with Receiver(lambda got: 202 if got.headers["x-test"] == "1" else 500) as receiver:
        assert post(receiver.url, exempt=LOOPBACK) == Answer(202)
        assert receiver.received[0].body == b"{}"


def test_without_the_exemption_nothing_goes_to_this_machine() -> None:
    with Receiver() as receiver:
        port = int(receiver.url.split(":")[2].split("/")[0])
        for url in (receiver.url, receiver.url.replace("http", "https"), f"https://localhost:{port}/"):
            with pytest.raises(AddressRefused):
                post(url)
        assert not receiver.received


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["10.0.0.8"], ["169.254.169.254"], ["::1"], ["8.8.8.8", "127.0.0.1"], []], ids=str
)
def test_a_public_name_that_leads_inside_is_refused_before_anything_is_sent(addresses: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        with pytest.raises(AddressRefused):
            post(PUBLIC.format(port=port), resolve=lambda host, asked: addresses)
        with pytest.raises(TimeoutError):
            server.accept()


def test_the_name_is_asked_once_so_it_cannot_change_its_mind() -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["192.0.2.1"] if len(asked) == 1 else ["127.0.0.1"]

    with pytest.raises(AddressRefused):
        post(PUBLIC.format(port=4433), resolve=rebinding)
    assert asked == ["hooks.example.com"]


def test_a_name_that_nobody_has_is_undelivered() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror("no such host")

    with pytest.raises(Undelivered) as undelivered:
        post(PUBLIC.format(port=4433), resolve=unknown)
    assert undelivered.value.reason == "unresolved"
    assert addresses_of("127.0.0.1", 80) == ["127.0.0.1"]


def server_of(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    try:
                        answer(connection)
                    except OSError:
                        pass

        threading.Thread(target=serve, daemon=True).start()
        yield f"{LOOPBACK}:{server.getsockname()[1]}/hook"


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with Receiver() as inside:
        reply = f"HTTP/1.1 307 x\r\nLocation: {inside.url}\r\nContent-Length: 0\r\n\r\n".encode()
        for url in server_of(lambda connection: connection.sendall(reply)):
            assert post(url, exempt=LOOPBACK).status == 307
        assert not inside.received


@pytest.mark.parametrize(("header", "seconds"), [("120", 120), ("soon", 0), ("-1", 0), ("9" * 20, 0), ("", 0)])
def test_a_receiver_may_ask_for_time(header: str, seconds: int) -> None:
    reply = f"HTTP/1.1 429 x\r\nRetry-After: {header}\r\nContent-Length: 0\r\n\r\n".encode()
    for url in server_of(lambda connection: connection.sendall(reply)):
        assert post(url, exempt=LOOPBACK) == Answer(429, seconds)


@pytest.mark.parametrize(
    "reply", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 abc x\r\n\r\n"], ids=["reset", "ssh", "status"]
)
def test_what_is_no_answer_is_undelivered(reply: bytes) -> None:
    for url in server_of(lambda connection: connection.sendall(reply)):
        with pytest.raises(Undelivered):
            post(url, exempt=LOOPBACK)


def test_one_byte_now_and_then_does_not_hold_us() -> None:
    def drip(connection: socket.socket) -> None:
        for letter in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100:
            connection.sendall(bytes([letter]))
            time.sleep(0.1)

    for url in server_of(drip):
        began = time.monotonic()
        with pytest.raises(Undelivered):
            post(url, exempt=LOOPBACK)
        assert time.monotonic() - began < 20, "all its bytes take over a minute"


def test_nobody_there_is_undelivered() -> None:
    with pytest.raises(Undelivered) as undelivered:
        post(f"{LOOPBACK}:9/", exempt=LOOPBACK)
    assert undelivered.value.reason == "unreachable"


def certificate(folder: Path, host: str) -> Path:
    """Self-signed, with its key, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=True)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = builder.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / f"{host}.pem"
    file.write_bytes(plain + made.public_bytes(pem))
    return file


class _Ok(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200 if self.headers["Host"].startswith("localhost") else 500)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(("host", "taken"), [("localhost", True), ("other.example", False)])
def test_the_certificate_must_be_the_hosts_though_the_address_is_ours_to_choose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, taken: bool
) -> None:
    file = certificate(tmp_path, host)
    monkeypatch.setenv("TWINSHORE_CA_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = HTTPServer(("127.0.0.1", 0), _Ok)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    url = f"https://localhost:{server.server_address[1]}/"
    try:
        if taken:
            assert post(url, exempt="https://localhost", resolve=lambda *_: ["127.0.0.1"]).status == 200
        else:
            with pytest.raises(Undelivered) as undelivered:
                post(url, exempt="https://localhost", resolve=lambda *_: ["127.0.0.1"])
            assert undelivered.value.reason == "tls"
    finally:
        server.shutdown()
        server.server_close()
