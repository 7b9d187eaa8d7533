"""How a member's points stand in the store: one account, and one item for each entry.

Partition `points#<member id>`:
    account#<programme>#balance        balance: what can be spent; waits in EXPIRY for the first lot that will expire
    account#<programme>#hold#<id>      points set aside, see `holds`
    account#<programme>#pending#<id>   points earned that wait for their day, see `pending`
    entry#<programme>#<id>             never changed, never deleted: everything above follows from these

An entry's lines say between which accounts points have moved, and cancel. House accounts are sums of lines and no
items, hence never a hot row.
"""

from __future__ import annotations

import hashlib
from typing import Any, Iterator, NamedTuple

from twinshore.cells import Residency
from twinshore.errors import BrokenInvariant
from twinshore.idempotency import IdempotencyKeyReused
from twinshore.points.programmes import Programme, programme_named
from twinshore.store.port import Item, Key, Store

EXPIRY, HOLDS, ACTIVATION = "points-expiry", "points-hold", "points-activation"
"""Queues of what waits for a time."""

EARN, REDEEM, REFUND, TAKE_BACK, EXPIRE = "earn", "redeem", "refund", "take_back", "expire"
HOLD, SETTLE, RELEASE = "hold", "settle", "release"
ACTIVATE, CANCEL = "activate", "cancel"
GIVE, RECEIVE = "give", "receive"

ISSUED, REDEEMED, EXPIRED, EXCHANGED = "house:issued", "house:redeemed", "house:expired", "house:exchanged"
GIFTS = "house:gifts"
"""Comes to nothing over all members: what one gives another receives in the same commit."""
MEMBER, HELD, PENDING = "member", "held", "pending"

_ID_CHARACTERS = 32
_PAGE = 1000

Lines = tuple[tuple[str, int], ...]


class Entry(NamedTuple):
    id: str
    kind: str
    points: int
    """What it does to what the member can spend: positive in, negative out; 0 where points only change their state."""
    reason: str
    """What caused it: an order id, a reward's name, an entry's id."""
    at: int
    lines: Lines = ()
    lots: tuple[tuple[int, int], ...] = ()
    """Of an entry that brings points in: how many of them expire when."""
    of: str = ""
    """The entry that this one is about."""

    @property
    def amount(self) -> int:
        """How many points moved."""
        return sum(points for _, points in self.lines if points > 0)


class Ledger(NamedTuple):
    """One member's points of one programme in their home cell. `programme` "" is the cell's default."""

    store: Store
    residency: Residency
    member_id: str
    programme: str = ""

    @property
    def terms(self) -> Programme:
        """Raises UnknownProgramme."""
        return programme_named(self.programme, self.residency.shore)

    @property
    def partition(self) -> str:
        return f"points#{self.member_id}"

    @property
    def account(self) -> Key:
        return Key(self.partition, f"account#{self.terms.name}#balance")

    @property
    def entries_prefix(self) -> str:
        return f"entry#{self.terms.name}#"

    def entry(self, entry_id: str) -> Key:
        return Key(self.partition, self.entries_prefix + entry_id)

    def waiting(self, kind: str, entry_id: str) -> Key:
        """kind: HOLD or PENDING."""
        return Key(self.partition, f"account#{self.terms.name}#{kind}#{entry_id}")

    def line(self, account: str, points: int) -> tuple[str, int]:
        """account: MEMBER, HELD or PENDING."""
        return f"{account}:{self.member_id}", points


def ledger_of_item(store: Store, residency: Residency, item: Item) -> Ledger:
    """Whose account, hold or pending points an item is."""
    return Ledger(store, residency, item.key.partition.partition("#")[2], item.key.sort.split("#")[1])


def entry_id(kind: str, cause: str) -> str:
    """Hashed: callers choose their keys freely, and an entry's id is shown."""
    return hashlib.sha256(f"{kind}\n{cause}".encode()).hexdigest()[:_ID_CHARACTERS]


def entry_fields(ledger: Ledger, entry: Entry, fingerprint: str = "", shortfall: int = 0) -> dict[str, Any]:
    fields = {
        "kind": entry.kind, "points": entry.points, "reason": entry.reason, "at": entry.at,
        "lines": [list(line) for line in entry.lines], "fingerprint": fingerprint,
    }  # fmt: skip
    if entry.lots:
        fields["lots"] = [list(lot) for lot in entry.lots]
    if entry.of:
        fields["of"] = entry.of
    if shortfall:
        fields["shortfall"] = shortfall
    return ledger.residency.label(fields, ledger.residency.here)


def entry_of(item: Item) -> Entry:
    fields = item.fields
    return Entry(
        item.key.sort.rpartition("#")[2], fields["kind"], fields["points"], fields["reason"], fields["at"],
        tuple((account, points) for account, points in fields["lines"]),
        tuple((points, expires_at) for points, expires_at in fields.get("lots", ())), fields.get("of", ""),
    )  # fmt: skip


def first_answer(item: Item | None, fingerprint: str = "") -> Entry:
    """The entry that a repeated cause has met. Raises IdempotencyKeyReused for the same key with other content."""
    if item is None:
        raise BrokenInvariant("an entry is never deleted")
    if item.fields["fingerprint"] != fingerprint:
        raise IdempotencyKeyReused("use a new key for a new request")
    return entry_of(item)


def find_entry(ledger: Ledger, entry_id: str) -> Entry | None:
    item = ledger.store.get(ledger.entry(entry_id))
    return entry_of(item) if item else None


def all_entries(ledger: Ledger) -> Iterator[Entry]:
    """Every one, in no order that means anything (docs/decisions/0090): about 0.25 kB each."""
    cursor = None
    while True:
        page = ledger.store.query(ledger.partition, ledger.entries_prefix, cursor, limit=_PAGE)
        yield from map(entry_of, page.items)
        cursor = page.next
        if cursor is None:
            return


def balance_of(account: Item | None) -> int:
    return int(account.fields.get("balance", 0)) if account else 0
