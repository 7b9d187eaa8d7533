"""Lays out what is deployed: build/<target>/functions/<door>/, layers/core/, layers/deps/, and a zip of each.

build/aws/template.yaml (and build/aws-arm64's) names the zips: SAM would zip a folder once more, with the times of its files,
and deploy anew what has not changed. Terraform takes the zips, too. build/tencent/serverless.yml names the same folders
as the one at the top, for the vendor's own tool.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from infra.build import wheels
from infra.build.compiling import compile_folder, interpreter
from infra.build.targets import AWS, ROOT, Target, doors
from infra.build.zips import write_zip


def stage(target: Target, build: Path) -> str:
    """Everything of one cloud. Returns the interpreter that compiled it, "" if this machine has none of its version."""
    home = build / target.name
    shutil.rmtree(home, ignore_errors=True)
    core, deps = _layer(target, home, "core"), _layer(target, home, "deps")
    shutil.copytree(ROOT / "layers" / "core" / "twinshore", core / "twinshore", ignore=_no_bytecode)
    wheels.install(target, deps)
    functions = [home / "functions" / door for door in doors()]
    for function in functions:
        shutil.copytree(ROOT / "functions" / function.name, function, ignore=_no_bytecode)
    python = interpreter(target.python) or ""
    if python:
        for folder in (core, deps):
            compile_folder(python, folder, target.mounted, target)
        for function in functions:
            compile_folder(python, function, "/var/task" if target.cloud == "aws" else "/var/user", target)
    for layer in ("core", "deps"):
        write_zip(home / "layers" / layer, zip_of(home, f"layer-{layer}"))
    for function in functions:
        write_zip(function, zip_of(home, function.name))
    _declaration(target, home)
    return python


def zip_of(home: Path, name: str) -> Path:
    """`home`: build/<target>. `name`: a door's, or layer-core, layer-deps."""
    return home / "zips" / f"{name}.zip"


def _layer(target: Target, home: Path, name: str) -> Path:
    folder = home / "layers" / name / target.inside
    folder.mkdir(parents=True)
    return folder


def _declaration(target: Target, home: Path) -> None:
    name = "template.yaml" if target.cloud == "aws" else "serverless.yml"
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines(keepends=True)
    # The layers are built here; SAM would build them once more, with whatever Python it finds.
    staged = "".join(line for line in lines if "BuildMethod:" not in line)
    staged = staged.replace(f"ContentUri: layers/deps/{target.cloud}/", "ContentUri: layers/deps/")
    if target.cloud == "aws":
        staged = re.sub(r"(CodeUri|ContentUri): (?:functions|(layer)s)/(\w+)/", _zipped, staged)
    staged = staged.replace(f"[{AWS.architecture}]", f"[{target.architecture}]")
    (home / name).write_text(staged, encoding="utf-8")


def _zipped(place: re.Match[str]) -> str:
    return f"{place[1]}: zips/{f'{place[2]}-' if place[2] else ''}{place[3]}.zip"


def _no_bytecode(_: str, names: list[str]) -> set[str]:
    return {name for name in names if name == "__pycache__" or name.endswith(".pyc")}
