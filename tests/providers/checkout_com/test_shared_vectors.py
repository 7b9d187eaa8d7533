"""Cross-checked vectors: the documented form of the signature, and the currency tables."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.vectors import SHARED, load, lower
from twinshore.payments.port import SignatureRefused
from twinshore.providers.checkout_com.amounts import DECIMALS
from twinshore.providers.checkout_com.verify import check

VECTORS = load(SHARED / "checkout_com.json")["vectors"]


@pytest.mark.parametrize("entry", VECTORS, ids=lambda entry: entry["name"])
def test_each_vector_is_taken_or_refused(entry: dict[str, Any]) -> None:
    header, body = lower(entry["headers"])["cko-signature"], entry["body"].encode()
    if entry["expect"] is True:
        check(header, body, [entry["key"]])
    else:
        with pytest.raises(SignatureRefused):
            check(header, body, [entry["key"]])


def test_three_decimal_currencies_are_isos() -> None:
    three = load(SHARED / "currencies.json")["iso_exponent"]["3"]
    assert sorted(three) == sorted(code for code, digits in DECIMALS.items() if digits == 3)
