"""The Store on one SQLite file: a laptop, the box, most tests. Many threads and many processes may share the file."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any, Callable

from twinshore.events import Event
from twinshore.store import encoding
from twinshore.store.port import (
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

BUSY_TIMEOUT_SECONDS = 20.0
CHECKPOINT_PAGES = 4000
"""The log grows to 16 MB before it is written back: a fifth more commits per second than with SQLite's own 1000."""

SCHEMA = """
create table if not exists items (
    partition text not null, sort text not null, version integer not null, fields text not null,
    due_queue text, due_at integer, expires_at integer, primary key (partition, sort)
) without rowid;
create index if not exists items_due on items (due_queue, due_at) where due_queue is not null;
create index if not exists items_expiry on items (expires_at) where expires_at is not null;
"""
COLUMNS = "partition, sort, version, fields, due_queue, due_at, expires_at"
SELECT = f"select {COLUMNS} from items where "
LIVE = " and (expires_at is null or expires_at > ?)"
INSERT = f"insert or ignore into items ({COLUMNS}) values (?, ?, ?, ?, ?, ?, ?)"
WRITE = f"insert or replace into items ({COLUMNS}) values (?, ?, ?, ?, ?, ?, ?)"
UPDATE = "update items set version = ?, fields = ? where partition = ? and sort = ?"
ADD = (
    "update items set version = version + 1, fields = json_set(fields, ?1, coalesce(json_extract(fields, ?1), 0) + ?2)"
    " where partition = ?3 and sort = ?4 and (expires_at is null or expires_at > ?5)"
    " and (due_at is null or ?6 is null or due_at > ?6)"
    " and coalesce(json_type(fields, ?1), 'integer') = 'integer'"
    " and coalesce(json_extract(fields, ?1), 0) between ?7 and ?8"
)
DELETE = "delete from items where partition = ? and sort = ?"


class SqliteStore:
    """See `port.Store`. Each commit is on disk when `commit` returns (`synchronous` FULL); NORMAL may lose the last
    commits, never half of one, when the machine loses power."""

    def __init__(
        self,
        path: str | Path,
        on_committed: encoding.OnCommitted = None,
        *,
        synchronous: str = "FULL",
        now: Callable[[], float] = time.time,
    ) -> None:
        if synchronous not in ("FULL", "NORMAL"):
            raise ValueError("synchronous is FULL or NORMAL")
        self._path = str(path)
        self._on_committed = on_committed
        self._synchronous = synchronous
        self._now = now
        self._idle: list[sqlite3.Connection] = []
        self._process = os.getpid()
        # SQLite's own wait is a poll with growing pauses: threads of one process take turns here instead.
        self._writing = threading.Lock()
        with self._connection() as connection:
            _prepare(connection)

    def close(self) -> None:
        """Close the idle connections; a thread that is still working closes nothing of this."""
        while self._idle:
            self._idle.pop().close()

    def get(self, key: Key, consistent: bool = True) -> Item | None:
        encoding.check_key(key)
        with self._connection() as connection:
            return _live_item(connection, key, int(self._now()))

    def query(
        self, partition: str, prefix: str = "", after: str | None = None, limit: int = 100, newest_first: bool = False
    ) -> Page:
        encoding.check_query(partition, prefix, after, limit)
        sql, values = SELECT + "partition = ?" + LIVE, [partition, int(self._now())]
        for condition, value in (
            (" and sort >= ?", prefix or None),
            (" and sort < ?", encoding.end_of_prefix(prefix)),
            (" and sort < ?" if newest_first else " and sort > ?", after),
        ):
            if value is not None:
                sql += condition
                values.append(value)
        sql += f" order by sort {'desc' if newest_first else 'asc'} limit ?"
        with self._connection() as connection:
            items = [_item(row) for row in connection.execute(sql, (*values, limit + 1))]
        return Page(items[:limit], items[limit - 1].key.sort if len(items) > limit else None)

    def commit(self, *changes: Change, events: tuple[Event, ...] = ()) -> None:
        texts = encoding.check_commit(changes, events)
        event_texts = encoding.encode_events(events)
        now = int(self._now())
        with self._writing, self._connection() as connection:
            cursor = connection.cursor()  # one for all: `Connection.execute` makes one at each call
            cursor.execute("begin immediate")
            try:
                for change, text in zip(changes, texts, strict=True):
                    _apply(cursor, change, text, now)
                for event, text in zip(events, event_texts, strict=True):
                    # The same event again is already told: the first stays.
                    cursor.execute(INSERT, (*encoding.outbox_key(event.id), 1, text, OUTBOX, event.at, None))
                cursor.execute("commit")
            except BaseException:
                if connection.in_transaction:
                    cursor.execute("rollback")
                raise
        encoding.tell(self._on_committed, events)

    def due(self, queue: str, before: int, limit: int = 100) -> list[Item]:
        encoding.check_due(queue, before, limit)
        sql = SELECT + "due_queue = ? and due_at <= ?" + LIVE + " order by due_at limit ?"
        with self._connection() as connection:
            return [_item(row) for row in connection.execute(sql, (queue, before, int(self._now()), limit))]

    def delete_expired(self, limit: int = 1000) -> int:
        """Delete up to `limit` expired items and say how many: a timer's work, reads never show them anyway."""
        sql = (
            "delete from items where (partition, sort) in (select partition, sort from items where expires_at <= ?"
            " limit ?)"
        )
        with self._writing, self._connection() as connection:
            return connection.execute(sql, (int(self._now()), limit)).rowcount

    def scan(self, after: Key | None, limit: int) -> tuple[list[Item], Key | None]:
        """A page of all items, in an order of the engine's own, and where to go on: operators' work, no door's."""
        sql = SELECT + "(partition, sort) > (?, ?)" + LIVE + " order by partition, sort limit ?"
        with self._connection() as connection:
            items = [_item(row) for row in connection.execute(sql, (*(after or ("", "")), int(self._now()), limit))]
        return items, items[-1].key if len(items) == limit else None

    def _connection(self) -> _Borrowed:
        """One that no other thread uses meanwhile."""
        if self._process != os.getpid():  # SQLite: a connection must not be used, nor closed, across a fork
            self._idle, self._process, self._writing = [], os.getpid(), threading.Lock()
        try:
            return _Borrowed(self._idle.pop(), self._idle)
        except IndexError:
            return _Borrowed(self._connect(), self._idle)

    def _connect(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self._path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
            )
            connection.execute(f"pragma synchronous = {self._synchronous}")
            connection.execute(f"pragma wal_autocheckpoint = {CHECKPOINT_PAGES}")
        except sqlite3.OperationalError as err:
            raise StoreUnavailable("the SQLite file cannot be opened") from err
        return connection


