"""A company's own rates: `GET /rates.json` in the form of docs/providers/treasury_rates.md.

THE FIGURES ARE INVENTED. They have the right order of magnitude, so that prices look like prices, and nothing more.
The day is by default the last working day before now; `POST /_twin/day {"date": "2026-10-30"}` sets it.

Faults beyond those of every twin, `POST /_twin/faults`:
    shape   "html" (a page with status 200), "truncated" (ends in its middle), "half" (well-formed, but most rates are
            missing), "empty", "twice" (a currency repeated), "numbers" (rates as JSON numbers), "unlicensed"
    factor  multiply each rate by this whole number
"""

from __future__ import annotations

import hmac
import json
import time
from pathlib import Path
from typing import Any

from sandbox.twins.rate_days import last_published, times
from sandbox.twins.server import Twin, TwinReply, TwinRequest, json_reply

PATH = "/rates.json"
BEARER = "treasury-of-the-box"
INVENTED = {"TWD": "31.85", "VND": "25410", "KWD": "0.3071", "NGN": "1532.4", "CLP": "948.6", "CNY": "6.65"}
"""Units per 1 US dollar. Not rates of any day."""
LICENCE = "Invented figures for trials; not rates of any market."


class TreasuryRatesTwin(Twin):
    name = "treasury_rates"

    def __init__(self, folder: Path | None = None, port: int = 0) -> None:
        super().__init__(folder, port)
        self.day: str | None = self.recall("day", None)

    @staticmethod
    def secret() -> dict[str, str]:
        """The host is that of a real one; `TWINSHORE_OUTSIDE` leads here."""
        return {"url": f"https://treasury.example.com{PATH}", "bearer": BEARER}

    def handle(self, request: TwinRequest) -> TwinReply:
        if request.path == "/_twin/day" and request.method == "POST":
            self.day = request.json().get("date")
            self.remember("day", self.day)
            return json_reply({"date": self.day})
        if request.path != PATH or request.method != "GET":
            return json_reply({"error": "not found"}, 404)
        if not hmac.compare_digest(request.headers.get("authorization", ""), f"Bearer {BEARER}"):
            self.note("refused", why="bearer")
            return json_reply({"error": "unauthorized"}, 401)
        day = self.day or last_published(time.time())
        self.note("rates read", date=day)
        return self._spoilt(document(day, int(self.faults.get("factor", 1))))

    def _spoilt(self, table: dict[str, Any]) -> TwinReply:
        shape = self.faults.get("shape")
        if shape == "html":
            return TwinReply(200, b"<html><body>Please log in</body></html>", {"Content-Type": "text/html"})
        if shape == "half":
            table["rates"] = dict(list(table["rates"].items())[:2])
        if shape == "numbers":
            table["rates"] = {code: json.loads(text) for code, text in table["rates"].items()}
        if shape == "unlicensed":
            table["licence"] = " "
        text = json.dumps(table)
        if shape == "truncated":
            text = text[: len(text) // 2]
        if shape == "twice":
            text = text.replace('"VND"', '"TWD"')
        return TwinReply(200, b"" if shape == "empty" else text.encode(), {"Content-Type": "application/json"})


def document(day: str, factor: int = 1) -> dict[str, Any]:
    rates = {code: times(text, factor) for code, text in INVENTED.items()}
    return {
        "source": "Example Treasury", "licence": LICENCE, "base": "USD", "date": day,
        "published_at": f"{day}T08:00:00Z", "count": len(rates), "rates": rates,
    }  # fmt: skip
