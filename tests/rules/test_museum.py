"""The first nine rows of the issue museum, the bugs that others had with payments: each is a named test of ours."""

from __future__ import annotations

import ast

import pytest

from tests.support.tree import parsed, python_files

ROWS = {
    1: ("medusajs/medusa/issues/13301", "mercurjs/mercur/issues/1418"),
    2: ("VivaPayments/API/issues/2553",),
    3: ("juspay/hyperswitch/issues/9278", "juspay/hyperswitch/issues/11687"),
    4: ("juspay/hyperswitch/issues/13180",),
    5: ("stripe/stripe-node/issues/1768",),
    6: ("wechatpay-apiv3/wechatpay-go/issues/196", "wechatpay-apiv3/wechatpay-php/issues/153"),
    7: (
        "aws-powertools/powertools-lambda-python/issues/8049",
        "aws-powertools/powertools-lambda-python/issues/4759",
    ),
    8: (
        "Automattic/woocommerce-payments/issues/5215",
        "Automattic/woocommerce-payments/issues/2934",
        "smartstore/Smartstore/issues/1584",
    ),
    9: ("no peer test was found",),
    11: ("saleor/saleor/issues/544", "saleor/saleor/issues/15855"),
    13: ("no peer test was found",),
}
"""What stands in the docstring of at least one test of the row: where the peer tells of it."""


def told(row: int) -> str:
    """The docstrings of the row's tests, one after the other."""
    functions = (
        node
        for path in python_files("tests/")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef) and node.name.startswith(f"test_museum_{row}_")
    )
    return "\n".join(ast.get_docstring(function) or "" for function in functions).lower()


@pytest.mark.parametrize("row", ROWS)
def test_each_row_is_a_named_test_that_says_where_it_comes_from(row: int) -> None:
    found = told(row)
    assert found, f"no test is named test_museum_{row}_…"
    for place in ROWS[row]:
        assert place.lower() in found, f"no test of row {row} tells of {place}"
