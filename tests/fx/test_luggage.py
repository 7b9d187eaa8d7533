"""What comes along: money rooms honour quotes and know rates without a model library."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.reference_tables import PACKAGE

HEAVY = {
    "pydantic",
    "babel",
    "decimal",
    "iso4217",
    "currency_converter",
    "http.client",
    "ssl",
    "dataclasses",
    "inspect",
}


@pytest.mark.parametrize("module", ["fx.quote", "fx.rates", "fx.tables", "fx.publication", "money"])
def test_the_room_brings_no_heavy_luggage(module: str) -> None:
    code = f"import sys, twinshore.{module}; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": str(PACKAGE.parent)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
