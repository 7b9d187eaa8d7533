"""What is a card number, and what only looks like one."""

from __future__ import annotations

import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.cards import CARDS, numbers
from twinshore.card_numbers import holds_card_number, passes_check_digit, without_card_numbers
from twinshore.ids import new_id


def with_check_digit(start: str) -> str:
    return next(start + last for last in "0123456789" if passes_check_digit(start + last))


# A scheme's range has two ends, and something just beyond each that is nobody's.
RANGES = [
    ("2221", 16, True), ("2720", 16, True), ("2220", 16, False), ("2721", 16, False),
    ("51", 16, True), ("55", 16, True), ("54", 15, False), ("54", 17, False),
    ("34", 15, True), ("37", 15, True), ("35", 15, False), ("37", 16, False),
    ("4", 13, True), ("4", 16, True), ("4", 19, True), ("4", 14, False), ("4", 18, False),
    ("6011", 16, True), ("6011", 19, True), ("644", 16, True), ("649", 16, True), ("643", 16, False), ("65", 16, True),
    ("62", 16, True), ("62", 17, True), ("62", 19, True), ("62", 15, False), ("61", 16, False),
    ("3528", 16, True), ("3589", 16, True), ("3527", 16, False), ("3590", 16, False), ("3589", 19, True),
    ("300", 14, True), ("305", 16, True), ("309", 14, True), ("306", 14, False), ("36", 14, True), ("39", 19, True),
    ("588845", 16, True), ("604906", 16, True), ("605141", 16, True), ("636120", 16, True), ("968201", 16, True),
    ("968301", 16, False), ("504300", 16, True), ("606282", 16, True), ("6771", 16, True),
    ("1", 16, False), ("7", 16, False), ("8", 16, False), ("9", 16, False), ("0", 16, False),
]  # fmt: skip


@pytest.mark.parametrize(("start", "length", "is_card"), RANGES)
def test_a_scheme_has_its_first_digits_and_its_lengths(start: str, length: int, is_card: bool) -> None:
    number = with_check_digit(start + "1" * (length - len(start) - 1))
    if length == 13 and start == "4":
        number = "4222222222222"
    assert holds_card_number(number) is is_card


@pytest.mark.parametrize("number", numbers())
def test_every_digit_is_checked(number: str) -> None:
    assert holds_card_number(number)
    for place, digit in enumerate(number):
        wrong = number[:place] + str((int(digit) + 1) % 10) + number[place + 1 :]
        assert not holds_card_number(wrong)


WRITTEN = {
    "in fours": lambda n: " ".join(n[i : i + 4] for i in range(0, len(n), 4)),
    "with hyphens": lambda n: "-".join(n[i : i + 4] for i in range(0, len(n), 4)),
    "as Amex is": lambda n: f"{n[:4]} {n[4:10]} {n[10:]}",
    "digit by digit": " ".join,
    "with hard blanks": lambda n: "\u00a0".join(n[i : i + 4] for i in range(0, len(n), 4)),
    "with dashes": lambda n: "\u2013".join(n[i : i + 4] for i in range(0, len(n), 4)),
    "in wide digits": lambda n: n.translate({ord("0") + i: 0xFF10 + i for i in range(10)}),
    "in Arabic digits": lambda n: n.translate({ord("0") + i: 0x0660 + i for i in range(10)}),
    "with its date and code": lambda n: f"{n} 12/29 123",
    "with its date in a row": lambda n: f"{n} 1229 123",
    "after a count": lambda n: f"2 {n}",
    "after a date": lambda n: f"2026-11-23 {n}",
    "after a word": lambda n: f"card:{n}",
    "on a word": lambda n: f"visa{n}",
    "in a name": lambda n: f"order-{n}",
    "in a longer name": lambda n: f"order_{n}_1",
    "in brackets": lambda n: f"({n})",
    "in a sentence": lambda n: f"my card is {n}.",
    "in Chinese": lambda n: f"卡号{n}，谢谢",
    "twice": lambda n: f"{n} {n}",
    "after a plus": lambda n: f"+ {n}",
    "on a line of its own": lambda n: f"my card\n{n}\n1229",
    "in a URL": lambda n: f"https://shop.example/pay?card={n}&x=1",
}


@pytest.mark.parametrize("how", WRITTEN)
def test_it_is_found_however_it_is_written(how: str) -> None:
    for number in numbers():
        text = WRITTEN[how](number)
        assert holds_card_number(text), text
        shown = without_card_numbers(text, "***")
        assert not holds_card_number(shown)
        assert "***" in shown
        assert sum(map(str.isdecimal, shown)) <= 8, "dates and counts stay"


