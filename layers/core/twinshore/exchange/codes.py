"""Codes by which a member joins two memberships: shown in one cell, entered in the other, ten minutes, once.

A code is known to its two cells only: kept and sent is a slow hash of it and of both cells' names, so that it opens
nothing between other cells, and cannot be read back from a store within its ten minutes.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import NamedTuple

from twinshore.cells import Residency
from twinshore.errors import Unavailable
from twinshore.exchange.links import CONSENT, with_key
from twinshore.exchange.problems import LinkExists, TooManyCodes
from twinshore.intercell.client import NoSuchCell, Peers
from twinshore.points.problems import refused
from twinshore.store.port import Change, CommitConflict, Create, Delete, Key, Replace, Store

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""No 0, 1, i, l, o: nothing that is read for another."""
CODE_LENGTH = 8
CODE_SECONDS = 600
HASH_ROUNDS = 20_000
"""Of PBKDF2 (RFC 8018): about 10 ms. 31^8 codes at that price outlast ten minutes by far."""
TRIES_LIMIT = 6
"""Codes that one member may show, and enter, in TRIES_SECONDS."""
TRIES_SECONDS = 600
COMMIT_TRIES = 8


class Code(NamedTuple):
    text: str
    cell: str
    """Where it is to be entered."""
    expires_at: int


def code_hash(code: str, shown_in: str, entered_in: str) -> str:
    """64 hex digits. Capitals, spaces and hyphens are as the member likes them."""
    plain = code.lower().replace("-", "").replace(" ", "")
    salt = f"twinshore points link\n{shown_in}\n{entered_in}"
    return hashlib.pbkdf2_hmac("sha256", plain.encode(), salt.encode(), HASH_ROUNDS).hex()


def show_code(store: Store, peers: Peers, member_id: str, cell: str, now: int) -> Code:
    """A code to be entered in `cell`; the member's last one ends. Raises NoSuchCell, LinkExists, TooManyCodes."""
    residency = residency_of(peers)
    must_be_another(peers, cell)
    must_be_free(store, member_id, cell)
    text = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    digest = code_hash(text, residency.here, cell)
    own = Key(f"points-links#{member_id}", "code")
    fields = residency.label({"member_id": member_id, "other": cell, "consent": CONSENT, "consented_at": now},
                             residency.here)  # fmt: skip
    expires_at = now + CODE_SECONDS
    for _ in range(COMMIT_TRIES):
        before = store.get(own)
        changes: list[Change] = [counted(store, member_id, "shown", now), Create(code_key(digest), fields,
                                                                                  expires_at=expires_at)]  # fmt: skip
        kept = {"hash": digest}
        if before is None:
            changes.append(Create(own, kept, expires_at=expires_at))
        else:
            changes.append(Replace(own, kept, before.version, expires_at=expires_at))
            earlier = store.get(code_key(before.fields["hash"]))
            changes += [Delete(earlier.key, earlier.version)] if earlier else []
        try:
            store.commit(*changes)
            return Code(text, cell, expires_at)
        except CommitConflict:
            continue
    raise Unavailable("the member asks for codes faster than they are made")


def residency_of(peers: Peers) -> Residency:
    return Residency(peers.cells, peers.key.cell)


def must_be_another(peers: Peers, cell: str) -> None:
    if cell not in peers.cells.all or cell == peers.key.cell:
        raise refused(NoSuchCell("name another cell"))


def must_be_free(store: Store, member_id: str, cell: str) -> None:
    if store.get(with_key(member_id, cell)) is not None:
        raise refused(LinkExists("end that link first"))


def code_key(digest: str) -> Key:
    return Key(f"points-code#{digest}", "code")


def counted(store: Store, member_id: str, what: str, now: int) -> Create | Replace:
    """Count one more code that the member shows or enters. Raises TooManyCodes."""
    key = Key(f"points-links#{member_id}", f"tries#{what}")
    item = store.get(key)
    if item is None or item.fields["until"] <= now:
        until = now + TRIES_SECONDS
        fields = {"tries": 1, "until": until}
        if item is None:
            return Create(key, fields, expires_at=until)
        return Replace(key, fields, item.version, expires_at=until)
    if item.fields["tries"] >= TRIES_LIMIT:
        raise refused(TooManyCodes("wait a little", retry_after=item.fields["until"] - now))
    fields = {**item.fields, "tries": item.fields["tries"] + 1}
    return Replace(key, fields, item.version, expires_at=item.fields["until"])
