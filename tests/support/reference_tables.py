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


def main() -> None:
    (PACKAGE / "currencies.py").write_text(currencies_source())


if __name__ == "__main__":
    main()
