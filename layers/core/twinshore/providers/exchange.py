"""One question to a payment provider and what its silence means, the same for every provider.

Nothing is imported for the network until a question is asked: a callback door asks none.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Callable, Mapping, Sequence

from twinshore.errors import BrokenInvariant, Unavailable
from twinshore.payments.port import OutcomeUnknown

if TYPE_CHECKING:
    from twinshore.outbound import Reply

    Send = Callable[[str, str, Mapping[str, str], bytes, float], Reply]
    Fetch = Callable[[str, Mapping[str, str], Callable[[bytes], object], float], Reply]

TIMEOUT_SECONDS = 5.0


def send_outbound(method: str, url: str, headers: Mapping[str, str], body: bytes, timeout_seconds: float) -> Reply:
    """`outbound.send`, imported when the first question goes out (27 ms that a callback never pays)."""
    from twinshore.outbound import send

    return send(method, url, headers, body, timeout_seconds)


def fetch_outbound(
    url: str, headers: Mapping[str, str], take: Callable[[bytes], object], timeout_seconds: float
) -> Reply:
    """`outbound.fetch`, imported when the first file is asked for."""
    from twinshore.outbound import fetch

    return fetch(url, headers, take, timeout_seconds)


class HostNotAllowed(BrokenInvariant):
    """A provider's code would speak to a host that is not in its table. Nothing was sent."""


def send_to(hosts: Sequence[str], base_url: str) -> Send:
    """`send_outbound`, for these hosts only; a star stands for one label's part (`*-live.example.com`). With a
    `base_url` (a twin's) its host is the only one.

    A provider's answers name addresses (bills, certificates, next pages); none of them may send us elsewhere.
    """

    def send(method: str, url: str, headers: Mapping[str, str], body: bytes, timeout_seconds: float) -> Reply:
        _check_host(url, hosts, base_url)
        return send_outbound(method, url, headers, body, timeout_seconds)

    return send


def fetch_from(hosts: Sequence[str], base_url: str) -> Fetch:
    """`fetch_outbound`, with the same hosts as `send_to`."""

    def fetch(url: str, headers: Mapping[str, str], take: Callable[[bytes], object], timeout_seconds: float) -> Reply:
        _check_host(url, hosts, base_url)
        return fetch_outbound(url, headers, take, timeout_seconds)

    return fetch


def _check_host(url: str, hosts: Sequence[str], base_url: str) -> None:
    import re
    from urllib.parse import urlsplit

    asked = urlsplit(url)
    if base_url:
        own = urlsplit(base_url)
        allowed = (asked.scheme, asked.netloc) == (own.scheme, own.netloc)
    else:
        pattern = "|".join(re.escape(host).replace(r"\*", "[a-zA-Z0-9-]{1,63}") for host in hosts)
        port = asked.port or 443
        allowed = asked.scheme == "https" and port == 443 and not asked.username
        allowed = allowed and re.fullmatch(pattern, asked.hostname or "") is not None
    if not allowed:
        raise HostNotAllowed("a provider's client speaks to the hosts of its table")


def ask(
    send: Send, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout_seconds: float = TIMEOUT_SECONDS
) -> Reply:
    """A reply below 500. Raises Unavailable where the request surely never arrived, OutcomeUnknown for everything
    else that is not a clear answer: a time-out, a reset, any 5xx, a redirect."""
    return _clear(lambda: send(method, url, headers, body, timeout_seconds))


def ask_for_file(
    fetch: Fetch, url: str, headers: Mapping[str, str], take: Callable[[bytes], object], timeout_seconds: float
) -> Reply:
    """As `ask`; the body of a 200 goes to `take` in pieces. What `take` raises is raised."""
    return _clear(lambda: fetch(url, headers, take, timeout_seconds))


def _clear(exchange: Callable[[], Reply]) -> Reply:
    from twinshore.outbound import NoAnswer, Unreachable

    try:
        reply = exchange()
    except Unreachable as err:
        raise Unavailable("The payment provider cannot be reached.") from err
    except NoAnswer as err:
        raise OutcomeUnknown("The payment provider did not answer.") from err
    if reply.status >= 500 or 300 <= reply.status < 400:
        raise OutcomeUnknown("The payment provider answered with a fault of its own.")
    return reply


def json_object(body: bytes, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """The JSON object of a reply. Raises OutcomeUnknown for HTML and other guests: some proxy spoke, not the party.

    parse_float: `str` where amounts come as numbers with a point, so that their text stays what it was."""
    try:
        value = json.loads(body, parse_float=parse_float)
    except ValueError as err:
        raise OutcomeUnknown("The payment provider's answer cannot be read.") from err
    if not isinstance(value, dict):
        raise OutcomeUnknown("The payment provider's answer cannot be read.")
    return value
