"""The Store on PostgreSQL: one table, one connection per instance, one round trip per call (see `postgres.sql`)."""

from __future__ import annotations

import os
import select
import threading
import time
from typing import Any, Callable

from twinshore.events import Event
from twinshore.store import encoding, schema
from twinshore.store.port import (
    ITEM_LIMIT_BYTES,
    OUTBOX,
    Change,
    CommitConflict,
    Create,
    Delete,
    Due,
    Increment,
    Item,
    Key,
    Page,
    Replace,
    Require,
    StoreUnavailable,
)

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 10
IDLE_SECONDS = 300
"""A connection unused for so long is replaced: what stands between us may have forgotten it without a word."""
TRIES = 6
PAUSE_SECONDS = 0.01
SCHEMA_LOCK = 7_230_219

MET_ANOTHER = ("40001", "40P01")
"""Rolled back because of a commit at the same moment: serialization failure, deadlock. Safe to do again."""
_Told = dict[str, Any]
SURELY_SHORT_CHARACTERS = ITEM_LIMIT_BYTES // 4
"""A character takes at most four bytes."""
KINDS = {Create: "create", Replace: "replace", Increment: "increment", Delete: "delete", Require: "require"}

COLUMNS = "partition, sort, version, fields, due_queue, due_at, expires_at"
SELECT = f"select {COLUMNS} from items where "
LIVE = " and (expires_at is null or expires_at > %s)"
# Planned once per connection. Left to itself, the server plans the pieces of a partitioned table anew at every call,
# which costs more than the commit.
PREPARE = f"""
set plan_cache_mode = force_generic_plan;
set statement_timeout = '{STATEMENT_SECONDS}s';
prepare get_item (text, text, bigint) as {SELECT}partition = $1 and sort = $2{LIVE.replace("%s", "$3")};
prepare commit_changes (jsonb, jsonb, bigint) as select commit_items($1, $2, $3);
"""


