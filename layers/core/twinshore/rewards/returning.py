"""The end of a voucher that was not used: a member returns it, it runs out, or there was no code for it.

The member's cap comes back in the commit that ends the voucher, hence once; the points by the ledger's refund, which
is named by the redemption, hence once. Where the partner has to strike the code out, it is asked first, with the
voucher out of use; whatever it does not answer is asked again by the timer.
"""

from __future__ import annotations

from typing import Callable

from twinshore import log
from twinshore.errors import NotFound, Problem, Unavailable
from twinshore.points import ledger
from twinshore.points.sweeping import SWEEP_LIMIT, Swept, sweep
from twinshore.points.tries import tries
from twinshore.rewards.catalogue import PARTNERS, POOL, Shop
from twinshore.rewards.pool import ENDED, LEAST_LIFE_SECONDS, back_to_pool, code_key
from twinshore.rewards.port import ALREADY_USED, VOIDED, Partner, PartnerSilent
from twinshore.rewards.problems import refused
from twinshore.rewards.vouchers import (
    CLAIMED,
    EXPIRED,
    EXPIRIES,
    ISSUED,
    RETURNED,
    RETURNING,
    RETURNS,
    USED,
    Desk,
    Voucher,
    cap_back,
    due,
    ended,
)
from twinshore.rewards.vouchers import voucher_event as _event
from twinshore.store.port import Change, CommitConflict, Due, Item, Replace

Partners = Callable[[str], Partner]
BY_MEMBER, RAN_OUT, NO_CODE = "member", "expired", "no_code"
SILENT_SECONDS = 300


def give_back(desk: Desk, partners: Partners, member_id: str, voucher_id: str, now: int) -> Voucher:
    """A member returns a voucher; the same again answers with what became of it.

    Raises VoucherNotFound; VoucherEnded (used, expired); NotFound (the partner has no system to ask); Unavailable (it
    has not answered: it is asked again, and the voucher is out of use until then).
    """
    for _ in tries():
        item = desk.find(member_id, voucher_id)
        voucher = desk.read(item)
        if voucher.state in (USED, EXPIRED):
            raise refused(ended(voucher))
        if voucher.state == RETURNED:
            return _refund(desk, item, now)
        if voucher.state == ISSUED and voucher.valid_until <= now:
            raise refused(ended(voucher._replace(state=EXPIRED)))
        if voucher.state == CLAIMED:
            raise Unavailable("this voucher is being issued: try again")
        if voucher.state == ISSUED:
            _require_somebody_to_ask(partners, voucher)
            _begin(desk, item, voucher, BY_MEMBER, now)
            continue
        try:
            return _finish(desk, partners, item, now)
        except CommitConflict:
            continue
    raise Unavailable("this voucher is too busy")


def give_back_without_code(desk: Desk, item: Item, now: int) -> Voucher:
    """Of a claimed voucher for which there is no code: the partner has fewer than it said."""
    voucher = desk.read(item)
    log.line("error", "no code for a voucher: its points come back", offer=voucher.offer_id)
    after = voucher._replace(state=RETURNED, why=NO_CODE, ended_at=now)
    desk.store.commit(
        Replace(item.key, desk.fields(after), item.version, due(after, now)), *cap_back(voucher),
        events=(_event(after, "voucher.returned", now),),
    )  # fmt: skip
    return _refund(desk, desk.find(voucher.member_id, voucher.id), now)


def finish_due(desk: Desk, partners: Partners, now: int, limit: int = SWEEP_LIMIT) -> Swept:
    """The job's part: returns that were begun."""
    return sweep(desk.store, RETURNS, now, lambda item: _finish_later(desk, partners, item, now), limit)


def expire_due(desk: Desk, shop: Shop, partners: Partners, now: int, limit: int = SWEEP_LIMIT) -> Swept:
    """The job's part: vouchers that ran out, with or without their points, by the reward's rule."""

    def one(item: Item) -> None:
        voucher = desk.read(item)
        reward = shop.rewards.get(voucher.offer_id.partition(":")[0])
        if reward is not None and reward.expiry_refunds:
            if _begin(desk, item, voucher, RAN_OUT, now):
                _finish_later(desk, partners, desk.find(voucher.member_id, voucher.id), now)
            return
        after = voucher._replace(state=EXPIRED, ended_at=now)
        desk.store.commit(
            Replace(item.key, desk.fields(after), item.version), *_record_ends(desk, voucher, EXPIRED),
            events=(_event(after, "voucher.expired", now),),
        )  # fmt: skip

    return sweep(desk.store, EXPIRIES, now, one, limit)


