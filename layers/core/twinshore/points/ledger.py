"""The points ledger: double entry, append only, idempotent by cause, never below zero.

A member's partition `points#<member id>` holds one account (the balance) and one item per entry. An entry holds both
of its lines, which cancel, and is keyed by its cause: it is its own idempotency record, so a redemption is two items.
House accounts (issued, redeemed) are no items: they are sums of lines, hence never a hot row.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from twinshore.cells import Residency
from twinshore.errors import BrokenInvariant, Conflict, NotFound, must
from twinshore.events import Event
from twinshore.idempotency import IdempotencyKey, IdempotencyKeyReused
from twinshore.points.rewards import Reward
from twinshore.store.port import CommitConflict, Create, Increment, Item, Key, Store

POINTS_LIMIT = 10**12
"""Of one entry. More is a fault somewhere."""
ENTRIES_LIMIT = 5000
_TRIES = 5
_ID_CHARACTERS = 32

EARN, REDEEM, REFUND, TAKE_BACK = "earn", "redeem", "refund", "take_back"
ISSUED, REDEEMED = "house:issued", "house:redeemed"


class InsufficientPoints(Conflict):
    """`balance`: what there is."""

    slug = "insufficient-points"
    title_en = "There are not enough points"
    title_zh = "积分不足"


class RedemptionNotFound(NotFound):
    slug = "redemption-not-found"
    title_en = "There is no such redemption"
    title_zh = "未找到该兑换记录"


class Entry(NamedTuple):
    id: str
    kind: str
    """EARN, REDEEM, REFUND or TAKE_BACK."""
    points: int
    """As the member sees it: positive in, negative out."""
    reason: str
    """What caused it: an order id, a reward's name, an entry's id."""
    at: int


class Ledger(NamedTuple):
    """One member's points in their home cell."""

    store: Store
    residency: Residency
    member_id: str

    @property
    def partition(self) -> str:
        return f"points#{self.member_id}"

    @property
    def account(self) -> Key:
        return Key(self.partition, "account")

    def entry(self, entry_id: str) -> Key:
        return Key(self.partition, f"entry#{entry_id}")


def balance(ledger: Ledger) -> int:
    item = ledger.store.get(ledger.account)
    return int(item.fields["balance"]) if item else 0


def earn(ledger: Ledger, points: int, cause: str, reason: str, now: int) -> Entry:
    """Credit `points` once per `cause` (an event's id); the same cause again answers with the first entry."""
    entry = Entry(entry_id(EARN, cause), EARN, points, reason, now)
    told = Event(f"points.earned:{ledger.member_id}:{entry.id}", "points.earned", now,
                 {"member_id": ledger.member_id, "points": points, "entry_id": entry.id, "reason": reason})  # fmt: skip
    return _post(ledger, entry, ISSUED, (told,))


def redeem(ledger: Ledger, reward: Reward, idempotency: IdempotencyKey, now: int) -> Entry:
    """Spend a reward's price. Raises InsufficientPoints; IdempotencyKeyReused for the key with other content."""
    entry = Entry(entry_id(REDEEM, idempotency.key), REDEEM, -reward.points, reward.name, now)
    told = Event(f"points.redeemed:{ledger.member_id}:{entry.id}", "points.redeemed", now,
                 {"member_id": ledger.member_id, "points": reward.points, "entry_id": entry.id,
                  "reward": reward.name})  # fmt: skip
    return _post(ledger, entry, REDEEMED, (told,), idempotency.fingerprint)


def refund(ledger: Ledger, redemption_id: str, now: int) -> Entry:
    """Give a redemption's points back, whole and once, by a reversed entry. Raises RedemptionNotFound."""
    item = ledger.store.get(ledger.entry(redemption_id))
    if item is None or item.fields["kind"] != REDEEM:
        raise RedemptionNotFound("only a redemption of this member can be refunded")
    entry = Entry(entry_id(REFUND, redemption_id), REFUND, -int(item.fields["points"]), redemption_id, now)
    told = Event(f"points.refunded:{ledger.member_id}:{entry.id}", "points.refunded", now,
                 {"member_id": ledger.member_id, "points": entry.points, "entry_id": entry.id})  # fmt: skip
    return _post(ledger, entry, REDEEMED, (told,))


