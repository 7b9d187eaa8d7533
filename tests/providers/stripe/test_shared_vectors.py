"""Cross-checked vectors: signatures made with the official SDK, and the currency tables."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.vectors import SHARED, load
from twinshore.errors import Problem
from twinshore.money import Money, digits_of
from twinshore.payments.port import SignatureRefused
from twinshore.providers.stripe.amounts import DECIMALS, from_stripe, to_stripe
from twinshore.providers.stripe.verify import check

VECTORS = load(SHARED / "stripe.json")["vectors"]
CURRENCIES = load(SHARED / "currencies.json")
CASES = [case for case in CURRENCIES["cases"] if "stripe" in case]


@pytest.mark.parametrize("entry", VECTORS, ids=lambda entry: entry["name"])
def test_each_vector_is_taken_or_refused_and_the_future_has_a_limit(entry: dict[str, Any]) -> None:
    arguments = (entry["header"], entry["payload"].encode(), [entry["secret"]], entry["now"])
    if entry["expect"] is True:
        check(*arguments)
    else:
        with pytest.raises(SignatureRefused):
            check(*arguments)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['amount']} {case['currency']}")
def test_amounts_are_written_in_stripes_scale(case: dict[str, Any]) -> None:
    money = Money(case["minor"], case["currency"])
    if isinstance(case["stripe"], int):
        assert to_stripe(money) == case["stripe"]
        assert from_stripe(case["stripe"], case["currency"].lower()) == money
    else:
        with pytest.raises(Problem):
            to_stripe(money)


def test_the_currency_table_is_the_shared_one() -> None:
    stripe = CURRENCIES["stripe"]
    expected = {**dict.fromkeys(stripe["zero_decimal"], 0), **dict.fromkeys(stripe["two_decimal_by_compat"], 2)}
    assert {**expected, **dict.fromkeys(stripe["three_decimal"], 3)} == DECIMALS
    for code in CURRENCIES["iso_exponent"]["3"]:
        assert digits_of(code) == 3
