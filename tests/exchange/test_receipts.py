"""Receipts: signed, one after the other, kept by both; whoever touches one is found out, offline."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from tests.support.cell_pair import seed
from tests.support.doors import ROOT
from tests.support.engines import environment
from tests.support.sea import Sea
from twinshore.exchange.receipts import Receipt, first_broken, receipt_from_json, receipts_of, signed
from twinshore.intercell.keys import CellKey

COUNT = 5


@pytest.fixture
def chain(sea: Sea) -> list[Receipt]:
    sea.linked()
    for number in range(COUNT):
        sea.here.exchange(sea.here.quote(sea.link, 100 + number))
    return receipts_of(sea.here.store, sea.link, 100, None)[0]


def test_both_cells_keep_the_same_receipts_and_they_hold(sea: Sea, chain: list[Receipt]) -> None:
    assert receipts_of(sea.there.store, sea.link, 100, None)[0] == chain
    assert [each.sequence for each in chain] == list(range(1, COUNT + 1))
    assert first_broken(chain, sea.here.cells) is None
    assert first_broken(chain[::-1], sea.here.cells) is None, "in any order"


def test_each_direction_is_a_chain_of_its_own(sea: Sea, chain: list[Receipt]) -> None:
    sea.there.exchange(sea.there.quote(sea.link, 200))
    both = receipts_of(sea.here.store, sea.link, 100, None)[0]
    assert sorted((each.to_cell, each.sequence) for each in both) == [("cn", 1), *(("eu", n) for n in range(1, 6))]
    assert first_broken(both, sea.here.cells) is None


def test_a_receipt_says_nothing_of_the_member(sea: Sea, chain: list[Receipt]) -> None:
    text = json.dumps([each._asdict() for each in chain])
    assert sea.here.member not in text
    assert sea.there.member not in text


Touch = Callable[[list[dict[str, Any]]], None]


def more_points(rows: list[dict[str, Any]]) -> None:
    rows[2]["points_in"] += 1


def taken_out(rows: list[dict[str, Any]]) -> None:
    del rows[2]


def twice(rows: list[dict[str, Any]]) -> None:
    rows.insert(3, rows[2])


def another_signature(rows: list[dict[str, Any]]) -> None:
    rows[2]["signature"] = rows[1]["signature"]


def signed_by_the_other_cell(rows: list[dict[str, Any]]) -> None:
    rows[2] = signed(Receipt(**rows[2]), CellKey("cn", "k1", seed("cn")))._asdict()


def signed_by_nobody(rows: list[dict[str, Any]]) -> None:
    rows[2] = signed(Receipt(**rows[2]), CellKey("eu", "k7", seed("eu", "k7")))._asdict()


def made_anew_on_another_one(rows: list[dict[str, Any]]) -> None:
    rows[2] = signed(Receipt(**rows[2])._replace(previous="1" * 64), CellKey("eu", "k1", seed("eu")))._asdict()


TOUCHES = [more_points, taken_out, twice, another_signature, signed_by_the_other_cell, signed_by_nobody,
           made_anew_on_another_one]  # fmt: skip


@pytest.mark.parametrize("touch", TOUCHES, ids=lambda one: one.__name__)
def test_the_first_receipt_that_does_not_hold_is_named(sea: Sea, chain: list[Receipt], touch: Touch) -> None:
    rows = [each._asdict() for each in chain]
    touch(rows)
    broken = first_broken(map(receipt_from_json, rows), sea.here.cells)
    assert broken is not None
    assert (broken.to_cell, broken.sequence) == ("eu", 3)
    assert broken.why


def verified(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tools.verify_receipts", *arguments], cwd=ROOT, env=environment(), text=True,
        capture_output=True, timeout=30, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_an_export_is_verified_offline(sea: Sea, chain: list[Receipt], tmp_path: Path) -> None:
    rows, cells, file = [each._asdict() for each in chain], str(tmp_path / "cells.json"), tmp_path / "receipts.json"
    file.write_text(json.dumps([{"items": rows[:2], "next": "x"}, {"items": rows[2:]}]), encoding="utf-8")
    assert verified(str(file), cells) == (0, f"{COUNT} receipts hold\n")
    rows[3]["points_out"] = 1
    file.write_text(json.dumps({"items": rows}), encoding="utf-8")
    code, said = verified(str(file), cells)
    assert (code, said) == (1, "broken: receipt 4 of the cell eu: its hash is not that of its terms\n")
    file.write_text("[]{", encoding="utf-8")
    assert verified(str(file), cells)[0] == 2
    assert verified()[0] == 2
