"""The database's tables and functions are brought up to date while older code commits: the schema first, then code."""

from __future__ import annotations

import hashlib
import re
import threading
import time
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.support.engines import PostgresServer
from tools.upgrade_store import main
from twinshore import wiring
from twinshore.store import postgres, schema
from twinshore.store.port import Create, Due, Increment, Key, Replace
from twinshore.store.postgres import PostgresStore

BUSY_SECONDS = 3.0
NEXT = """
alter table items add column if not exists note text;
create or replace function commit_items(changes jsonb, outbox jsonb, moment bigint, note text) returns jsonb
language sql as $$ select commit_items(changes, outbox, moment) $$;
"""
"""What a next release might bring: a column that older code does not name, and a function of another form beside the
one that older code calls."""


class OlderCode(threading.Thread):
    """Commits without a pause, on a connection that is kept: its statements were prepared before the upgrade."""

    def __init__(self, dsn: str) -> None:
        super().__init__(daemon=True)
        self.store = PostgresStore(dsn)
        self.account = Key(f"points#{uuid.uuid4().hex}", "account")
        self.stop = threading.Event()
        self.done = 0
        self.slowest_seconds = 0.0
        self.failures: list[Exception] = []

    def run(self) -> None:
        while not self.stop.is_set():
            began = time.monotonic()
            try:
                entry = Key(self.account.partition, f"entry#{self.done:06d}")
                self.store.commit(Create(entry, {"points": 1}, Due("older", 1)), Increment(self.account, "balance", 1))
                item = self.store.get(entry)
                assert item is not None and item.fields == {"points": 1}
                self.store.commit(Replace(entry, {"points": 1, "seen": True}, item.version))
            except Exception as err:
                self.failures.append(err)
                return
            self.done += 1
            self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)


def ended(older: OlderCode, dsn: str) -> None:
    older.stop.set()
    older.join(20)
    older.store.close()
    assert older.failures == []
    assert older.done > 20
    with closing(PostgresStore(dsn)) as store:
        item = store.get(older.account)
        assert item is not None and item.fields["balance"] == older.done, "each commit once"


def connected(dsn: str) -> Any:
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    return connection


def test_the_schema_is_applied_again_and_again_while_older_code_commits(postgres_server: PostgresServer) -> None:
    dsn = postgres_server.new_database()
    older = OlderCode(dsn)
    older.start()
    ends = time.monotonic() + BUSY_SECONDS
    with closing(connected(dsn)) as connection:
        while time.monotonic() < ends:
            postgres.create_schema(connection)
            time.sleep(0.05)
    ended(older, dsn)
    assert older.slowest_seconds < BUSY_SECONDS


def test_it_waits_for_no_commit_and_holds_none_up(postgres_server: PostgresServer) -> None:
    dsn = postgres_server.new_database()
    with closing(psycopg2.connect(dsn)) as open_transaction, open_transaction.cursor() as cursor:
        cursor.execute("insert into items values ('p', 's', 1, '{}')")
        with closing(connected(dsn)) as connection:
            connection.cursor().execute("set lock_timeout = '1s'")  # it raises where it would have to wait
            postgres.create_schema(connection)


def test_older_code_goes_on_with_the_next_schema(postgres_server: PostgresServer) -> None:
    dsn = postgres_server.new_database()
    older = OlderCode(dsn)
    older.start()
    time.sleep(0.5)
    with closing(connected(dsn)) as connection:
        connection.cursor().execute("set lock_timeout = '5s'")
        connection.cursor().execute(NEXT)
        time.sleep(0.5)
        postgres.create_schema(connection)  # taken back: older code's schema once more
        time.sleep(0.5)
    ended(older, dsn)


SCHEMAS = {1: "a6d14dcee54e5f9920a4c04343e3670b15083dc7448ef50c8a1369ff5832b8cc"}
"""Number -> digest of what postgres.sql says, comments and the number itself aside."""


def test_a_changed_schema_has_another_number() -> None:
    text = Path(postgres.__file__).with_suffix(".sql").read_text(encoding="utf-8")
    assert re.findall(r"stands < (\d+) then\s+execute '.* select (\d+) ", text) == [(str(schema.NEEDED),) * 2]
    statements = " ".join(re.sub(r"--.*", "", text[: text.index("-- What stands here")]).split())
    assert hashlib.sha256(statements.encode()).hexdigest() == SCHEMAS.get(schema.NEEDED), (
        "raise the number in postgres.sql and in store/schema.py, and add a line here"
    )


@pytest.mark.parametrize(
    "before",
    ["drop function commit_items(jsonb, jsonb, bigint)", "drop table items", "drop function items_schema()",
     "create or replace function items_schema() returns int language sql immutable as 'select 0'"],
    ids=["no function", "no table", "no number", "an older number"],
)  # fmt: skip
def test_a_function_says_that_the_schema_is_missing_and_goes_on_when_it_is_there(
    postgres_server: PostgresServer, before: str, capsys: pytest.CaptureFixture[str]
) -> None:
    dsn = postgres_server.new_database()
    with closing(connected(dsn)) as connection, closing(PostgresStore(dsn)) as store:
        connection.cursor().execute(before)
        with pytest.raises(schema.SchemaTooOld) as found:
            store.get(Key("p", "s"))
        assert (found.value.status, found.value.slug) == (503, "store-not-prepared")
        with pytest.raises(schema.SchemaTooOld):
            store.commit(Create(Key("p", "s"), {"a": 1}))
        assert "python -m tools.upgrade_store schema" in capsys.readouterr().out
        postgres.create_schema(connection)
        store.commit(Create(Key("p", "s"), {"a": 1}))
        assert store.get(Key("p", "s")) is not None


def test_an_older_release_that_is_deployed_again_leaves_a_newer_schema_its_number(
    postgres_server: PostgresServer,
) -> None:
    dsn = postgres_server.new_database()
    with closing(connected(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("create or replace function items_schema() returns int language sql immutable as 'select 7'")
        postgres.create_schema(connection)
        cursor.execute("select items_schema()")
        assert cursor.fetchone() == (7,)


def test_newer_code_on_a_schema_that_is_not_there_yet_fails_before_it_writes(postgres_server: PostgresServer) -> None:
    dsn = postgres_server.new_database()
    with closing(connected(dsn)) as connection, pytest.raises(psycopg2.errors.UndefinedFunction):
        connection.cursor().execute("prepare newer as select commit_items($1::jsonb, '', 0::bigint, $2::text)")


def test_an_operator_applies_it_with_the_functions_settings(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dsn = postgres_server.new_database()
    with closing(connected(dsn)) as connection:
        connection.cursor().execute("drop function commit_items(jsonb, jsonb, bigint)")
    secrets = tmp_path / "secrets.json"
    secrets.write_text(f'{{"database": "{dsn}"}}')
    monkeypatch.setenv("TWINSHORE_CELL", "cn")
    monkeypatch.setenv("TWINSHORE_STORE", "postgresql:database")
    monkeypatch.setenv("TWINSHORE_SECRETS", f"file:{secrets}")
    wiring.reset()
    assert main(["schema"]) == 0
    wiring.store().commit(Create(Key("order#1", "order"), {}))
    assert main(["move", "spring"]) == 0
    assert "left 0" in capsys.readouterr().out
    assert main([]) == 2
    wiring.engine().close()
    wiring.reset()