def take_back(ledger: Ledger, points: int, cause: str, reason: str, now: int) -> Entry:
    """Withdraw points whose purchase was refunded, once per cause, as far as the balance goes.

    What has been spent already is not owed: the entry's `shortfall` says how much, and the balance stays at zero.
    """
    identity = entry_id(TAKE_BACK, cause)
    for _ in range(_TRIES):
        take = min(points, balance(ledger))
        entry = Entry(identity, TAKE_BACK, -take, reason, now)
        try:
            return _post(ledger, entry, ISSUED, (), shortfall=points - take)
        except InsufficientPoints:
            continue  # spent between the look and the commit: look again
    raise BrokenInvariant(f"the balance stands still for one of {_TRIES} tries")


def entries(ledger: Ledger, limit: int, after: str | None) -> tuple[list[Entry], str | None]:
    """Newest first, and the cursor for more. An entry's key is its cause, not its time (see docs/decisions/0090), so
    the member's entries are read and sorted: up to ENTRIES_LIMIT, about 0.25 kB each."""
    found: list[Entry] = []
    cursor = None
    while len(found) < ENTRIES_LIMIT:
        page = ledger.store.query(ledger.partition, "entry#", cursor, limit=1000)
        found.extend(_entry(item) for item in page.items)
        cursor = page.next
        if cursor is None:
            break
    found.sort(key=_place, reverse=True)
    rest = [each for each in found if after is None or _place(each) < after]
    return rest[:limit], _place(rest[limit - 1]) if len(rest) > limit else None


def entry_id(kind: str, cause: str) -> str:
    """Hashed: callers choose their keys freely, and an entry's id is shown."""
    return hashlib.sha256(f"{kind}\n{cause}".encode()).hexdigest()[:_ID_CHARACTERS]


def _post(
    ledger: Ledger, entry: Entry, house: str, events: tuple[Event, ...], fingerprint: str = "", shortfall: int = 0
) -> Entry:
    """One entry and its effect on the balance, or neither. The entry stands first, so that a repeated cause is seen
    as such even when the balance no longer suffices."""
    must(abs(entry.points) <= POINTS_LIMIT, "an entry's points are within the limit")
    lines = [[f"member:{ledger.member_id}", entry.points], [house, -entry.points]]
    fields = {"kind": entry.kind, "points": entry.points, "reason": entry.reason, "at": entry.at, "lines": lines,
              "fingerprint": fingerprint, **({"shortfall": shortfall} if shortfall else {})}  # fmt: skip
    key = ledger.entry(entry.id)
    try:
        ledger.store.commit(
            Create(key, ledger.residency.label(fields, ledger.residency.here)),
            Increment(ledger.account, "balance", entry.points, at_least=0),
            events=events,
        )
    except CommitConflict as conflict:
        if conflict.key != key:
            held = conflict.current.fields["balance"] if conflict.current else 0
            raise InsufficientPoints("earn some first", balance=held) from None
        return _first(conflict.current, fingerprint)
    return entry


def _first(item: Item | None, fingerprint: str) -> Entry:
    if item is None:
        raise BrokenInvariant("an entry is never deleted")
    if item.fields["fingerprint"] != fingerprint:
        raise IdempotencyKeyReused("use a new key for a new request")
    return _entry(item)


def _entry(item: Item) -> Entry:
    fields = item.fields
    return Entry(item.key.sort.partition("#")[2], fields["kind"], fields["points"], fields["reason"], fields["at"])


def _place(entry: Entry) -> str:
    """Order by time, then by id; also the cursor."""
    return f"{entry.at:012d}-{entry.id}"
