"""Mercado Pago, in Brazil."""

from __future__ import annotations

from typing import Any

from sandbox.twins.mercado_pago import MercadoPagoTwin
from tests.support.party import LOST, OPENED, WON, Act, Party
from tests.support.scenarios import Scenarios

DETAILS = {OPENED: "in_process", WON: "reimbursed", LOST: "settled"}


def dispute(book: Any, reference: str, what: str) -> Act:
    order = next(one for one in book.orders.values() if one["external_reference"] == reference)
    return Act("pay", {"order_id": order["id"], "outcome": "charged_back", "detail": DETAILS[what]})


PARTY = Party(
    name="mercado_pago",
    cell="us",
    twin=MercadoPagoTwin,
    method="mercado_pago",
    currency="BRL",
    taken=lambda book: sum(order["status"] == "processed" for order in book.orders.values()),
    returned=lambda book: sum(len(order["transactions"]["refunds"]) for order in book.orders.values()),
    declines={"outcome": "failed"},
    dispute=dispute,
    more_currencies=("CLP",),
)


class TestMercadoPago(Scenarios):
    party = PARTY
