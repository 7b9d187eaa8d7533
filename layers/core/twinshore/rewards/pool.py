"""Partners' codes: taken in, kept sealed, given once.

    pool#<offer>              free#<hash of the serial>  serial, partner, sealed, expires_at: one that is there to give
    code#<partner>#<serial>   code    offer, state, expires_at, and whose voucher it is in

A code that comes in counts its unit into the stock in its own commit, so there are as many free codes as units left
and vouchers without a code together: who has a unit finds a code.
"""

from __future__ import annotations

import hashlib
import os
from typing import NamedTuple, Sequence

from twinshore import log
from twinshore.cells import CELL_LABEL
from twinshore.points.tries import tries
from twinshore.rewards import stock
from twinshore.rewards.catalogue import Offer
from twinshore.rewards.port import Code, Seals
from twinshore.rewards.problems import CodesRefused, refused
from twinshore.store.port import Change, CommitConflict, Create, Delete, Due, Increment, Item, Key, Replace, Store

FREE, GIVEN, ENDED = "free", "given", "ended"
OF_ITS_HOLDER = ("member_id", "voucher_id", CELL_LABEL)
"""Fields of a code's record that go when it is free again."""
STALE = "reward-code-stale"
"""Queue of free codes that will soon be of no use."""
LEAST_LIFE_SECONDS = 7 * 86_400
"""A code that ends sooner is not given to anybody."""
BATCH = 10
"""Codes of one commit: two items each, and the stock."""
SERIAL_LIMIT_CHARS, CODE_LIMIT_CHARS = 64, 128
_LOOK = 10
_LOOK_EVERYWHERE = 100


class Taken(NamedTuple):
    new: int
    known: int
    """Codes that were there already: sent twice, or by both ways."""


def code_key(partner: str, serial: str) -> Key:
    return Key(f"code#{partner}#{serial}", "code")


def bound_to(partner: str, serial: str) -> str:
    return f"reward code\n{partner}\n{serial}"


def take_in(store: Store, offer: Offer, codes: Sequence[Code], seals: Seals, now: int) -> Taken:
    """Put a partner's codes into stock; each once, however often it comes. Raises CodesRefused: then none is."""
    _check(offer, codes, now)
    shelf = stock.Stock(store, offer.id)
    state = stock.state_of(shelf)
    new, number = 0, stock.draw_shard(state)
    waiting = list({code.serial: code for code in codes}.values())
    for start in range(0, len(waiting), BATCH):
        number = (number + 1) % state.shards
        new += _take_in(shelf, offer, waiting[start : start + BATCH], seals, number)
    if new:
        stock.note(shelf, now)
    return Taken(new, len(codes) - new)


def some_free(store: Store, offer_id: str, now: int) -> Item | None:
    """One that is there to give, drawn at random so that many who look find different ones."""
    draw = os.urandom(2)
    for prefix, limit in ((f"free#{draw[0] % 16:x}", _LOOK), ("free#", _LOOK_EVERYWHERE)):
        found = store.query(f"pool#{offer_id}", prefix, limit=limit).items
        found = [item for item in found if item.fields["expires_at"] > now]
        if found:
            return found[draw[1] % len(found)]
    return None


def back_to_pool(store: Store, offer_id: str, record: Item, sealed: str) -> tuple[Change, ...]:
    """Changes for the commit that frees a code again."""
    fields = record.fields
    partner, serial = fields["partner"], fields["serial"]
    free = Create(_free_key(offer_id, serial), {
        "serial": serial, "partner": partner, "sealed": sealed, "expires_at": fields["expires_at"]})  # fmt: skip
    kept = {name: value for name, value in fields.items() if name not in OF_ITS_HOLDER}
    shelf = stock.Stock(store, offer_id)
    number = stock.draw_shard(stock.state_of(shelf))
    freed = Replace(record.key, {**kept, "state": FREE}, record.version, _stale(fields["expires_at"]))
    return free, freed, *stock.refill(shelf, number, 1)


def strike_out(store: Store, record: Item, why: str) -> bool:
    """A free code is of no use any more: it goes, and a unit of the stock with it. False if it was given meanwhile.

    When every unit is sold and some wait for their code, a stale one stays: it is good for some days. One that the
    partner has struck out goes even then, and whoever gets none is given the points back.
    """
    offer_id, serial = record.fields["offer"], record.fields["serial"]
    shelf = stock.Stock(store, offer_id)
    gone = Replace(record.key, {**record.fields, "state": ENDED, "why": why}, record.version)
    for _ in tries():
        free = store.get(_free_key(offer_id, serial))
        if free is None:
            return False
        unit = stock.choose(shelf)
        if unit is None and why == STALE:
            return False
        unsold: tuple[Increment, ...] = (unit.take,) if unit else ()
        try:
            store.commit(Delete(free.key, free.version), gone, *unsold)
        except CommitConflict as conflict:
            if unit is None or conflict.key != unit.take.key:
                return False
            continue
        log.line("info", "a reward's code was struck out", offer=offer_id, why=why)
        return True
    return False


def strike_out_stale(store: Store, now: int, limit: int = 100) -> int:
    """The job's part: free codes whose end is near."""
    return sum(strike_out(store, item, STALE) for item in store.due(STALE, now, limit))


def _take_in(shelf: stock.Stock, offer: Offer, codes: list[Code], seals: Seals, number: int) -> int:
    """How many of these were new."""
    left = codes
    for _ in tries():
        left = [code for code in left if shelf.store.get(code_key(offer.partner.name, code.serial)) is None]
        if not left:
            return 0
        writes = [write for code in left for write in _writes(offer, code, seals)]
        try:
            shelf.store.commit(*writes, *stock.refill(shelf, number, len(left)))
        except CommitConflict:
            continue  # some of them came in by another way
        return len(left)
    return 0


def _writes(offer: Offer, code: Code, seals: Seals) -> tuple[Create, Create]:
    partner = offer.partner.name
    sealed = seals.seal(code.code, bound_to(partner, code.serial))
    about = {"serial": code.serial, "partner": partner, "expires_at": code.expires_at}
    record = {**about, "offer": offer.id, "state": FREE}
    return (
        Create(code_key(partner, code.serial), record, _stale(code.expires_at)),
        Create(_free_key(offer.id, code.serial), {**about, "sealed": sealed}),
    )


def _check(offer: Offer, codes: Sequence[Code], now: int) -> None:
    if not offer.reward.stocked:
        raise refused(CodesRefused("this reward has no stock"))
    for code in codes:
        right = 0 < len(code.serial) <= SERIAL_LIMIT_CHARS and 0 < len(code.code) <= CODE_LIMIT_CHARS
        if not right or not code.serial.isascii() or not code.serial.isprintable() or " " in code.serial:
            raise refused(CodesRefused("a serial is 1 to 64 visible ASCII characters, a code 1 to 128"))
        if code.expires_at <= now + LEAST_LIFE_SECONDS:
            raise refused(CodesRefused("a code must be good for a week at least"))


def _free_key(offer_id: str, serial: str) -> Key:
    return Key(f"pool#{offer_id}", f"free#{hashlib.sha256(serial.encode()).hexdigest()[:32]}")


def _stale(expires_at: int) -> Due:
    return Due(STALE, expires_at - LEAST_LIFE_SECONDS)
