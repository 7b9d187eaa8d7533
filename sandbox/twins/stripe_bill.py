"""The balance transactions of the Stripe twin: one for each charge, refund and payout, newest first, in pages.

What may be wrong with them is the switch `bill` (see `bill_faults`).
"""

from __future__ import annotations

from typing import Any, Iterator

from sandbox.twins.bill_faults import planted
from sandbox.twins.stripe_book import Book, Refusal

PAGE_LINES = 100
FEE_MINOR = 25


def balance_transactions(book: Book, query: dict[str, str], bill: dict[str, Any]) -> dict[str, Any]:
    """Raises Refusal."""
    first, last = int(query.get("created[gte]", 0)), int(query.get("created[lt]", 2**40))
    size = int(query.get("limit", 10))
    if not 1 <= size <= PAGE_LINES:
        raise Refusal(400, "invalid_request_error", "parameter_invalid_integer")
    lines = planted([line for line in _movements(book) if first <= line["at"] < last], bill)
    lines.sort(key=lambda line: -int(line.get("at", first)))
    data = [_transaction(number, line, first) for number, line in enumerate(lines)]
    data.append(_payout(first))
    after = query.get("starting_after", "")
    begin = 1 + [one["id"] for one in data].index(after) if after else 0
    if begin and begin >= size * int(bill.get("pages", 2**20)):
        raise Refusal(500, "api_error")
    page = data[begin : begin + size]
    if query.get("expand[]") != "data.source":
        page = [{**one, "source": one["source"]["id"] if one["source"] else None} for one in page]
    return {"object": "list", "url": "/v1/balance_transactions", "has_more": begin + size < len(data), "data": page}


def _movements(book: Book) -> Iterator[dict[str, Any]]:
    for charge in book.charges.values():
        yield {"reference": charge["metadata"].get("reference", ""), "kind": "payment", "at": charge["created"],
               "amount_minor": charge["amount"], "currency": charge["currency"], "source": charge}  # fmt: skip
    for refund in book.refunds.values():
        if refund["status"] in ("succeeded", "pending"):
            yield {"reference": refund["metadata"].get("reference", ""), "kind": "refund", "at": refund["created"],
                   "refund_reference": refund["metadata"].get("refund_reference", ""), "source": refund,
                   "amount_minor": refund["amount"], "currency": refund["currency"]}  # fmt: skip


def _transaction(number: int, line: dict[str, Any], first: int) -> dict[str, Any]:
    refund = line["kind"] == "refund"
    metadata = {"reference": line["reference"], "refund_reference": line.get("refund_reference", "")}
    made_up = {"id": f"{'re' if refund else 'ch'}_madeup{number}", "object": "refund" if refund else "charge",
               "payment_intent": "pi_madeup", "metadata": metadata}  # fmt: skip
    amount, currency = line["amount_minor"], str(line["currency"]).lower()
    source = {**(line.get("source") or made_up), "amount": amount, "currency": currency}
    return {
        "id": f"txn_{number:06d}", "object": "balance_transaction", "type": "refund" if refund else "charge",
        "created": int(line.get("at", first)), "currency": currency, "amount": -amount if refund else amount,
        "fee": 0 if refund else FEE_MINOR, "net": -amount if refund else amount - FEE_MINOR, "source": source,
        "status": "available",
    }  # fmt: skip


def _payout(at: int) -> dict[str, Any]:
    """What is no order's business is there as well."""
    return {"id": "txn_payout", "object": "balance_transaction", "type": "payout", "created": at, "currency": "eur",
            "amount": -1, "fee": 0, "net": -1, "source": {"id": "po_1", "object": "payout"}}  # fmt: skip
