"""The common form of a bill for every provider whose bills come as files: UTF-8 CSV, one movement a line.

    reference,provider_id,kind,amount,currency,refund_reference,occurred_at,fee,fee_currency
    01…-1,9ab3,payment,12.99,EUR,,2026-09-21T08:30:00Z,0.43,EUR
    01…-1,9ab3,refund,2.00,EUR,01…-r1,2026-09-21T09:00:00Z,,
    end,2

The head names the columns, in any order; the first five are needed. Amounts are decimals in major units, above zero.
The last line says how many lines there are, so that a file cut short is known: without it, nothing is compared.
"""

from __future__ import annotations

import csv
from datetime import datetime
from typing import Iterator

from twinshore.errors import Problem
from twinshore.money import parse
from twinshore.reconciliation.days import day_of
from twinshore.reconciliation.port import DISPUTES, LINES_LIMIT, PAYMENT, REFUND, BillDamaged, BillLine, BillTooLarge

NEEDED = ("reference", "provider_id", "kind", "amount", "currency")
OPTIONAL = ("refund_reference", "occurred_at", "fee", "fee_currency")
TEXT_LIMIT_CHARACTERS = 4_000_000
CELL_LIMIT_CHARACTERS = 128


class CsvBills:
    """One file, read whole before its first line is given. It came by hand: it settles no refund by its own word."""

    authentic = False
    tells_disputes = False

    def __init__(self, text: str, zone: str) -> None:
        self._text = text
        self._zone = zone

    def mark(self, day: str, now: int) -> str:
        """A corrected file is handed in like the first."""
        return ""

    def lines(self, day: str, now: int) -> Iterator[BillLine]:
        """Raises BillDamaged, with the number of the line; BillTooLarge."""
        if len(self._text) > TEXT_LIMIT_CHARACTERS:
            raise BillTooLarge(f"A file has at most {TEXT_LIMIT_CHARACTERS} characters.")
        found = list(self._read())
        for number, line in enumerate(found, 2):
            if line.occurred_at and day_of(line.occurred_at, self._zone) != day:
                raise BillDamaged(f"Line {number} is of another day.")
        return iter(found)

    def _read(self) -> Iterator[BillLine]:
        rows = csv.reader(self._text.lstrip("\ufeff").splitlines(), strict=True)
        try:
            head = next(rows, [])
            if len(set(head)) != len(head) or not set(NEEDED) <= set(head) <= {*NEEDED, *OPTIONAL}:
                raise BillDamaged("The first line names the columns: " + ", ".join((*NEEDED, *OPTIONAL)))
            for count, row in enumerate(rows):
                if row[:1] == ["end"] and len(row) == 2:
                    if row[1] != str(count) or next(rows, None) is not None:
                        raise BillDamaged("The last line does not say how many lines there are.")
                    return
                if count >= LINES_LIMIT:
                    raise BillTooLarge(f"A bill has at most {LINES_LIMIT} lines.")
                yield _line(head, row, count + 2)
        except csv.Error:
            raise BillDamaged("The file is not CSV.") from None
        raise BillDamaged("The file is cut short: its last line is `end` and the number of lines.")


def _line(head: list[str], row: list[str], number: int) -> BillLine:
    cells = dict(zip(head, row))
    if len(row) != len(head) or any(len(cell) > CELL_LIMIT_CHARACTERS for cell in row):
        raise BillDamaged(f"Line {number} does not have a cell for each column.")
    try:
        amount = parse(cells["amount"], cells["currency"])
        fee = parse(cells["fee"], cells["fee_currency"]) if cells.get("fee") else None
        occurred_at = _seconds(cells.get("occurred_at", ""))
    except (KeyError, ValueError, Problem):
        raise BillDamaged(f"Line {number} has an amount or a time that cannot be read.") from None
    if cells["kind"] not in (PAYMENT, REFUND, *DISPUTES) or amount.amount_minor <= 0:
        raise BillDamaged(f"Line {number} is neither a payment, a refund nor of a dispute.")
    if not cells["reference"] and not cells["provider_id"]:
        raise BillDamaged(f"Line {number} names no payment.")
    refund_reference = cells.get("refund_reference", "")
    return BillLine(
        cells["reference"], cells["provider_id"], cells["kind"], amount, refund_reference, occurred_at, fee,
        refund_reference or f"{cells['provider_id']}.{number}",
    )  # fmt: skip


def _seconds(text: str) -> int:
    if not text:
        return 0
    moment = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)  # 3.10 reads no "Z"
    if moment.tzinfo is None:
        raise ValueError("a time has an offset")
    return int(moment.timestamp())
