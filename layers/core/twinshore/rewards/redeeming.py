"""Points for a reward: one commit, all of it or nothing.

A reward without stock is the ledger's own redemption: two items, 4 write units on DynamoDB. One with stock adds a unit
of a shard, the member's cap and the voucher: five items (docs/decisions/0176 has the cost). The voucher's code is put
in right after, see `issuing`: from the commit on the member has a voucher or gets the points back.
"""

from __future__ import annotations

from typing import NamedTuple

from twinshore.idempotency import IdempotencyKey, IdempotencyKeyReused
from twinshore.points import ledger
from twinshore.points.book import REDEEM, Entry, Ledger, entry_id, entry_of
from twinshore.points.programmes import day_of
from twinshore.points.tries import tries
from twinshore.rewards import stock
from twinshore.rewards.catalogue import MONTH, Offer
from twinshore.rewards.problems import RewardCapReached, RewardNotFound, SoldOut, VoucherStands, refused
from twinshore.rewards.vouchers import CLAIMED, Desk, Voucher, due, voucher_id, voucher_key
from twinshore.rewards.vouchers import voucher_event as _event
from twinshore.store.port import CommitConflict, Create, Increment, Key

DAY_SECONDS = 86_400


class Redeemed(NamedTuple):
    entry: Entry
    voucher_id: str = ""
    """Of a stocked reward."""


def redeem(book: Ledger, offer: Offer, idempotency: IdempotencyKey, now: int) -> Redeemed:
    """Raises RewardNotFound (it has no price in this programme), SoldOut, RewardCapReached, InsufficientPoints,
    IdempotencyKeyReused."""
    points = offer.reward.prices.get(book.terms.name)
    if points is None:
        raise refused(RewardNotFound("this programme does not buy it"))
    if not offer.reward.stocked:
        category = offer.reward.category
        return Redeemed(ledger.redeem(book, points, offer.reward.name, idempotency, now, category=category))
    return _take(book, offer, points, idempotency, now)


def refund(desk: Desk, book: Ledger, redemption_id: str, now: int) -> Entry:
    """Give back a redemption that has no voucher. Raises RedemptionNotFound, VoucherStands."""
    identity = voucher_id(book.member_id, redemption_id)
    item = desk.store.get(voucher_key(book.member_id, identity))
    if item is not None and not desk.read(item).refunded:
        raise refused(VoucherStands("the points come back with the voucher", voucher_id=identity))
    return ledger.refund(book, redemption_id, now)


def _take(book: Ledger, offer: Offer, points: int, idempotency: IdempotencyKey, now: int) -> Redeemed:
    redemption_id = entry_id(REDEEM, idempotency.key)
    shelf = stock.Stock(book.store, offer.id)
    voucher = _claim(book, offer, points, redemption_id, now)
    claim = Create(voucher.key, Desk(book.store, book.residency).fields(voucher), due(voucher, now))
    cap = _cap(voucher, offer)
    category = offer.reward.category
    for _ in tries():
        unit = stock.choose(shelf)
        if unit is None:
            return _first_or_sold_out(book, redemption_id, idempotency)
        try:
            entry = ledger.redeem(
                book, points, offer.reward.name, idempotency, now, category=category,
                also=(*cap, unit.take, claim), events=(_event(voucher, "voucher.claimed", now),),
            )  # fmt: skip
        except CommitConflict as conflict:
            if conflict.key == unit.take.key:
                continue  # sold since we looked
            if cap and conflict.key == cap[0].key:
                reward = offer.reward
                raise RewardCapReached("see `cap`", cap=reward.cap, period=reward.cap_period) from None
            raise
        if stock.hot(unit, now):
            stock.grow(shelf, unit.state, now)
        break
    return Redeemed(entry, voucher.id)


def _claim(book: Ledger, offer: Offer, points: int, redemption_id: str, now: int) -> Voucher:
    reward, terms = offer.reward, book.terms
    month = day_of(terms, now)[:7] if reward.cap_period == MONTH else "ever"
    return Voucher(
        voucher_id(book.member_id, redemption_id), book.member_id, offer.id, redemption_id, terms.name, points, CLAIMED,
        now, now + reward.valid_days * DAY_SECONDS, f"cap#{reward.name}#{month}" if reward.cap else "",
        partner=reward.partner,
    )  # fmt: skip


def _cap(voucher: Voucher, offer: Offer) -> tuple[Increment, ...]:
    """Counted downwards from nothing, for a sum can be kept from falling: no read, and another cap is another row."""
    if not voucher.cap_key:
        return ()
    return (Increment(Key(voucher.key.partition, voucher.cap_key), "room", -1, at_least=-offer.reward.cap),)


def _first_or_sold_out(book: Ledger, redemption_id: str, idempotency: IdempotencyKey) -> Redeemed:
    """A repeat of what was bought while there was some is answered as the first time."""
    first = book.store.get(book.entry(redemption_id))
    if first is None:
        raise SoldOut("nothing was spent")
    if first.fields["fingerprint"] != idempotency.fingerprint:
        raise IdempotencyKeyReused("use a new key for a new request")
    return Redeemed(entry_of(first), voucher_id(book.member_id, redemption_id))
