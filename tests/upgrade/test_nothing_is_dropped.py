"""Whole lives of members, in bad weather, in a store where every new item gets a field that no code knows, as if newer
code had written it: whoever changes the item keeps it.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Iterator

import pytest

from tests.simulation.place import places
from tests.simulation.simulation import run
from twinshore import wiring

NEWER_CODE = """
create table dropped (noun text, sort text);
create trigger later after insert on items when new.version = 1 and new.partition not like 'outbox#%'
    and json_type(new.fields, '$.leased_until') is null -- whoever took the lease has just written it, and ends it
begin
    update items set fields = json_set(new.fields, '$.later', json('{"from": "newer code"}'))
        where partition = new.partition and sort = new.sort;
end;
create trigger kept before insert on items when new.version > 1 and json_type(new.fields, '$.later') is null
    and exists (select 1 from items where partition = new.partition and sort = new.sort
        and json_type(fields, '$.later') is not null)
begin
    insert into dropped values (new.partition, new.sort);
end;
"""
BACK = "drop trigger later; drop trigger kept; drop table dropped;"
SEEDS = range(1, 11)


@pytest.fixture
def stores() -> Iterator[list[sqlite3.Connection]]:
    held = [place._file for place in places().values()]
    for file in held:
        file.executescript(NEWER_CODE)
    yield held
    for file in held:
        file.executescript(BACK)
    wiring.reset()


def test_no_room_drops_what_it_does_not_know(stores: list[sqlite3.Connection]) -> None:
    changed: set[str] = set()
    for seed in SEEDS:
        assert run(seed).violations == ()
        for file in stores:
            rows = file.execute("select partition, fields from items where version > 1").fetchall()
            changed |= {partition.partition("#")[0] for partition, fields in rows if "later" in json.loads(fields)}
    dropped = {noun.partition("#")[0] for file in stores for noun, _ in file.execute("select * from dropped")}
    assert dropped == set()
    assert changed >= {"points", "points-link", "points-exchanges", "rewards"}, "the check has seen something"
