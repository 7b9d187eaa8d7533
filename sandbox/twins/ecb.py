"""The European Central Bank: `GET /stats/eurofxref/eurofxref-daily.xml`, in the shape that it really has.

It is written from the bank's document alone: of the package it has the file of rates that the ECB published, and no
code. The rates are those of the last day that this file knows. The day is by default the last working day before now,
so that a box of today is not stale: rates of a later day than the file are real numbers under a made-up date.
`POST /_twin/day {"date": "2026-10-30"}` sets the day (rates of that day, if known).

Faults beyond those of every twin, `POST /_twin/faults`:
    shape   "html" (a page with status 200), "truncated" (the document ends in its middle), "bomb" (entities that
            expand to gigabytes), "half" (well-formed, but most currencies are missing), "empty"
    factor  multiply each rate by this whole number, as a slipped decimal point does
These two last until they are changed: `times` is for the faults of every twin.
"""

from __future__ import annotations

import json
import time
from importlib.resources import files
from pathlib import Path

from sandbox.twins.rate_days import last_published, times
from sandbox.twins.server import Twin, TwinReply, TwinRequest, json_reply

PATH = "/stats/eurofxref/eurofxref-daily.xml"
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" \
xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
\t<gesmes:subject>Reference rates</gesmes:subject>
\t<gesmes:Sender>
\t\t<gesmes:name>European Central Bank</gesmes:name>
\t</gesmes:Sender>
\t<Cube>
"""
TAIL = "\t</Cube>\n</gesmes:Envelope>"


class EcbTwin(Twin):
    name = "ecb"

    def __init__(self, folder: Path | None = None, port: int = 0) -> None:
        super().__init__(folder, port)
        self.history = json.loads(files("twinshore.fx").joinpath("history.json").read_text(encoding="utf-8"))
        self.day: str | None = self.recall("day", None)

    def handle(self, request: TwinRequest) -> TwinReply:
        if request.path == "/_twin/day" and request.method == "POST":
            self.day = request.json().get("date")
            self.remember("day", self.day)
            return json_reply({"date": self.day})
        if request.path != PATH or request.method != "GET":
            return TwinReply(404, b"<html>not found</html>", {"Content-Type": "text/html"})
        day = self.day or last_published(time.time())
        self.note("daily rates read", date=day)
        return self._spoilt(daily_xml(day, self.rates_of(day)))

    def rates_of(self, day: str) -> dict[str, str]:
        known = max((each for each in self.history["days"] if each <= day), default=min(self.history["days"]))
        factor = int(self.faults.get("factor", 1))
        rates = dict(zip(self.history["currencies"], self.history["days"][known], strict=True))
        return rates if factor == 1 else {code: times(text, factor) for code, text in rates.items()}

    def _spoilt(self, document: str) -> TwinReply:
        shape = self.faults.get("shape")
        if shape == "html":
            return TwinReply(200, b"<html><body>Under maintenance</body></html>", {"Content-Type": "text/html"})
        if shape == "truncated":
            document = document[: len(document) // 2]
        if shape == "bomb":
            document = bomb(document)
        if shape == "half":
            lines = document.splitlines(keepends=True)
            document = "".join(line for number, line in enumerate(lines) if "currency=" not in line or number < 15)
        if shape == "empty":
            document = ""
        return TwinReply(200, document.encode(), {"Content-Type": "text/xml"})


def daily_xml(day: str, rates: dict[str, str]) -> str:
    lines = "".join(f"\t\t\t<Cube currency='{code}' rate='{text}'/>\n" for code, text in rates.items())
    return f"{HEAD}\t\t<Cube time='{day}'>\n{lines}\t\t</Cube>\n{TAIL}"


def bomb(document: str) -> str:
    """Ten levels of ten: a gigabyte to a parser that expands them."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE bomb [<!ENTITY l0 "0123456789">{levels}]>\n'
    return document.replace("<gesmes:Envelope", doctype + "<gesmes:Envelope", 1).replace("Reference rates", "&l9;")
