"""The saga, on the side that the points come to: each question is decided once, for good, in one commit.

Partition `points-credit#<asking cell>#<exchange>`: `decision`, written together with what it says: the credit, its
receipt and the head of the chain; or nothing, for a refusal. A refusal is kept for ever: a late copy of the question
can never credit after it, for the points have gone back meanwhile.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from twinshore import log
from twinshore.errors import Problem, Unavailable
from twinshore.events import Event
from twinshore.exchange.codes import residency_of
from twinshore.exchange.exchanges import CREDITED, EXCHANGED_IN, REASON, REJECTED, Row, kept_row, row_key, utc_day
from twinshore.exchange.links import ASKING, OPEN, link_key, link_of
from twinshore.exchange.problems import CreditUndecided, NotExchangeable
from twinshore.exchange.rates import Rate, is_honoured, pair_of, points_in
from twinshore.exchange.receipts import Receipt, chain_of, kept, put_on, signed
from twinshore.intercell.client import Peers
from twinshore.intercell.port import Fields
from twinshore.points import ledger as points_ledger
from twinshore.points.book import Ledger
from twinshore.points.programmes import PROGRAMMES
from twinshore.store.port import CommitConflict, Create, Item, Key, Require, Store

LATE, LINK_UNKNOWN, LINK_ENDED = "too-late", "link-unknown", "link-ended"
NOT_EXCHANGEABLE, RATE_REFUSED, OUT_OF_RANGE = NotExchangeable.slug, "rate-refused", "points-out-of-range"
"""Reasons of a refusal; those of the ledger are its problems' slugs."""

KIND = "exchange_in"
COMMIT_TRIES = 20
"""One member's exchanges over one link wait for one another here."""


def hear_credit(store: Store, peers: Peers, sender: str, fields: Fields, now: int) -> Fields:
    """`points-credit`. Raises CreditUndecided, Unavailable: nothing is decided."""
    key = Key(f"points-credit#{sender}#{fields['exchange']}", "decision")
    for _ in range(COMMIT_TRIES):
        decided = store.get(key)
        if decided is not None:
            return _same(decided, sender, fields)
        try:
            why = why_not(store, sender, fields, now)
            if not why:
                why = _credit(store, peers, sender, fields, key, now)
            if why:
                answer = {"exchange": fields["exchange"], "outcome": REJECTED, "reason": why, "decided_at": now}
                store.commit(Create(key, {"asked": _digest(fields), "answer": answer}))
                log.line("warning", "points refused", why=why, peer=sender, exchange=fields["exchange"])
        except CommitConflict:
            continue  # another copy of the question, another exchange of the link, or its end: look again
    raise Unavailable("this link is too busy")


def why_not(store: Store, sender: str, fields: Fields, now: int) -> str:
    """Why this is refused for good; "" if it is not. Raises CreditUndecided."""
    if now > fields["valid_until"]:
        return LATE
    item = store.get(link_key(fields["link"]))
    link = link_of(item) if item else None
    if link is None or link.other != sender:
        return LINK_UNKNOWN
    if link.state == ASKING:
        raise CreditUndecided("this side of the link is still being made")
    if link.state != OPEN:
        return LINK_ENDED
    try:
        pair = pair_of(fields["from_programme"], fields["to_programme"])
    except NotExchangeable:
        return NOT_EXCHANGEABLE
    if fields["to_programme"] not in PROGRAMMES:
        return NOT_EXCHANGEABLE
    rate = Rate(fields["rate_times"], fields["rate_over"], fields["fee"])
    if not is_honoured(pair, rate) or points_in(fields["points_out"], rate) != fields["points_in"]:
        return RATE_REFUSED
    return "" if pair.least <= fields["points_out"] <= pair.most else OUT_OF_RANGE


def _credit(store: Store, peers: Peers, sender: str, fields: Fields, key: Key, now: int) -> str:
    """One commit: credit, decision, receipt, chain, settlement row. Gives the ledger's reason not to, or "".
    Raises CommitConflict."""
    item = store.get(link_key(fields["link"]))
    if item is None or item.fields["state"] != OPEN:
        return LINK_ENDED
    member_id, here = str(item.fields["member_id"]), peers.key.cell
    chain = chain_of(store, fields["link"], here)
    terms = {name: value for name, value in fields.items() if name != "valid_until"}
    receipt = signed(
        Receipt(**terms, from_cell=sender, to_cell=here, sequence=chain.sequence + 1, previous=chain.head,
                decided_at=now),
        peers.key,
    )  # fmt: skip
    answer = {"exchange": receipt.exchange, "outcome": CREDITED, "decided_at": now, "sequence": receipt.sequence,
              "previous": receipt.previous, "receipt": receipt.receipt, "signed_by": receipt.signed_by,
              "signature": receipt.signature}  # fmt: skip
    row = Row(receipt.exchange, receipt.from_programme, receipt.to_programme, receipt.points_out, receipt.points_in)
    also = (
        Create(key, {"asked": _digest(fields), "answer": answer}),
        put_on(chain, receipt),
        kept(receipt),
        kept_row(row_key("in", sender, utc_day(now), receipt.exchange), row),
        Require(item.key, item.version),
    )
    ledger = Ledger(store, residency_of(peers), member_id, receipt.to_programme)
    cause = f"exchange:{sender}:{receipt.exchange}"
    told = _event(member_id, sender, receipt)
    try:
        points_ledger.earn(ledger, receipt.points_in, cause, REASON, now, kind=KIND, house=EXCHANGED_IN,
                           active_at=now, also=also, events=(told,))  # fmt: skip
    except Problem as refusal:
        if refusal.status >= 500:
            raise
        return refusal.slug
    return ""


def _same(decided: Item, sender: str, fields: Fields) -> Fields:
    """The first answer. Raises CreditUndecided for other terms under the same id: a refusal would give points back
    that have been credited."""
    if decided.fields["asked"] != _digest(fields):
        log.line("error", "points refused", why="exchange-differs", peer=sender, exchange=fields["exchange"])
        raise CreditUndecided("this exchange has other terms")
    answer: dict[str, Any] = decided.fields["answer"]
    return dict(answer)


def _digest(fields: Fields) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def _event(member_id: str, sender: str, receipt: Receipt) -> Event:
    data = {"member_id": member_id, "points": receipt.points_in, "exchange_id": receipt.exchange, "other": sender}
    return Event(f"points.exchanged_in:{sender}:{receipt.exchange}", "points.exchanged_in", receipt.decided_at, data)
