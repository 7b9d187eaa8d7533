"""Where things stand, and how large they may be."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.tree import CODE_FOLDERS, ROOT, doors, parsed, python_files, tracked_files

DOOR_LIMIT_LINES = 40
FILE_LIMIT_LINES = 300
FUNCTION_LIMIT_LINES = 70
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "base2"}


def lines_of(path: Path) -> int:
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


def handler_names(module: ast.Module) -> set[str]:
    """Names that a module binds at its top level by `def` or by assignment."""
    names = {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
    for node in module.body:
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


@pytest.mark.parametrize("door", doors())
def test_a_door_is_one_short_file_with_a_main_handler(door: str) -> None:
    files = [path for path in tracked_files() if path.parts[:2] == ("functions", door)]
    index = Path("functions", door, "index.py")
    assert files == [index], f"functions/{door} holds index.py and nothing else"
    assert lines_of(index) <= DOOR_LIMIT_LINES, f"{index} is over {DOOR_LIMIT_LINES} lines: work belongs in a room"
    assert "main_handler" in handler_names(parsed(index)), f"{index} binds no main_handler"


@pytest.mark.parametrize("door", doors())
def test_a_door_imports_wiring_and_rooms_never_an_adapter(door: str) -> None:
    forbidden = ("twinshore.clouds", "twinshore.providers", "twinshore.store.", "sandbox", "functions", "boto3")
    allowed = ("twinshore.store.port",)
    for node in ast.walk(parsed(Path("functions", door, "index.py"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"functions/{door}: a file beside a door is not there in every cloud"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            assert name.startswith(allowed) or not name.startswith(forbidden), f"functions/{door} imports {name}"


def test_every_init_file_is_empty() -> None:
    full = [str(path) for path in python_files(*CODE_FOLDERS) if path.name == "__init__.py" and lines_of(path)]
    assert not full, f"an __init__.py with code is luggage for every door: {full}"


def test_tests_are_found_by_path_not_as_packages() -> None:
    packages = [str(path) for path in python_files("tests") if path.name == "__init__.py"]
    assert not packages, f"importmode importlib needs none of {packages}"


def test_every_module_has_a_name_that_says_what_it_is() -> None:
    vague = [str(p) for p in python_files(*CODE_FOLDERS) if NAMES_THAT_SAY_NOTHING & {p.stem, *p.parent.parts}]
    assert not vague, f"name the noun of the trade: {vague}"


@pytest.mark.parametrize("folder", CODE_FOLDERS)
def test_a_file_is_at_most_three_hundred_lines(folder: str) -> None:
    long = {str(path): lines_of(path) for path in python_files(folder) if lines_of(path) > FILE_LIMIT_LINES}
    assert not long, f"over {FILE_LIMIT_LINES} lines: {long}"


@pytest.mark.parametrize("folder", CODE_FOLDERS)
def test_a_function_is_at_most_seventy_lines(folder: str) -> None:
    long = {}
    for path in python_files(folder):
        for node in ast.walk(parsed(path)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno is not None:
                lines = node.end_lineno - node.lineno + 1
                if lines > FUNCTION_LIMIT_LINES:
                    long[f"{path}:{node.lineno} {node.name}"] = lines
    assert not long, f"over {FUNCTION_LIMIT_LINES} lines: {long}"


@pytest.mark.parametrize("door", doors())
def test_a_door_stands_in_both_templates_the_readmes_and_the_tests(door: str) -> None:
    def says(name: str, text: str) -> bool:
        return text in (ROOT / name).read_text(encoding="utf-8")

    missing = [name for name in ("README.md", "README.zh-CN.md") if not says(name, f"| `{door}` |")]
    missing += ["template.yaml"] * (not says("template.yaml", f"CodeUri: functions/{door}/\n"))
    missing += ["serverless.yml"] * (not says("serverless.yml", f"src: ./functions/{door}\n"))
    tests = [path for path in python_files("tests") if path.name.startswith("test_") and path.parts[1] != "rules"]
    opened = (f'"{door}"', f"functions/{door}/")
    if not any(text in (ROOT / path).read_text(encoding="utf-8") for path in tests for text in opened):
        missing.append("tests (none names the door)")
    assert not missing, f"the door {door} is not in {missing}"
