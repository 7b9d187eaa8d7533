"""Cross-checked vectors: published ones of the official libraries, tampered ones, and the currency tables."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.vectors import SHARED, load
from twinshore.errors import Problem
from twinshore.money import Money
from twinshore.payments.port import SignatureRefused
from twinshore.providers.adyen.amounts import DECIMALS, from_adyen, to_adyen
from twinshore.providers.adyen.verify import genuine_items

VECTORS = load(SHARED / "adyen.json")["payments"]
CURRENCIES = load(SHARED / "currencies.json")
CASES = [case for case in CURRENCIES["cases"] if "adyen" in case]


@pytest.mark.parametrize("entry", VECTORS, ids=lambda entry: entry["name"])
def test_each_vector_is_taken_or_refused(entry: dict[str, Any]) -> None:
    body, keys = json.dumps(entry["body"]).encode(), [bytes.fromhex(entry["hmac_key_hex"])]
    if entry["expect"] is True:
        assert len(genuine_items(body, keys)) == 1
        return
    with pytest.raises(SignatureRefused):
        genuine_items(body, keys)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['amount']} {case['currency']}")
def test_amounts_are_written_in_adyens_scale(case: dict[str, Any]) -> None:
    money = Money(case["minor"], case["currency"])
    assert to_adyen(money) == case["adyen"]
    assert from_adyen(case["adyen"], case["currency"]) == money


def test_the_currency_table_is_the_shared_one() -> None:
    adyen = CURRENCIES["adyen"]
    expected = {**dict.fromkeys(adyen["zero"], 0), **dict.fromkeys(adyen["three"], 3), **adyen["deviates_from_iso"]}
    assert expected == DECIMALS
    for code in CURRENCIES["iso_exponent"]["4"]:
        with pytest.raises(Problem):
            to_adyen(Money(1, code))
