"""What a call costs, as the engines count it: DynamoDB's units (MiniStack's report), PostgreSQL's round trips."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from bench import cost
from bench.redeeming import ACCOUNT, redeemer
from bench.rows import Row, Section

BALANCE = 10**6
NOTE = (
    "Counts, not ratios: the goal is the number itself. A redemption is `points.ledger.redeem` with its event; the"
    " notice and the login go through their real doors (docs/cost.md has the other steps of an order). Units are"
    " those that MiniStack reports for the calls; round trips are how often the talk turns round on the socket of a"
    " real server."
)


def section() -> Section:
    steps = {step.name: step for step in cost.measured()}
    rows = [
        Row("a redemption", "write units", write_units(), 4),
        Row("a provider's notice of a payment", "write units", steps["the provider's notice"].writes, 1),
        Row("a returning login", "read units", steps["log in again"].reads, 0.5),
        Row("a redemption on PostgreSQL", "round trips", round_trips(), 1),
    ]
    figures = [("call", "counted"), *((f"{row.what}, {row.peer}", f"{row.ratio:g}") for row in rows)]
    return Section("Units and round trips", NOTE, rows, figures)


def write_units() -> float:
    from tests.support import engines
    from twinshore.store.dynamodb import DynamoStore

    with engines.ministack() as url:
        client = engines.dynamodb_client(url)
        store = DynamoStore(client, engines.new_table(client))
        once = _ready(store)
        counter = engines.UnitCounter(client)
        once()
        return counter.units


def round_trips() -> int:
    from tests.support.engines import postgres_server
    from tests.support.lines import CountedLine
    from twinshore.store.postgres import PostgresStore

    folder = Path(tempfile.mkdtemp(prefix="twinshore-line-"))
    with postgres_server() as server:
        line = CountedLine(folder, f"{server.folder}/.s.PGSQL.5432")
        store = PostgresStore(server.new_database().replace(server.folder, str(folder)))
        once = _ready(store)
        before = line.round_trips
        once()
        found = line.round_trips - before
        store.close()
        line.close()
    shutil.rmtree(folder, ignore_errors=True)
    return found


def _ready(store: Any) -> Any:
    """A redemption of a member with points enough; the first of them is done."""
    from twinshore.store.port import Create, Key

    store.commit(Create(Key("points#m_7", ACCOUNT), {"balance": BALANCE}))
    once = redeemer(store, hot=True, seed=1, accounts=1)
    once()
    return once