def _begin(desk: Desk, item: Item, voucher: Voucher, why: str, now: int) -> bool:
    """Out of use. False: something else has happened to it."""
    begun = voucher._replace(state=RETURNING, why=why)
    try:
        desk.store.commit(Replace(item.key, desk.fields(begun), item.version, due(begun, now)))
    except CommitConflict:
        return False
    return True


def _finish(desk: Desk, partners: Partners, item: Item, now: int) -> Voucher:
    """Of a voucher in RETURNING. Raises Unavailable, VoucherEnded, CommitConflict."""
    voucher = desk.read(item)
    pooled = PARTNERS[voucher.partner].returns == POOL and voucher.why == BY_MEMBER
    if not pooled and _void(partners, voucher) == ALREADY_USED:
        after = voucher._replace(state=USED, ended_at=now)
        desk.store.commit(
            Replace(item.key, desk.fields(after), item.version), *_record_ends(desk, voucher, USED),
            events=(_event(after, "voucher.used", now),),
        )  # fmt: skip
        raise refused(ended(after))
    after = voucher._replace(state=RETURNED, ended_at=now)
    record = desk.store.get(code_key(voucher.partner, voucher.serial))
    changes: tuple[Change, ...] = _record_ends(desk, voucher, RETURNED)
    if pooled and record is not None and record.fields["expires_at"] > now + LEAST_LIFE_SECONDS:
        changes = back_to_pool(desk.store, voucher.offer_id, record, voucher.sealed)
    desk.store.commit(
        Replace(item.key, desk.fields(after._replace(sealed="")), item.version, due(after, now)),
        *cap_back(voucher), *changes, events=(_event(after, "voucher.returned", now),),
    )  # fmt: skip
    return _refund(desk, desk.find(voucher.member_id, voucher.id), now)


def _finish_later(desk: Desk, partners: Partners, item: Item, now: int) -> None:
    voucher = desk.read(item)
    try:
        if voucher.state == RETURNING:
            _finish(desk, partners, item, now)
        elif voucher.state == RETURNED:
            _refund(desk, item, now)
    except Unavailable:
        desk.store.commit(Replace(item.key, item.fields, item.version, Due(RETURNS, now + SILENT_SECONDS)))
    except Problem as problem:
        log.line("info", "a voucher was used after all", why=problem.slug)


def _require_somebody_to_ask(partners: Partners, voucher: Voucher) -> None:
    """Raises NotFound: a code that nobody can strike out is not taken back, for it may be used all the same."""
    if PARTNERS[voucher.partner].returns != POOL:
        partners(voucher.partner)


def _void(partners: Partners, voucher: Voucher) -> str:
    try:
        return partners(voucher.partner).void(voucher.serial)
    except NotFound:
        if voucher.why == RAN_OUT:
            return VOIDED  # nobody is there to ask, and nobody honours it any more
        raise Unavailable("this cell cannot ask the partner at the moment") from None
    except PartnerSilent:
        raise Unavailable("the partner has not answered yet: it is asked again") from None


def _refund(desk: Desk, item: Item, now: int) -> Voucher:
    """Of a voucher in RETURNED: its points, once."""
    voucher = desk.read(item)
    if voucher.refunded:
        return voucher
    ledger.refund(desk.book(voucher), voucher.redemption_id, now)
    done = voucher._replace(refunded=True)
    try:
        desk.store.commit(Replace(item.key, desk.fields(done), item.version))
    except CommitConflict:
        return desk.read(desk.find(voucher.member_id, voucher.id))
    return done


def _record_ends(desk: Desk, voucher: Voucher, why: str) -> tuple[Change, ...]:
    record = desk.store.get(code_key(voucher.partner, voucher.serial))
    if record is None:
        return ()
    return (Replace(record.key, {**record.fields, "state": ENDED, "why": why}, record.version),)
