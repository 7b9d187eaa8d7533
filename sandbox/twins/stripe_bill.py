"""The balance transactions of the Stripe twin: one for each charge, refund and movement of a dispute, newest first, in
pages; payouts and fees where the switch adds them.

What may be wrong with them is the switch `bill` (see `bill_faults`).
"""

from __future__ import annotations

from typing import Any, Iterator

from sandbox.twins.bill_faults import planted
from sandbox.twins.stripe_book import Book, Refusal

PAGE_LINES = 100
FEES = {"payment": 25, "dispute": 1500}
OBJECTS = {
    "payment": ("ch", "charge", "charge"),
    "refund": ("re", "refund", "refund"),
    "dispute": ("du", "dispute", "dispute"),
    "dispute_reversal": ("du", "dispute", "dispute_reversal"),
}
"""A line's kind: the prefix of its source's id, the source's `object`, and the movement's reporting category."""


def balance_transactions(book: Book, query: dict[str, str], bill: dict[str, Any]) -> dict[str, Any]:
    """Raises Refusal."""
    first, last = int(query.get("created[gte]", 0)), int(query.get("created[lt]", 2**40))
    size = int(query.get("limit", 10))
    if not 1 <= size <= PAGE_LINES:
        raise Refusal(400, "invalid_request_error", "parameter_invalid_integer")
    lines = planted([line for line in _movements(book) if first <= line["at"] < last], bill)
    lines.sort(key=lambda line: -int(line.get("at", first)))
    data = [_transaction(number, line, first) for number, line in enumerate(lines)]
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
    for dispute in book.disputes.values():
        for kind, moved in (("dispute", "withdrawn"), ("dispute_reversal", "reinstated")):
            if moved in dispute:
                yield {"reference": dispute["id"], "kind": kind, "at": dispute[moved], "source": dispute,
                       "amount_minor": dispute["amount"], "currency": dispute["currency"]}  # fmt: skip


def _transaction(number: int, line: dict[str, Any], first: int) -> dict[str, Any]:
    kind, amount, currency = line["kind"], line["amount_minor"], str(line["currency"]).lower()
    made = {"id": f"txn_{number:06d}", "object": "balance_transaction", "created": int(line.get("at", first)),
            "currency": currency, "fee": FEES.get(kind, 0), "status": "available"}  # fmt: skip
    if kind not in OBJECTS:  # of the account: the amount has a sign
        return {**made, "type": kind, "reporting_category": kind, "amount": amount, "net": amount, "source": None}
    prefix, named, category = OBJECTS[kind]
    metadata = {"reference": line["reference"], "refund_reference": line.get("refund_reference", "")}
    made_up = {"id": f"{prefix}_madeup{number}", "object": named, "payment_intent": "pi_madeup", "metadata": metadata}
    source = {**(line.get("source") or made_up), "amount": amount, "currency": currency}
    moved = amount if kind in ("payment", "dispute_reversal") else -amount
    return {
        **made, "type": "adjustment" if named == "dispute" else category, "reporting_category": category,
        "amount": moved, "net": moved - made["fee"], "source": source,
    }  # fmt: skip
