"""Habits of the code that no linter knows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.tree import ROOT, parsed, python_files

BROAD_EXCEPT_LIMIT = 2
MONEY_CODE = tuple(
    f"layers/core/twinshore/{name}"
    for name in ("money", "currencies", "fx/", "payments/", "points/", "exchange/", "idempotency", "providers/stripe/",
                 "providers/wechat_pay/")
)  # fmt: skip


def is_broad(handler: ast.ExceptHandler) -> bool:
    """Catches everything and may keep it: a handler that raises again cleans up or translates."""
    if any(isinstance(node, ast.Raise) for statement in handler.body for node in ast.walk(statement)):
        return False
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(t is None or (isinstance(t, ast.Name) and t.id in ("Exception", "BaseException")) for t in caught)


def test_the_package_catches_everything_in_two_places_at_most() -> None:
    places = []
    for path in python_files("layers/core", "functions"):
        handlers = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.ExceptHandler)]
        places += [f"{path}:{node.lineno}" for node in handlers if is_broad(node)]
    assert len(places) <= BROAD_EXCEPT_LIMIT, f"catch narrowly, at the edge: {places}"


def test_no_test_patches_our_own_modules() -> None:
    patching = "patch(" + '"twinshore'
    found = [str(path) for path in python_files("tests") if patching in (ROOT / path).read_text(encoding="utf-8")]
    assert not found, f"pass the thing in instead: {found}"


@pytest.mark.parametrize("path", python_files(*MONEY_CODE), ids=str)
def test_money_never_meets_a_float(path: Path) -> None:
    found = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("float", "round"):
            found.append(f"{path}:{node.lineno} {node.func.id}()")
    assert not found, f"whole minor units, and Decimal for rates: {found}"


@pytest.mark.language_level
@pytest.mark.parametrize("folder", ["layers/core", "functions", "sandbox", "infra", "tools"])
def test_every_file_is_written_in_the_language_of_python_3_10(folder: str) -> None:
    for path in python_files(folder):
        ast.parse((ROOT / path).read_text(encoding="utf-8"), str(path), feature_version=(3, 10))
