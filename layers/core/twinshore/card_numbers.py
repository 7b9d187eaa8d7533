"""Payment card numbers in a text: what `card_refusal` refuses and `log` masks.

A card number is 13 to 19 digits that begin as a scheme's do, in a length that this scheme issues, and pass the check
digit of ISO/IEC 7812-1, annex B. It may stand in groups, with one blank or hyphen between them.
"""

from __future__ import annotations

import re
from typing import Iterator

FEWEST_DIGITS, MOST_DIGITS = 13, 19
# First digits and lengths, as the schemes and the processors publish them for checks at a till (read 2026-11).
_SCHEMES = (
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa, and the cards of mada that carry it
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard, both series
    r"|3[47]\d{13}"  # American Express
    r"|(?:6011|64[4-9]\d|65\d\d)\d{12,15}"  # Discover
    r"|62\d{14,17}"  # UnionPay
    r"|35(?:2[89]|[3-8]\d)\d{12,15}|(?:3088|3096|3112|3158|3337)\d{12}"  # JCB
    r"|3(?:0[0-59]\d|[689]\d\d)\d{10,15}"  # Diners Club
    r"|(?:50|5[6-8])\d{14,17}|(?:6304|67\d\d)\d{12,15}"  # Maestro, Elo, mada, Mastercard in Brazil
    r"|(?:604906|605141|606282|63[67]\d{3}|9682\d\d)\d{10}"  # mada, Elo, Hipercard
)
_BLANKS_AND_HYPHENS = " \u00a0\u2007\u2009\u202f\u3000\\-\u2010-\u2015"
_RUN = rf"\d(?:[{_BLANKS_AND_HYPHENS}]?\d){{{FEWEST_DIGITS - 1},}}"
_UUID = r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"
_IBAN = r"(?<![0-9A-Za-z])[A-Z]{2}\d\d(?: ?[0-9A-Z]){11,30}(?![0-9A-Za-z])"
_PERSON = r"[1-6]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{4}"
_WORD = r"(?<![0-9A-Za-z])[A-Za-z]{2,}\Z"  # "visa4242...": a word may lean on a number, an id's letters may not
_FIRST_GROUP = 4
_PHONE_CHARS = 20  # E.164: 15 digits, and blanks


def holds_card_number(text: str) -> bool:
    return next(_found(text), None) is not None


def without_card_numbers(text: str, mask: str) -> str:
    shown, done = [], 0
    for start, end in _found(text):
        if start >= done:
            shown += [text[done:start], mask]
            done = end
    return "".join([*shown, text[done:]])


def passes_check_digit(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B (Luhn)."""
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(n - 9 if n > 9 else n for n in doubled)) % 10 == 0


def _found(text: str) -> Iterator[tuple[int, int]]:
    """Where card numbers stand, in order."""
    for run in re.finditer(_RUN, text):
        groups = [(run.start() + group.start(), run.start() + group.end()) for group in re.finditer(r"\d+", run[0])]
        for start, end in _stretches(groups):
            digits = "".join([str(int(char)) for char in text[start:end] if char.isdecimal()])
            if _is_card(digits) and _stands_alone(text, start, end):
                yield start, end


def _stretches(groups: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """A card number begins and ends where a group of digits does. Its first group has four digits or more, or each
    digit stands alone: anything shorter is a list of sizes or a date."""
    if len(groups) <= MOST_DIGITS and all(end - start == 1 for start, end in groups):
        yield groups[0][0], groups[-1][1]
    for first, (start, first_end) in enumerate(groups):
        count = 0
        for begin, end in groups[first : first + MOST_DIGITS] if first_end - start >= _FIRST_GROUP else ():
            count += end - begin
            if count > MOST_DIGITS:
                break
            if count >= FEWEST_DIGITS:
                yield start, end


def _is_card(digits: str) -> bool:
    if not re.fullmatch(_SCHEMES, digits) or not passes_check_digit(digits):
        return False
    if len(digits) == 13:  # Visa's are of the last century: a barcode, or a phone number without its plus, is likelier
        return bool(_barcode_sum(digits) % 10) and not re.match(r"491[5-7]|436", digits)
    return not (re.fullmatch(_PERSON, digits) and _is_person(digits))


def _barcode_sum(digits: str) -> int:
    """Of GTIN-13 (GS1 General Specifications, 7.9)."""
    return sum(map(int, digits[::2])) + 3 * sum(map(int, digits[1::2]))


def _is_person(digits: str) -> bool:
    """A mainland identity number (GB 11643-1999), whose last character is of ISO 7064, MOD 11-2."""
    return sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(digits)) % 11 == 1


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Not a piece of something longer: a fraction, an international phone number, an id, an IBAN."""
    before, after = text[max(0, start - 40) : start], text[end : end + 1]
    leans = re.search(r"(?:\d\.|[0-9A-Za-z])\Z", before) and not re.search(_WORD, before)
    if leans or re.match(r"[0-9A-Za-z]", after):
        return False
    if before.endswith("+") and end - start <= _PHONE_CHARS:
        return False
    around = text[max(0, start - 40) : end + 40]
    spans = [found.span() for found in re.finditer(_UUID, around)]
    spans += [found.span() for found in re.finditer(_IBAN, around) if _is_iban(found[0])]
    place = start - max(0, start - 40)
    return not any(first <= place < last for first, last in spans)


def _is_iban(text: str) -> bool:
    """ISO 13616-1: the remainder by 97, letters counted from 10."""
    bare = text.replace(" ", "")
    return int("".join(str(int(char, 36)) for char in bare[4:] + bare[:4])) % 97 == 1
