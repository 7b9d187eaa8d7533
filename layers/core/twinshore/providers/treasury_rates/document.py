"""Reads a table of a company's own or a licensed vendor's rates, in the form of docs/providers/treasury_rates.md.

All of it or nothing: a table that says another number of rates than it has, repeats a name, or has a member that the
form does not know raises, and so does one that does not say under which licence it is used.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timezone
from typing import Any

from twinshore.currencies import DIGITS
from twinshore.fx.port import RateSourceFailed, RateTable
from twinshore.money import rate

BODY_LIMIT_BYTES = 100_000
RATES_LIMIT = 200
SOURCE_LIMIT_CHARACTERS = 60
LICENCE_LIMIT_CHARACTERS = 500
BASES = ("EUR", "USD")
"""What every other source knows: in these the tables meet."""
MEMBERS = {"source", "licence", "base", "date", "published_at", "count", "rates"}
NAMES_OF_OTHERS = ("ecb", "european central bank")
DAY_SECONDS = 86_400

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def parse(body: bytes, now: int) -> RateTable:
    """Raises RateSourceFailed("licence") for a table without one, ("shape", …) for all else that is not the form."""
    if len(body) > BODY_LIMIT_BYTES:
        raise RateSourceFailed("shape", "too large")
    try:
        found = json.loads(body.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as err:
        raise RateSourceFailed("shape", type(err).__name__) from None
    if not isinstance(found, dict) or set(found) != MEMBERS:
        raise RateSourceFailed("shape", "other members")
    day, base = _day(found["date"]), found["base"]
    if base not in BASES:
        raise RateSourceFailed("shape", "base")
    return RateTable(
        _source(found["source"]), day, base, _rates(found["rates"], base, found["count"]), now,
        _licence(found["licence"]), _published_at(found["published_at"], day),
    )  # fmt: skip


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name twice")
    return dict(pairs)


def _text(value: object, limit_characters: int) -> str:
    """The text, if it is one of at most so many printable characters on one line; else ""."""
    text = value.strip() if isinstance(value, str) else ""
    return text if text.isprintable() and len(text) <= limit_characters else ""


def _source(value: object) -> str:
    """Commas stand between sources where several are named."""
    text = _text(value, SOURCE_LIMIT_CHARACTERS)
    if not text or "," in text or text.casefold() in NAMES_OF_OTHERS:
        raise RateSourceFailed("shape", "source")
    return text


def _licence(value: object) -> str:
    text = _text(value, LICENCE_LIMIT_CHARACTERS)
    if not text:
        raise RateSourceFailed("licence", "none, or not to be shown")
    return text


def _day(value: object) -> str:
    try:
        if isinstance(value, str) and date.fromisoformat(value).isoformat() == value:
            return value
    except ValueError:
        pass
    raise RateSourceFailed("shape", "date")


def _published_at(value: object, day: str) -> int:
    """Seconds since the epoch. On the other side of the date line a day begins before ours, but never a day before."""
    try:
        if not isinstance(value, str) or _MOMENT.fullmatch(value) is None:
            raise ValueError
        at = int(datetime.fromisoformat(value[:-1]).replace(tzinfo=timezone.utc).timestamp())
    except ValueError:
        raise RateSourceFailed("shape", "published_at") from None
    if at < int(datetime.fromisoformat(day).replace(tzinfo=timezone.utc).timestamp()) - DAY_SECONDS:
        raise RateSourceFailed("shape", "published before its day")
    return at


def _rates(value: object, base: str, count: object) -> dict[str, str]:
    if not isinstance(value, dict) or not 1 <= len(value) <= RATES_LIMIT:
        raise RateSourceFailed("shape", "rates")
    if type(count) is not int or count != len(value):
        raise RateSourceFailed("shape", "not the whole table")
    for currency, text in value.items():
        if currency not in DIGITS or currency == base:
            raise RateSourceFailed("shape", "a currency that is none, or the base")
        try:
            rate(text if isinstance(text, str) else "")
        except ValueError:
            raise RateSourceFailed("shape", f"the rate of {currency}") from None
    return value
