"""The report as a document: the same headings, tables and lists as Markdown (for a chat or a file) and as HTML."""

from __future__ import annotations

from html import escape
from typing import Any, Iterator, NamedTuple

from twinshore.money import Money, decimal_text
from twinshore.reconciliation import differences as d
from twinshore.reconciliation.report_words import ACTIONS, LINES, SENTENCES, say

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}"
    "table{border-collapse:collapse;margin:1rem 0;display:block;overflow-x:auto}th,td{border:1px solid #ccc;"
    "padding:.3rem .6rem;text-align:left}td.number{text-align:right;font-variant-numeric:tabular-nums}"
    "h1{font-size:1.6rem}h2{font-size:1.3rem}h3{font-size:1.05rem}code{background:#f3f3f3;padding:0 .2rem}"
)


class Piece(NamedTuple):
    """`how`: h1, h2, h3, p, table (rows, the first is the head; a cell that is a tuple is a number) or list (rows of
    bold words, text, code)."""

    how: str
    what: Any


def day_document(days: list[dict[str, Any]], day: str, language: str) -> list[Piece]:
    """`days`: as `report.overview` gives them."""
    rows: list[list[Any]] = [_words("day_head", language).split("|")]
    for one in days:
        if "matched" in one:
            rows.append([one["provider"], _words("done", language), (str(one["matched"]),), (str(one["open"]),)])
        else:
            rows.append([one["provider"], _words("not_compared", language), ("",), ("",)])
    pieces = [Piece("h1", _words("day_title", language).format(day=day)), Piece("table", rows)]
    for one in days:
        if "matched" in one:
            pieces += [Piece(_lower(piece.how), piece.what) for piece in document(one, language)]
    return pieces


def document(facts: dict[str, Any], language: str) -> list[Piece]:
    """`facts`: as `report.facts` gives them, in the same language."""
    found = facts["differences"]
    settled = sum(1 for one in found if one["state"] == d.SETTLED)
    at = facts["compared_at"].replace("T", " ").replace("Z", " UTC")
    pieces = [
        Piece("h1", _words("title", language).format(**facts)),
        Piece("p", _words("to_do" if facts["open"] else "all_well", language).format(**facts)),
        Piece("p", _words("compared", language).format(at=at, matched=facts["matched"], settled=settled)),
    ]
    if facts["not_kept"]:
        pieces.append(Piece("p", _words("not_kept", language).format(count=facts["not_kept"])))
    if facts["totals"]:
        head = _words("head", language).split("|")
        rows = [head, *(_total_row(total, language) for total in facts["totals"])]
        pieces += [Piece("h2", _words("totals", language)), Piece("table", rows)]
    for state in (d.OPEN, d.NOTED, d.SETTLED):
        shown = [one for one in found if one["state"] == state]
        if shown:
            pieces += [Piece("h2", _words(state, language)), *_groups(shown, state, language)]
    return pieces


def markdown(pieces: list[Piece]) -> str:
    return "\n".join(line for piece in pieces for line in (*_markdown_lines(piece), ""))


def html(pieces: list[Piece], language: str) -> str:
    """A page that needs nothing else."""
    body = "\n".join(_html_piece(piece) for piece in pieces)
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{escape(str(pieces[0].what))}</title>\n'
        f"<style>{STYLE}</style>\n{body}\n</html>\n"
    )


def _groups(shown: list[dict[str, Any]], state: str, language: str) -> Iterator[Piece]:
    """By what is to be done about them; what is settled needs no more doing."""
    if state == d.SETTLED:
        yield Piece("list", [_entry(one, language) for one in shown])
        return
    for action, words in ACTIONS.items():
        group = [_entry(one, language) for one in shown if one["action"] == action]
        if group:
            yield Piece("h3", f"{say(words, language)} ({len(group)})")
            yield Piece("list", group)


def _entry(one: dict[str, Any], language: str) -> tuple[str, str, str]:
    """The difference, what is known of it, and the name of the line."""
    sides = [f"{_words(side, language)} {_text(one[side])}" for side in ("bill", "books") if side in one]
    when = [one["occurred_at"].replace("T", " ").replace("Z", " UTC")] if "occurred_at" in one else []
    return one["what"], f"{', '.join([*sides, *when])} → {one['advice']}", one["name"]


def _total_row(total: dict[str, Any], language: str) -> list[Any]:
    bill, books = total["bill"], total["books"]
    row: list[Any] = [
        total["currency"], say(LINES[total["kind"]], language), (str(bill["lines"]),), (_text(bill["sum"]),)
    ]  # fmt: skip
    if books is None:
        return [*row, ("",), ("",), ("",)]
    more = Money(**bill["sum"]) - Money(**books["sum"])
    return [*row, (str(books["lines"]),), (_text(books["sum"]),), (_text(more._asdict()) if more.amount_minor else "",)]


def _markdown_lines(piece: Piece) -> list[str]:
    if piece.how == "table":
        head, *rows = piece.what
        numbers = ["---:" if rows and isinstance(cell, tuple) else "---" for cell in (rows[0] if rows else head)]
        lines = [head, numbers, *([cell[0] if isinstance(cell, tuple) else cell for cell in row] for row in rows)]
        return [f"| {' | '.join(_plain(cell) for cell in line)} |" for line in lines]
    if piece.how == "list":
        return [f"- **{what}**: `{_plain(name).replace('`', '')}`, {text}" for what, text, name in piece.what]
    return [f"{'#' * int(piece.how[1])} {piece.what}" if piece.how[0] == "h" else piece.what]


def _html_piece(piece: Piece) -> str:
    if piece.how == "table":
        head, *rows = piece.what
        lines = ["".join(f"<th>{escape(cell)}</th>" for cell in head)]
        lines += ["".join(map(_html_cell, row)) for row in rows]
        return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"
    if piece.how == "list":
        items = [f"<b>{escape(what)}</b>: <code>{escape(name)}</code>, {escape(text)}"
                 for what, text, name in piece.what]  # fmt: skip
        return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"
    return f"<{piece.how}>{escape(piece.what)}</{piece.how}>"


def _html_cell(cell: Any) -> str:
    return f'<td class="number">{escape(cell[0])}</td>' if isinstance(cell, tuple) else f"<td>{escape(cell)}</td>"


def _lower(how: str) -> str:
    return f"h{min(int(how[1]) + 1, 6)}" if how[0] == "h" else how


def _plain(text: str) -> str:
    """A bill's words may hold what Markdown would take for its own."""
    return text.replace("|", "/").replace("\n", " ")


def _words(name: str, language: str) -> str:
    return say(SENTENCES[name], language)


def _text(amount: dict[str, Any]) -> str:
    money = Money(amount["amount_minor"], amount["currency"])
    return f"{decimal_text(money)} {money.currency}"