INNOCENT = {
    "milliseconds": "1763848123456",
    "microseconds": "1763848123456789",
    "nanoseconds": "1763848123456789012",
    "a number of Weixin Pay, 28 digits": "4200001234202611221234567890",
    "twenty digits": "42424242424242424242",
    "twelve digits": "424242424242",
    "a mainland phone": "+86 138 0000 0000",
    "a German phone": "+4915112345678",
    "a German phone without its plus": "4915112345678",
    "a German phone behind zeros": "004915112345678",
    "an Austrian phone without its plus": "4366412345671",
    "an Indonesian phone": "+62 812 3456 78901",
    "a barcode": "4006381333931",
    "a barcode that passes the check digit of cards": "4006381000093",
    "sizes": "41 42 43 44 45 46 47 48",
    "prices": "4,000 5,000 6,000 7,000",
    "a fraction": "0.4242424242424242",
    "a uuid": "1c07a1c5-2bb0-4242-4242-424242424242",
    "a uuid of digits": "42424242-4242-4242-4242-424242424242",
    "a digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "an id that ends in digits": "a1b4242424242424242",
    "an id that begins with digits": "4242424242424242ab",
    "an IBAN in groups": "DE89 3704 0044 0532 0130 00",
    "an IBAN whose middle passes": "DE95 4242 4242 4242 4242 42",
    "dates": "2026-11-23 2026-11-24",
    "an amount": '"amount_minor": 1000000000000',
    "a masked card": "4242 42** **** 4242",
    "an address of IPv4": "203.0.113.7 203.0.113.8",
}


@pytest.mark.parametrize("kind", INNOCENT)
def test_what_only_looks_like_one_passes(kind: str) -> None:
    assert not holds_card_number(INNOCENT[kind])
    assert without_card_numbers(INNOCENT[kind], "***") == INNOCENT[kind]


@pytest.mark.parametrize("region", ["620102", "650104"])  # Gansu, as UnionPay begins; Xinjiang, as Discover does
def test_nobody_is_refused_for_where_they_were_registered(region: str) -> None:
    found = 0
    for order in range(1000):
        start = f"{region}19900307{order:03d}"
        total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(start))
        number = start + "10X98765432"[total % 11]
        found += number.isdigit() and passes_check_digit(number)
        assert not holds_card_number(number), number
    assert found > 20, "so many would have been refused"


@given(st.integers(1_000_000_000, 2_220_999_999), st.integers(0, 10**9 - 1))
def test_times_are_never_card_numbers(second: int, fraction: int) -> None:
    """Until May 2040, when seconds begin as the second series of Mastercard does."""
    nanoseconds = f"{second}{fraction:09d}"
    assert not any(holds_card_number(nanoseconds[:length]) for length in (13, 16, 19))


@given(st.uuids(), st.integers(0, 2**33))
def test_ids_are_never_card_numbers(one: uuid.UUID, now: int) -> None:
    assert not holds_card_number(str(one))
    assert not holds_card_number(f"{new_id(now)}-1")


@given(st.sampled_from(numbers()), st.integers(1, 9), st.sampled_from(["", "x ", "卡", "(", '"', "\n", "a-"]))
def test_no_number_is_found_in_part_of_a_longer_one(number: str, digit: int, before: str) -> None:
    longer = number + str(digit) * (20 - len(number))
    assert not holds_card_number(before + longer)


@given(st.text(max_size=60), st.sampled_from(numbers()), st.text(max_size=60))
def test_a_mask_leaves_none_and_takes_nothing_else(before: str, number: str, after: str) -> None:
    text = f"{before} : {number} : {after}"
    shown = without_card_numbers(text, "***")
    assert not holds_card_number(shown)
    assert number not in shown


@pytest.mark.parametrize(
    "hostile",
    ["4" * 65_000, "4 " * 32_000, "4444 " * 13_000, "4242 4242 4242 4242 " * 3_000, "4-" * 32_000, "x4242" * 13_000,
     "A1 " * 20_000, "DE89 4242 " * 6_000],
    ids=lambda text: text[:8],
)  # fmt: skip
def test_a_body_that_is_all_digits_takes_no_time(hostile: str) -> None:
    started = time.process_time()
    holds_card_number(hostile)
    without_card_numbers(hostile, "***")
    assert time.process_time() - started < 1.5


def test_the_first_look_at_a_request_counts_as_many_digits_as_the_shortest_number_has() -> None:
    from twinshore import card_numbers, card_refusal

    assert len(card_refusal._ZEROS) == card_numbers.FEWEST_DIGITS


def test_the_published_numbers_cover_every_scheme() -> None:
    assert {"Visa", "Mastercard", "American Express", "Discover", "UnionPay", "JCB", "Diners Club", "mada", "Elo",
            "Hipercard", "Maestro"} == {scheme for scheme, _ in CARDS}  # fmt: skip
