"""What docs/operations.md tells an operator to do at night is there: commands, routes, log lines, secrets, outputs."""

from __future__ import annotations

import ast
import json
import re

import pytest

from infra.compile_alarms import wanted
from tests.support.tree import PACKAGE, ROOT, aws_template, parsed, python_files
from twinshore.metrics import LATE_SECONDS, PAID_LATE_SECONDS, SLOW_MS
from twinshore.outbox import RETRY_SECONDS

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
ROUTES = json.loads((PACKAGE / "openapi.json").read_text(encoding="utf-8"))["paths"]
PLACES_OF_LINES = r'"([a-z][a-z -]{11,})"'
"""A quoted phrase of two words or more is a line of the log."""


def texts() -> set[str]:
    """Every text in the package's code."""
    return {
        node.value
        for path in python_files("layers/core/twinshore")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_line_of_the_log_that_is_quoted_is_written_by_the_code() -> None:
    quoted = {text for text in re.findall(PLACES_OF_LINES, PAGE.replace("\n", " ")) if not text.startswith("twinshore")}
    assert len(quoted) >= 8
    assert not quoted - texts()


def test_every_command_of_ours_is_there() -> None:
    modules = set(re.findall(r"python -m ([\w.]+)", PAGE))
    assert {"tools.doctor", "tools.given_up", "tools.restored_table", "tools.upgrade_store"} <= modules
    assert all((ROOT / f"{name.replace('.', '/')}.py").is_file() for name in modules)
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert set(re.findall(r"`make ([a-z]+)", PAGE)) <= targets


def test_every_route_that_is_named_is_served() -> None:
    named = re.findall(r"(GET|POST|PUT) (/v1/[\w/{}-]+)", PAGE)
    assert len(named) >= 4
    assert [(method, path) for method, path in named if method.lower() not in ROUTES.get(path, {})] == []


def test_the_page_names_parameters_and_outputs_that_the_template_has() -> None:
    template = aws_template()
    overrides = re.findall(r"--parameter-overrides ((?:\w+=\S+ ?)+)", PAGE)
    assert overrides
    assert {name for each in overrides for name in re.findall(r"(\w+)=", each)} <= set(template["Parameters"])
    assert "DeadLettersUrl" in PAGE
    assert "DeadLettersUrl" in template["Outputs"]
    outputs = (ROOT / "infra" / "tencent" / "outputs.tf").read_text(encoding="utf-8")
    assert all(f'output "{name}"' in outputs for name in re.findall(r"terraform output (\w+)", PAGE))


PAGES = sorted(path.stem for path in (ROOT / "docs" / "providers").glob("*.md"))


@pytest.mark.parametrize("name", [name for name in PAGES if (PACKAGE / "providers" / name / "entry.py").exists()])
def test_a_providers_page_names_its_secret_as_functions_ask_for_it(name: str) -> None:
    text = (ROOT / "docs" / "providers" / f"{name}.md").read_text(encoding="utf-8")
    assert f"Secret `provider_{name}`" in text


def test_every_page_that_is_pointed_to_is_a_chapter() -> None:
    chapters = {line[3:].strip().lower() for line in PAGE.splitlines() if line.startswith("## ")}
    pointed = {" ".join(text.split()) for text in re.findall(r"\*\*([a-z][a-z ]+[a-z])\*\*", PAGE.replace("\n", " "))}
    assert {"dead letters", "poison event", "key rotation"} <= pointed
    assert pointed - chapters <= {"in front"}, "words in bold that begin small are chapters"


def test_the_levels_of_the_page_are_those_that_ring() -> None:
    table = wanted()
    for name, level in table["levels"].items():
        row = next(
            line for line in PAGE.splitlines() if f"`{name}-fast`, `{name}-slow`" in line and line.startswith("|")
        )
        assert f"| {level['objective_percent']:g} % of " in row
        assert f"`{level['bad']}`" in row
    fast, slow = (table["burn"][speed] for speed in ("fast", "slow"))
    assert (fast["rate"], fast["long_minutes"], fast["short_minutes"]) == (14.4, 60, 5)
    assert (slow["rate"], slow["long_minutes"], slow["short_minutes"]) == (6, 360, 30)
    assert "14.4 times too fast over an hour and still does over five minutes" in PAGE
    assert "`slow` at 6 times over six hours and thirty minutes" in PAGE
    assert (SLOW_MS, PAID_LATE_SECONDS, LATE_SECONDS) == (1000, 60, {"events": 10, "webhooks": 90})
    for words in (
        "within a second",
        "within a minute of the provider's own",
        "within 10 s (webhooks to merchants: 90 s)",
    ):
        assert words in PAGE


def test_a_poison_events_hours_are_the_ladders() -> None:
    assert f"it is tried for {sum(RETRY_SECONDS) // 3600} hours" in " ".join(PAGE.split())
    stream = aws_template()["Resources"]["EventsFunction"]["Properties"]["Events"]["Commits"]["Properties"]
    assert (stream["MaximumRetryAttempts"], stream["MaximumRecordAgeInSeconds"]) == (8, 3600)
    assert "failed eight times, or for an hour" in " ".join(PAGE.split())
