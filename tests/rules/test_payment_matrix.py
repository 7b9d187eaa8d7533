"""The matrix in docs/payments.md is what the scenarios assert, for every provider that there is."""

from __future__ import annotations

from tests.support.scenarios import Scenarios
from tests.support.tree import PACKAGE
from tools.payment_matrix import PAGE, ROWS, page, parties


def test_every_provider_of_payments_has_a_scenario_file() -> None:
    folders = {file.parent.name for file in (PACKAGE / "providers").glob("*/entry.py")}
    assert {party.name for party in parties()} == folders


def test_every_scenario_is_a_row_of_the_matrix() -> None:
    assert {row.test for row in ROWS} == {name for name in dir(Scenarios) if name.startswith("test_")}


def test_the_matrix_in_the_page_is_what_the_scenarios_say() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text, parties()), "run: make docs"
