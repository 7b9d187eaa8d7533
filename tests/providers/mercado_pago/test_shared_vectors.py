"""Vectors that the official SDK has checked, and the amounts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.vectors import SHARED, load
from twinshore.money import Money
from twinshore.payments.port import SignatureRefused
from twinshore.providers.mercado_pago.amounts import to_mercado_pago
from twinshore.providers.mercado_pago.verify import check, manifest

VECTORS = load(SHARED / "mercadopago.json")["vectors"]
CASES = [case for case in load(SHARED / "currencies.json")["cases"] if case["currency"] == "CLP"]


@pytest.mark.parametrize("entry", VECTORS, ids=lambda entry: entry["name"])
def test_each_vector_is_taken_or_refused(entry: dict[str, Any]) -> None:
    named = {"x-signature": entry["x_signature"], "x-request-id": entry["x_request_id"],
             "?data.id": entry["query_data_id"]}  # fmt: skip
    headers = {name: value for name, value in named.items() if value is not None}
    stamp = entry["x_signature"][3:].partition(",")[0]
    now = int(stamp[:10])
    if entry["expect"]:
        assert check(headers, [("BRL", entry["secret"])], now) == "BRL"
        data_id = (entry["query_data_id"] or "").lower()
        assert manifest(data_id, entry["x_request_id"] or "", stamp) == entry["manifest"]
    else:
        with pytest.raises(SignatureRefused):
            check(headers, [("BRL", entry["secret"])], now)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['amount']} {case['currency']}")
def test_amounts_without_decimals(case: dict[str, Any]) -> None:
    assert to_mercado_pago(Money(case["minor"], case["currency"])) == case["amount"]
