"""What docs/operations.md tells an operator to do at night is there: commands, routes, log lines, secrets, outputs."""

from __future__ import annotations

import ast
import json
import re

import pytest

from tests.support.tree import PACKAGE, ROOT, aws_template, parsed, python_files

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
