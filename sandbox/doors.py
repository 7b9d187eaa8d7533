"""The real doors, loaded by path as the clouds do, and the table that says which door answers which path."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, NamedTuple

FUNCTIONS = Path(__file__).resolve().parent.parent / "functions"

Handler = Callable[[Any, Any], Any]


class LoadedDoor(NamedTuple):
    name: str
    handler: Handler
    paths: tuple[tuple[str, ...], ...]
    """Path templates of its routes, split at the slashes; empty for doors that are not called over HTTP."""


def load_doors(folder: Path = FUNCTIONS) -> dict[str, LoadedDoor]:
    """Every `functions/<door>/index.py`, each a module of its own name: they never see one another."""
    return {entry.parent.name: _load(entry) for entry in sorted(folder.glob("*/index.py"))}


def _load(entry: Path) -> LoadedDoor:
    name = entry.parent.name
    spec = importlib.util.spec_from_file_location(f"door_{name}", entry)
    if spec is None or spec.loader is None:
        raise ImportError(f"{entry} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return LoadedDoor(name, module.main_handler, _paths(module))


def _paths(module: ModuleType) -> tuple[tuple[str, ...], ...]:
    routes = getattr(getattr(module, "door", None), "routes", ())
    return tuple(sorted({tuple(route.path.strip("/").split("/")) for route in routes}))


def door_for(doors: dict[str, LoadedDoor], path: str) -> LoadedDoor | None:
    """The door whose template fits `path`: the one with the most literal parts, so `/v1/a/b` wins over `/v1/a/{id}`."""
    parts = path.strip("/").split("/")
    fits = [
        (sum(not part.startswith("{") for part in template), door.name)
        for door in doors.values()
        for template in door.paths
        if _fits(template, parts)
    ]
    return doors[max(fits)[1]] if fits else None


def _fits(template: tuple[str, ...], parts: list[str]) -> bool:
    return len(template) == len(parts) and all(
        part.startswith("{") or part == given for part, given in zip(template, parts)
    )
