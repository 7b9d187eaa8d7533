"""Writes the provider x scenario matrix into docs/payments.md: `python -m tools.payment_matrix`.

A column is a file of tests/scenarios, a row a scenario that it runs, a cell what that scenario asserts.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, Callable, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "payments.md"
BEGIN, END = "<!-- matrix: made by `make docs` -->", "<!-- /matrix -->"


class Row(NamedTuple):
    title: str
    test: str
    """Of tests/support/scenarios.py."""
    cell: Callable[[Any], str] = lambda _: "✓"


def _declined(party: Any) -> str:
    return "✓" if party.declines else "silent"


def _refunded_before(party: Any) -> str:
    if not party.can.query_finds_payment:
        return "by notice"
    return "✓" if party.can.query_tells_refunds else "flagged" if party.can.tells_refunds else "not told"


def _refunds(party: Any) -> str:
    others = (party.currency_without_decimals, party.currency_with_three_decimals)
    return " ".join((party.currency, *(currency for currency in others if party.takes(currency))))


def _disputed(party: Any) -> str:
    return ", ".join(party.dispute_ends) if party.can.disputes else "—"


ROWS = (
    Row("paid", "test_happy"),
    Row("declined, then paid", "test_declined_then_paid", _declined),
    Row("late: webhook lost, found by the poll, webhook comes after all", "test_late",
        lambda party: "✓" if party.can.query_finds_payment else "by notice"),
    Row("duplicate: twice at once, after 1 h, 24 h, 8 d", "test_duplicate"),
    Row("stale: as it came 8 days ago", "test_stale", lambda party: "refused" if party.can.signs_time else "old news"),
    Row("signed wrongly", "test_wrong_signature", lambda _: "refused"),
    Row("reordered: refund first, pending last", "test_reordered"),
    Row("refund heard of before the payment", "test_refund_news_before_the_payment_is_known",
        lambda party: "✓" if party.can.tells_refunds else "not told"),
    Row("refunded before we hear of the payment", "test_refunded_before_we_hear_of_the_payment", _refunded_before),
    Row("refunded in part, and the rest", "test_refunded_in_part_and_the_rest", _refunds),
    Row("disputed", "test_disputed", _disputed),
    Row("amount differs: flagged or not taken, never credited", "test_amount_differs"),
    Row("5xx (a page, JSON), HTML, reset, lost answer to create", "test_an_unclear_answer_to_create"),
    Row("the same to a query", "test_an_unclear_answer_to_a_query"),
    Row("the same to a refund", "test_an_unclear_answer_to_a_refund"),
    Row("refused in words of theirs: ours say none of them", "test_a_refusal_in_words_of_theirs"),
    Row("captured once", "test_captured_by_us", lambda party: "by us" if party.can.we_capture else "by itself"),
    Row("webhooks, poll and client at once: one credit, one receipt", "test_everybody_at_once"),
)  # fmt: skip


def parties() -> list[Any]:
    """Of every scenario file, by name."""
    found = []
    for file in sorted((ROOT / "tests" / "scenarios").glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(f"scenarios_{file.stem}", file)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found.append(module.PARTY)
    return found


def matrix(columns: list[Any]) -> str:
    lines = [("scenario", *(f"[{party.name}](providers/{party.name}.md)" for party in columns))]
    lines += [tuple("---" for _ in lines[0])]
    lines += [(row.title, *(row.cell(party) for party in columns)) for row in ROWS]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def page(text: str, columns: list[Any]) -> str:
    """`text` with the matrix between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{matrix(columns)}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), parties()), encoding="utf-8")
    print("wrote", PAGE.name)
