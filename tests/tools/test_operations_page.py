"""What docs/operations.md says of alarms and of runs is what the alarms' file and the runs' own pages say."""

from __future__ import annotations

import pytest

from infra.compile_alarms import wanted
from tools.operations import DOCS, PAGE, RESULTS, compile_page, written

TEXTS = {name: (DOCS / name).read_text(encoding="utf-8") for name in RESULTS}


def test_the_page_is_as_it_is_made() -> None:
    assert PAGE.read_text(encoding="utf-8") == written(), "make docs"


def test_everything_that_rings_stands_there_once() -> None:
    table, page = wanted(), written()
    names = [*table["alarms"], *(f"{level}-{speed}" for level in table["levels"] for speed in table["burn"])]
    assert all(page.count(f"\n| `{name}` | ") == 1 for name in names)


def test_another_run_makes_another_page() -> None:
    before = written()
    for name, old, new in (
        ("load.md", "**Held: 0 ", "**Held: 7 "),
        ("performance.md", " goals held.", "1 goals held."),
        ("cost.md", "| **together** | | **", "| **together** | | **9"),
    ):
        changed = {**TEXTS, name: TEXTS[name].replace(old, new)}
        assert compile_page(before, wanted(), changed) != before, name


@pytest.mark.parametrize("name", RESULTS)
def test_a_page_that_says_nothing_is_an_error_and_no_gap(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        compile_page(written(), wanted(), {**TEXTS, name: "# Nothing\n"})
