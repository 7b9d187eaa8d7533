"""What one charge must keep in secret, from the first call until no refund is possible any more: the PKCE verifier, the
authorisation that we asked for, and the payer's token, without which a refund cannot be sent."""

from __future__ import annotations

import json
from typing import NamedTuple

from twinshore.money import Money

REFUND_SECONDS = 400 * 86_400
"""A year of refunds and a month to spare."""
UNPAID_SECONDS = 30 * 86_400
"""After the attempt's end: late news must still find what it is about."""


class Kept(NamedTuple):
    """`amount`: what the charge was made for; GrabPay's status does not repeat it."""

    amount: Money
    verifier: str
    state: str
    nonce: str
    request: str
    """What GrabPay answered to the init: part of the address that the payer goes to."""
    return_url: str
    expires_at: int
    """Of this record."""
    token: str = ""
    completing: bool = False
    """charge/complete has been sent, or is about to be: from here on GrabPay may have taken the money."""
    closed: bool = False


def write(kept: Kept) -> str:
    return json.dumps({**kept._asdict(), "amount": list(kept.amount)})


def read(text: str) -> Kept | None:
    """None for "": there is no such charge."""
    if not text:
        return None
    members = json.loads(text)
    return Kept(**{**members, "amount": Money(*members["amount"])})