class PostgresStore:
    """See `port.Store`. Threads that share one instance take turns on its connection.

    where: a DSN, or a function that opens a connection with psycopg2.
    """

    def __init__(
        self,
        where: str | Callable[[], Any],
        on_committed: encoding.OnCommitted = None,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.connect = connector(where) if isinstance(where, str) else where
        self._on_committed = on_committed
        self._now = now
        self._turn = threading.Lock()
        self._process = os.getpid()
        self._connection: Any = None
        self._used_at = 0.0

    def close(self) -> None:
        with self._turn:
            self._drop()

    def get(self, key: Key, consistent: bool = True) -> Item | None:
        encoding.check_key(key)
        rows = self._read("execute get_item(%s, %s, %s)", (*key, int(self._now())))
        return _item(rows[0]) if rows else None

    def query(
        self, partition: str, prefix: str = "", after: str | None = None, limit: int = 100, newest_first: bool = False
    ) -> Page:
        encoding.check_query(partition, prefix, after, limit)
        sql, values = SELECT + "partition = %s" + LIVE, [partition, int(self._now())]
        for condition, value in (
            (" and sort >= %s", prefix or None),
            (" and sort < %s", encoding.end_of_prefix(prefix)),
            (" and sort < %s" if newest_first else " and sort > %s", after),
        ):
            if value is not None:
                sql += condition
                values.append(value)
        sql += f" order by sort {'desc' if newest_first else 'asc'} limit %s"
        items = [_item(row) for row in self._read(sql, (*values, limit + 1))]
        return Page(items[:limit], items[limit - 1].key.sort if len(items) > limit else None)

    def commit(self, *changes: Change, events: tuple[Event, ...] = ()) -> None:
        made, rest = _described(changes, events)
        conflict = self._commit((made, rest, int(self._now())))
        if conflict is not None:
            index, row = conflict
            current = None if row is None else _item(tuple(row[name] for name in COLUMNS.split(", ")))
            raise CommitConflict(changes[index].key, current)
        encoding.tell(self._on_committed, events)

    def due(self, queue: str, before: int, limit: int = 100) -> list[Item]:
        encoding.check_due(queue, before, limit)
        sql = SELECT + "due_queue = %s and due_at <= %s" + LIVE + " order by due_at limit %s"
        return [_item(row) for row in self._read(sql, (queue, before, int(self._now()), limit))]

    def delete_expired(self, limit: int = 1000) -> int:
        """Delete up to `limit` expired items and say how many: a timer's work, reads never show them anyway."""
        sql = (
            "delete from items where (partition, sort) in (select partition, sort from items where expires_at <= %s"
            " limit %s for update skip locked) and expires_at <= %s returning 1"
        )
        now = int(self._now())
        return len(self._read(sql, (now, limit, now)))

    def scan(self, after: Key | None, limit: int) -> tuple[list[Item], Key | None]:
        """A page of all items, in an order of the engine's own, and where to go on: operators' work, no door's."""
        sql = SELECT + "(partition, sort) > (%s, %s)" + LIVE + " order by partition, sort limit %s"
        items = [_item(row) for row in self._read(sql, (*(after or ("", "")), int(self._now()), limit))]
        return items, items[-1].key if len(items) == limit else None

    def _commit(self, values: tuple[Any, ...]) -> Any:
        """None, or [index, row] of the conflict. Done again only when the server said that it was not done."""
        for attempt in range(TRIES):
            try:
                return self._ask("execute commit_changes(%s, %s, %s)", values)[0][0]
            except _MetAnother:
                time.sleep(PAUSE_SECONDS * 2**attempt * int.from_bytes(os.urandom(1), "big") / 256)
        raise StoreUnavailable("commits keep meeting each other")

    def _read(self, sql: str, values: tuple[Any, ...]) -> list[Any]:
        """A read may be asked twice: the second time on a new connection."""
        try:
            return self._ask(sql, values)
        except StoreUnavailable:
            return self._ask(sql, values)

    def _ask(self, sql: str, values: tuple[Any, ...]) -> list[Any]:
        import psycopg2

        with self._turn:
            try:
                with self._alive().cursor() as cursor:
                    cursor.execute(sql, values)
                    self._used_at = time.monotonic()
                    rows: list[Any] = cursor.fetchall()
                    return rows
            except (psycopg2.OperationalError, psycopg2.InterfaceError) as err:
                if err.pgcode in MET_ANOTHER:
                    raise _MetAnother from err
                self._drop()
                raise StoreUnavailable("PostgreSQL gave no answer") from err

    def _alive(self) -> Any:
        """The connection; a new one if this one is known to be dead, before anything is entrusted to it. That costs
        no round trip: a server that closed has left an end in the socket."""
        if self._process != os.getpid():
            self._connection, self._process = None, os.getpid()
        connection = self._connection
        if connection is not None and (
            connection.closed
            or time.monotonic() - self._used_at > IDLE_SECONDS
            or _has_something_to_read(connection.fileno())
        ):
            self._drop()
        if self._connection is None:
            connection = self.connect()
            connection.autocommit = True
            schema.prepare(connection, PREPARE)
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _has_something_to_read(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


class _MetAnother(Exception):
    """Another commit was in the way; nothing was written."""


def connector(dsn: str | Callable[[], str]) -> Callable[[], Any]:
    """dsn: a function is asked at each connection, so that a changed login is in use at the next one."""

    def connect() -> Any:
        import psycopg2

        return psycopg2.connect(
            dsn() if callable(dsn) else dsn,
            client_encoding="utf8",
            connect_timeout=CONNECT_SECONDS,
            keepalives_idle=30,
            # A statement that the network swallowed must not hold a function until its own end.
            tcp_user_timeout=STATEMENT_SECONDS * 1000,
        )

    return connect


def _described(changes: tuple[Change, ...], events: tuple[Event, ...]) -> tuple[str | None, str | None]:
    """`made` and `changes` of `commit_items`, in key order: so two commits that meet wait for each other in one
    direction only."""
    encoding.check_changes(changes, events)
    encoding.check_events(events)
    made: list[_Told] = [_event(event) for event in events]
    rest: list[_Told] = []
    # Where an absence is required, what is created has its place among the required in the order of keys.
    creates = rest if any(isinstance(each, Require) and each.version == 0 for each in changes) else made
    for index, change in enumerate(changes):
        told = {"i": index, "k": KINDS[type(change)], "p": change.key.partition, "s": change.key.sort}
        (creates if isinstance(change, Create) else rest).append(_DESCRIBE[type(change)](told, change))
    texts = _in_key_order(made), _in_key_order(rest)
    if any(text is not None and len(text) > SURELY_SHORT_CHARACTERS for text in texts):
        encoding.check_commit(changes, events)
        encoding.encode_events(events)
    return texts


def _in_key_order(told: list[_Told]) -> str | None:
    told.sort(key=lambda each: (each["p"], each["s"]))
    return encoding.text_of(told) if told else None


def _event(event: Event) -> _Told:
    place = {"p": encoding.outbox_key(event.id).partition, "s": "event"}
    return place | {"f": event.as_json(), "q": OUTBOX, "d": event.at}


def _item_to_write(told: _Told, change: Create | Replace) -> _Told:
    told["f"] = change.fields
    if change.due is not None:
        told["q"], told["d"] = change.due
    if change.expires_at is not None:
        told["e"] = change.expires_at
    if isinstance(change, Replace):
        told["v"] = change.version
    return told


def _increment(told: _Told, change: Increment) -> _Told:
    low, high = encoding.bounds_before(change)
    # No 64-bit number passes a bound beyond them all.
    low, high = (low, high) if low <= encoding.INTEGER_LIMIT else (1, 0)
    told |= {"n": change.field, "b": change.by, "l": low, "h": high}
    if change.unless_due_by is not None:
        told["u"] = change.unless_due_by
    return told


def _condition(told: _Told, change: Delete | Require) -> _Told:
    if change.version is not None:
        told["v"] = change.version
    return told


_DESCRIBE: dict[type, Callable[[_Told, Any], _Told]] = {
    Create: _item_to_write, Replace: _item_to_write, Increment: _increment, Delete: _condition, Require: _condition,
}  # fmt: skip


def _item(row: tuple[Any, ...]) -> Item:
    partition, sort, version, fields, due_queue, due_at, expires_at = row
    due = None if due_queue is None else Due(due_queue, due_at)
    return Item(Key(partition, sort), version, fields, due, expires_at)


def create_schema(connection: Any) -> None:
    """Make what is missing of the table and its function. `connection`: psycopg2's, in autocommit. Safe to run again,
    and by several at once."""
    from pathlib import Path

    sql = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    with connection.cursor() as cursor:
        cursor.execute(f"select pg_advisory_xact_lock({SCHEMA_LOCK}); {sql}")
