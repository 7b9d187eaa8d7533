"""What may be wrong with a provider's bill: the switch `bill` of a twin, a JSON object.

    lose    names of lines that are not in it
    twice   names of lines that are in it two times
    change  object: name of a line → what is written over it (amount_minor, currency, at)
    add     lines that nobody made: objects with reference, kind, refund_reference, amount_minor, currency, at (Stripe's
            may be of the account: any other kind, e.g. payout, with an amount that has a sign)
    many    how many payments of made-up orders there are besides, spread over the day (Weixin Pay)
    pages   how many pages there are before the party answers 500 (Stripe)
    cut     how many bytes of the file's end are missing (Weixin Pay)
    altered true: the file is another than the one whose hash is told (Weixin Pay)

The name of a line is our reference of the refund, or of the payment.
"""

from __future__ import annotations

import copy
from typing import Any


def planted(lines: list[dict[str, Any]], bill: dict[str, Any]) -> list[dict[str, Any]]:
    """The bill's lines with everything that the switch wants wrong; those of the book stay as they are."""
    made = [copy.deepcopy(line) for line in lines if name_of(line) not in bill.get("lose", ())]
    for line in list(made):
        line.update(bill.get("change", {}).get(name_of(line), {}))
        if name_of(line) in bill.get("twice", ()):
            made.append(copy.deepcopy(line))
    return made + [copy.deepcopy(line) for line in bill.get("add", ())]


def name_of(line: dict[str, Any]) -> str:
    return str(line.get("refund_reference") or line["reference"])