class _Borrowed:
    """A connection, given back at the end. A context manager by hand: contextlib's takes as long as a statement."""

    __slots__ = ("_connection", "_idle")

    def __init__(self, connection: sqlite3.Connection, idle: list[sqlite3.Connection]) -> None:
        self._connection, self._idle = connection, idle

    def __enter__(self) -> sqlite3.Connection:
        return self._connection

    def __exit__(self, _: object, err: BaseException | None, __: object) -> None:
        self._idle.append(self._connection)
        if isinstance(err, sqlite3.OperationalError):
            raise StoreUnavailable("the SQLite file did not take this") from err


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the file what we need. SQLite does not wait for a lock when the journal changes: so we do."""
    patience_ends = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while connection.execute("pragma journal_mode").fetchone() != ("wal",):
        try:
            connection.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError:
            if time.monotonic() > patience_ends:
                raise
            time.sleep(0.01)
    connection.executescript(SCHEMA)


def _item(row: tuple[Any, ...]) -> Item:
    partition, sort, version, fields, due_queue, due_at, expires_at = row
    due = None if due_queue is None else Due(due_queue, due_at)
    return Item(Key(partition, sort), version, json.loads(fields), due, expires_at)


def _live_item(connection: sqlite3.Connection | sqlite3.Cursor, key: Key, now: int) -> Item | None:
    row = connection.execute(SELECT + "partition = ? and sort = ?" + LIVE, (*key, now)).fetchone()
    return None if row is None else _item(row)


def _apply(cursor: sqlite3.Cursor, change: Change, text: str | None, now: int) -> None:
    """Write one change, or raise CommitConflict with the item as it is."""
    key = change.key
    if isinstance(change, Create) and _write(cursor, INSERT, change, 1, text):
        return
    if isinstance(change, Increment) and _add(cursor, change, now):
        return
    current = _live_item(cursor, key, now)
    if isinstance(change, Create) and current is None:  # there is one, but it has expired
        _write(cursor, WRITE, change, 1, text)
    elif isinstance(change, Increment):
        _increment(cursor, change, current)
    elif isinstance(change, (Replace, Delete)) and current is not None and current.version == change.version:
        if isinstance(change, Replace):
            _write(cursor, WRITE, change, change.version + 1, text)
        else:
            cursor.execute(DELETE, key)
    elif not isinstance(change, Require) or not _holds(change, current):
        raise CommitConflict(key, current)


def _holds(require: Require, current: Item | None) -> bool:
    if require.version is None:
        return current is not None
    return (0 if current is None else current.version) == require.version


def _add(cursor: sqlite3.Cursor, change: Increment, now: int) -> bool:
    """Whether it is done: in one statement, as nearly always."""
    low, high = encoding.bounds_before(change)
    if not change.field.isidentifier() or low > encoding.INTEGER_LIMIT:
        return False
    values = (f"$.{change.field}", change.by, *change.key, now, change.unless_due_by, low, high)
    return cursor.execute(ADD, values).rowcount == 1


def _increment(cursor: sqlite3.Cursor, change: Increment, current: Item | None) -> None:
    total = encoding.incremented(0 if current is None else current.fields.get(change.field, 0), change)
    if total is None or (current is not None and encoding.is_due(current.due, change)):
        raise CommitConflict(change.key, current)
    if current is None:
        cursor.execute(WRITE, (*change.key, 1, encoding.json_text({change.field: total}), None, None, None))
    else:
        text = encoding.json_text({**current.fields, change.field: total})
        cursor.execute(UPDATE, (current.version + 1, text, *change.key))


def _write(cursor: sqlite3.Cursor, sql: str, change: Create | Replace, version: int, text: str | None) -> bool:
    queue, at = change.due or (None, None)
    values = (*change.key, version, text, queue, at, change.expires_at)
    return cursor.execute(sql, values).rowcount == 1
