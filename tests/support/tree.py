"""The repository as the house rules see it: what is tracked, what is a door, what is parsed."""

from __future__ import annotations

import ast
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "layers" / "core" / "twinshore"
CODE_FOLDERS = ("layers/core", "functions", "sandbox", "infra", "tools", "bench", "tests")


@lru_cache(maxsize=None)
def tracked_files() -> tuple[Path, ...]:
    """What git keeps, and what it would keep if it were added now; paths from the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    return tuple(sorted(Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()))


def python_files(*folders: str) -> list[Path]:
    """Tracked Python files under these folders; paths from the root."""
    return [path for path in tracked_files() if path.suffix == ".py" and path.as_posix().startswith(folders)]


@lru_cache(maxsize=None)
def parsed(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), str(path))


def doors() -> list[str]:
    return sorted({path.parts[1] for path in tracked_files() if path.parts[0] == "functions" and len(path.parts) > 2})


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster, where the wheel has it


class _CloudFormation(_Loader):  # type: ignore[misc]
    """YAML with CloudFormation's short tags: `!Ref X` is read as {"Ref": X}, `!Sub s` as {"Fn::Sub": s}."""


def _short_tag(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.MappingNode):
        value: Any = loader.construct_mapping(node, deep=True)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = node.value
    return {suffix if suffix == "Ref" else f"Fn::{suffix}": value}


_CloudFormation.add_multi_constructor("!", _short_tag)  # type: ignore[no-untyped-call]


def aws_template() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(encoding="utf-8"), _CloudFormation)
    return loaded


def tencent_file() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((ROOT / "serverless.yml").read_text(encoding="utf-8"), _Loader)
    return loaded


def aws_functions() -> dict[str, dict[str, Any]]:
    """Door -> the function's properties, with the template's Globals filled in."""
    template = aws_template()
    common = template["Globals"]["Function"]
    found = {}
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            door = resource["Properties"]["CodeUri"].strip("/").removeprefix("functions/")
            found[door] = {**common, **resource["Properties"]}
    return found


def tencent_functions() -> dict[str, dict[str, Any]]:
    """Door -> the function's settings, with the common inputs filled in."""
    inputs = tencent_file()["inputs"]
    common = {name: value for name, value in inputs.items() if name not in ("functions", "triggers")}
    return {door: {**common, **own} for door, own in inputs["functions"].items()}
