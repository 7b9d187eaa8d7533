"""mada with HyperPay, from a cell in Europe. It tells of a chargeback and of its reversal, never that one is final."""

from __future__ import annotations

from typing import Any

from sandbox.twins.hyperpay import HyperPayTwin
from sandbox.twins.hyperpay_book import SUCCESS
from tests.support.party import WON, Act, Party
from tests.support.scenarios import Scenarios


def succeeded(kind: str) -> Any:
    return lambda book: sum(
        one["paymentType"] == kind and one["result"]["code"] == SUCCESS for one in book.transactions
    )


def dispute(book: Any, reference: str, what: str) -> Act:
    debit = next(one for one in book.transactions if one["merchantTransactionId"] == reference)
    return Act("dispute", {"payment": debit["id"], "won": what == WON})


PARTY = Party(
    name="hyperpay",
    cell="eu",
    twin=HyperPayTwin,
    method="mada",
    elsewhere="card",
    currency="SAR",
    market="SA",
    taken=succeeded("DB"),
    returned=succeeded("RF"),
    declines={"decline": "800.100.153"},
    dispute=dispute,
    dispute_ends=(WON,),
)


class TestHyperPay(Scenarios):
    party = PARTY
