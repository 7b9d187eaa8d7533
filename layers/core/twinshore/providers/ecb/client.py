"""Fetches the ECB's daily reference rates. Public, free, no key; the source is to be named."""

from __future__ import annotations

from twinshore.fx.port import RateSourceFailed, RateTable
from twinshore.outbound import NoAnswer, Unreachable, send
from twinshore.providers.ecb.daily import parse

BASE_URL = "https://www.ecb.europa.eu"
PATH = "/stats/eurofxref/eurofxref-daily.xml"
TIMEOUT_SECONDS = 5.0


def daily_rates(now: int, base_url: str = BASE_URL, timeout_seconds: float = TIMEOUT_SECONDS) -> RateTable:
    """The latest day. Raises RateSourceFailed, for every way in which it can fail."""
    try:
        reply = send("GET", base_url + PATH, {"Accept": "application/xml"}, timeout_seconds=timeout_seconds)
    except Unreachable as err:
        raise RateSourceFailed("unreachable") from err
    except NoAnswer as err:
        raise RateSourceFailed("no-answer") from err
    if reply.status != 200:
        raise RateSourceFailed("status", str(reply.status))
    return parse(reply.body, now)
