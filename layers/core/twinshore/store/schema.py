"""The database's schema, as this code needs it: an operator puts it in place before the functions (docs/upgrades.md),
and each function looks before its first statement, so that a forgotten step is said by its name.
"""

from __future__ import annotations

from typing import Any

from twinshore import log
from twinshore.errors import Unavailable
from twinshore.store.port import StoreUnavailable

NEEDED = 1
"""What `items_schema()` must say at least; raised with every change of postgres.sql."""
NOT_THERE = ("42P01", "42883")
"""PostgreSQL's codes: no such table, no such function."""
RETRY_SECONDS = 30


class SchemaTooOld(StoreUnavailable, Unavailable):
    """The database lacks what this code needs. Nothing was read or written: once the schema is there, the same request
    succeeds."""

    slug = "store-not-prepared"
    title_en = "This is being set up, please try again"
    title_zh = "服务正在准备中，请稍后重试"

    def __init__(self) -> None:
        super().__init__("the store is not prepared for this code", retry_after=RETRY_SECONDS)


def prepare(connection: Any, statements: str) -> None:
    """What a connection is told first, in one round trip. `connection`: psycopg2's. Raises SchemaTooOld, after closing
    the connection: the next request looks again."""
    stands = 0
    try:
        with connection.cursor() as cursor:
            cursor.execute(statements + "select items_schema();")
            stands = int(cursor.fetchone()[0])
    except Exception as err:
        if getattr(err, "pgcode", None) not in NOT_THERE:
            raise
    if stands < NEEDED:
        connection.close()
        todo = "python -m tools.upgrade_store schema"
        log.line("error", "the database has no schema for this code", stands=stands, needed=NEEDED, todo=todo)
        raise SchemaTooOld
