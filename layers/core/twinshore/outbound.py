"""HTTPS calls to outside parties, on the standard library: 27 ms cold where `requests` costs 92 (docs/performance.md).

A warm function keeps one connection per host. The two ways of not hearing an answer are told apart: money hangs on it.
"""

import http.client
import os
import select
import socket
import threading
import time
from typing import Callable, Iterator, Mapping, NamedTuple
from urllib.parse import urlsplit

from twinshore.deadline import SPARE_SECONDS, within

REPLY_LIMIT_BYTES = 4_000_000
CHUNK_BYTES = 65_536

_kept = threading.local()
"""Of each thread: `connections`, by (scheme, host, port). A function runs one request at a time; the box runs many."""


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


class Unreachable(Exception):
    """The request was surely not delivered (no address, refused, no TLS): trying again is safe."""


class NoAnswer(Exception):
    """The request may have been delivered, but no whole answer came: the outcome is unknown. Ask, do not assume."""


def send(
    method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"", timeout_seconds: float = 5.0,
    spare_seconds: float = SPARE_SECONDS,
) -> Reply:  # fmt: skip
    """One request, one reply, any status. Redirects are not followed. Raises Unreachable or NoAnswer.

    It takes no longer than leaves `spare_seconds` of this invocation's time; if there are none left, nothing is sent.

    The host and the message of the error are safe to log; the query is not part of them, for it may hold secrets.
    """
    parts = _Parts.of(url)
    target = parts.target
    timeout_seconds = within(timeout_seconds, spare_seconds)
    if timeout_seconds <= 0:
        raise Unreachable(f"{parts.hostname}: no time left for a call")
    connection, reused = _connection(parts.scheme, parts.hostname, parts.port, timeout_seconds)
    try:
        return _exchange(connection, method, target, headers or {}, body)
    except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as err:
        _forget(connection)
        # A kept connection that the far side closed while we slept says nothing about this request when nothing of a
        # reply was read; GET may simply go again on a fresh one. Anything else might have been carried out.
        if reused and method == "GET":
            fresh, _ = _connection(parts.scheme, parts.hostname, parts.port, timeout_seconds)
            return _again(fresh, method, target, headers or {}, parts.hostname)
        raise NoAnswer(f"{parts.hostname} closed the connection") from err
    except (OSError, http.client.HTTPException) as err:
        _forget(connection)
        raise NoAnswer(f"{parts.hostname}: {type(err).__name__}") from err


def fetch(
    url: str,
    headers: Mapping[str, str],
    take: Callable[[bytes], object],
    timeout_seconds: float = 5.0,
    whole_seconds: float = 120.0,
) -> Reply:
    """GET what is too large to hold: with status 200 the body goes to `take` piece by piece, and the Reply's is empty.
    Any other status comes as from `send`. How much is too much is `take`'s to say; a body whose head names no length
    ends with the connection, so that only a hash tells whether it is whole.

    timeout_seconds: of each read; whole_seconds: of all together, for a trickle keeps no read waiting.
    Raises Unreachable, NoAnswer (`take` may have had a part), and what `take` raises.
    """
    parts = _Parts.of(url)
    connection = _connected(parts.scheme, parts.hostname, parts.port, timeout_seconds)
    ends_at = time.monotonic() + within(whole_seconds)
    try:
        try:
            connection.request("GET", parts.target, headers=dict(headers))
            response = connection.getresponse()
            if response.status != 200:
                return _reply(response)
        except (OSError, http.client.HTTPException) as err:
            raise NoAnswer(f"{parts.hostname}: {type(err).__name__}") from err
        for piece in _pieces(response, parts.hostname, ends_at):
            take(piece)
        return Reply(response.status, _headers(response), b"")
    finally:
        connection.close()


def _pieces(response: http.client.HTTPResponse, host: str, ends_at: float) -> Iterator[bytes]:
    """Counted here: before Python 3.11.9 `read1` does not, and would wait for more on a connection that stays open."""
    whole, had = response.length, 0
    while whole is None or had < whole:
        try:
            piece = response.read1(CHUNK_BYTES)
        except (OSError, http.client.HTTPException) as err:
            raise NoAnswer(f"{host}: {type(err).__name__}") from err
        if not piece and whole is not None:
            raise NoAnswer(f"{host} sent a part")
        if not piece:
            return
        if time.monotonic() > ends_at:
            raise NoAnswer(f"{host} sends too slowly")
        had += len(piece)
        yield piece


def _again(
    connection: http.client.HTTPConnection, method: str, target: str, headers: Mapping[str, str], host: str
) -> Reply:
    try:
        return _exchange(connection, method, target, headers, b"")
    except (OSError, http.client.HTTPException) as err:
        _forget(connection)
        raise NoAnswer(f"{host}: {type(err).__name__}") from err


def _exchange(
    connection: http.client.HTTPConnection, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> Reply:
    connection.request(method, target, body=body or None, headers=dict(headers))
    return _reply(connection.getresponse())


def _reply(response: http.client.HTTPResponse) -> Reply:
    content = response.read(REPLY_LIMIT_BYTES + 1)
    if len(content) > REPLY_LIMIT_BYTES:
        raise http.client.HTTPException("the reply is too large")
    if response.length:  # read(amount) takes a cut reply for a whole one; what is missing stands here
        raise http.client.IncompleteRead(content, response.length)
    return Reply(response.status, _headers(response), content)


def _headers(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}


class _Parts(NamedTuple):
    scheme: str
    hostname: str
    port: int | None
    target: str

    @staticmethod
    def of(url: str) -> "_Parts":
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ValueError("an absolute http(s) URL is needed")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return _Parts(parts.scheme, parts.hostname, parts.port, target)


def _connection(
    scheme: str, host: str, port: int | None, timeout_seconds: float
) -> tuple[http.client.HTTPConnection, bool]:
    """This thread's kept connection, or a new one that is already connected."""
    connections = _mine()
    key = (scheme, host, port)
    kept = connections.get(key)
    if kept is not None and kept.sock is not None and not _closed_by_peer(kept.sock):
        kept.sock.settimeout(timeout_seconds)
        return kept, True
    connections[key] = made = _connected(scheme, host, port, timeout_seconds)
    return made, False


def _connected(scheme: str, host: str, port: int | None, timeout_seconds: float) -> http.client.HTTPConnection:
    made: http.client.HTTPConnection
    if scheme == "https":
        import ssl

        context = ssl.create_default_context(cafile=os.environ.get("TWINSHORE_CA_FILE") or None)
        made = http.client.HTTPSConnection(host, port, timeout=timeout_seconds, context=context)
    else:
        made = http.client.HTTPConnection(host, port, timeout=timeout_seconds)
    try:
        made.connect()
    except OSError as err:
        raise Unreachable(f"{host}: {type(err).__name__}") from err
    return made


def _closed_by_peer(sock: socket.socket) -> bool:
    """A readable idle connection has been closed, or carries bytes nobody asked for: either way it is of no use."""
    try:
        readable, _, _ = select.select([sock], [], [], 0)
    except (OSError, ValueError):
        return True
    return bool(readable)


def _forget(connection: http.client.HTTPConnection) -> None:
    connection.close()
    connections = _mine()
    for key, kept in list(connections.items()):
        if kept is connection:
            del connections[key]


def _mine() -> dict[tuple[str, str, int | None], http.client.HTTPConnection]:
    if not hasattr(_kept, "connections"):
        _kept.connections = {}
    return _kept.connections  # type: ignore[no-any-return]
