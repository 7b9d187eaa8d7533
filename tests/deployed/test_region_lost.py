"""The run book "region lost", rehearsed: a cell is restored from its backup, and the money that moved after the
backup's last second comes back from those who moved it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from sandbox.twins.wechat_pay_keys import make_keys
from tests.support.doors import Place
from tests.support.engines import PostgresServer
from tests.support.paying_place import PayingPlace
from twinshore import wiring
from twinshore.outbox import sweep

SOON = 120
"""Seconds: the timers have work by then, and no signature is from the future yet."""


Restore = Callable[[], None]
"""Forgets the cell, and starts it anew on the copy."""


def sqlite_backup(place: Place, _: PostgresServer) -> Restore:
    """An online copy, as of now."""
    copy = place.folder / "restored.db"
    with closing(sqlite3.connect(place.folder / "store.db")) as lost, closing(sqlite3.connect(copy)) as kept:
        lost.backup(kept)

    def restore() -> None:
        place.store = f"sqlite:{copy}"
        place.rewire()

    return restore


def postgres_backup(place: Place, server: PostgresServer) -> Restore:
    """A clone of the database, as of now: what the cloud's clone to a point in time is."""
    lost = place.secrets["database"].rpartition("dbname=")[2]
    kept = f"{lost}_restored"
    with server._connected("postgres") as connection, connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (lost,))
        cursor.execute(f"create database {kept} template {lost}")

    def restore() -> None:
        place.secrets["database"] = server.dsn(kept)
        place.rewire()

    return restore


@pytest.fixture(params=["eu-sqlite", "cn-postgresql"])
def region(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_server: PostgresServer
) -> Iterator[tuple[PayingPlace, Callable[[], Restore]]]:
    cell, _, engine = request.param.partition("-")
    before = dict(os.environ)
    place = Place(cell, tmp_path, {}, {})
    if engine == "postgresql":
        place.secrets["database"], place.store = (
            postgres_server.dsn(postgres_server.new_database()),
            "postgresql:database",
        )
    paying = PayingPlace(place, make_keys())
    paying.start()
    backup: Any = {"sqlite": sqlite_backup, "postgresql": postgres_backup}[engine]
    yield paying, lambda: backup(paying.place, postgres_server)
    paying.stop()
    os.environ.clear()
    os.environ.update(before)
    wiring.reset()


def points(paying: PayingPlace) -> int:
    return int(paying.place.call("points", "GET", "/v1/points", token=paying.token).json()["balance"])


def test_a_payment_of_which_the_backup_does_not_know_is_found_and_counts_once(
    region: tuple[PayingPlace, Callable[[], Restore]],
) -> None:
    paying, back_up = region
    order_id = paying.order()
    client = paying.begin(order_id).json()["client"]
    restore = back_up()
    paying.payer_pays(client)
    paying.wait_for(lambda: paying.status(order_id) == "paid" and not paying.twin.undelivered())
    sweep(wiring.store(), wiring.consumers(), wiring.now() + 2 * SOON)
    credited = points(paying)
    assert credited > 0

    restore()  # the region is gone, and with it all that came after the backup
    assert paying.status(order_id) == "pending"
    assert points(paying) == 0
    for _ in range(2):  # the timers of the new cell
        wiring.jobs()["payment-poll"](wiring.now() + SOON)
        sweep(wiring.store(), wiring.consumers(), wiring.now() + 2 * SOON)
    assert paying.status(order_id) == "paid"
    assert points(paying) == credited


def test_the_new_cell_goes_on_where_the_backup_stopped(region: tuple[PayingPlace, Callable[[], Restore]]) -> None:
    paying, back_up = region
    order_id = paying.order()
    back_up()()
    client = paying.begin(order_id).json()["client"]
    paying.payer_pays(client)
    paying.wait_for(lambda: paying.status(order_id) == "paid")
    assert paying.order() == order_id, "the same key still finds the same order"
