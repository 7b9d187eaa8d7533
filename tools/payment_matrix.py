"""Runs the scenarios of tests/scenarios, keeps what each one found in docs/payment_scenarios.json, and writes it as the
provider x scenario matrix into docs/payments.md: `python -m tools.payment_matrix`. With scenario files it runs those,
and the other parties keep what was found of them; with `page` it runs nothing, and writes the page of what is kept.

A column is a party of a scenario file, a row a scenario, a cell what that scenario found; "✗" is one that failed.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Iterable

from tests.support.scenario_results import INTO, RED, Results, gathered, keep, kept

ROOT = Path(__file__).resolve().parent.parent
SCENARIOS = ROOT / "tests" / "scenarios"
PAGE = ROOT / "docs" / "payments.md"
BEGIN, END = "<!-- matrix: made by `make docs` -->", "<!-- /matrix -->"
ABSENT = ""

METHOD_ROWS = {
    "test_happy": "paid",
    "test_declined_then_paid": "declined, then paid",
    "test_duplicate": "duplicate: twice at once, after 1 h, 24 h, 8 d",
    "test_refunded_in_part_and_the_rest": "refunded in part, and the rest",
}
"""Scenario of tests/support/one_method.py -> what the matrix calls it."""
ROWS = {
    **METHOD_ROWS,
    "test_late": "late: webhook lost, found by the poll, webhook comes after all",
    "test_stale": "stale: as it came 8 days ago",
    "test_wrong_signature": "signed wrongly",
    "test_reordered": "reordered: refund first, pending last",
    "test_refund_news_before_the_payment_is_known": "refund heard of before the payment",
    "test_refunded_before_we_hear_of_the_payment": "refunded before we hear of the payment",
    "test_refunded_in_currencies_of_other_decimals": "refunded without decimals, with three",
    "test_refunded_after_the_rate_moved": "part and rest to the unit, after the rate moved",
    "test_disputed": "disputed",
    "test_amount_differs": "amount differs: flagged or not taken, never credited",
    "test_an_unclear_answer_to_create": "5xx (a page, JSON), HTML, reset, lost answer to create",
    "test_an_unclear_answer_to_a_query": "the same to a query",
    "test_an_unclear_answer_to_a_refund": "the same to a refund",
    "test_a_refusal_in_words_of_theirs": "refused in words of theirs: ours say none of them",
    "test_dies_after_create": "the function dies after create: one charge",
    "test_dies_after_capture": "the function dies after the capture: one charge",
    "test_dies_after_refund": "the function dies after the refund: one refund",
    "test_captured_by_us": "captured once",
    "test_everybody_at_once": "webhooks, poll and client at once: one credit, one receipt",
}
"""Scenario of tests/support/scenarios.py -> what the matrix calls it."""


def parties() -> list[Any]:
    """Of every scenario file, by name."""
    found = []
    for file in sorted(SCENARIOS.glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(f"scenarios_{file.stem}", file)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found.append(module.PARTY)
    return found


def run(*options: str, tests: Iterable[str | Path] = (SCENARIOS,)) -> Results:
    """What the scenarios find now. `options` are pytest's."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, *map(str, tests)]
        subprocess.run(command, cwd=ROOT, env={**os.environ, INTO: folder}, stdout=sys.stderr, check=False)
        return gathered(Path(folder))


def renewed(before: Results, found: Results) -> Results:
    """`found`, and of the parties that are not among it what was found before."""
    parties_now = {column for cells in found.values() for column in cells}
    results: Results = {}
    for name in sorted({*before, *found}):
        others = {column: said for column, said in before.get(name, {}).items() if column not in parties_now}
        cells = {**others, **found.get(name, {})}
        results.update({name: dict(sorted(cells.items()))} if cells else {})
    return results


def cell(results: Results, test: str, column: str) -> str:
    """Of all runs of one scenario: red if any is."""
    cells = [found[column] for name, found in results.items() if name.partition("[")[0] == test and column in found]
    said = list(dict.fromkeys(filter(None, cells)))
    if RED in said or not cells:
        return RED if cells else ABSENT
    return ", ".join(said)


def table(results: Results, rows: dict[str, str], columns: Iterable[str]) -> str:
    lines = [("scenario", *(_title(column) for column in columns))]
    lines += [tuple("---" for _ in lines[0])]
    lines += [(title, *(cell(results, test, column) for column in columns)) for test, title in rows.items()]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def method_table(results: Results, columns: Iterable[str]) -> str:
    """The other way round: there are more methods than scenarios of them."""
    lines = [("method", *METHOD_ROWS.values()), ("---",) * (len(METHOD_ROWS) + 1)]
    lines += [(_title(column), *(cell(results, test, column) for test in METHOD_ROWS)) for column in columns]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _title(column: str) -> str:
    name, _, method = column.partition(" ")
    return f"[{name}](providers/{name}.md){method and ' ' + method}"


def page(text: str, results: Results) -> str:
    """`text` with the matrix between its marks: providers, then the other methods of some."""
    columns = sorted({column for found in results.values() for column in found})
    providers, methods = [one for one in columns if " " not in one], [one for one in columns if " " in one]
    both = f"{table(results, ROWS, providers)}\n\n{method_table(results, methods)}"
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{both}\n{END}{after}"


def main(*files: str) -> int:
    if files != ("page",):
        found = run("-n", os.environ.get("WORKERS", "2"), "--dist", "worksteal", tests=files or (SCENARIOS,))
        keep(renewed(kept(), found) if files else found)
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), kept()), encoding="utf-8")
    red = [f"{name} of {column}" for name, found in kept().items() for column, said in found.items() if said == RED]
    print("wrote", PAGE.name, *(f"\nred: {one}" for one in red))
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
