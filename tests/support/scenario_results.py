"""What each scenario found, as `make docs` keeps it in docs/payment_scenarios.json, of which the matrix is made.

The hooks below are those of tests/scenarios. With SCENARIOS_INTO=<folder> each process of a run writes there what it
collected and what came of it, in files of its own. Without it a scenario that finds something else than is kept fails:
what is published is what the last run of each scenario found.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Generator, Iterable

import pytest

FILE = Path(__file__).resolve().parents[2] / "docs" / "payment_scenarios.json"
INTO = "SCENARIOS_INTO"
PASSED, RED = "✓", "✗"
Results = dict[str, dict[str, str]]
"""Scenario (a test's name with its parameters) -> column (a party's title) -> what was found, RED for what failed."""


def kept(file: Path = FILE) -> Results:
    found: Results = json.loads(file.read_text(encoding="utf-8"))
    return found


def keep(results: Results, file: Path = FILE) -> None:
    lines = [f"{json.dumps(name)}: {json.dumps(cells, ensure_ascii=False)}" for name, cells in results.items()]
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def gathered(folder: Path) -> Results:
    """Of all processes of a run. Red: whatever was collected and did not pass in every phase, or was never run."""
    collected, said = list[tuple[str, str]](), dict[tuple[str, str], list[str]]()
    for line in _lines(sorted(folder.glob("collected-*.jsonl"))):
        collected.append((line["scenario"], line["column"]))
    for line in _lines(sorted(folder.glob("said-*.jsonl"))):
        said.setdefault((line["scenario"], line["column"]), []).append(line["found"])
    results: Results = {}
    for scenario, column in dict.fromkeys(collected):
        found = said.get((scenario, column), [RED])
        results.setdefault(scenario, {})[column] = RED if RED in found else found[-1]
    return {name: dict(sorted(cells.items())) for name, cells in sorted(results.items())}


def _lines(files: Iterable[Path]) -> Iterable[dict[str, str]]:
    for file in files:
        yield from map(json.loads, file.read_text(encoding="utf-8").splitlines())


def _write(kind: str, *lines: dict[str, str]) -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    with (Path(os.environ[INTO]) / f"{kind}-{worker}.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _place_of(item: Any) -> dict[str, str] | None:
    party = getattr(getattr(item, "cls", None), "party", None)
    return None if party is None else {"scenario": item.name, "column": party.title}


def pytest_collection_finish(session: pytest.Session) -> None:
    if INTO in os.environ:
        _write("collected", *filter(None, map(_place_of, session.items)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Generator[None, Any, Any]:
    report = yield
    place = _place_of(item)
    if place is None or (report.passed and report.when != "call"):
        return report
    found = getattr(getattr(item, "funcargs", {}).get("scene"), "found", PASSED) if report.passed else RED
    if INTO in os.environ:
        _write("said", {**place, "found": found})
    elif report.passed and kept().get(place["scenario"], {}).get(place["column"]) != found:
        report.outcome = "failed"
        report.longrepr = f"it found {found!r}, and docs/payment_scenarios.json does not say so: run `make docs`"
    return report
