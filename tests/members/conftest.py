"""A programme in a cell, and `store`: each test that asks for it runs on every engine."""

from __future__ import annotations

from tests.store.conftest import (  # noqa: F401 - the engines' fixtures, under their names
    fresh,
    moto_url,
    open_store,
    postgres_dsn,
    store,
    tables,
)
