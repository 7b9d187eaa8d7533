"""Fetches the further rates of this cell from the one address that its secret names, and from nowhere else.

The secret `rate_source` is a JSON object {"url", "bearer"}; the bearer token may be absent.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from twinshore.fx.port import RateSourceFailed, RateTable
from twinshore.providers.exchange import send_to
from twinshore.providers.treasury_rates.document import parse

TIMEOUT_SECONDS = 5.0
_HOST = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")
_TARGET = re.compile(r"[!-~]{1,1000}")
_BEARER = re.compile(r"[!-~]{8,4000}")


class Address(NamedTuple):
    host: str
    target: str
    """Path and query."""
    bearer: str


def treasury_rates(
    now: int, secret_json: str, twin_url: str = "", timeout_seconds: float = TIMEOUT_SECONDS
) -> RateTable:
    """The latest table. Raises RateSourceFailed, for every way in which it can fail."""
    from twinshore.outbound import NoAnswer, Unreachable

    at = address_of(secret_json)
    headers = {"Accept": "application/json", **({"Authorization": f"Bearer {at.bearer}"} if at.bearer else {})}
    url = (twin_url or f"https://{at.host}") + at.target
    try:
        reply = send_to((at.host,), twin_url)("GET", url, headers, b"", timeout_seconds)
    except Unreachable as err:
        raise RateSourceFailed("unreachable") from err
    except NoAnswer as err:
        raise RateSourceFailed("no-answer") from err
    if reply.status != 200:
        raise RateSourceFailed("status", str(reply.status))
    return parse(reply.body, now)


def address_of(secret_json: str) -> Address:
    """Raises RateSourceFailed("configuration") for anything but https to a host by name, on the usual port."""
    try:
        members: Any = json.loads(secret_json)
        parts, bearer = urlsplit(members["url"]), members.get("bearer", "")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        right = (
            set(members) <= {"url", "bearer"}
            and (parts.scheme, parts.fragment, parts.username, parts.port) == ("https", "", None, None)
            and _HOST.fullmatch(parts.hostname or "") is not None
            and _TARGET.fullmatch(target) is not None
            and (bearer == "" or _BEARER.fullmatch(bearer) is not None)
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        right = False
    if not right:
        raise RateSourceFailed("configuration")  # without `from`: the decoder's error carries the secret itself
    return Address(parts.hostname or "", target, bearer)
