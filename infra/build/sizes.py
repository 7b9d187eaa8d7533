"""How large everything became, against its limits, and what each megabyte of a layer is."""

from __future__ import annotations

import hashlib
import zipfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from infra.build.staging import zip_of
from infra.build.targets import CORE_LIMIT_BYTES, DEPS_LIMIT_BYTES, FUNCTION_LIMIT_BYTES, MEGABYTE, Target, doors


class Size(NamedTuple):
    name: str
    zipped_bytes: int
    unpacked_bytes: int
    limit_bytes: int
    """Of the zip."""
    sha256: str


def sizes(home: Path) -> list[Size]:
    limits = {"layer-core": CORE_LIMIT_BYTES, "layer-deps": DEPS_LIMIT_BYTES}
    return [
        _size(name, zip_of(home, name), limits.get(name, FUNCTION_LIMIT_BYTES))
        for name in ("layer-core", "layer-deps", *doors())
    ]


def breaches(target: Target, found: list[Size]) -> list[str]:
    """What is larger than it may be, in words."""
    said = [
        f"{target.name}: {size.name}.zip has {size.zipped_bytes:,} bytes, its limit is {size.limit_bytes:,}"
        for size in found
        if size.zipped_bytes > size.limit_bytes
    ]
    layers = sum(size.unpacked_bytes for size in found if size.name.startswith("layer-"))
    largest = max(size.unpacked_bytes for size in found if not size.name.startswith("layer-"))
    if layers + largest > target.unpacked_limit_bytes:
        said.append(f"{target.name}: {layers + largest:,} bytes unpacked, the cloud takes {target.unpacked_limit_bytes:,}")
    return said


def packages(target: Target, home: Path) -> list[tuple[str, int, int]]:
    """Of the deps layer: (top-level name, zipped bytes, unpacked bytes), largest first."""
    zipped: Counter[str] = Counter()
    unpacked: Counter[str] = Counter()
    with zipfile.ZipFile(zip_of(home, "layer-deps")) as archive:
        for info in archive.infolist():
            name = info.filename.removeprefix(f"{target.inside}/" if target.inside else "").split("/")[0]
            name = "(names and licences)" if name.endswith(".dist-info") else name.removesuffix(".libs")
            zipped[name] += info.compress_size
            unpacked[name] += info.file_size
    return [(name, size, unpacked[name]) for name, size in zipped.most_common()]


def page(target: Target, home: Path, found: list[Size], python: str) -> str:
    """Markdown. Doors are the same on every machine, so they stand in the page of their cloud's own target only."""
    if target.name != target.cloud:
        found = [size for size in found if size.name.startswith("layer-")]
    compiled = f"compiled by Python {target.version}" if python else f"NOT compiled: no Python {target.version} here"
    lines = [f"## {target.name}: Python {target.version}, {target.platform}, {compiled}", ""]
    lines += ["| artefact | zipped kB | unpacked kB | limit kB (zipped) |", "| --- | ---: | ---: | ---: |"]
    lines += [f"| {s.name} | {_kb(s.zipped_bytes)} | {_kb(s.unpacked_bytes)} | {_kb(s.limit_bytes)} |" for s in found]
    lines += ["", "| in layer-deps | zipped MB | unpacked MB |", "| --- | ---: | ---: |"]
    rest = [0, 0]
    for name, zipped, unpacked in packages(target, home):
        if zipped < MEGABYTE // 20:
            rest = [rest[0] + zipped, rest[1] + unpacked]
        else:
            lines.append(f"| {name} | {zipped / MEGABYTE:.1f} | {unpacked / MEGABYTE:.1f} |")
    lines.append(f"| the rest | {rest[0] / MEGABYTE:.1f} | {rest[1] / MEGABYTE:.1f} |")
    return "\n".join(lines) + "\n"


def _kb(size: int) -> str:
    return f"{size / 1000:,.1f}"


def _size(name: str, archive: Path, limit: int) -> Size:
    with zipfile.ZipFile(archive) as file:
        unpacked = sum(info.file_size for info in file.infolist())
    content = archive.read_bytes()
    return Size(name, len(content), unpacked, limit, hashlib.sha256(content).hexdigest())
