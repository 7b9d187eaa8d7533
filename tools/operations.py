"""Writes the section of docs/operations.md that is made from output: `python -m tools.operations`, in `make docs`.

What rings comes from infra/alarms.toml, what the last runs held from the pages that `make bench` and the load have
written.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Iterator

from infra.compile_alarms import wanted

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = DOCS / "operations.md"
BEGIN, END = "<!-- Made by `make docs`: begin -->\n", "<!-- Made by `make docs`: end -->\n"
# What is taken of each page, which other commands have written.
RESULTS = {
    "load.md": (
        r"\*\*(Held: .*|NOT HELD.*)\*\*",
        r"^(\d+ calls in .*)$",
        r"^## (The knee\n\nAt \S+ journeys begun per second\.)$",
    ),
    "performance.md": (r"(\d+ of \d+ goals held\.)",),
    "cost.md": (r"^\| (AWS, [^|]*\| units \| \w+) \|$", r"^\| (Tencent, [^|]*\| units \| \w+) \|$"),
}


def compile_page(page: str, table: dict[str, Any], results: dict[str, str]) -> str:
    """`page` with its section written anew. results: the pages of RESULTS, by name. Raises ValueError if the marks are
    gone, or a page says nothing of what is taken from it."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("docs/operations.md has no section between its marks")
    rows = ["| rings | when | look at |", "| --- | --- | --- |", *_ringing(table)]
    held = [
        f"- [{name.removesuffix('.md')}]({name}): {said}" for name in RESULTS for said in _said(name, results[name])
    ]
    return "".join(
        [before, begin, "\n", *(f"{line}\n" for line in [*rows, "", "The last runs:", "", *held, ""]), end, after]
    )


def _ringing(table: dict[str, Any]) -> Iterator[str]:
    for name, level in table["levels"].items():
        for speed, burn in table["burn"].items():
            allowed = f"{100 - level['objective_percent']:g} %"
            over = f"over {burn['long_minutes']} and over {burn['short_minutes']} minutes"
            when = f"{level['says']}: the {allowed} that a month allows burn {burn['rate']} times too fast {over}"
            yield f"| `{name}-{speed}` | {when} | {level['page']} |"
    for name, alarm in table["alarms"].items():
        yield f"| `{name}` | {alarm['says']} | {alarm['page']} |"


def _said(name: str, text: str) -> Iterator[str]:
    if name == "cost.md":
        yield _cost(text)
        return
    for pattern in RESULTS[name]:
        found = re.search(pattern, text, re.MULTILINE)
        if found is None:
            raise ValueError(f"docs/{name} does not say {pattern}")
        yield found.group(1).replace("\n\n", ": ")


def _cost(text: str) -> str:
    """The two sums, each under the head of its table."""
    heads = [re.search(pattern, text, re.MULTILINE) for pattern in RESULTS["cost.md"]]
    sums = re.findall(r"^\| \*\*together\*\* \| \| \*\*([\d.]+)\*\* \|$", text, re.MULTILINE)
    if not all(heads) or len(sums) != len(heads):
        raise ValueError("docs/cost.md does not say what 1,000 orders cost")
    parts = [(head.group(1).split(" | ") if head else []) for head in heads]
    return (
        "1,000 orders, " + "; ".join(f"{where}: {total} {unit}" for (where, _, unit), total in zip(parts, sums)) + "."
    )


def written() -> str:
    """The page as it should be."""
    results = {name: (DOCS / name).read_text(encoding="utf-8") for name in RESULTS}
    return compile_page(PAGE.read_text(encoding="utf-8"), wanted(), results)


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
