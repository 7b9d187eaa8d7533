"""An exchange of points from one cell to another, end to end in the box: two processes, two stores, signatures."""

from __future__ import annotations

import http.client
import json
import os
import statistics
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.processes import Figures
from bench.rows import Row, Section

HOME, ABROAD = "cn", "eu"
POINTS_OUT, POINTS_IN = 120, 100
EARNED = 10**6
WARM_UP = 10
REWARD, PRICE = "coffee_voucher", 100


class Member:
    """A person's membership in one cell, over one kept connection."""

    def __init__(self, url: str, wechat: str, address: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        self._headers = {"Content-Type": "application/json", "X-Box-Client-IP": address}
        code = _posted(wechat + "/_twin/codes", {"openid": "oBenchTraveller"})["code"]
        session, _ = self.ask("POST", "/v1/login", {"code": code})
        self.id = session["member_id"]
        self._headers["Authorization"] = f"Bearer {session['access_token']}"

    def ask(self, method: str, path: str, body: Any = None, expect: tuple[int, ...] = (200, 201)) -> tuple[Any, float]:
        """The answer, and how many milliseconds it took."""
        headers = {**self._headers, "Idempotency-Key": str(uuid.uuid4())}
        began = time.perf_counter()
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        reply = self._connection.getresponse()
        said = reply.read()
        took_ms = (time.perf_counter() - began) * 1000
        assert reply.status in expect, (path, reply.status, said)
        return json.loads(said), took_ms


def section(count: int) -> Section:
    from sandbox.box import Box
    from tests.support.box_process import free_base

    with tempfile.TemporaryDirectory(prefix="twinshore-bench-") as folder:
        box = Box(Path(folder), free_base())
        box.start()
        try:
            exchanges, redemptions = _measured(box, count)
        finally:
            box.end()
    what, peer = "an exchange from cell to cell, in the box", "a redemption in one of the two cells, in the box"
    rows = [Row(what, peer, Figures(exchanges).over(Figures(redemptions)))]
    note = (
        f"`POST /v1/points/exchanges` at the cell {HOME}, {count:,} times one after another on a quiet line, in turn"
        " with `POST /v1/points/redemptions` there: points held, a signed question (RFC 9421, Ed25519) to the cell"
        f" {ABROAD}, credited there with a signed receipt, a signed answer, settled; three synced commits in two SQLite"
        f" files, two processes on one machine of {os.cpu_count()} cores, beside the box's other cells and twins; no"
        " ocean between. Each is over (`settled`) when its answer comes. Afterwards both ledgers agree to the point."
    )
    table = [
        ("what", "p50 ms", "p99 ms", "least ms"),
        *((name, *_percentiles(values)) for name, values in ((what, exchanges), (peer, redemptions))),
    ]
    return Section("Exchange of points across cells", note, rows, table)


def _measured(box: Any, count: int) -> tuple[list[float], list[float]]:
    urls, wechat = box.listing()["cells"], box.listing()["twins"]["wechat"]
    home, abroad = Member(urls[HOME], wechat, "14.16.0.9"), Member(urls[ABROAD], wechat, "91.10.0.9")
    _earn(box.folder, home.id)
    link = _linked(home, abroad)
    exchanges, redemptions = [], []
    for number in range(WARM_UP + count):
        promise, _ = home.ask("POST", "/v1/points/exchanges/quotes", {"link": link, "points": POINTS_OUT})
        done, exchanged_ms = home.ask("POST", "/v1/points/exchanges", {"quote": promise["quote"]})
        assert done["state"] == "settled", done
        _, redeemed_ms = home.ask("POST", "/v1/points/redemptions", {"reward": REWARD})
        if number >= WARM_UP:
            exchanges.append(exchanged_ms)
            redemptions.append(redeemed_ms)
    here, there = (each.ask("GET", "/v1/points")[0] for each in (home, abroad))
    rounds = WARM_UP + count
    assert (here["balance"], here["held"]) == (EARNED - rounds * (POINTS_OUT + PRICE), 0), here
    assert there["balance"] == rounds * POINTS_IN, there
    return exchanges, redemptions


def _linked(home: Member, abroad: Member) -> str:
    code, _ = home.ask("POST", "/v1/points/links", {"cell": ABROAD, "consent": True})
    entered = {"cell": HOME, "code": code["code"], "consent": True}
    link, _ = abroad.ask("POST", "/v1/points/links/confirmations", entered)
    return str(link["id"])


def _earn(folder: Path, member_id: str) -> None:
    """Written beside the cell: there is no door that gives points for nothing."""
    from twinshore.cells import Residency, load_cells
    from twinshore.points import ledger
    from twinshore.points.book import Ledger
    from twinshore.store.sqlite import SqliteStore

    store = SqliteStore(folder / HOME / "store.db")
    try:
        book = Ledger(store, Residency(load_cells(str(folder / "cells.json")), HOME), member_id)
        ledger.earn(book, EARNED, "bench", "bench", int(time.time()))
    finally:
        store.close()


def _percentiles(values: list[float]) -> tuple[str, str, str]:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return f"{cuts[49]:.1f}", f"{cuts[98]:.1f}", f"{min(values):.1f}"


def _posted(url: str, body: Any) -> Any:
    import urllib.request

    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)
