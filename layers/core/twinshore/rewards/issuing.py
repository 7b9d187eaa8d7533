"""A code for each claimed voucher: right after the redemption, by the consumer of `voucher.claimed` if the request
died, by the timer if that failed too. Each step can be done again, and by several at once."""

from __future__ import annotations

from twinshore import log
from twinshore.errors import BrokenInvariant, Unavailable
from twinshore.events import Event
from twinshore.points.sweeping import SWEEP_LIMIT, Swept, sweep
from twinshore.points.tries import tries
from twinshore.rewards.pool import FREE, GIVEN, code_key, some_free
from twinshore.rewards.returning import give_back_without_code
from twinshore.rewards.vouchers import CLAIMED, CLAIMS, ISSUED, Desk, Voucher, due
from twinshore.rewards.vouchers import voucher_event as _event
from twinshore.store.port import CommitConflict, Delete, Item, Replace, StoreUnavailable


def issue(desk: Desk, member_id: str, voucher_id: str, now: int) -> Voucher:
    """The voucher, with a code; or, if there is none to be had after all, ended and its points given back.

    Raises VoucherNotFound; Unavailable, StoreUnavailable: it is done later.
    """
    for _ in tries():
        item = desk.find(member_id, voucher_id)
        voucher = desk.read(item)
        if voucher.state != CLAIMED:
            return voucher
        free = some_free(desk.store, voucher.offer_id, now)
        if free is None:
            try:
                return give_back_without_code(desk, item, now)
            except CommitConflict:
                continue
        given = _given(desk, item, voucher, free, now)
        if given is not None:
            return given
    raise BrokenInvariant("tries end with a result or an error of their own")


def issue_now(desk: Desk, member_id: str, voucher_id: str, now: int) -> Voucher | None:
    """As `issue`, in the request that redeemed: what fails here is made up for, and no reason to call it a failure."""
    try:
        return issue(desk, member_id, voucher_id, now)
    except (Unavailable, StoreUnavailable):
        log.line("warning", "a voucher waits for its code")
        return None


def claimed(event: Event, desk: Desk, now: int) -> None:
    """The consumer of `voucher.claimed`."""
    issue(desk, str(event.data["member_id"]), str(event.data["voucher_id"]), now)


def issue_due(desk: Desk, now: int, limit: int = SWEEP_LIMIT) -> Swept:
    """The job's part: what nobody has issued."""

    def one(item: Item) -> None:
        voucher = desk.read(item)
        issue(desk, voucher.member_id, voucher.id, now)

    return sweep(desk.store, CLAIMS, now, one, limit)


def _given(desk: Desk, item: Item, voucher: Voucher, free: Item, now: int) -> Voucher | None:
    """None: somebody else was faster, with the code or with the voucher."""
    serial, partner = free.fields["serial"], free.fields["partner"]
    record = desk.store.get(code_key(partner, serial))
    if record is None or record.fields["state"] != FREE:
        return None
    issued = voucher._replace(
        state=ISSUED, serial=serial, partner=partner, sealed=free.fields["sealed"],
        valid_until=min(voucher.valid_until, free.fields["expires_at"]),
    )  # fmt: skip
    whose = {"state": GIVEN, "member_id": voucher.member_id, "voucher_id": voucher.id}
    given = desk.residency.label({**record.fields, **whose}, desk.residency.here)
    try:
        desk.store.commit(
            Replace(item.key, desk.fields(issued), item.version, due(issued, now)),
            Delete(free.key, free.version),
            Replace(record.key, given, record.version),
            events=(_event(issued, "voucher.issued", now),),
        )
    except CommitConflict:
        return None
    return issued
