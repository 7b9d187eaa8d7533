"""Many threads and processes on one item: no update lost, nothing sold twice, no one waits for ever."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable

import pytest

from tests.support import engines
from tests.support.store_load import balance_key, spend
from twinshore.store.port import CommitConflict, Create, Increment, Key, Replace, Require

THREADS = 8


def everyone(open_store: Callable[..., Any], work: Callable[[Any, int], Any]) -> list[Any]:
    """Runs `work(store, number)` in threads at the same time, each with a store of its own, as functions have."""
    stores = [open_store() for _ in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, stores, range(THREADS)))


def test_no_more_is_spent_than_there_was(open_store: Callable[..., Any], fresh: Callable[[str], str]) -> None:
    store, name = open_store(), fresh("shop")
    store.commit(Create(balance_key(name), {"points": 50}))
    taken = everyone(open_store, lambda each, _: spend(each, name))
    assert sum(taken) == 50
    items = store.query(f"account#{name}", limit=1000).items
    assert items[0].fields == {"points": 0}
    assert items[0].version == 51
    assert len(items) == 51


def test_no_update_is_lost(open_store: Callable[..., Any], fresh: Callable[[str], str]) -> None:
    key = Key(fresh("counter"), "x")
    open_store().commit(Create(key, {"n": 0}))
    seen: list[int] = []

    def add_five(store: Any, _: int) -> None:
        added = 0
        while added < 5:
            item = store.get(key)
            try:
                store.commit(Replace(key, {"n": item.fields["n"] + 1}, item.version))
                added += 1
            except CommitConflict as conflict:
                seen.append(conflict.current.version - item.version)

    everyone(open_store, add_five)
    assert all(ahead > 0 for ahead in seen)
    item = open_store().get(key)
    assert (item.fields["n"], item.version) == (5 * THREADS, 5 * THREADS + 1)


def test_transfers_both_ways_end_and_keep_the_sum(open_store: Callable[..., Any], fresh: Callable[[str], str]) -> None:
    a, b, c = (Key(fresh(name), "balance") for name in "abc")
    open_store().commit(Create(a, {"n": 5}), Create(b, {"n": 5}))
    refused: set[tuple[Key, Key]] = set()

    def transfer(store: Any, number: int) -> int:
        done = 0
        for turn in range(6):
            start, end = ((a, b), (b, a), (c, a), (b, c))[(number + turn) % 4]
            try:
                store.commit(Increment(end, "n", 1), Increment(start, "n", -1, at_least=0))
                done += 1
            except CommitConflict as conflict:
                refused.add((conflict.key, start))
        return done

    assert sum(everyone(open_store, transfer)) > 0
    assert all(told == start for told, start in refused)
    balances = [open_store().get(key) for key in (a, b, c)]
    assert sum(item.fields["n"] for item in balances if item) == 10
    assert all(item is None or item.fields["n"] >= 0 for item in balances)


def test_one_of_many_creates_wins_and_the_others_see_it(
    open_store: Callable[..., Any], fresh: Callable[[str], str]
) -> None:
    for turn in range(4):
        key = Key(fresh("once"), str(turn))

        def create(store: Any, number: int, key: Key = key) -> int:
            try:
                store.commit(Create(key, {"by": number}), Increment(Key(key.partition, "n"), "n", 1))
            except CommitConflict as conflict:
                return int(conflict.current.fields["by"])
            return number

        winners = set(everyone(open_store, create))
        assert winners == {open_store().get(key).fields["by"]}
    assert open_store().get(Key(fresh("once"), "n")).fields == {"n": 4}


def test_two_that_each_require_the_others_absence_never_both_pass(
    open_store: Callable[..., Any], fresh: Callable[[str], str]
) -> None:
    for turn in range(5):
        a, b = Key(fresh("a"), str(turn)), Key(fresh("b"), str(turn))

        def claim(store: Any, number: int, a: Key = a, b: Key = b) -> bool:
            mine, theirs = (a, b) if number % 2 else (b, a)
            try:
                store.commit(Require(theirs, 0), Create(mine, {}))
            except CommitConflict:
                return False
            return True

        assert sum(everyone(open_store, claim)) == 1


@pytest.mark.parametrize(("engine", "points"), [("sqlite", 300), ("postgres", 300), ("ministack", 40)])
def test_processes_share_one_account(
    request: pytest.FixtureRequest, tmp_path: Path, fresh: Callable[[str], str], engine: str, points: int
) -> None:
    from tests.support.store_load import open_store

    if engine == "sqlite":
        where = f"sqlite:{tmp_path / 'shared.db'}"
    elif engine == "postgres":
        where = f"postgres:{request.getfixturevalue('postgres_dsn')}"
    else:
        url = request.getfixturevalue("ministack_url")
        where = f"dynamodb:{url}/{engines.new_table(engines.dynamodb_client(url))}"
    store, name = open_store(where), fresh("processes")
    store.commit(Create(balance_key(name), {"points": points}))
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.store_load", "spend", where, name],
            cwd=engines.ROOT,
            env=engines.environment(),
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    taken = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert sum(taken) == points
    assert store.get(balance_key(name)).fields == {"points": 0}
    assert len(store.query(f"account#{name}", prefix="entry#", limit=1000).items) == points
