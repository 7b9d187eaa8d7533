"""Redemptions of one hot reward with a stock, on PostgreSQL by 8 processes, against redemptions that have none."""

from __future__ import annotations

import functools
import time

from bench.processes import Figures, in_turn
from bench.redeeming import HOT_REWARD, redeemer, reward_redeemer
from bench.redemption_postgres import CLIENTS, ask, filled, redeemed
from bench.rows import Row, Section, figure

UNITS = 10**6
PLAIN, HOT = "a redemption without stock, many accounts", "a redemption of one hot reward, many accounts"
ADDS_UP = """
select (select count(*) from items where partition like 'rewards#%' and sort like 'voucher#%'),
       (select sum((fields ->> 'left')::bigint) from items where sort = 'shard'),
       (select coalesce(sum((fields ->> 'room')::bigint), 0) from items where sort like 'cap#%')
"""


def section(rounds: int, seconds: float) -> Section:
    from tests.support.engines import postgres_server

    sold: list[int] = []

    def measure(name: str) -> float:
        if name == PLAIN:
            return redeemed(dsn, functools.partial(redeemer, hot=False), seconds)[1]
        count, per_second = redeemed(dsn, reward_redeemer, seconds)
        sold.append(count)
        return per_second

    with postgres_server() as server:
        dsn = filled(server)
        _stock(dsn)
        got = {name: Figures(values) for name, values in in_turn([PLAIN, HOT], rounds, measure).items()}
        count = sum(sold)
        assert ask(dsn, ADDS_UP) == [(count, UNITS - count, -count)], (ask(dsn, ADDS_UP), count)
    note = (
        f"As above: {CLIENTS} Python processes, {seconds} s each. All want the same reward: a unit of its stock (which"
        " lies in shards that double when they are hot), the member's cap and a voucher are in the redemption's own"
        " commit, five items where a redemption without stock has two. After the runs the"
        f" {count:,} vouchers, the units left and the caps agree."
    )
    table = [("what", "per second: median (range)"), *((name, figure(f.values)) for name, f in got.items())]
    rows = [Row(HOT, PLAIN, got[HOT].over(got[PLAIN]), at_least=True)]
    return Section("Redemption of a hot reward on PostgreSQL", note, rows, table)


def _stock(dsn: str) -> None:
    from twinshore.cells import load_cells
    from twinshore.rewards import stock
    from twinshore.rewards.catalogue import Shop
    from twinshore.store.postgres import PostgresStore

    store = PostgresStore(dsn)
    shelf = stock.Stock(store, Shop(load_cells(), "eu").offer(HOT_REWARD).id)
    for number in range(stock.SHARDS):
        store.commit(*stock.refill(shelf, number, UNITS // stock.SHARDS))
    stock.note(shelf, int(time.time()))
