"""A partner says that a voucher was used: by a push, in a page that we pull, or by a service of ours. Once is enough,
twice does no harm, and what it says of a voucher that has ended otherwise is a difference for a person to see."""

from __future__ import annotations

from twinshore.points.tries import tries
from twinshore.rewards.pool import ENDED, code_key
from twinshore.rewards.problems import refused
from twinshore.rewards.vouchers import EXPIRED, ISSUED, RETURNING, USED, Desk, Voucher, ended
from twinshore.rewards.vouchers import voucher_event as _event
from twinshore.store.port import Change, CommitConflict, Replace


def use(desk: Desk, member_id: str, voucher_id: str, used_at: int, now: int) -> Voucher:
    """Raises VoucherNotFound, VoucherEnded: it was returned, or expired before that time."""
    for _ in tries():
        item = desk.find(member_id, voucher_id)
        voucher = desk.read(item)
        if voucher.state == USED:
            return voucher
        in_time = voucher.state == EXPIRED and used_at < voucher.valid_until
        if voucher.state not in (ISSUED, RETURNING) and not in_time:
            raise refused(ended(voucher))
        after = voucher._replace(state=USED, ended_at=used_at)
        record = desk.store.get(code_key(voucher.partner, voucher.serial))
        noted: tuple[Change, ...] = ()
        if record is not None:
            noted = (Replace(record.key, {**record.fields, "state": ENDED, "why": USED}, record.version),)
        try:
            desk.store.commit(
                Replace(item.key, desk.fields(after), item.version), *noted,
                events=(_event(after, "voucher.used", min(used_at, now)),),
            )  # fmt: skip
        except CommitConflict:
            continue
        return after
    return after
