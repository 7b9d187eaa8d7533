"""Redemptions through the store port on SQLite, against a hand-written loop of SQL; both WAL, one process, in turn."""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import tempfile
import time
import uuid
from pathlib import Path
from typing import Callable, Iterator

from bench.processes import Figures, in_turn
from bench.redeeming import ACCOUNT, PRICE_POINTS, for_seconds, redeemer
from bench.rows import Row, Section, figure

ACCOUNTS, BALANCE = 1000, 10**12
TABLES = """
create table accounts (id integer primary key, balance integer not null check (balance >= 0));
create table entries (id integer primary key, tx blob not null, account integer not null, amount integer not null,
    at integer not null);
create index entries_by_account on entries (account, id);
create table idempotency (key blob primary key, account integer, amount integer, at integer) without rowid;
create table outbox (id integer primary key, topic text, payload text);
"""
SPEND = "update accounts set balance = balance - ? where id = ? and balance >= ?"

WHY = (
    "beside the wait for the disk, a commit is Python and written pages: the port's rows are JSON text"
    " under text keys, in one table for all rooms, where the loop has a table for each kind of row."
)


def section(rounds: int, seconds: float) -> Section:
    with tempfile.TemporaryDirectory(prefix="twinshore-bench-") as folder, contextlib.ExitStack() as stack:
        work: dict[str, Callable[[], None]] = {}
        for level in ("FULL", "NORMAL"):
            work[f"ours, {level}"] = stack.enter_context(_through_the_port(Path(folder), level))
            work[f"the loop, {level}"] = stack.enter_context(_by_hand(Path(folder), level))

        def measure(name: str) -> float:
            done, took = for_seconds(work[name], seconds)
            return done / took

        got = {name: Figures(values) for name, values in in_turn(list(work), rounds, measure).items()}
    rows = [
        Row(f"a redemption on SQLite, synchronous {level}", "the hand-written loop",
            got[f"ours, {level}"].over(got[f"the loop, {level}"]), 0.7, 0.9, at_least=True, why=WHY)
        for level in ("FULL", "NORMAL")
    ]  # fmt: skip
    note = (
        "One redemption = an idempotency record, a balance that must not fall below zero, two ledger lines and an"
        " outbox row in one commit. Ours is `points.ledger.redeem` on `SqliteStore`, whose default is FULL; the loop is"
        " the same work in four statements on tables made for it. After each run the lines cancel, and entries, outbox"
        " and balances agree with the count."
    )
    table = [("what", "redemptions per second: median (range)"), *((name, figure(f.values)) for name, f in got.items())]
    return Section("Redemption on SQLite", note, rows, table)


@contextlib.contextmanager
def _through_the_port(folder: Path, level: str) -> Iterator[Callable[[], None]]:
    from twinshore.store.port import Create, Key
    from twinshore.store.sqlite import SqliteStore

    store = SqliteStore(folder / f"ours-{level}.db", synchronous=level)
    for number in range(1, ACCOUNTS + 1):
        store.commit(Create(Key(f"points#m_{number}", ACCOUNT), {"balance": BALANCE}))
    once, count = redeemer(store, hot=False, seed=1, accounts=ACCOUNTS), [0]

    def counted() -> None:
        once()
        count[0] += 1

    yield counted
    store.close()
    with contextlib.closing(sqlite3.connect(folder / f"ours-{level}.db")) as connection:
        _must_add_up(connection, count[0])


def _must_add_up(connection: sqlite3.Connection, count: int) -> None:
    asked = {
        "entries": "select count(*) from items where sort like 'entry#%'",
        "outbox": "select count(*) from items where due_queue = 'outbox'",
        "spent": f"select sum({BALANCE} - json_extract(fields, '$.balance')) from items where sort = '{ACCOUNT}'",
        "lines": "select sum(json_extract(fields, '$.lines[0][1]') + json_extract(fields, '$.lines[1][1]')) from items"
        " where sort like 'entry#%'",
    }
    found = {name: connection.execute(sql).fetchone()[0] for name, sql in asked.items()}
    assert found == {"entries": count, "outbox": count, "spent": count * PRICE_POINTS, "lines": 0}, (found, count)


@contextlib.contextmanager
def _by_hand(folder: Path, level: str) -> Iterator[Callable[[], None]]:
    connection = sqlite3.connect(folder / f"loop-{level}.db", isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.executescript(TABLES)
    connection.execute(f"pragma synchronous = {level}")
    connection.execute("begin")
    connection.executemany("insert into accounts values (?, ?)", ((n, BALANCE) for n in range(ACCOUNTS + 1)))
    connection.execute("commit")
    pick = random.Random(1)

    def once() -> None:
        key, account, now = uuid.uuid4(), pick.randrange(1, ACCOUNTS + 1), int(time.time())
        told = json.dumps(
            {"redemption": str(key), "account": account, "points": PRICE_POINTS, "reward": "bench_voucher"}
        )
        connection.execute("begin immediate")
        connection.execute("insert into idempotency values (?, ?, ?, ?)", (key.bytes, account, PRICE_POINTS, now))
        connection.execute(
            "insert into entries (tx, account, amount, at) values (?, ?, ?, ?), (?, 0, ?, ?)",
            (key.bytes, account, -PRICE_POINTS, now, key.bytes, PRICE_POINTS, now),
        )
        connection.execute("insert into outbox (topic, payload) values ('points.redeemed', ?)", (told,))
        spent = connection.execute(SPEND, (PRICE_POINTS, account, PRICE_POINTS))
        assert spent.rowcount == 1
        connection.execute("commit")

    yield once
    connection.close()
