"""Reads the ECB's daily reference rates (`eurofxref-daily.xml`) with a parser that refuses what XML can be abused for.

The document is a gesmes:Envelope with one Cube that holds one dated Cube that holds a Cube per currency. All of it or
nothing: a document that ends early, lacks a great currency or repeats one raises, and yields no table.
"""

from __future__ import annotations

import re
from datetime import date
from xml.parsers import expat

from twinshore.fx.port import RateSourceFailed, RateTable
from twinshore.money import rate

SOURCE = "ecb"
BODY_LIMIT_BYTES = 100_000
DEPTH_LIMIT = 8
CURRENCIES_AT_LEAST = 20
MUST_HAVE = ("USD", "JPY", "GBP", "CHF", "CNY", "HKD", "SGD")
ENVELOPE = "http://www.gesmes.org/xml/2002-08-01 Envelope"
CUBE = "http://www.ecb.int/vocabulary/2002-08-01/eurofxref Cube"

_CODE = re.compile("[A-Z]{3}")


class _Wrong(Exception):
    """The document is not what the ECB sends."""


class _Reader:
    """Collects what the parser meets. `path` is the chain of open elements."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.date = ""
        self.rates: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(name)
        if len(self.path) > DEPTH_LIMIT:
            raise _Wrong("too deep")
        if self.path[0] != ENVELOPE:
            raise _Wrong("another root")
        if self.path == [ENVELOPE, CUBE, CUBE]:
            self._day(attributes)
        elif self.path == [ENVELOPE, CUBE, CUBE, CUBE]:
            self._rate(attributes)

    def end(self, _name: str) -> None:
        self.path.pop()

    def refuse(self, *_: object) -> int:
        raise _Wrong("a document type or an entity")

    def _day(self, attributes: dict[str, str]) -> None:
        if self.date:
            raise _Wrong("two days")
        self.date = date.fromisoformat(attributes["time"]).isoformat()
        if self.date != attributes["time"]:
            raise _Wrong("another date form")

    def _rate(self, attributes: dict[str, str]) -> None:
        currency, text = attributes["currency"], attributes["rate"]
        if _CODE.fullmatch(currency) is None or currency in self.rates or currency == "EUR":
            raise _Wrong("a currency that is none, or twice")
        rate(text)
        self.rates[currency] = text


def parse(body: bytes, now: int) -> RateTable:
    """Raises RateSourceFailed("shape", …) for anything but a whole document."""
    if len(body) > BODY_LIMIT_BYTES:
        raise RateSourceFailed("shape", "too large")
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    # Entities can be declared in a document type only: without one there is no bomb and no file to be drawn in.
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.ExternalEntityRefHandler = reader.refuse
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, _Wrong, KeyError, ValueError) as err:
        raise RateSourceFailed("shape", type(err).__name__) from err
    missing = [currency for currency in MUST_HAVE if currency not in reader.rates]
    if not reader.date or missing or len(reader.rates) < CURRENCIES_AT_LEAST:
        raise RateSourceFailed("shape", "not the whole table")
    return RateTable(SOURCE, reader.date, "EUR", reader.rates, now)
