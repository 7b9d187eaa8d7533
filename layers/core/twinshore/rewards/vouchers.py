"""A member's voucher of a stocked reward, from the commit of its redemption on.

    rewards#<member id>   voucher#<id>          see Voucher; waits in a queue for what comes next
                          cap#<reward>#<month>  room: how many were had in that month, counted downwards

    claimed ──> issued ──> used
       │          ├─────> expired
       │          └─────> returning ──> returned       used: the partner had honoured it already
       └────────────────────────────> returned         there was no code after all

Points come back from `returned` alone, once: the entry is named by the redemption.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from twinshore.cells import Residency
from twinshore.errors import Problem
from twinshore.events import Event
from twinshore.points.book import Ledger
from twinshore.rewards.problems import VoucherEnded, VoucherNotFound, refused
from twinshore.store.port import Due, Increment, Item, Key, Store

CLAIMED, ISSUED, USED, EXPIRED = "claimed", "issued", "used", "expired"
RETURNING, RETURNED = "returning", "returned"

CLAIMS, RETURNS, EXPIRIES = "reward-claim", "reward-return", "reward-expiry"
"""Queues: vouchers without a code, returns that are not finished, vouchers that may have run out."""
ASK_AGAIN_SECONDS = 60
USES_COME_LATE_SECONDS = 2 * 86_400
"""A partner may tell of a use after the voucher's last day: until then it is not called expired."""
_ID_CHARACTERS = 32
_PAGE = 100


class Voucher(NamedTuple):
    id: str
    member_id: str
    offer_id: str
    redemption_id: str
    programme: str
    points: int
    state: str
    claimed_at: int
    valid_until: int
    cap_key: str
    """Sort key of what its end gives back to the member; "" if the reward has no cap."""
    serial: str = ""
    """By what the partner knows it; "" until there is a code."""
    partner: str = ""
    sealed: str = ""
    """The code, see `port.Seals`."""
    ended_at: int = 0
    why: str = ""
    """Of a return: "member", "expired" or "no_code"."""
    refunded: bool = False
    more: dict[str, Any] = {}
    """What newer code has added."""

    @property
    def key(self) -> Key:
        return voucher_key(self.member_id, self.id)


class Desk(NamedTuple):
    store: Store
    residency: Residency

    def book(self, voucher: Voucher) -> Ledger:
        return Ledger(self.store, self.residency, voucher.member_id, voucher.programme)

    def fields(self, voucher: Voucher) -> dict[str, Any]:
        own = voucher._asdict()
        more = own.pop("more")
        kept = {name: value for name, value in own.items() if value not in ("", 0, False)}
        return self.residency.label({**more, **kept}, self.residency.here)

    def read(self, item: Item) -> Voucher:
        known: dict[str, Any] = {"cap_key": ""}
        more: dict[str, Any] = {}
        for name, value in self.residency.check(item.fields).items():
            (known if name in Voucher._fields else more)[name] = value
        return Voucher(**known, more=more)

    def find(self, member_id: str, voucher_id: str) -> Item:
        """Raises VoucherNotFound."""
        item = self.store.get(voucher_key(member_id, voucher_id))
        if item is None:
            raise refused(VoucherNotFound("only a voucher of this member is shown"))
        return item


def voucher_key(member_id: str, voucher_id: str) -> Key:
    return Key(f"rewards#{member_id}", f"voucher#{voucher_id}")


def voucher_id(member_id: str, redemption_id: str) -> str:
    """A redemption's id is known to its member and may be that of another's too; a voucher's is nobody else's."""
    return hashlib.sha256(f"{member_id}\n{redemption_id}".encode()).hexdigest()[:_ID_CHARACTERS]


def vouchers_of(desk: Desk, member_id: str, after: str | None = None, limit: int = _PAGE) -> tuple[list[Voucher], Any]:
    page = desk.store.query(f"rewards#{member_id}", "voucher#", after, limit)
    return [desk.read(item) for item in page.items], page.next


def cap_back(voucher: Voucher) -> tuple[Increment, ...]:
    """For the commit with which a voucher ends unused."""
    if not voucher.cap_key:
        return ()
    return (Increment(Key(f"rewards#{voucher.member_id}", voucher.cap_key), "room", 1),)


def ended(voucher: Voucher) -> Problem:
    return VoucherEnded("see `state`", state=voucher.state)


def voucher_event(voucher: Voucher, name: str, at: int) -> Event:
    reward, _, region = voucher.offer_id.partition(":")
    data = {"member_id": voucher.member_id, "voucher_id": voucher.id, "reward": reward, "region": region,
            "valid_until": voucher.valid_until}  # fmt: skip
    return Event(f"{name}:{voucher.id}", name, at, data)


def due(voucher: Voucher, now: int) -> Due | None:
    """What a voucher in its state waits for."""
    if voucher.state == CLAIMED:
        return Due(CLAIMS, now + ASK_AGAIN_SECONDS)
    if voucher.state == ISSUED:
        return Due(EXPIRIES, voucher.valid_until + USES_COME_LATE_SECONDS)
    if voucher.state == RETURNING or (voucher.state == RETURNED and not voucher.refunded):
        return Due(RETURNS, now + ASK_AGAIN_SECONDS)
    return None
