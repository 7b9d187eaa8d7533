"""The saga, on the side that the points leave: hold, ask, settle or release. docs/points-exchange.md draws it.

    start    ONE commit: points held + exchange "pending", which waits in EXCHANGES
    ask_for  the other cell credits, or refuses for good; or nothing is known, and it is asked again later
    _end     ONE commit: held points settled + receipt, or given back; the exchange "settled" or "rejected"

Whatever dies in between, the exchange still waits, and the same question gets the same answer.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from twinshore import log, tracing
from twinshore.errors import BrokenInvariant, Unavailable
from twinshore.events import Event
from twinshore.exchange.codes import residency_of
from twinshore.exchange.exchanges import (
    CREDITED,
    EXCHANGED_OUT,
    EXCHANGES,
    PENDING,
    REASON,
    REJECTED,
    SETTLED,
    Exchange,
    day_key,
    exchange_fields,
    exchange_key,
    exchange_of,
    find_exchange,
    kept_row,
    pending_key,
    row_key,
    row_of,
    utc_day,
)
from twinshore.exchange.links import open_link
from twinshore.exchange.pauses import next_try
from twinshore.exchange.problems import ExchangeDayLimit, ExchangeQuoteUsed
from twinshore.exchange.quote import Quote, check_points, read_quote
from twinshore.exchange.rates import pair_of
from twinshore.exchange.receipts import Receipt, kept, why_broken
from twinshore.idempotency import RECORD_SECONDS, IdempotencyKey, IdempotencyKeyReused, record_key
from twinshore.intercell.client import Peers, ask
from twinshore.intercell.port import Fields, NotHeard, Rejected
from twinshore.points import holds
from twinshore.points.book import HOLD, Ledger, entry_id
from twinshore.points.problems import HoldEnded, refused
from twinshore.points.programmes import day_of
from twinshore.store.port import (
    Change,
    CommitConflict,
    Create,
    Delete,
    Due,
    Increment,
    Item,
    Key,
    Replace,
    Require,
    Store,
)
from twinshore.tokens import Signer

ANSWER_IN_SECONDS = 24 * 3600
"""How long the other cell may still credit. Points are held no longer than this and its next answer."""
COMMIT_TRIES = 8


class Wanted(NamedTuple):
    member_id: str
    quote: str
    """The token."""
    idempotency: IdempotencyKey


def exchange(store: Store, peers: Peers, signer: Signer, wanted: Wanted, now: int) -> Exchange:
    """Use the quote, and ask the other cell once: SETTLED, REJECTED, or PENDING if it has not answered.

    The same key again: the same exchange, as it is now. Raises ExchangeQuoteInvalid, ExchangeQuoteExpired,
    ExchangeQuoteUsed, IdempotencyKeyReused, InsufficientPoints, LinkNotFound, LinkEnded, ExchangeDayLimit.
    """
    started = start(store, peers, signer, wanted, now)
    item = store.get(exchange_key(wanted.member_id, started.id))
    return ask_for(store, peers, item, now) if item is not None and started.state == PENDING else started


def start(store: Store, peers: Peers, signer: Signer, wanted: Wanted, now: int) -> Exchange:
    """Hold the points. See `exchange`; nobody is asked yet."""
    member_id, token, idempotency = wanted
    record = record_key(idempotency, member_id)
    for _ in range(COMMIT_TRIES):
        before = store.get(record)
        if before is not None:
            return find_exchange(store, member_id, _first(before, idempotency))
        quote = read_quote(token, signer, member_id, now)
        if store.get(exchange_key(member_id, quote.id)) is not None:
            if store.get(record) is None:
                raise refused(ExchangeQuoteUsed("take a new one"))
            continue  # used by this very key, since we looked
        try:
            return _hold(store, peers, quote, wanted, now)
        except CommitConflict as conflict:
            if conflict.key.sort.startswith("day#"):
                limit = pair_of(quote.from_programme, quote.to_programme).day_limit
                raise refused(ExchangeDayLimit("try again tomorrow", limit=limit)) from None
            # the key, the quote or the link has been used at this moment: look again
    raise Unavailable("this member exchanges faster than it can be written")


def ask_for(store: Store, peers: Peers, item: Item, now: int) -> Exchange:
    """Ask the other cell, once, for what `item` says, and do what follows. Its silence is no failure.
    What is over is not asked for: silence would put it among what waits again, for ever."""
    wanted = exchange_of(item)
    if wanted.state != PENDING:
        return wanted
    try:
        said = ask(peers, wanted.other, "points-credit", asked(wanted), now)
        receipt = _receipt(wanted, said, peers) if said["outcome"] == CREDITED else None
        reason = str(said.get("reason", REJECTED))
    except Rejected as refusal:
        said, receipt, reason = {"decided_at": now}, None, refusal.slug
    except NotHeard:
        return postpone(store, peers, item, now)
    ended = wanted._replace(state=SETTLED if receipt else REJECTED, reason="" if receipt else reason,
                            decided_at=said["decided_at"], tries=wanted.tries + 1)  # fmt: skip
    try:
        return _end(store, peers, item, ended, receipt, now)
    except (CommitConflict, HoldEnded):
        return find_exchange(store, wanted.member_id, wanted.id)  # another has ended it: by the same answer


def asked(wanted: Exchange) -> Fields:
    """The fields of `points-credit`. Nothing of the member is in them."""
    return {
        "exchange": wanted.id, "link": wanted.link, "from_programme": wanted.from_programme,
        "to_programme": wanted.to_programme, "points_out": wanted.points_out, "points_in": wanted.points_in,
        "fee": wanted.fee, "rate_times": wanted.rate_times, "rate_over": wanted.rate_over, "quote": wanted.quote,
        "held_at": wanted.held_at, "valid_until": wanted.valid_until,
    }  # fmt: skip


def postpone(store: Store, peers: Peers, item: Item, now: int, tried: bool = True) -> Exchange:
    """The exchange waits for the next time it is asked for."""
    wanted = exchange_of(item)
    later = wanted._replace(tries=wanted.tries + tried)
    due = Due(EXCHANGES, next_try(now, later.tries))
    try:
        fields = {**item.fields, **exchange_fields(later, residency_of(peers))}
        store.commit(Replace(item.key, fields, item.version, due))
    except CommitConflict:
        return find_exchange(store, wanted.member_id, wanted.id)
    return later


def _first(record: Item, idempotency: IdempotencyKey) -> str:
    if record.fields["fingerprint"] != idempotency.fingerprint:
        raise refused(IdempotencyKeyReused("use a new key for a new request"))
    return str(record.fields["answer"]["exchange"])


def _hold(store: Store, peers: Peers, quote: Quote, asked_for: Wanted, now: int) -> Exchange:
    """One commit. Raises CommitConflict for what it takes along."""
    _, token, idempotency = asked_for
    link, link_item = open_link(store, quote.member_id, quote.link)
    pair = pair_of(quote.from_programme, quote.to_programme)
    check_points(pair, quote.points_out)
    cause = f"exchange:{quote.id}"
    wanted = Exchange(
        quote.id, quote.member_id, link.id, link.other, quote.from_programme, quote.to_programme, quote.points_out,
        quote.points_in, quote.fee, quote.rate_times, quote.rate_over, hashlib.sha256(token.encode()).hexdigest(),
        now, now + ANSWER_IN_SECONDS, entry_id(HOLD, cause),
    )  # fmt: skip
    ledger, residency = _ledger(store, peers, wanted), residency_of(peers)
    used = {"fingerprint": idempotency.fingerprint, "answer": {"exchange": wanted.id}}
    key = exchange_key(wanted.member_id, wanted.id)
    also: tuple[Change, ...] = (
        Create(record_key(idempotency, wanted.member_id), used, expires_at=now + RECORD_SECONDS),
        Create(key, {**exchange_fields(wanted, residency), **tracing.kept()}, Due(EXCHANGES, next_try(now, 1))),
        Create(pending_key(wanted.other, wanted.id), {"row": list(row_of(wanted)), "member_id": wanted.member_id}),
        Increment(_day(ledger, wanted), "left", -wanted.points_out, at_least=-pair.day_limit),
        Require(link_item.key, link_item.version),
    )
    holds.hold(ledger, wanted.points_out, cause, REASON, now, also=also)
    kept_now = store.get(key)
    record = store.get(record_key(idempotency, wanted.member_id))
    if kept_now is None or record is None or _first(record, idempotency) != wanted.id:
        raise refused(ExchangeQuoteUsed("take a new one"))  # the hold was another request's
    return exchange_of(kept_now)


def _end(store: Store, peers: Peers, item: Item, ended: Exchange, receipt: Receipt | None, now: int) -> Exchange:
    """One commit, by which the exchange is over. Raises CommitConflict, HoldEnded: it was over already."""
    ledger = _ledger(store, peers, ended)
    fields = {**item.fields, **exchange_fields(ended, residency_of(peers))}
    over = Replace(item.key, fields, item.version)
    decided = Delete(pending_key(ended.other, ended.id), 1)
    if receipt is None:
        back = Increment(_day(ledger, ended), "left", ended.points_out)
        refused_id = f"points.exchange_refused:{ended.id}"
        told = Event(refused_id, "points.exchange_refused", now, {**_told(ended), "reason": ended.reason})
        holds.release(ledger, ended.hold, REASON, now, also=(over, decided, back), events=(told,))
        log.line("warning", "points exchange rejected", exchange=ended.id, peer=ended.other, why=ended.reason)
    else:
        row = kept_row(row_key("out", ended.other, utc_day(ended.decided_at), ended.id), row_of(ended))
        told = Event(f"points.exchanged_out:{ended.id}", "points.exchanged_out", now, _told(ended))
        also = (over, decided, row, kept(receipt))
        holds.settle(ledger, ended.hold, REASON, now, house=EXCHANGED_OUT, also=also, events=(told,))
    after = find_exchange(store, ended.member_id, ended.id)
    if after.state == PENDING:
        raise BrokenInvariant("a hold ends together with its exchange")
    return after


def _receipt(wanted: Exchange, said: Fields, peers: Peers) -> Receipt:
    """Raises NotHeard: an answer that says "credited" without proof moves nothing, either way."""
    proof: dict[str, Any] = {
        name: said.get(name) for name in ("sequence", "previous", "receipt", "signed_by", "signature")
    }
    if None in proof.values():
        log.line("error", "a credit without a receipt", exchange=wanted.id, peer=wanted.other)
        raise NotHeard("no receipt")
    receipt = Receipt(
        link=wanted.link, from_cell=peers.key.cell, to_cell=wanted.other, exchange=wanted.id,
        from_programme=wanted.from_programme, to_programme=wanted.to_programme, points_out=wanted.points_out,
        points_in=wanted.points_in, fee=wanted.fee, rate_times=wanted.rate_times, rate_over=wanted.rate_over,
        quote=wanted.quote, held_at=wanted.held_at, decided_at=said["decided_at"], **proof,
    )  # fmt: skip
    why = why_broken(receipt, peers.cells)
    if why:
        log.line("error", "a receipt that does not hold", exchange=wanted.id, peer=wanted.other, why=why)
        raise NotHeard("a receipt that does not hold")
    return receipt


def _ledger(store: Store, peers: Peers, wanted: Exchange) -> Ledger:
    return Ledger(store, residency_of(peers), wanted.member_id, wanted.from_programme)


def _day(ledger: Ledger, wanted: Exchange) -> Key:
    day = day_of(ledger.terms, wanted.held_at)
    return day_key(wanted.member_id, wanted.from_programme, wanted.to_programme, day)


def _told(ended: Exchange) -> dict[str, Any]:
    return {"member_id": ended.member_id, "points": ended.points_out, "points_in": ended.points_in,
            "exchange_id": ended.id, "other": ended.other}  # fmt: skip
