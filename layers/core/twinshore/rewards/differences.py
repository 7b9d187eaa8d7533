"""Where a partner's books and ours do not agree: what each says, and what we propose. Nothing is moved by itself."""

from __future__ import annotations

from typing import NamedTuple

from twinshore import log
from twinshore.rewards.port import ALREADY_USED, VOIDED
from twinshore.store.port import CommitConflict, Create, Key, Replace, Store

KEPT_SECONDS = 400 * 86_400
ACTIONS = {
    ("unknown", "used"): "ask the partner: a code was used that never came to us",
    ("unknown", "open"): "wait for the partner's codes, or ask for them again",
    ("unknown", "void"): "nothing: it never came to us",
    ("free", "used"): "dispute with the partner: used before we gave it to anybody; it is out of our stock",
    ("returned", "used"): "dispute with the partner: it was struck out, and its points are back with the member",
    ("expired", "used"): "accept: the voucher was used after its last day, no points are owed",
    ("used", "open"): "tell the partner: it was used, by its own report",
    ("returned", "open"): "have the partner strike it out: it was returned",
    ("given", "void"): "give the member another: the partner has struck out a voucher that is in use",
}
OTHERWISE = "a person must look at it"


class Difference(NamedTuple):
    partner: str
    serial: str
    ours: str
    theirs: str
    found_at: int
    settled_at: int = 0

    @property
    def action(self) -> str:
        return ACTIONS.get((self.ours, self.theirs), OTHERWISE)


def differences(store: Store, partner: str, limit: int = 200) -> list[Difference]:
    """By serial, the settled ones too."""
    page = store.query(f"partner#{partner}", "difference#", limit=limit)
    return [Difference(**{name: item.fields[name] for name in Difference._fields}) for item in page.items]


def note(store: Store, partner: str, serial: str, ours: str, theirs: str, now: int) -> bool:
    """Whether it is new, or has changed."""
    key = _key(partner, serial)
    item = store.get(key)
    if item and (item.fields["ours"], item.fields["theirs"]) == (ours, theirs) and not item.fields["settled_at"]:
        return False
    fields = Difference(partner, serial, ours, theirs, now)._asdict()
    until = now + KEPT_SECONDS
    change = Replace(key, fields, item.version, expires_at=until) if item else Create(key, fields, expires_at=until)
    try:
        store.commit(change)
    except CommitConflict:
        return False
    log.line("warning", "a partner's books differ from ours", partner=partner, ours=ours, theirs=theirs)
    return True


def settle(store: Store, partner: str, serial: str, now: int) -> None:
    """Both say the same now."""
    item = store.get(_key(partner, serial))
    if item is None or item.fields["settled_at"]:
        return
    try:
        store.commit(Replace(item.key, {**item.fields, "settled_at": now}, item.version, expires_at=item.expires_at))
    except CommitConflict:
        return  # the next comparison says it


def is_told_used(store: Store, partner: str, serial: str) -> bool:
    item = store.get(_key(partner, serial))
    return item is not None and item.fields["theirs"] == ALREADY_USED and not item.fields["settled_at"]


def told_used(store: Store, partner: str, serial: str, ours: str, now: int) -> int:
    return int(note(store, partner, serial, ours, ALREADY_USED, now))


def told_void(store: Store, partner: str, serial: str, ours: str, now: int) -> int:
    return int(note(store, partner, serial, ours, VOIDED, now))


def _key(partner: str, serial: str) -> Key:
    return Key(f"partner#{partner}", f"difference#{serial}")
