"""Not hearing an answer has two meanings, and money hangs on which. Real sockets throughout."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import Callable, Iterator

import pytest

from sandbox.twins.server import Twin, TwinReply, TwinRequest, json_reply
from twinshore.outbound import NoAnswer, Unreachable, fetch, send


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


def saying(*pieces: bytes, between_seconds: float = 0.0) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        try:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(between_seconds)
        except OSError:
            pass

    return talk


LONG = b"x" * 9_000_000
HEAD = b"HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 9000000\r\n\r\n"


def test_a_file_larger_than_a_reply_comes_in_pieces() -> None:
    pieces: list[bytes] = []
    with listener(saying(HEAD, LONG)) as url:
        reply = fetch(f"{url}/bill", {}, pieces.append)
    assert (reply.status, reply.headers["x-a"], reply.body) == (200, "b", b"")
    assert b"".join(pieces) == LONG
    assert max(map(len, pieces)) <= 65_536


def test_a_file_in_chunks_and_one_that_ends_with_the_connection_are_read_too() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    for said in (chunked, b"HTTP/1.0 200 OK\r\n\r\nabcde"):
        pieces: list[bytes] = []
        with listener(saying(said)) as url:
            fetch(url, {}, pieces.append)
        assert b"".join(pieces) == b"abcde"


def test_a_connection_that_stays_open_does_not_hold_up_the_end() -> None:
    pieces: list[bytes] = []
    read, closed = threading.Event(), threading.Event()

    def stay(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        if not read.wait(10):
            closed.set()

    with listener(stay) as url:
        fetch(url, {}, pieces.append)
        assert not closed.is_set()
        read.set()
    assert pieces == [b"ok"]


@pytest.mark.parametrize("said", [(HEAD, b"half"), (b"hello\r\n\r\n",), (b"",)])
def test_a_part_of_a_file_is_no_file(said: tuple[bytes, ...]) -> None:
    with listener(saying(*said)) as url, pytest.raises(NoAnswer):
        fetch(url, {}, lambda piece: None)


def test_a_trickle_is_cut() -> None:
    with listener(saying(HEAD, *[b"x"] * 50, between_seconds=0.05)) as url, pytest.raises(NoAnswer, match="slowly"):
        fetch(url, {}, lambda piece: None, timeout_seconds=2, whole_seconds=0.3)


def test_who_takes_the_pieces_says_how_much_is_too_much() -> None:
    def enough(piece: bytes) -> None:
        raise OverflowError("enough")

    with listener(saying(HEAD, LONG)) as url, pytest.raises(OverflowError):
        fetch(url, {}, enough)


def test_a_no_to_a_file_comes_as_from_any_request() -> None:
    said = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"
    pieces: list[bytes] = []
    with listener(saying(said)) as url:
        assert fetch(url, {}, pieces.append)[::2] == (404, b"no")
    assert pieces == []


def test_no_file_from_a_closed_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable):
        fetch(f"http://127.0.0.1:{port}/bill", {}, lambda piece: None)
