"""Writes docs/problems.md, the list of every problem that a caller can be told: `python -m tools.problems`."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import twinshore
from twinshore.errors import TYPE_PREFIX, Problem

PAGE = Path(__file__).resolve().parent.parent / "docs" / "problems.md"


def every_problem() -> list[type[Problem]]:
    """All that a caller can tell apart, after importing every module of the package.

    A subclass without a slug of its own is its parent to the caller: our own code tells it apart, or only our log.
    """
    for module in pkgutil.walk_packages(twinshore.__path__, "twinshore."):
        importlib.import_module(module.name)

    def below(problem: type[Problem]) -> list[type[Problem]]:
        return [problem] + [each for child in problem.__subclasses__() for each in below(child)]

    ours = {
        problem for problem in below(Problem) if problem.__module__.startswith("twinshore.") and "slug" in vars(problem)
    }
    return sorted(ours, key=lambda p: (p.status, p.slug, p.__module__, p.__name__))


def page(problems: list[type[Problem]]) -> str:
    rows = [f"| {p.status} | `{p.slug}` | {p.title_en} | {p.title_zh} | `{p.__module__}` |" for p in problems]
    head = [
        "# Problems",
        "",
        "What a caller can be told, as `application/problem+json` (RFC 9457). The `type` of a problem is",
        f"`{TYPE_PREFIX}` and the slug; it stays for ever. Made from the code by `make docs`.",
        "",
        "| status | slug | English | 中文 | where |",
        "|---|---|---|---|---|",
    ]
    return "\n".join(head + rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(every_problem()), encoding="utf-8")
    print("wrote", PAGE.name)
