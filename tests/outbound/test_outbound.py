"""Not hearing an answer has two meanings, and money hangs on which. Real sockets throughout."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import Callable, Iterator

import pytest

from sandbox.twins.server import Twin, TwinReply, TwinRequest, json_reply
from twinshore.outbound import NoAnswer, Unreachable, send


class Echo(Twin):
    name = "echo"

    def handle(self, request: TwinRequest) -> TwinReply:
        if request.path == "/moved":
            return TwinReply(302, b"", {"Location": "/elsewhere"})
        return json_reply({"method": request.method, "target": request.target, "body": request.body.decode()})


@contextmanager
def listener(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that says whatever `talk` makes it say, to each connection."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                talk(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}"
    server.close()


def test_a_request_arrives_as_it_was_sent() -> None:
    with Echo() as echo:
        reply = send("POST", f"{echo.url}/pay?a=1&b=%20", {"X-A": "b"}, "好".encode())
    assert reply.status == 200
    assert '"target": "/pay?a=1&b=%20"' in reply.body.decode()
    assert "好" in reply.body.decode()
    assert reply.headers["content-type"].startswith("application/json")


def test_redirects_are_not_followed() -> None:
    with Echo() as echo:
        assert send("GET", f"{echo.url}/moved").status == 302


def test_a_closed_port_is_surely_not_delivered() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable):
        send("POST", f"http://127.0.0.1:{port}/pay", {}, b"1")


def test_a_reset_after_the_request_is_unknown() -> None:
    def slam(connection: socket.socket) -> None:
        connection.recv(65536)

    with listener(slam) as url, pytest.raises(NoAnswer):
        send("POST", f"{url}/pay", {}, b"1")


def test_silence_is_unknown() -> None:
    hold = threading.Event()
    with listener(lambda connection: hold.wait(5) and None) as url, pytest.raises(NoAnswer):
        send("POST", f"{url}/pay", {}, b"1", timeout_seconds=0.2)
    hold.set()


def test_half_a_reply_is_unknown() -> None:
    def stutter(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    with listener(stutter) as url, pytest.raises(NoAnswer):
        send("POST", f"{url}/pay", {}, b"1")


def test_rubbish_is_unknown() -> None:
    def babble(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"hello\r\n\r\n")

    with listener(babble) as url, pytest.raises(NoAnswer):
        send("POST", f"{url}/pay", {}, b"1")


def test_an_endless_reply_is_cut() -> None:
    def pour(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n")
        try:
            for _ in range(100):
                connection.sendall(b"x" * 90_000)
        except OSError:
            pass

    with listener(pour) as url, pytest.raises(NoAnswer):
        send("GET", f"{url}/bill")


def test_a_kept_connection_that_was_closed_meanwhile_costs_nothing() -> None:
    """The party closes idle connections; the next request goes out on a fresh one, once."""
    seen: list[bytes] = []
    closed = threading.Semaphore(0)

    def answer_once_and_close(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        connection.shutdown(socket.SHUT_WR)
        closed.release()

    with listener(answer_once_and_close) as url:
        for _ in range(3):
            assert send("POST", f"{url}/pay", {}, b"1").body == b"ok"
            assert closed.acquire(timeout=10)
    assert len(seen) == 3, "no request was sent twice"


def test_errors_do_not_show_the_query() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable) as caught:
        send("GET", f"http://127.0.0.1:{port}/token?secret=hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://x/y", "/relative", "http://", "file:///etc/passwd"])
def test_only_absolute_http_urls_go_out(url: str) -> None:
    with pytest.raises(ValueError, match="absolute"):
        send("GET", url)
