"""Named limits, counted in the store in fixed windows of time, so that every instance of a cell counts together.

A counter counts down from its limit: spending is one conditional write that also is the check, and the item tells its
end to the engine, which throws it away.
"""

from __future__ import annotations

import socket
from hashlib import sha256
from typing import NamedTuple

from twinshore.errors import TooManyRequests
from twinshore.store.port import CommitConflict, Create, Increment, Key, Store

KEEP_SECONDS = 60


class Limit(NamedTuple):
    name: str
    tries: int
    window_seconds: int


LOGIN_PER_ADDRESS = Limit("login-address", 120, 60)
"""Mobile carriers put many people behind one address: this stops floods, not crowds."""
LOGIN_PER_ACCOUNT = Limit("login-account", 10, 60)


def spend(store: Store, limit: Limit, who: str, now: int) -> None:
    """Count one try of `who`. Raises TooManyRequests with `limit` and `retry_after` in seconds.

    One write unit for the first try of a window and for a refused one, two for those between. `who` is stored as a
    digest, for it is an address or a name, and only for the window and a minute.
    """
    window = now // limit.window_seconds
    ends_at = (window + 1) * limit.window_seconds
    key = Key(f"limit#{limit.name}#{window}#{sha256(who.encode()).hexdigest()[:32]}", "limit")
    try:
        store.commit(Create(key, {"left": limit.tries - 1}, expires_at=ends_at + KEEP_SECONDS))
    except CommitConflict as conflict:
        if conflict.current is None or int(conflict.current.fields["left"]) > 0:
            _count_down(store, key, limit, ends_at - now)
        else:
            raise _too_many(limit, ends_at - now) from None


def network_of(client_ip: str) -> str:
    """What an address counts as: itself, or for IPv6 its /64, since every home holds that many addresses."""
    try:
        return socket.inet_pton(socket.AF_INET6, client_ip)[:8].hex()
    except (OSError, ValueError):
        return client_ip


def _count_down(store: Store, key: Key, limit: Limit, left_seconds: int) -> None:
    try:
        store.commit(Increment(key, "left", -1, at_least=0))
    except CommitConflict:
        raise _too_many(limit, left_seconds) from None


def _too_many(limit: Limit, retry_after: int) -> TooManyRequests:
    return TooManyRequests("wait for `retry_after` seconds", limit=limit.name, retry_after=max(1, retry_after))
