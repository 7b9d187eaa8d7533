"""What the parties' books say of our orders: charges and refunds, in one form, read where the twins keep them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Callable, Iterator, Mapping, NamedTuple

from sandbox.twins.server import Twin


class Charge(NamedTuple):
    """Money that a party took from a payer for us."""

    party: str
    reference: str
    """Ours, of the attempt: the order's id, a hyphen, a number."""
    amount_minor: int
    refunds_minor: tuple[int, ...]
    """Of those that succeeded."""

    @property
    def order_id(self) -> str:
        return self.reference.rpartition("-")[0]


Found = Iterator[tuple[str, int, tuple[int, ...]]]


def charges_of(twins: Mapping[str, Twin]) -> list[Charge]:
    """Of every account at every party that is played here."""
    return [
        Charge(party, *row)
        for party, twin in twins.items()
        for provider, read in READERS.items()
        if type(twin).name == provider
        for row in _locked(twin, read)
    ]


def notices_of(twins: Mapping[str, Twin]) -> dict[str, int]:
    """Of notices with a right signature: how many tries there were, and how many our cells acknowledged."""
    tries = [
        entry
        for twin in twins.values()
        for entry in list(twin.journal)
        if entry["what"] == "notice sent" and entry.get("signature") == "right"
    ]
    taken = [entry for entry in tries if entry["answer"] in range(200, 300)]
    return {"tries": len(tries), "acknowledged": len(taken), "notices": len({entry["id"] for entry in taken})}


def messages_of(twins: Mapping[str, Twin]) -> list[str]:
    """The text of each letter and WeChat message that was delivered, in which the code of the occasion stands."""
    letters = [str(entry["subject"]) for entry in list(twins["mail"].journal) if entry["what"] == "letter taken"]
    messages = [" ".join(entry["data"].values()) for entry in list(twins["wechat"].journal) if "data" in entry]
    return letters + messages


def _locked(twin: Any, read: Callable[[Any], Found]) -> list[tuple[str, int, tuple[int, ...]]]:
    with twin.lock:
        return list(read(twin.book))


def _stripe(book: Any) -> Found:
    for charge in book.charges.values():
        refunds = [one for one in book.refunds.values() if one["charge"] == charge["id"] and one["status"] != "failed"]
        yield charge["metadata"]["reference"], charge["amount"], tuple(one["amount"] for one in refunds)


def _wechat_pay(book: Any) -> Found:
    for number, order in book.orders.items():
        if order["state"] == "SUCCESS":
            refunds = [one for one in book.refunds.values() if one["out_trade_no"] == number and _went_back(one)]
            yield number, order["wanted"]["amount"]["total"], tuple(one["amount"] for one in refunds)


def _went_back(refund: Mapping[str, Any]) -> bool:
    return refund["status"] in ("PROCESSING", "SUCCESS")


def _paypal(book: Any) -> Found:
    for order in book.orders.values():
        unit = order["purchase_units"][0]
        payments = unit.get("payments") or {"captures": [], "refunds": []}
        refunds = tuple(_minor(one["amount"]["value"]) for one in payments["refunds"] if one["status"] != "FAILED")
        for capture in payments["captures"]:
            yield unit["invoice_id"], _minor(capture["amount"]["value"]), refunds


def _grabpay(book: Any) -> Found:
    for number, charge in book.charges.items():
        if charge["txStatus"] == "success":
            refunds = [one for one in book.refunds.values() if one["of"] == number and one["txStatus"] != "failed"]
            yield number, charge["wanted"]["amount"], tuple(one["amount"] for one in refunds)


def _dana(book: Any) -> Found:
    for number, order in book.orders.items():
        if order["state"] == "SUCCESS":
            refunds = [one for one in book.refunds.values() if one["of"] == number]
            yield number, _minor(order["wanted"]["amount"]["value"]), tuple(one["amount"] for one in refunds)


def _hyperpay(book: Any) -> Found:
    paid = [one for one in book.transactions if one["paymentType"] == "DB" and one["result"]["code"] == "000.000.000"]
    for debit in paid:
        linked = [one for one in book.linked(debit) if one["paymentType"] == "RF"]
        refunds = [one for one in linked if one["result"]["code"] == "000.000.000"]
        yield debit["merchantTransactionId"], _minor(debit["amount"]), tuple(_minor(one["amount"]) for one in refunds)


def _mercado_pago(book: Any) -> Found:
    for order in book.orders.values():
        transactions = order["transactions"]
        refunds = tuple(_minor(one["amount"]) for one in transactions["refunds"] if one["status"] != "failed")
        for payment in transactions["payments"]:
            if payment["status"] == "processed":
                yield order["external_reference"], _minor(payment["amount"]), refunds


def _minor(value: object) -> int:
    """The load's currencies all have two decimals."""
    return int(Decimal(str(value)) * 100)


READERS: Mapping[str, Callable[[Any], Found]] = {
    "stripe": _stripe,
    "wechat_pay": _wechat_pay,
    "paypal": _paypal,
    "grabpay": _grabpay,
    "dana": _dana,
    "hyperpay": _hyperpay,
    "mercado_pago": _mercado_pago,
}
