"""docs/cost.md is what the code writes of what it has measured: not a figure of it is anybody's own."""

from __future__ import annotations

import os
import re

import pytest

from bench import cost, prices
from bench.cost import PAGE, Step, counts_of_watching, measured, page
from infra.compile_alarms import wanted


def written() -> list[Step]:
    """The steps of the page as it stands."""
    rows = re.findall(r"^\| (.+?) \| (\d+) \| ([\d.]+) \| ([\d.]+) \| (\d+) \| (\d+) \|$", PAGE.read_text(), re.M)
    steps = [
        Step(name, int(calls), 0 if name == "points, receipt, books" else int(calls), float(reads), float(writes),
             int(ms) / 1000, int(logged))
        for name, calls, reads, writes, ms, logged in rows
    ]  # fmt: skip
    assert steps[-1].name == "all"
    return steps[:-1]


def test_the_page_is_made_of_its_own_steps_and_the_prices() -> None:
    assert page(written()) == PAGE.read_text(encoding="utf-8"), "run python -m bench.cost --write"


def test_the_units_of_the_page_are_those_of_an_order_today() -> None:
    """What a step reads and writes, and whom it calls; how long it takes is of the machine."""
    before = dict(os.environ)
    counted = [(step.name, step.invocations, step.requests, step.reads, step.writes) for step in measured()]
    assert counted == [(step.name, step.invocations, step.requests, step.reads, step.writes) for step in written()]
    assert dict(os.environ) == before, "nothing of it is left for the tests that follow"


@pytest.mark.parametrize("rate", cost.RATES)
def test_each_rate_has_its_row_up_to_a_thousand_orders_a_second(rate: int) -> None:
    row = next(line for line in PAGE.read_text().splitlines() if line.startswith(f"| {rate:,} |"))
    assert len(row.split("|")) == 7
    assert f"| {rate * sum(step.writes for step in written()):,.0f} |" in row
    assert max(cost.RATES) == 1000


def test_what_watching_costs_is_counted_from_the_table_of_alarms() -> None:
    table, counted = wanted(), counts_of_watching()
    pairs = len(table["levels"]) * len(table["burn"])
    assert counted["composites"] == pairs
    plain = [each for each in table["alarms"].values() if "figure" in each or "aws" in each]
    assert counted["alarmed"] == 4 * pairs + sum(2 if each["take"] == "share" else 1 for each in plain)
    assert counted["metrics"] > 100
    assert set(counted) == set(prices.AWS_WATCHED_MONTHLY)
