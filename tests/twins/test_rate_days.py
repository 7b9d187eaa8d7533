"""The rate twins' calendar and the package's were written apart: they say the same."""

from __future__ import annotations

import ast
from datetime import date, datetime, timedelta, timezone

import pytest

from sandbox.twins.rate_days import last_published, times
from tests.support.tree import ROOT
from twinshore.fx.publication import latest_published


@pytest.mark.parametrize("year", range(2002, 2042))
def test_every_day_of_a_year_before_and_after_the_hour(year: int) -> None:
    day = date(year, 1, 1)
    while day.year == year:
        for hour in (0, 14, 15, 23):
            at = int(datetime(day.year, day.month, day.day, hour, 59, tzinfo=timezone.utc).timestamp())
            assert last_published(at) == latest_published(at).isoformat()
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "factor", "product"), [("1.0406", 100, "104.0600"), ("144", 10, "1440"), ("0.05", 1, "0.05")]
)
def test_a_decimal_point_slips(text: str, factor: int, product: str) -> None:
    assert times(text, factor) == product


@pytest.mark.parametrize("twin", ["ecb", "treasury_rates", "rate_days"])
def test_the_twins_of_rate_sources_use_no_code_of_the_package(twin: str) -> None:
    tree = ast.parse((ROOT / "sandbox" / "twins" / f"{twin}.py").read_text(encoding="utf-8"))
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert imported and not [name for name in imported if name.startswith("twinshore")]
