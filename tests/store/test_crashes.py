"""Whoever is killed, and whenever: what was acknowledged is there, and nothing is there by half."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Callable

import pytest

from tests.support import engines
from tests.support.store_load import balance_key, open_store
from twinshore.store.port import Create, Key, StoreUnavailable
from twinshore.store.sqlite import SqliteStore

KILLS = 4


def start_recording(where: str, name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.store_load", "record", where, name],
        cwd=engines.ROOT,
        env=engines.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def first_word(process: subprocess.Popen[bytes]) -> str:
    """Waits until it is at work."""
    return process.stdout.readline().decode().strip()  # type: ignore[union-attr]


def last_words(process: subprocess.Popen[bytes]) -> list[str]:
    """The rest of what it said before its end; a line without its end was not said."""
    said = process.stdout.read().decode()  # type: ignore[union-attr]
    process.wait(30)
    process.stdout.close()  # type: ignore[union-attr]
    return said.split("\n")[:-1]


def assert_whole(store: Any, name: str, booked: list[str]) -> None:
    entries, after = [], None
    while True:
        page = store.query(f"account#{name}", prefix="entry#", after=after, limit=1000)
        entries += [item.key.sort.removeprefix("entry#") for item in page.items]
        after = page.next
        if after is None:
            break
    assert set(booked) <= set(entries)
    balance = store.get(balance_key(name))
    assert (balance.fields["points"], balance.version) == (len(entries), len(entries))
    for entry in entries:
        assert store.get(Key(f"outbox#{name}-{entry}", "event")) is not None


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_killed_process_loses_nothing_that_it_was_told_is_kept(
    request: pytest.FixtureRequest, tmp_path: Path, fresh: Callable[[str], str], engine: str
) -> None:
    place = tmp_path / "killed.db" if engine == "sqlite" else request.getfixturevalue("postgres_dsn")
    where, name, booked = f"{engine}:{place}", fresh("killed"), []
    for _ in range(KILLS):
        pair = [start_recording(where, name) for _ in range(2)]
        booked += [first_word(process) for process in pair]
        time.sleep(random.uniform(0.01, 0.15))
        for process in pair:
            process.kill()
        booked += [entry for process in pair for entry in last_words(process)]
    assert len(booked) > 2 * KILLS
    assert_whole(open_store(where), name, booked)


def test_a_server_that_loses_power_keeps_what_it_acknowledged(fresh: Callable[[str], str]) -> None:
    with engines.postgres_server() as server:
        where, name = f"postgres:{server.new_database()}", fresh("power")
        survivor = open_store(where)
        survivor.commit(Create(Key("survivor", "x"), {}))
        pair = [start_recording(where, name) for _ in range(2)]
        booked = [first_word(process) for process in pair]
        time.sleep(random.uniform(0.05, 0.3))
        server.crash()
        booked += [entry for process in pair for entry in last_words(process)]
        assert [process.returncode for process in pair] == [1, 1]
        assert_whole(open_store(where), name, booked)

        # A connection that died while it was idle is replaced before anything is entrusted to it.
        survivor.commit(Create(Key("survivor", "y"), {}))
        assert survivor.get(Key("survivor", "x")) is not None
        survivor.close()


def test_a_server_that_is_away_is_said_to_be(postgres_dsn: str, tmp_path: Path) -> None:
    away = open_store(f"postgres:host={tmp_path} user=postgres dbname=cell")
    with pytest.raises(StoreUnavailable):
        away.get(Key("a", "b"))
    with pytest.raises(StoreUnavailable):
        away.commit(Create(Key("a", "b"), {}))
    with pytest.raises(StoreUnavailable):
        open_store(f"sqlite:{tmp_path / 'no folder' / 'x.db'}")


def test_a_commit_on_sqlite_is_on_the_disk_when_it_returns(tmp_path: Path) -> None:
    """As SQLite is asked to: only a power cut, which no test makes, would show it."""
    with closing(SqliteStore(tmp_path / "store.db")) as store, closing(store._connect()) as connection:
        assert connection.execute("pragma synchronous").fetchone() == (2,)  # FULL
