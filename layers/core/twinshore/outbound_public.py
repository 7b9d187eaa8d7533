"""A POST to an address that somebody else chose. It goes to the open internet or not at all.

The name is resolved here, every address it has must be public, and the connection is made to the very address that was
looked at: asking twice would let a name answer differently the second time (DNS rebinding). Redirects are not followed,
proxies of the environment are not used, connections are not kept.
"""

from __future__ import annotations

import http.client
import os
import socket
import threading
from typing import Callable, Mapping
from urllib.parse import urlsplit

from twinshore.outbound_webhooks.port import AddressRefused, Answer, Undelivered
from twinshore.outbound_webhooks.targets import WebhookUrlRefused, checked_url, is_exempt, is_public

WHOLE_FACTOR = 2
"""A receiver that sends one byte now and then is cut off after this many times the time-out."""
Resolve = Callable[[str, int], list[str]]


def addresses_of(host: str, port: int) -> list[str]:
    """Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def post_public(
    url: str, headers: Mapping[str, str], body: bytes, timeout_seconds: float,
    *, exempt: str = "", resolve: Resolve = addresses_of,
) -> Answer:  # fmt: skip
    """exempt: see `targets.is_exempt`. Raises AddressRefused, Undelivered."""
    try:
        checked_url(url, exempt)
    except WebhookUrlRefused:
        raise AddressRefused("url") from None
    parts = urlsplit(url)
    host, port = str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)
    try:
        addresses = resolve(host, port)
    except (OSError, UnicodeError) as err:
        raise Undelivered("unresolved") from err
    if not addresses or not (is_exempt(url, exempt) or all(is_public(address) for address in addresses)):
        raise AddressRefused("address")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = _connected(parts.scheme == "https", host, (addresses[0], port), timeout_seconds)
    cut = threading.Timer(timeout_seconds * WHOLE_FACTOR, _shut, (connection.sock,))
    cut.daemon = True
    cut.start()
    try:
        connection.request("POST", target, body=body, headers=dict(headers))
        response = connection.getresponse()
        return Answer(response.status, _seconds(response.getheader("Retry-After", "")))
    except (OSError, http.client.HTTPException, ValueError) as err:
        raise Undelivered(type(err).__name__) from err
    finally:
        cut.cancel()
        connection.close()


def _connected(secure: bool, host: str, address: tuple[str, int], timeout_seconds: float) -> http.client.HTTPConnection:
    """To this address, as this host: the certificate must be the host's."""
    try:
        sock = socket.create_connection(address, timeout_seconds)
    except OSError as err:
        raise Undelivered("unreachable") from err
    if not secure:
        plain = http.client.HTTPConnection(host, address[1], timeout=timeout_seconds)
        plain.sock = sock
        return plain
    import ssl

    context = ssl.create_default_context(cafile=os.environ.get("TWINSHORE_CA_FILE") or None)
    connection = http.client.HTTPSConnection(host, address[1], timeout=timeout_seconds, context=context)
    try:
        connection.sock = context.wrap_socket(sock, server_hostname=host)
    except OSError as err:
        sock.close()
        raise Undelivered("tls") from err
    return connection


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it was over already


def _seconds(text: str) -> int:
    """The form in seconds; a date is no use to a clock that may differ."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0
